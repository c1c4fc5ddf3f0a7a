// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {CustodyState} from "../src/CustodyState.sol";
import {IProvenance, Step} from "../src/IProvenance.sol";
import {Provenance} from "../src/Provenance.sol";
import {Consortium} from "./Consortium.sol";
import {Vm} from "./Vm.sol";

/// Heads, ids, slots, idempotence, and the end of a ledger.
contract RecordTest is Consortium {
    bytes32 private constant OTHER_TRAIL = keccak256("other trail");

    function test_an_entry_folds_into_its_head_and_says_so() public {
        IProvenance.Entry[] memory said = _one(_entry(Step.Ship, CARRIER));
        IProvenance.Capture[] memory captures = _batch(_signed(SUPPLIER_KEY, said));
        bytes32 head = _fold(0, said[0], SUPPLIER);
        vm.expectEmit(address(ledger));
        emit IProvenance.Recorded(TRAIL, SUPPLIER, _captureId(said), said[0].seal, CARRIER, head, uint8(Step.Ship));
        vm.prank(address(0xABCD));
        ledger.record(captures);
        vm.assertEq(ledger.head(TRAIL), head, "head");
        vm.assertEq(ledger.recordedIn(SUPPLIER, _captureId(said)), block.number, "block");
    }

    function test_one_trail_many_times_in_one_capture() public {
        IProvenance.Entry[] memory said = new IProvenance.Entry[](5);
        bytes32 head;
        for (uint256 i = 0; i < 5; ++i) {
            said[i] = _entry(TRAIL, bytes32(i), Step.Observe, 0);
            head = _fold(head, said[i], SUPPLIER);
        }
        ledger.record(_batch(_signed(SUPPLIER_KEY, said)));
        vm.assertEq(ledger.head(TRAIL), head, "head");
    }

    function test_the_speakers_of_a_batch_are_not_mixed_up() public {
        uint256[6] memory keys = [SUPPLIER_KEY, SUPPLIER_KEY, CARRIER_KEY, SUPPLIER_KEY, STRANGER_KEY, CARRIER_KEY];
        bytes32[6] memory parties = [SUPPLIER, SUPPLIER, CARRIER, SUPPLIER, bytes32(0), CARRIER];
        IProvenance.Capture[] memory captures = new IProvenance.Capture[](6);
        bytes32 head;
        for (uint256 i = 0; i < 6; ++i) {
            IProvenance.Entry memory entry = _entry(TRAIL, bytes32(i), Step.Observe, 0);
            captures[i] = _signed(keys[i], _one(entry));
            if (parties[i] != 0) head = _fold(head, entry, parties[i]);
        }
        ledger.record(captures);
        vm.assertEq(ledger.head(TRAIL), head, "head");
    }

    function test_the_recipients_of_a_batch_are_not_mixed_up() public {
        bytes32[4] memory to = [CARRIER, CARRIER, BUYER, CARRIER];
        IProvenance.Entry[] memory said = new IProvenance.Entry[](4);
        for (uint256 i = 0; i < 4; ++i) {
            said[i] = _entry(bytes32(i), keccak256("seal"), Step.Ship, to[i]);
        }
        ledger.record(_batch(_signed(SUPPLIER_KEY, said)));
        for (uint256 i = 0; i < 4; ++i) {
            (, uint32 offeredTo,,,,,) = ledger.custody(bytes32(i));
            vm.assertEq(offeredTo, participants.numberOf(to[i]), "offered to");
        }
    }

    function testFuzz_ids_and_domain_are_eip712(IProvenance.Entry[] memory entries, uint64 chain) public {
        vm.assertEq(ledger.captureId(entries), _captureId(entries), "capture id");
        vm.assume(chain != 0);
        vm.chainId(chain);
        vm.assertEq(ledger.domainSeparator(), _domain(), "domain");
    }

    function testFuzz_a_capture_folds_entry_by_entry(IProvenance.Entry[] memory entries, uint64 time) public {
        vm.assume(entries.length > 0 && entries.length <= 200);
        vm.warp(time);
        for (uint256 i = 0; i < entries.length; ++i) {
            entries[i].step %= 7;
            entries[i].trail = bytes32(uint256(entries[i].trail) % 3);
        }
        bytes32[3] memory heads;
        for (uint256 i = 0; i < entries.length; ++i) {
            uint256 trail = uint256(entries[i].trail);
            heads[trail] = _fold(heads[trail], entries[i], REGULATOR);
        }
        vm.assume(time < FOREVER);
        ledger.record(_batch(_signed(REGULATOR_KEY, entries)));
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(ledger.head(bytes32(i)), heads[i], "head");
        }
    }

    function test_a_capture_is_recorded_once_by_each_party() public {
        IProvenance.Entry[] memory said = _one(_entry(Step.Observe, 0));
        ledger.record(_batch(_signed(SUPPLIER_KEY, said)));
        bytes32 head = ledger.head(TRAIL);
        IProvenance.Capture[] memory again = _batch(_signed(SUPPLIER_KEY, said, 1_800_000_000));
        vm.expectEmit(address(ledger));
        emit IProvenance.CaptureKnown(_captureId(said), SUPPLIER);
        ledger.record(again);
        vm.assertEq(ledger.head(TRAIL), head, "the same words, signed again for another deadline");
        ledger.record(_batch(_signed(CARRIER_KEY, said)));
        vm.assertEq(ledger.head(TRAIL), _fold(head, said[0], CARRIER), "the same words of another party");
    }

    function test_a_capture_twice_in_one_batch_is_recorded_once() public {
        IProvenance.Entry[] memory said = _one(_entry(Step.Observe, 0));
        IProvenance.Capture[] memory captures = new IProvenance.Capture[](2);
        (captures[0], captures[1]) = (_signed(SUPPLIER_KEY, said), _signed(SUPPLIER_KEY, said));
        ledger.record(captures);
        vm.assertEq(ledger.head(TRAIL), _fold(0, said[0], SUPPLIER), "head");
    }

    function test_another_key_of_the_party_cannot_repeat_its_capture() public {
        vm.prank(registrar);
        participants.addKey(vm.addr(STRANGER_KEY), SUPPLIER, 0, FOREVER);
        IProvenance.Entry[] memory said = _one(_entry(Step.Observe, 0));
        ledger.record(_batch(_signed(SUPPLIER_KEY, said)));
        ledger.record(_batch(_signed(STRANGER_KEY, said)));
        vm.assertEq(ledger.head(TRAIL), _fold(0, said[0], SUPPLIER), "head");
    }

    function test_a_relay_that_resends_late_learns_that_the_capture_is_known() public {
        IProvenance.Entry[] memory said = _one(_entry(Step.Observe, 0));
        IProvenance.Capture[] memory captures = _batch(_signed(SUPPLIER_KEY, said, uint64(START)));
        ledger.record(captures);
        vm.warp(START + 1);
        vm.prank(registrar);
        participants.revokeKey(vm.addr(SUPPLIER_KEY), 0);
        vm.expectEmit(address(ledger));
        emit IProvenance.CaptureKnown(_captureId(said), SUPPLIER);
        ledger.record(captures);
    }

    function test_history_stays_when_key_and_party_go() public {
        ledger.record(_batch(_signed(SUPPLIER_KEY, _one(_entry(Step.Commission, 0)))));
        bytes32 head = ledger.head(TRAIL);
        vm.prank(registrar);
        participants.revokeKey(vm.addr(SUPPLIER_KEY), 1);
        vm.prank(registrar);
        participants.suspend(SUPPLIER);
        vm.assertEq(ledger.head(TRAIL), head, "head");
        (uint32 custodian,,,,,,) = ledger.custody(TRAIL);
        vm.assertEq(custodian, 1, "custodian");
    }

    /// docs/format.md section 4, slot by slot.
    function test_storage_slots() public {
        IProvenance.Entry[] memory said = new IProvenance.Entry[](3);
        said[0] = _entry(Step.Ship, BUYER);
        said[1] = _entry(Step.Hold, 0);
        said[2] = _entry(Step.Commission, 0);
        ledger.record(_batch(_signed(REGULATOR_KEY, said)));
        bytes32 id = _captureId(said);
        _slot(bytes32(uint256(0)), bytes32(uint256(uint160(address(participants)))), "participants");
        _slot(keccak256(abi.encodePacked(TRAIL, uint256(1))), ledger.head(TRAIL), "head");
        uint256 custody = 4 | (uint256(3) << 32) | (uint256(4) << 64) | (uint256(1) << 96) | (uint256(1) << 160);
        _slot(keccak256(abi.encodePacked(TRAIL, uint256(2))), bytes32(custody), "custody");
        bytes32 recorded = keccak256(abi.encodePacked(REGULATOR, id));
        _slot(keccak256(abi.encodePacked(recorded, uint256(3))), bytes32(block.number), "recorded");
        bytes32 hold = keccak256(abi.encodePacked(TRAIL, REGULATOR));
        _slot(keccak256(abi.encodePacked(hold, uint256(4))), bytes32(uint256(1)), "hold");
        vm.prank(admin);
        ledger.supersede(address(participants));
        _slot(bytes32(uint256(5)), bytes32(uint256(uint160(address(participants)))), "successor");
    }

    function test_the_count_of_disputes_stays_at_its_largest_value() public pure {
        CustodyState full = CustodyState.wrap(uint256(0xffffffff) << 128);
        vm.assertEq(CustodyState.unwrap(full.dispute()), CustodyState.unwrap(full), "disputes");
    }

    function test_the_runtime_code_is_the_same_in_every_deployment() public {
        Provenance other = new Provenance(address(ledger));
        vm.assertEq(address(other).codehash, address(ledger).codehash, "code hash");
    }

    function test_participants_has_to_be_a_contract() public {
        vm.expectRevert(abi.encodeWithSelector(IProvenance.NotAContract.selector, address(0x1234)));
        new Provenance(address(0x1234));
    }

    function test_a_superseded_ledger_records_no_more_and_stays_readable() public {
        IProvenance.Capture[] memory captures = _batch(_signed(SUPPLIER_KEY, _one(_entry(Step.Commission, 0))));
        ledger.record(captures);
        bytes32 head = ledger.head(TRAIL);
        Provenance next = new Provenance(address(participants));
        vm.expectEmit(address(ledger));
        emit IProvenance.SupersededBy(address(next));
        vm.prank(admin);
        ledger.supersede(address(next));

        bytes memory superseded = abi.encodeWithSelector(IProvenance.Superseded.selector, address(next));
        vm.expectRevert(superseded);
        ledger.record(captures);
        vm.expectRevert(superseded);
        ledger.record(new IProvenance.Capture[](0));
        vm.prank(admin);
        vm.expectRevert(superseded);
        ledger.supersede(address(participants));
        vm.assertEq(ledger.successor(), address(next), "successor");
        vm.assertEq(ledger.head(TRAIL), head, "head");
    }

    function testFuzz_only_the_admin_supersedes_and_only_by_a_contract(address caller) public {
        vm.assume(caller != admin);
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IProvenance.NotAdmin.selector, caller));
        ledger.supersede(address(participants));
        vm.prank(admin);
        vm.expectRevert(abi.encodeWithSelector(IProvenance.NotAContract.selector, address(0x1234)));
        ledger.supersede(address(0x1234));
    }

    function _slot(bytes32 slot, bytes32 expected, string memory name) private view {
        vm.assertEq(vm.load(address(ledger), slot), expected, name);
    }
}
