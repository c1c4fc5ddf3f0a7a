// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {IAccessControl} from "@openzeppelin/contracts/access/IAccessControl.sol";
import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {IParticipants, Standing} from "../src/IParticipants.sol";
import {Consortium} from "./Consortium.sol";

contract ParticipantsTest is Consortium {
    address private constant FRESH = address(0xF4E5);
    bytes32 private constant NEWCOMER = keccak256("newcomer");

    function test_parties_are_numbered_from_1_in_the_order_of_registration() public view {
        vm.assertEq(participants.numberOf(SUPPLIER), 1, "first");
        vm.assertEq(participants.numberOf(OTHER_REGULATOR), 5, "last");
        vm.assertEq(participants.partyCount(), 5, "count");
        vm.assertEq(participants.partyAt(2).id, CARRIER, "id of number 2");
        vm.assertEq(participants.partyAt(2).roles, 2, "roles of number 2");
    }

    function test_nobody_is_number_0() public view {
        vm.assertEq(participants.numberOf(0), 0, "zero id");
        vm.assertEq(participants.numberOf(NEWCOMER), 0, "not registered");
        vm.assertEq(participants.partyAt(0).id, 0, "party 0");
        vm.assertEq(participants.partyAt(6).id, 0, "beyond the last");
    }

    function test_registering_says_so() public {
        vm.expectEmit(address(participants));
        emit IParticipants.PartyRegistered(NEWCOMER, 6, 63);
        vm.prank(registrar);
        uint32 number = participants.registerParty(NEWCOMER, 63);
        vm.assertEq(number, 6, "number");
    }

    function test_many_parties_and_keys_at_once() public {
        IParticipants.NewParty[] memory parties = new IParticipants.NewParty[](40);
        IParticipants.NewKey[] memory keys = new IParticipants.NewKey[](40);
        for (uint256 i = 0; i < 40; ++i) {
            parties[i] = IParticipants.NewParty({id: keccak256(abi.encode(i)), roles: uint32(i)});
            keys[i] = IParticipants.NewKey({
                key: address(uint160(1000 + i)), partyId: parties[i].id, validFrom: 0, validTo: FOREVER
            });
        }
        vm.prank(registrar);
        participants.registerParties(parties);
        vm.prank(registrar);
        participants.addKeys(keys);
        vm.assertEq(participants.partyCount(), 45, "count");
        (uint32 number, bytes32 id, uint32 roles, Standing standing) = participants.speaker(address(1039));
        vm.assertEq(number, 45, "number");
        vm.assertEq(id, parties[39].id, "id");
        vm.assertEq(roles, 39, "roles");
        vm.assertTrue(standing == Standing.Active, "active");
    }

    function test_a_party_is_registered_once() public {
        _refused(abi.encodeWithSelector(IParticipants.PartyAlreadyRegistered.selector, CARRIER));
        participants.registerParty(CARRIER, 1);
    }

    function test_the_zero_id_is_refused() public {
        _refused(abi.encodeWithSelector(IParticipants.Nobody.selector));
        participants.registerParty(0, 1);
    }

    function test_unknown_roles_are_refused() public {
        _refused(abi.encodeWithSelector(IParticipants.RolesUnknown.selector, 64));
        participants.registerParty(NEWCOMER, 64);
        _refused(abi.encodeWithSelector(IParticipants.RolesUnknown.selector, 65));
        participants.setRoles(CARRIER, 65);
    }

    function test_roles_are_replaced() public {
        vm.expectEmit(address(participants));
        emit IParticipants.RolesSet(CARRIER, 6);
        vm.prank(registrar);
        participants.setRoles(CARRIER, 6);
        (,, uint32 roles,) = participants.speaker(vm.addr(CARRIER_KEY));
        vm.assertEq(roles, 6, "roles");
    }

    function test_an_address_is_bound_once_also_to_its_own_party() public {
        address key = vm.addr(CARRIER_KEY);
        bytes memory bound = abi.encodeWithSelector(IParticipants.KeyAlreadyBound.selector, key, 2);
        _refused(bound);
        participants.addKey(key, SUPPLIER, 0, FOREVER);
        _refused(bound);
        participants.addKey(key, CARRIER, 0, FOREVER);
        vm.prank(registrar);
        participants.revokeKey(key, 0);
        _refused(bound);
        participants.addKey(key, CARRIER, 0, FOREVER);
    }

    function test_a_key_needs_a_party_an_address_and_a_time() public {
        _refused(abi.encodeWithSelector(IParticipants.PartyNotRegistered.selector, NEWCOMER));
        participants.addKey(FRESH, NEWCOMER, 0, FOREVER);
        _refused(abi.encodeWithSelector(IParticipants.Nobody.selector));
        participants.addKey(address(0), CARRIER, 0, FOREVER);
        _refused(abi.encodeWithSelector(IParticipants.ValidityEmpty.selector, 5, 5));
        participants.addKey(FRESH, CARRIER, 5, 5);
    }

    function testFuzz_a_key_is_active_from_validFrom_until_before_validTo(uint64 from, uint64 to, uint64 time) public {
        vm.assume(from < to);
        vm.prank(registrar);
        participants.addKey(FRESH, CARRIER, from, to);
        vm.warp(time);
        Standing expected = time < from ? Standing.KeyNotYetValid : time < to ? Standing.Active : Standing.KeyExpired;
        vm.assertTrue(_standing(FRESH) == expected, "standing");
    }

    function test_keys_rotate() public {
        vm.prank(registrar);
        participants.addKey(FRESH, CARRIER, 0, FOREVER);
        vm.prank(registrar);
        participants.revokeKey(vm.addr(CARRIER_KEY), 0);
        vm.assertTrue(_standing(FRESH) == Standing.Active, "new key");
        vm.assertTrue(_standing(vm.addr(CARRIER_KEY)) == Standing.KeyRevoked, "old key");
        vm.assertEq(participants.keyOf(vm.addr(CARRIER_KEY)).party, 2, "the old key is still the carrier's");
    }

    function test_a_revocation_tells_since_when_the_key_is_not_to_be_trusted() public {
        address key = vm.addr(CARRIER_KEY);
        vm.expectEmit(address(participants));
        emit IParticipants.KeyRevoked(key, CARRIER, uint64(START - 1 days));
        vm.prank(registrar);
        participants.revokeKey(key, uint64(START - 1 days));
        vm.assertEq(participants.keyOf(key).compromisedFrom, START - 1 days, "compromised from");
    }

    function test_a_revocation_moves_only_to_an_earlier_time() public {
        address key = vm.addr(CARRIER_KEY);
        vm.prank(registrar);
        participants.revokeKey(key, 0);
        vm.assertEq(participants.keyOf(key).compromisedFrom, START, "from now on");
        vm.warp(START + 10);
        _refused(abi.encodeWithSelector(IParticipants.RevocationTooLate.selector, START + 1, START));
        participants.revokeKey(key, uint64(START + 1));
        vm.prank(registrar);
        participants.revokeKey(key, 77);
        vm.prank(registrar);
        participants.revokeKey(key, 0);
        vm.assertEq(participants.keyOf(key).compromisedFrom, 77, "the earliest stays");
    }

    function test_a_revocation_is_not_for_the_future_nor_for_strangers() public {
        _refused(abi.encodeWithSelector(IParticipants.RevocationTooLate.selector, START + 1, START));
        participants.revokeKey(vm.addr(CARRIER_KEY), uint64(START + 1));
        _refused(abi.encodeWithSelector(IParticipants.KeyNotBound.selector, FRESH));
        participants.revokeKey(FRESH, 0);
    }

    function test_suspension_and_return() public {
        address key = vm.addr(CARRIER_KEY);
        _refused(abi.encodeWithSelector(IParticipants.PartyNotSuspended.selector, CARRIER));
        participants.reinstate(CARRIER);
        vm.expectEmit(address(participants));
        emit IParticipants.PartySuspended(CARRIER);
        vm.prank(registrar);
        participants.suspend(CARRIER);
        vm.assertTrue(_standing(key) == Standing.PartySuspended, "suspended");
        _refused(abi.encodeWithSelector(IParticipants.PartyAlreadySuspended.selector, CARRIER));
        participants.suspend(CARRIER);
        vm.expectEmit(address(participants));
        emit IParticipants.PartyReinstated(CARRIER);
        vm.prank(registrar);
        participants.reinstate(CARRIER);
        vm.assertTrue(_standing(key) == Standing.Active, "back");
    }

    function test_an_unbound_address_speaks_for_nobody() public view {
        (uint32 number, bytes32 id, uint32 roles, Standing standing) = participants.speaker(FRESH);
        vm.assertEq(number, 0, "number");
        vm.assertEq(id, 0, "id");
        vm.assertEq(roles, 0, "roles");
        vm.assertTrue(standing == Standing.UnknownKey, "standing");
    }

    function testFuzz_only_a_registrar_changes_anything(address caller, uint256 which) public {
        vm.assume(caller != registrar);
        bytes[8] memory calls = [
            abi.encodeCall(IParticipants.registerParty, (NEWCOMER, 1)),
            abi.encodeCall(IParticipants.registerParties, (new IParticipants.NewParty[](0))),
            abi.encodeCall(IParticipants.setRoles, (CARRIER, 32)),
            abi.encodeCall(IParticipants.suspend, (CARRIER)),
            abi.encodeCall(IParticipants.reinstate, (CARRIER)),
            abi.encodeCall(IParticipants.addKey, (FRESH, CARRIER, 0, FOREVER)),
            abi.encodeCall(IParticipants.addKeys, (new IParticipants.NewKey[](0))),
            abi.encodeCall(IParticipants.revokeKey, (vm.addr(CARRIER_KEY), 0))
        ];
        bytes32 role = participants.REGISTRAR_ROLE();
        vm.prank(caller);
        (bool done, bytes memory answer) = address(participants).call(calls[which % 8]);
        vm.assertTrue(!done, "done by a stranger");
        bytes memory refusal =
            abi.encodeWithSelector(IAccessControl.AccessControlUnauthorizedAccount.selector, caller, role);
        vm.assertEq(answer, refusal, "reason");
    }

    function test_the_admin_appoints_registrars_and_hands_over_in_two_delayed_steps() public {
        address next = address(0xAD2);
        vm.prank(admin);
        participants.beginDefaultAdminTransfer(next);
        vm.prank(next);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessControlDefaultAdminRules.AccessControlEnforcedDefaultAdminDelay.selector, START + 1 days
            )
        );
        participants.acceptDefaultAdminTransfer();
        vm.warp(START + 1 days + 1);
        vm.prank(next);
        participants.acceptDefaultAdminTransfer();
        vm.assertEq(participants.defaultAdmin(), next, "admin");

        bytes32 role = participants.REGISTRAR_ROLE();
        vm.prank(next);
        participants.grantRole(role, FRESH);
        vm.prank(FRESH);
        participants.registerParty(NEWCOMER, 0);
    }

    function _standing(address key) private view returns (Standing standing) {
        (,,, standing) = participants.speaker(key);
    }

    /// The registrar's next call is refused so.
    function _refused(bytes memory reason) private {
        vm.prank(registrar);
        vm.expectRevert(reason);
    }
}
