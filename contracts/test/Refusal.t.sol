// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IProvenance, RefusalReason, Step} from "../src/IProvenance.sol";
import {Consortium} from "./Consortium.sol";
import {Vm} from "./Vm.sol";

/// Every way in which a capture is refused; each time a good capture before and one after it go through.
contract RefusalTest is Consortium {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function test_unknown_key() public {
        _refuses(_signed(STRANGER_KEY, _said()), vm.addr(STRANGER_KEY), RefusalReason.UnknownKey);
    }

    function test_key_not_yet_valid() public {
        vm.prank(registrar);
        participants.addKey(vm.addr(STRANGER_KEY), CARRIER, uint64(START + 1), FOREVER);
        _refuses(_signed(STRANGER_KEY, _said()), vm.addr(STRANGER_KEY), RefusalReason.KeyNotYetValid);
        vm.warp(START + 1);
        _records(_signed(STRANGER_KEY, _said()), CARRIER);
    }

    function test_key_expired() public {
        vm.prank(registrar);
        participants.addKey(vm.addr(STRANGER_KEY), CARRIER, 0, uint64(START + 1));
        _records(_signed(STRANGER_KEY, _said()), CARRIER);
        vm.warp(START + 1);
        _refuses(_signed(STRANGER_KEY, _one(_entry(Step.Lift, 0))), vm.addr(STRANGER_KEY), RefusalReason.KeyExpired);
    }

    function test_key_revoked() public {
        vm.prank(registrar);
        participants.revokeKey(vm.addr(CARRIER_KEY), 0);
        _refuses(_signed(CARRIER_KEY, _said()), vm.addr(CARRIER_KEY), RefusalReason.KeyRevoked);
    }

    function test_party_suspended() public {
        vm.prank(registrar);
        participants.suspend(CARRIER);
        _refuses(_signed(CARRIER_KEY, _said()), vm.addr(CARRIER_KEY), RefusalReason.PartySuspended);
    }

    function test_deadline_passed() public {
        IProvenance.Capture memory late = _signed(CARRIER_KEY, _said(), uint64(START - 1));
        _refuses(late, vm.addr(CARRIER_KEY), RefusalReason.DeadlinePassed);
        _records(_signed(CARRIER_KEY, _said(), uint64(START)), CARRIER);
    }

    function test_no_entries() public {
        _refuses(_signed(CARRIER_KEY, new IProvenance.Entry[](0)), address(0), RefusalReason.NoEntries);
    }

    function test_too_many_entries() public {
        _refuses(_signed(CARRIER_KEY, _many(201)), address(0), RefusalReason.TooManyEntries);
        _records(_signed(CARRIER_KEY, _many(200)), CARRIER);
    }

    function test_bad_step_anywhere() public {
        for (uint256 i = 0; i < 3; ++i) {
            IProvenance.Entry[] memory said = _many(3);
            said[i].step = 7;
            _refuses(_signed(CARRIER_KEY, said), address(0), RefusalReason.BadStep);
            said[i].step = 255;
            _refuses(_signed(CARRIER_KEY, said), address(0), RefusalReason.BadStep);
        }
    }

    function test_a_step_wider_than_8_bits_is_a_bad_step_and_stops_nobody() public {
        IProvenance.Capture[] memory captures = _batch(_signed(CARRIER_KEY, _said()));
        bytes memory call = abi.encodeCall(IProvenance.record, (captures));
        // The word after the seal is the step; its highest byte is out of the range of a uint8.
        uint256 place = _find(call, captures[0].entries[0].seal) + 32;
        call[place] = 0x01;
        vm.recordLogs();
        (bool done,) = address(ledger).call(call);
        vm.assertTrue(done, "the batch reverted");
        (,, RefusalReason reason) = _refusal();
        vm.assertTrue(reason == RefusalReason.BadStep, "reason");
        vm.assertEq(ledger.head(TRAIL), 0, "head");
    }

    function test_bad_signature_wrong_length() public {
        IProvenance.Capture memory capture = _signed(CARRIER_KEY, _said());
        bytes memory whole = capture.signature;
        uint256[4] memory lengths = [uint256(0), 64, 66, 1000];
        for (uint256 i = 0; i < lengths.length; ++i) {
            capture.signature = new bytes(lengths[i]);
            for (uint256 j = 0; j < 64 && j < lengths[i]; ++j) {
                capture.signature[j] = whole[j];
            }
            _refuses(capture, address(0), RefusalReason.BadSignature);
        }
    }

    function test_bad_signature_compact_form() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CARRIER_KEY, _digest(_said(), FOREVER));
        bytes32 vs = bytes32(uint256(s) | (uint256(v - 27) << 255));
        IProvenance.Capture memory capture =
            IProvenance.Capture({entries: _said(), deadline: FOREVER, signature: abi.encodePacked(r, vs)});
        _refuses(capture, address(0), RefusalReason.BadSignature);
    }

    function test_bad_signature_high_s() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CARRIER_KEY, _digest(_said(), FOREVER));
        bytes memory twin = abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        IProvenance.Capture memory capture = IProvenance.Capture({entries: _said(), deadline: FOREVER, signature: twin});
        _refuses(capture, address(0), RefusalReason.BadSignature);
    }

    function test_bad_signature_v_of_0_or_1() public {
        IProvenance.Capture memory capture = _signed(CARRIER_KEY, _said());
        capture.signature[64] = bytes1(uint8(capture.signature[64]) - 27);
        _refuses(capture, address(0), RefusalReason.BadSignature);
    }

    function testFuzz_a_changed_capture_is_nobodys_of_the_consortium(uint256 which, bytes32 value) public {
        IProvenance.Capture memory capture = _signed(CARRIER_KEY, _many(3));
        IProvenance.Entry memory entry = capture.entries[which % 3];
        bytes32 before = keccak256(abi.encode(capture));
        uint256 field = (which / 3) % 5;
        if (field == 0) entry.trail = value;
        if (field == 1) entry.seal = value;
        if (field == 2) entry.step = uint8(uint256(value) % 7);
        if (field == 3) entry.to = value;
        if (field == 4) capture.deadline = uint64(_bound(uint256(value), START, FOREVER));
        vm.assume(keccak256(abi.encode(capture)) != before);
        ledger.record(_batch(capture));
        for (uint256 i = 0; i < 3; ++i) {
            vm.assertEq(ledger.head(capture.entries[i].trail), 0, "a head moved");
        }
        vm.assertEq(ledger.recordedIn(CARRIER, _captureId(capture.entries)), 0, "recorded");
    }

    function test_a_signature_for_another_chain_or_ledger_is_worth_nothing_here() public {
        IProvenance.Capture memory capture = _signed(CARRIER_KEY, _said());
        vm.chainId(4242);
        ledger.record(_batch(capture));
        vm.assertEq(ledger.head(TRAIL), 0, "head on another chain");
        _records(_signed(CARRIER_KEY, _said()), CARRIER);
    }

    function test_a_capture_with_200_entries_one_of_which_is_bad_leaves_nothing() public {
        IProvenance.Entry[] memory said = _many(200);
        said[199].step = 9;
        ledger.record(_batch(_signed(CARRIER_KEY, said)));
        for (uint256 i = 0; i < 200; ++i) {
            vm.assertEq(ledger.head(said[i].trail), 0, "head");
        }
    }

    function _said() private pure returns (IProvenance.Entry[] memory) {
        return _one(_entry(Step.Observe, 0));
    }

    function _many(uint256 count) private pure returns (IProvenance.Entry[] memory said) {
        said = new IProvenance.Entry[](count);
        for (uint256 i = 0; i < count; ++i) {
            said[i] = _entry(keccak256(abi.encode(count, i)), keccak256("seal"), Step.Observe, 0);
        }
    }

    /// Sends the capture between two good ones of the buyer, which are recorded, and it is not.
    function _refuses(IProvenance.Capture memory capture, address signer, RefusalReason expected) private {
        IProvenance.Capture[] memory captures = new IProvenance.Capture[](3);
        bytes32 good = keccak256(abi.encode(capture, block.timestamp));
        captures[0] = _signed(BUYER_KEY, _one(_entry(good, "before", Step.Observe, 0)));
        captures[1] = capture;
        captures[2] = _signed(BUYER_KEY, _one(_entry(good, "after", Step.Observe, 0)));
        bytes32 id = _captureId(capture.entries);
        bytes32 before = ledger.head(TRAIL);

        vm.recordLogs();
        ledger.record(captures);
        (bytes32 refused, address whose, RefusalReason reason) = _refusal();
        vm.assertEq(refused, id, "capture");
        vm.assertEq(whose, signer, "signer");
        vm.assertEq(uint256(reason), uint256(expected), "reason");

        vm.assertEq(ledger.head(TRAIL), before, "the head moved");
        bytes32 head = _fold(_fold(0, captures[0].entries[0], BUYER), captures[2].entries[0], BUYER);
        vm.assertEq(ledger.head(good), head, "the others of the batch");
    }

    function _records(IProvenance.Capture memory capture, bytes32 party) private {
        ledger.record(_batch(capture));
        vm.assertEq(ledger.recordedIn(party, _captureId(capture.entries)), block.number, "recorded");
    }

    /// The only CaptureRefused of the logs.
    function _refusal() private returns (bytes32 capture, address signer, RefusalReason reason) {
        uint256 found;
        bytes32 topic = IProvenance.CaptureRefused.selector;
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == topic) {
                ++found;
                capture = logs[i].topics[1];
                (signer, reason) = abi.decode(logs[i].data, (address, RefusalReason));
            }
        }
        vm.assertEq(found, 1, "refusals");
    }

    function _find(bytes memory text, bytes32 word) private pure returns (uint256 place) {
        for (place = 4; place + 32 <= text.length; place += 32) {
            bytes32 here;
            assembly ("memory-safe") {
                here := mload(add(add(text, 0x20), place))
            }
            if (here == word) return place;
        }
        revert("not found");
    }
}
