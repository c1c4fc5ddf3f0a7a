// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// What a key is worth in this block. Only `Active` may record.
enum Standing {
    Active,
    UnknownKey,
    KeyNotYetValid,
    KeyExpired,
    KeyRevoked,
    PartySuspended
}

/// @title Participants: who may speak
/// @notice The register of a consortium's parties and of the keys that sign for them. Parties are numbered from 1 in the
/// order of their registration; number 0 is nobody. A party is named by `partyId`, the hash of its canonical identifier
/// (docs/format.md section 1), so that the register says nothing to those who do not know the identifier.
///
/// Roles are a bitmask: supplier 1, carrier 2, inspector 4, auditor 8, analyst 16, regulator 32.
///
/// Nothing is ever deleted: a key stays bound to its first party for good, and a revocation or suspension works from its
/// own block on. What was recorded before stays recorded.
interface IParticipants {
    /// A signing key, in one storage slot.
    struct Key {
        uint32 party; // the number of the party that the key signs for; 0: an address that was never bound
        uint64 validFrom; // unix seconds; first second in which the key may record
        uint64 validTo; // unix seconds; first second in which it no longer may; 2^64-1: no end
        uint64 compromisedFrom; // unix seconds; not 0: revoked, and not to be trusted from this second on
    }

    /// A party, in two storage slots.
    struct Party {
        bytes32 id; // hash of the party's canonical identifier
        uint32 roles; // bitmask
        bool suspended; // a suspended party's keys cannot record
    }

    /// A party to be registered.
    struct NewParty {
        bytes32 id; // hash of the party's canonical identifier; not zero
        uint32 roles; // bitmask; may be 0: a party without a special entitlement
    }

    /// A key to be bound.
    struct NewKey {
        address key; // not zero, not bound before
        bytes32 partyId; // a registered party
        uint64 validFrom; // unix seconds
        uint64 validTo; // unix seconds, later than `validFrom`; 2^64-1: no end
    }

    event PartyRegistered(bytes32 indexed partyId, uint32 number, uint32 roles);
    event RolesSet(bytes32 indexed partyId, uint32 roles);
    event PartySuspended(bytes32 indexed partyId);
    event PartyReinstated(bytes32 indexed partyId);
    event KeyAdded(address indexed key, bytes32 indexed partyId, uint64 validFrom, uint64 validTo);
    event KeyRevoked(address indexed key, bytes32 indexed partyId, uint64 compromisedFrom);

    /// Party id zero, or key zero: these stand for nobody.
    error Nobody();
    error PartyAlreadyRegistered(bytes32 partyId);
    error PartyNotRegistered(bytes32 partyId);
    /// `roles` has bits above 32 (regulator).
    error RolesUnknown(uint32 roles);
    /// `key` is or was a key of party `number`; use a fresh one.
    error KeyAlreadyBound(address key, uint32 number);
    error KeyNotBound(address key);
    /// `validTo` is not later than `validFrom`.
    error ValidityEmpty(uint64 validFrom, uint64 validTo);
    /// `compromisedFrom` lies in the future, or after the time of an earlier revocation.
    error RevocationTooLate(uint64 compromisedFrom, uint64 latest);
    error PartyAlreadySuspended(bytes32 partyId);
    error PartyNotSuspended(bytes32 partyId);

    /// @notice Registers a party and returns its number. Emits {PartyRegistered}.
    ///
    /// Requirements: the caller is a registrar; `partyId` is not zero and not registered; `roles` has known bits only.
    function registerParty(bytes32 partyId, uint32 roles) external returns (uint32 number);

    /// @notice Registers many parties in order, as {registerParty} does. Reverts as a whole if one is refused.
    function registerParties(NewParty[] calldata parties) external;

    /// @notice Replaces a party's roles. Emits {RolesSet}.
    ///
    /// Requirements: the caller is a registrar; the party is registered; `roles` has known bits only.
    function setRoles(bytes32 partyId, uint32 roles) external;

    /// @notice Stops all keys of a party from recording, from this block on. Emits {PartySuspended}.
    ///
    /// Requirements: the caller is a registrar; the party is registered and not suspended.
    function suspend(bytes32 partyId) external;

    /// @notice Lets a suspended party record again. Emits {PartyReinstated}.
    ///
    /// Requirements: the caller is a registrar; the party is registered and suspended.
    function reinstate(bytes32 partyId) external;

    /// @notice Binds a signing key to a party, for good. Emits {KeyAdded}.
    ///
    /// Requirements: the caller is a registrar; the party is registered; `key` is not zero and was never bound, to this
    /// party or another; `validTo` is later than `validFrom`.
    function addKey(address key, bytes32 partyId, uint64 validFrom, uint64 validTo) external;

    /// @notice Binds many keys, as {addKey} does. Reverts as a whole if one is refused.
    function addKeys(NewKey[] calldata keys) external;

    /// @notice Revokes a key: it cannot record from this block on. `compromisedFrom` tells auditors since when the key's
    /// signatures are not to be trusted; 0 means from now on. A later call may only move it to an earlier time. Emits
    /// {KeyRevoked}.
    ///
    /// Requirements: the caller is a registrar; the key is bound; `compromisedFrom` is neither in the future nor later
    /// than a time given before.
    function revokeKey(address key, uint64 compromisedFrom) external;

    /// @notice Everything that a ledger asks about a signer, in this block. An unbound address gives number 0, id 0,
    /// roles 0 and `UnknownKey`; a bound one gives its party whatever its standing. Where several reasons hold, the
    /// first of PartySuspended, KeyRevoked, KeyNotYetValid, KeyExpired is given.
    function speaker(address key)
        external
        view
        returns (uint32 number, bytes32 partyId, uint32 roles, Standing standing);

    /// @notice The number of the party with this id, or 0.
    function numberOf(bytes32 partyId) external view returns (uint32 number);

    /// @notice The party with this number; all zero for numbers that were not given out.
    function partyAt(uint32 number) external view returns (Party memory party);

    /// @notice The binding of this address; all zero for an address that was never bound.
    function keyOf(address key) external view returns (Key memory binding);

    /// @notice How many parties are registered; the highest number given out.
    function partyCount() external view returns (uint32 count);
}
