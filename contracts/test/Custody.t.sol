// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {DisputeReason, IProvenance, Step} from "../src/IProvenance.sol";
import {Consortium} from "./Consortium.sol";
import {CustodyModel} from "./CustodyModel.sol";
import {Vm} from "./Vm.sol";

/// Where a thing is, whose word counts, and every way in which a statement contradicts that.
contract CustodyTest is Consortium, CustodyModel {
    uint32 private constant NUMBER_OF_SUPPLIER = 1;
    uint32 private constant NUMBER_OF_CARRIER = 2;
    uint32 private constant NUMBER_OF_BUYER = 3;

    uint256 private spoken;

    function test_from_the_maker_over_the_carrier_to_the_buyer() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _custody(NUMBER_OF_SUPPLIER, 0);
        _agrees(SUPPLIER_KEY, Step.Ship, CARRIER);
        _custody(NUMBER_OF_SUPPLIER, NUMBER_OF_CARRIER);
        _agrees(CARRIER_KEY, Step.Receive, 0);
        _custody(NUMBER_OF_CARRIER, 0);
        _agrees(CARRIER_KEY, Step.Ship, BUYER);
        _agrees(BUYER_KEY, Step.Receive, 0);
        _agrees(BUYER_KEY, Step.Decommission, 0);
        IProvenance.Custody memory custody = _custody(NUMBER_OF_BUYER, 0);
        vm.assertTrue(custody.commissioned && custody.decommissioned, "flags");
        vm.assertEq(custody.commissioner, NUMBER_OF_SUPPLIER, "commissioner");
        vm.assertEq(custody.disputes, 0, "disputes");
    }

    function test_observe_never_touches_custody() public {
        _agrees(CARRIER_KEY, Step.Observe, 0);
        _agrees(CARRIER_KEY, Step.Observe, BUYER);
        vm.assertEq(vm.load(address(ledger), keccak256(abi.encode(TRAIL, 2))), 0, "custody slot");
    }

    function test_commission_by_the_custodian_of_what_entered_mid_life() public {
        _agrees(SUPPLIER_KEY, Step.Receive, 0);
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        vm.assertEq(_custody(NUMBER_OF_SUPPLIER, 0).commissioner, NUMBER_OF_SUPPLIER, "commissioner");
    }

    function test_commission_twice() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _contradicts(SUPPLIER_KEY, Step.Commission, 0, DisputeReason.AlreadyCommissioned);
        _contradicts(CARRIER_KEY, Step.Commission, 0, DisputeReason.AlreadyCommissioned);
        _custody(NUMBER_OF_SUPPLIER, 0);
    }

    function test_commission_of_what_another_has() public {
        _agrees(CARRIER_KEY, Step.Receive, 0);
        _contradicts(SUPPLIER_KEY, Step.Commission, 0, DisputeReason.InAnothersCustody);
        vm.assertEq(_custody(NUMBER_OF_CARRIER, 0).commissioner, 0, "commissioner");
    }

    function test_ship_to_nobody_oneself_or_a_stranger() public {
        _contradicts(SUPPLIER_KEY, Step.Ship, 0, DisputeReason.UnknownRecipient);
        _contradicts(SUPPLIER_KEY, Step.Ship, SUPPLIER, DisputeReason.UnknownRecipient);
        _contradicts(SUPPLIER_KEY, Step.Ship, keccak256("stranger"), DisputeReason.UnknownRecipient);
        _custody(0, 0);
    }

    function test_ship_of_what_entered_mid_life_is_presumed_the_shippers() public {
        _agrees(SUPPLIER_KEY, Step.Ship, CARRIER);
        _custody(NUMBER_OF_SUPPLIER, NUMBER_OF_CARRIER);
    }

    function test_a_second_ship_replaces_the_offer() public {
        _agrees(SUPPLIER_KEY, Step.Ship, CARRIER);
        _agrees(SUPPLIER_KEY, Step.Ship, BUYER);
        _contradicts(CARRIER_KEY, Step.Receive, 0, DisputeReason.NotOffered);
        _agrees(BUYER_KEY, Step.Receive, 0);
        _custody(NUMBER_OF_BUYER, 0);
    }

    function test_ship_by_another_than_the_custodian() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _contradicts(CARRIER_KEY, Step.Ship, BUYER, DisputeReason.NotCustodian);
        _custody(NUMBER_OF_SUPPLIER, 0);
    }

    function test_ship_of_what_is_decommissioned() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _agrees(SUPPLIER_KEY, Step.Decommission, 0);
        _contradicts(SUPPLIER_KEY, Step.Ship, CARRIER, DisputeReason.Decommissioned);
        _custody(NUMBER_OF_SUPPLIER, 0);
    }

    function test_ship_to_a_suspended_party_is_an_offer() public {
        vm.prank(registrar);
        participants.suspend(CARRIER);
        _agrees(SUPPLIER_KEY, Step.Ship, CARRIER);
        _custody(NUMBER_OF_SUPPLIER, NUMBER_OF_CARRIER);
    }

    function test_receive_of_what_nobody_has() public {
        _agrees(CARRIER_KEY, Step.Receive, 0);
        _custody(NUMBER_OF_CARRIER, 0);
    }

    function test_receive_of_ones_own_is_an_internal_move() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _agrees(SUPPLIER_KEY, Step.Receive, 0);
        _custody(NUMBER_OF_SUPPLIER, 0);
    }

    function test_receive_of_what_another_has_or_was_offered() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _contradicts(BUYER_KEY, Step.Receive, 0, DisputeReason.NotOffered);
        _agrees(SUPPLIER_KEY, Step.Ship, CARRIER);
        _contradicts(BUYER_KEY, Step.Receive, 0, DisputeReason.NotOffered);
        _contradicts(SUPPLIER_KEY, Step.Receive, 0, DisputeReason.NotOffered);
        _custody(NUMBER_OF_SUPPLIER, NUMBER_OF_CARRIER);
    }

    function test_decommission_by_another_or_twice() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _contradicts(CARRIER_KEY, Step.Decommission, 0, DisputeReason.NotCustodian);
        _agrees(SUPPLIER_KEY, Step.Decommission, 0);
        _contradicts(SUPPLIER_KEY, Step.Decommission, 0, DisputeReason.Decommissioned);
    }

    function test_decommission_withdraws_the_offer() public {
        _agrees(SUPPLIER_KEY, Step.Ship, CARRIER);
        _agrees(SUPPLIER_KEY, Step.Decommission, 0);
        _contradicts(CARRIER_KEY, Step.Receive, 0, DisputeReason.NotOffered);
        _custody(NUMBER_OF_SUPPLIER, 0);
    }

    function test_decommission_of_what_nobody_has() public {
        _agrees(SUPPLIER_KEY, Step.Decommission, 0);
        vm.assertTrue(_custody(0, 0).decommissioned, "decommissioned");
    }

    function test_nothing_begins_or_arrives_after_the_end() public {
        _agrees(SUPPLIER_KEY, Step.Decommission, 0);
        _contradicts(SUPPLIER_KEY, Step.Commission, 0, DisputeReason.Decommissioned);
        _contradicts(CARRIER_KEY, Step.Receive, 0, DisputeReason.Decommissioned);
        _contradicts(SUPPLIER_KEY, Step.Ship, CARRIER, DisputeReason.Decommissioned);
        IProvenance.Custody memory custody = _custody(0, 0);
        vm.assertTrue(!custody.commissioned && custody.decommissioned, "flags");
    }

    function test_the_last_custodian_cannot_take_in_what_it_ended() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _agrees(SUPPLIER_KEY, Step.Decommission, 0);
        _contradicts(SUPPLIER_KEY, Step.Receive, 0, DisputeReason.Decommissioned);
        _contradicts(SUPPLIER_KEY, Step.Commission, 0, DisputeReason.AlreadyCommissioned);
        _custody(NUMBER_OF_SUPPLIER, 0);
    }

    function test_regulators_and_the_commissioner_hold_and_lift_their_own() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _agrees(SUPPLIER_KEY, Step.Hold, 0);
        _agrees(REGULATOR_KEY, Step.Hold, 0);
        vm.assertEq(_custody(NUMBER_OF_SUPPLIER, 0).holds, 2, "two holds");
        vm.assertTrue(ledger.holdOf(TRAIL, SUPPLIER) && ledger.holdOf(TRAIL, REGULATOR), "open");
        _agrees(SUPPLIER_KEY, Step.Lift, 0);
        _agrees(REGULATOR_KEY, Step.Lift, 0);
        vm.assertEq(_custody(NUMBER_OF_SUPPLIER, 0).holds, 0, "no hold");
        vm.assertTrue(!ledger.holdOf(TRAIL, SUPPLIER) && !ledger.holdOf(TRAIL, REGULATOR), "closed");
    }

    function test_a_second_hold_of_the_same_party_has_no_effect() public {
        _agrees(REGULATOR_KEY, Step.Hold, 0);
        _agrees(REGULATOR_KEY, Step.Hold, 0);
        vm.assertEq(_custody(0, 0).holds, 1, "one hold");
        _agrees(REGULATOR_KEY, Step.Lift, 0);
        vm.assertEq(_custody(0, 0).holds, 0, "no hold");
    }

    function test_hold_by_one_who_is_not_entitled() public {
        _contradicts(CARRIER_KEY, Step.Hold, 0, DisputeReason.NotEntitled);
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _contradicts(CARRIER_KEY, Step.Hold, 0, DisputeReason.NotEntitled);
        vm.assertEq(_custody(NUMBER_OF_SUPPLIER, 0).holds, 0, "no hold");
    }

    function test_a_regulator_lifts_anothers_hold_and_nobody_else_does() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _agrees(OTHER_REGULATOR_KEY, Step.Hold, 0);
        _contradicts(SUPPLIER_KEY, Step.Lift, OTHER_REGULATOR, DisputeReason.NotEntitled);
        _agrees(REGULATOR_KEY, Step.Lift, OTHER_REGULATOR);
        vm.assertTrue(!ledger.holdOf(TRAIL, OTHER_REGULATOR), "closed");
    }

    function test_lift_of_a_hold_that_is_not_open() public {
        _contradicts(CARRIER_KEY, Step.Lift, 0, DisputeReason.NoSuchHold);
        _contradicts(REGULATOR_KEY, Step.Lift, CARRIER, DisputeReason.NoSuchHold);
        _agrees(OTHER_REGULATOR_KEY, Step.Hold, 0);
        _contradicts(REGULATOR_KEY, Step.Lift, 0, DisputeReason.NoSuchHold);
        vm.assertEq(_custody(0, 0).holds, 1, "the other's hold is open");
    }

    function test_a_party_that_is_no_longer_a_regulator_lifts_its_own() public {
        _agrees(REGULATOR_KEY, Step.Hold, 0);
        vm.prank(registrar);
        participants.setRoles(REGULATOR, 1);
        _agrees(REGULATOR_KEY, Step.Lift, 0);
        _contradicts(REGULATOR_KEY, Step.Hold, 0, DisputeReason.NotEntitled);
    }

    function test_what_is_held_moves_all_the_same_and_is_disputed() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _agrees(REGULATOR_KEY, Step.Hold, 0);
        _contradicts(SUPPLIER_KEY, Step.Receive, 0, DisputeReason.Held);
        _contradicts(SUPPLIER_KEY, Step.Ship, CARRIER, DisputeReason.Held);
        _contradicts(CARRIER_KEY, Step.Receive, 0, DisputeReason.Held);
        _contradicts(CARRIER_KEY, Step.Decommission, 0, DisputeReason.Held);
        _agrees(CARRIER_KEY, Step.Observe, 0);
        IProvenance.Custody memory custody = _custody(NUMBER_OF_CARRIER, 0);
        vm.assertTrue(custody.decommissioned, "decommissioned");
        vm.assertEq(custody.disputes, 4, "disputes");
    }

    function test_a_move_of_what_is_held_by_one_who_does_not_have_it_is_disputed_twice() public {
        _agrees(SUPPLIER_KEY, Step.Commission, 0);
        _agrees(REGULATOR_KEY, Step.Hold, 0);
        DisputeReason[] memory reasons = _say(CARRIER_KEY, Step.Ship, BUYER);
        vm.assertEq(reasons.length, 2, "disputes");
        vm.assertTrue(reasons[0] == DisputeReason.NotCustodian && reasons[1] == DisputeReason.Held, "reasons");
        vm.assertEq(_custody(NUMBER_OF_SUPPLIER, 0).disputes, 2, "count");
    }

    /// Any 24 statements of any parties about one trail leave the custody slot that the model says, with its disputes.
    function testFuzz_the_slot_is_the_models(uint256[24] memory choices) public {
        uint256[5] memory keys = [SUPPLIER_KEY, CARRIER_KEY, BUYER_KEY, REGULATOR_KEY, OTHER_REGULATOR_KEY];
        bytes32[7] memory recipients =
            [bytes32(0), SUPPLIER, CARRIER, BUYER, REGULATOR, OTHER_REGULATOR, keccak256("stranger")];
        for (uint256 i = 0; i < choices.length; ++i) {
            uint256 key = keys[choices[i] % 5];
            Step step = Step((choices[i] >> 32) % 7);
            bytes32 to = recipients[(choices[i] >> 64) % 7];
            DisputeReason[] memory reasons = _say(key, step, to);
            (uint32 number, bytes32 id, uint32 roles,) = participants.speaker(vm.addr(key));
            _replay(_entry(step, to), Voice(number, id, roles), participants.numberOf(to));
            vm.assertEq(keccak256(abi.encode(reasons)), keccak256(abi.encode(modelDisputes)), "disputes");
            bytes32 slot = vm.load(address(ledger), keccak256(abi.encode(TRAIL, 2)));
            vm.assertEq(slot, _packed(TRAIL), "custody slot");
        }
    }

    function _agrees(uint256 key, Step step, bytes32 to) private {
        vm.assertEq(_say(key, step, to).length, 0, "disputed");
    }

    function _contradicts(uint256 key, Step step, bytes32 to, DisputeReason reason) private {
        DisputeReason[] memory reasons = _say(key, step, to);
        vm.assertEq(reasons.length, 1, "disputes");
        vm.assertEq(uint256(reasons[0]), uint256(reason), "reason");
    }

    /// Records a statement, which is never refused, and returns how it was disputed.
    function _say(uint256 key, Step step, bytes32 to) private returns (DisputeReason[] memory reasons) {
        IProvenance.Entry memory entry = _entry(TRAIL, bytes32(++spoken), step, to);
        (, bytes32 party,,) = participants.speaker(vm.addr(key));
        bytes32 head = _fold(ledger.head(TRAIL), entry, party);
        IProvenance.Capture memory capture = _signed(key, _one(entry));
        vm.recordLogs();
        ledger.record(_batch(capture));
        vm.assertEq(ledger.head(TRAIL), head, "the head holds every statement");

        Vm.Log[] memory logs = vm.getRecordedLogs();
        reasons = new DisputeReason[](logs.length - 1);
        for (uint256 i = 1; i < logs.length; ++i) {
            vm.assertEq(logs[i].topics[0], IProvenance.Disputed.selector, "log");
            vm.assertEq(logs[i].topics[1], TRAIL, "trail");
            vm.assertEq(logs[i].topics[2], party, "party");
            vm.assertEq(logs[i].topics[3], _captureId(capture.entries), "capture");
            reasons[i - 1] = abi.decode(logs[i].data, (DisputeReason));
        }
    }

    function _custody(uint32 custodian, uint32 offeredTo) private view returns (IProvenance.Custody memory state) {
        (
            state.custodian,
            state.offeredTo,
            state.commissioner,
            state.holds,
            state.disputes,
            state.commissioned,
            state.decommissioned
        ) = ledger.custody(TRAIL);
        vm.assertEq(state.custodian, custodian, "custodian");
        vm.assertEq(state.offeredTo, offeredTo, "offered to");
    }
}
