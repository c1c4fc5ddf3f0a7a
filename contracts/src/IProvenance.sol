// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

/// What an entry does to a trail. The numbers are part of the format (docs/format.md section 2).
enum Step {
    Observe,
    Commission,
    Ship,
    Receive,
    Decommission,
    Hold,
    Lift
}

/// Why a capture was left out as a whole.
enum RefusalReason {
    UnknownKey, // no party is bound to the signing key
    KeyNotYetValid, // the key's validity has not begun
    KeyExpired, // the key's validity is over
    KeyRevoked, // the key was revoked
    PartySuspended, // the party of the key is suspended
    DeadlinePassed, // the block is later than the capture's deadline
    BadSignature, // not 65 bytes, high s, or nothing recovered
    NoEntries, // the capture is empty
    TooManyEntries, // more than 200 entries
    BadStep // a step above 6 (Lift)
}

/// How a recorded statement contradicts the custody that the ledger knows.
enum DisputeReason {
    AlreadyCommissioned, // Commission of a trail that was commissioned before
    InAnothersCustody, // Commission of a trail whose custodian is another party
    UnknownRecipient, // Ship to the speaker itself, or to a party that is not registered
    NotCustodian, // Ship or Decommission by a party that is not the custodian
    Decommissioned, // Commission, Ship, Receive or Decommission of a decommissioned trail
    NotOffered, // Receive of what is in another's custody and was not offered to the speaker
    NotEntitled, // Hold by a party that is neither regulator nor commissioner; Lift of another's hold by no regulator
    NoSuchHold, // Lift of a hold that is not open
    Held // Ship, Receive or Decommission while a hold is open
}

/// @title Provenance: what was said
/// @notice The ledger of a consortium. Each identified thing has a *trail*, and each trail has a 32-byte running head in
/// contract storage; an entry folds itself into the head of its trail, so that the head of a block commits to all
/// entries of the trail, in their order, with their speakers and times. docs/format.md gives the bytes, the storage
/// slots and the steps of an offline verification.
///
/// Authority is the signature alone: anyone may relay anyone's captures. There is no owner, no proxy, no upgrade.
interface IProvenance {
    /// One statement about one trail. An event that touches many trails makes one entry for each.
    struct Entry {
        bytes32 trail; // salted hash of the thing's identifier
        bytes32 seal; // salted hash of the event
        uint8 step; // a {Step}; above 6 the capture is refused
        bytes32 to; // Ship: the party that it is offered to; Lift: see {Step}; otherwise zero. Always folded, as given
    }

    /// One signed document, or a part of it.
    struct Capture {
        Entry[] entries; // 1 to 200, recorded in this order, all or none
        uint64 deadline; // unix seconds; last second in which the capture may be recorded
        bytes signature; // 65 bytes r, s, v with low s, over the EIP-712 typed data of entries and deadline
    }

    /// Who has a thing, in one storage slot. Parties are numbers of Participants; 0 is nobody.
    struct Custody {
        uint32 custodian; // who has it
        uint32 offeredTo; // to whom it is under way
        uint32 commissioner; // who brought it into being
        uint32 holds; // open holds
        uint32 disputes; // statements so far that contradicted custody
        bool commissioned; // a Commission took effect
        bool decommissioned; // a Decommission took effect
    }

    /// @notice One entry was folded into the head of its trail.
    /// @param trail the trail
    /// @param party the id of the party whose key signed
    /// @param capture the id of the capture that the entry came in
    /// @param seal the entry's seal
    /// @param to the entry's `to`
    /// @param head the trail's head after this entry
    /// @param step the entry's {Step}
    event Recorded(
        bytes32 indexed trail,
        bytes32 indexed party,
        bytes32 indexed capture,
        bytes32 seal,
        bytes32 to,
        bytes32 head,
        uint8 step
    );

    /// @notice The entry whose {Recorded} came last before this contradicts what the ledger knew. It stays recorded. An
    /// entry may be disputed twice: for its own reason, and as Held.
    event Disputed(bytes32 indexed trail, bytes32 indexed party, bytes32 indexed capture, DisputeReason reason);

    /// @notice A capture was left out; nothing of it is recorded, and the others of its batch are not touched.
    /// `signer` is zero where the capture was refused before a signer was recovered (BadSignature, NoEntries,
    /// TooManyEntries, BadStep).
    event CaptureRefused(bytes32 indexed capture, address signer, RefusalReason reason);

