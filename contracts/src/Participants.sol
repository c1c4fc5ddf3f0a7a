// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/AccessControlDefaultAdminRules.sol";
import {IParticipants, Standing} from "./IParticipants.sol";

/// @title Participants: who may speak
/// @notice See {IParticipants}. The default admin grants and withdraws {REGISTRAR_ROLE}, hands its own place on only in
/// two steps with a delay between them, and is not itself a registrar. It may be a multisig.
contract Participants is IParticipants, AccessControlDefaultAdminRules {
    bytes32 public constant REGISTRAR_ROLE = keccak256("REGISTRAR_ROLE");

    uint32 private constant ALL_ROLES = 63;

    uint32 private _count;
    mapping(uint32 number => Party) private _parties;
    mapping(bytes32 partyId => uint32 number) private _numbers;
    mapping(address key => Key) private _keys;

    /// @param delay seconds between the two steps of a change of the default admin
    /// @param admin the first default admin
    /// @param registrar the first registrar; zero: none, the admin appoints one later
    constructor(uint48 delay, address admin, address registrar) AccessControlDefaultAdminRules(delay, admin) {
        if (registrar != address(0)) _grantRole(REGISTRAR_ROLE, registrar);
    }

    /// @inheritdoc IParticipants
    function registerParty(bytes32 partyId, uint32 roles) external onlyRole(REGISTRAR_ROLE) returns (uint32 number) {
        return _register(partyId, roles);
    }

    /// @inheritdoc IParticipants
    function registerParties(NewParty[] calldata parties) external onlyRole(REGISTRAR_ROLE) {
        for (uint256 i = 0; i < parties.length; ++i) {
            _register(parties[i].id, parties[i].roles);
        }
    }

    /// @inheritdoc IParticipants
    function setRoles(bytes32 partyId, uint32 roles) external onlyRole(REGISTRAR_ROLE) {
        _requireKnownRoles(roles);
        _parties[_registered(partyId)].roles = roles;
        emit RolesSet(partyId, roles);
    }

    /// @inheritdoc IParticipants
    function suspend(bytes32 partyId) external onlyRole(REGISTRAR_ROLE) {
        Party storage party = _parties[_registered(partyId)];
        if (party.suspended) revert PartyAlreadySuspended(partyId);
        party.suspended = true;
        emit PartySuspended(partyId);
    }

    /// @inheritdoc IParticipants
    function reinstate(bytes32 partyId) external onlyRole(REGISTRAR_ROLE) {
        Party storage party = _parties[_registered(partyId)];
        if (!party.suspended) revert PartyNotSuspended(partyId);
        party.suspended = false;
        emit PartyReinstated(partyId);
    }

    /// @inheritdoc IParticipants
    function addKey(address key, bytes32 partyId, uint64 validFrom, uint64 validTo) external onlyRole(REGISTRAR_ROLE) {
        _bind(key, partyId, validFrom, validTo);
    }

    /// @inheritdoc IParticipants
    function addKeys(NewKey[] calldata keys) external onlyRole(REGISTRAR_ROLE) {
        for (uint256 i = 0; i < keys.length; ++i) {
            _bind(keys[i].key, keys[i].partyId, keys[i].validFrom, keys[i].validTo);
        }
    }

    /// @inheritdoc IParticipants
    function revokeKey(address key, uint64 compromisedFrom) external onlyRole(REGISTRAR_ROLE) {
        Key storage binding = _keys[key];
        if (binding.party == 0) revert KeyNotBound(key);
        uint64 before = binding.compromisedFrom;
        uint64 latest = before == 0 ? uint64(block.timestamp) : before;
        if (compromisedFrom == 0) compromisedFrom = latest;
        if (compromisedFrom > latest) revert RevocationTooLate(compromisedFrom, latest);
        binding.compromisedFrom = compromisedFrom;
        emit KeyRevoked(key, _parties[binding.party].id, compromisedFrom);
    }

    /// @inheritdoc IParticipants
    function speaker(address key)
        external
        view
        returns (uint32 number, bytes32 partyId, uint32 roles, Standing standing)
    {
        Key memory binding = _keys[key];
        number = binding.party;
        if (number == 0) return (0, 0, 0, Standing.UnknownKey);
        Party storage party = _parties[number];
        partyId = party.id;
        roles = party.roles;
        standing = party.suspended ? Standing.PartySuspended : _standingOf(binding);
    }

    /// @inheritdoc IParticipants
    function numberOf(bytes32 partyId) external view returns (uint32 number) {
        return _numbers[partyId];
    }

    /// @inheritdoc IParticipants
    function partyAt(uint32 number) external view returns (Party memory party) {
        return _parties[number];
    }

    /// @inheritdoc IParticipants
    function keyOf(address key) external view returns (Key memory binding) {
        return _keys[key];
    }

    /// @inheritdoc IParticipants
    function partyCount() external view returns (uint32 count) {
        return _count;
    }

    function _register(bytes32 partyId, uint32 roles) private returns (uint32 number) {
        if (partyId == 0) revert Nobody();
        if (_numbers[partyId] != 0) revert PartyAlreadyRegistered(partyId);
        _requireKnownRoles(roles);
        number = ++_count;
        _numbers[partyId] = number;
        _parties[number] = Party({id: partyId, roles: roles, suspended: false});
        emit PartyRegistered(partyId, number, roles);
    }

    function _bind(address key, bytes32 partyId, uint64 validFrom, uint64 validTo) private {
        uint32 number = _registered(partyId);
        if (key == address(0)) revert Nobody();
        uint32 boundTo = _keys[key].party;
        if (boundTo != 0) revert KeyAlreadyBound(key, boundTo);
        if (validTo <= validFrom) revert ValidityEmpty(validFrom, validTo);
        _keys[key] = Key({party: number, validFrom: validFrom, validTo: validTo, compromisedFrom: 0});
        emit KeyAdded(key, partyId, validFrom, validTo);
    }

    function _registered(bytes32 partyId) private view returns (uint32 number) {
        number = _numbers[partyId];
        if (number == 0) revert PartyNotRegistered(partyId);
    }

    function _standingOf(Key memory binding) private view returns (Standing) {
        if (binding.compromisedFrom != 0) return Standing.KeyRevoked;
        if (block.timestamp < binding.validFrom) return Standing.KeyNotYetValid;
        if (block.timestamp >= binding.validTo) return Standing.KeyExpired;
        return Standing.Active;
    }

    function _requireKnownRoles(uint32 roles) private pure {
        if (roles & ~ALL_ROLES != 0) revert RolesUnknown(roles);
    }
}