    /// @notice A capture was skipped, since the same entries of this party are recorded already. A relay that resends
    /// learns that they are safe. It is given also where the key, the party or the deadline would by now be refused.
    event CaptureKnown(bytes32 indexed capture, bytes32 indexed party);

    /// @notice The final statement of this ledger: it goes on in `successor`.
    event SupersededBy(address indexed successor);

    /// This ledger records no more; send to `successor`.
    error Superseded(address successor);
    /// There is no code at `account`.
    error NotAContract(address account);
    /// Only the default admin of Participants may do this; `caller` is not.
    error NotAdmin(address caller);

    /// @notice Records captures in order. Emits {Recorded} for each entry and {Disputed} where it contradicts custody;
    /// {CaptureKnown} for a capture that is recorded already; {CaptureRefused} for one that does not hold. Neither of
    /// these two changes anything, nor do they stop the others.
    ///
    /// A capture is checked in this order: number of entries, steps, signature, bound key; then whether it is known;
    /// then the standing of party and key, and the deadline. The first that fails gives the reason.
    ///
    /// Custody after an entry of party P, where `=` is "becomes":
    ///
    /// - Observe: nothing.
    /// - Commission: if not commissioned, the custodian is nobody or P, and it is not decommissioned: custodian =
    ///   commissioner = P. Else disputed: AlreadyCommissioned, InAnothersCustody, Decommissioned.
    /// - Ship: disputed as UnknownRecipient if `to` is P or not registered. Else, if the custodian is P or nobody (a
    ///   thing that entered mid-life is presumed its shipper's) and it is not decommissioned: custodian = P,
    ///   offeredTo = `to`, in place of an earlier offer. Else disputed: NotCustodian, Decommissioned.
    /// - Receive: if offered to P: custodian = P, offeredTo = nobody. If custodian and offer are nobody's:
    ///   custodian = P. If the custodian is P and nothing is offered: an internal move, without effect. Else disputed:
    ///   NotOffered. Of a decommissioned trail none of this: disputed as Decommissioned.
    /// - Decommission: if the custodian is P or nobody and it is not decommissioned: decommissioned, offeredTo = nobody.
    ///   Else disputed: NotCustodian, Decommissioned.
    /// - Hold: by a regulator or the commissioner: P's hold is open; a second one has no effect. Else disputed:
    ///   NotEntitled.
    /// - Lift: with `to` zero P's own hold, by a regulator the hold of party `to`, is closed. Else disputed:
    ///   NotEntitled, NoSuchHold.
    /// - Ship, Receive and Decommission while a hold is open are disputed as Held also, and have their effect all the
    ///   same.
    ///
    /// Requirements: the ledger is not superseded; the calldata is well-formed ABI.
    function record(Capture[] calldata captures) external;

    /// @notice Ends this ledger. Emits {SupersededBy}; from then on {record} reverts, and everything else stays readable
    /// and provable.
    ///
    /// Requirements: the caller is the default admin of Participants; the ledger is not superseded; `next` is a contract.
    function supersede(address next) external;

    /// @notice The register of parties and keys.
    function participants() external view returns (address);

    /// @notice The ledger that follows this one, or zero.
    function successor() external view returns (address);

    /// @notice The head of a trail; zero for one that has no entries.
    function head(bytes32 trail) external view returns (bytes32);

    /// @notice The custody of a trail, as {Custody}.
    function custody(bytes32 trail)
        external
        view
        returns (
            uint32 custodian,
            uint32 offeredTo,
            uint32 commissioner,
            uint32 holds,
            uint32 disputes,
            bool commissioned,
            bool decommissioned
        );

    /// @notice The number of the block in which a party's capture was recorded; 0 if it was not.
    function recordedIn(bytes32 party, bytes32 capture) external view returns (uint64);

    /// @notice Whether a party's hold on a trail is open.
    function holdOf(bytes32 trail, bytes32 party) external view returns (bool);

    /// @notice The EIP-712 domain separator of this deployment: name "Trailseal", version "1".
    function domainSeparator() external view returns (bytes32);

    /// @notice The id of a capture of these entries: their EIP-712 encoding.
    function captureId(Entry[] calldata entries) external pure returns (bytes32);
}
