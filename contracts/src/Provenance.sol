// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {CustodyState, NO_REASON} from "./CustodyState.sol";
import {IParticipants, Standing} from "./IParticipants.sol";
import {DisputeReason, IProvenance, RefusalReason, Step} from "./IProvenance.sol";

/// @title Provenance: what was said
/// @notice See {IProvenance}. The order of the state variables is the storage layout of docs/format.md section 4, which
/// offline proofs depend on. There are no immutables, so that all deployments share one code hash.
contract Provenance is IProvenance {
    /// What one call of {record} knows: the capture that it is at, who signed it, and the last recipient that was looked
    /// up. Many captures of a batch have the same signer, and many entries the same recipient.
    struct Session {
        IParticipants register;
        bytes32 domain;
        bytes32 capture;
        address key;
        uint32 number;
        bytes32 party;
        uint32 roles;
        Standing standing;
        bytes32 recipient;
        uint32 recipientNumber;
    }

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant ENTRY_TYPEHASH = keccak256("Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)");
    bytes32 private constant CAPTURE_TYPEHASH =
        keccak256("Capture(Entry[] entries,uint64 deadline)Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)");
    bytes32 private constant NAME_HASH = keccak256("Trailseal");
    bytes32 private constant VERSION_HASH = keccak256("1");

    uint256 private constant MAX_ENTRIES = 200;
    uint32 private constant REGULATOR = 32;

    /// @inheritdoc IProvenance
    address public participants;
    /// @inheritdoc IProvenance
    mapping(bytes32 trail => bytes32) public head;
    /// @inheritdoc IProvenance
    mapping(bytes32 trail => Custody) public custody;
    mapping(bytes32 partyAndCapture => uint64 blockNumber) private recorded;
    mapping(bytes32 trailAndParty => bool) private hold;
    /// @inheritdoc IProvenance
    address public successor;

    /// @param register the Participants whose parties may speak here
    constructor(address register) {
        if (register.code.length == 0) revert NotAContract(register);
        participants = register;
    }

    /// @inheritdoc IProvenance
    function record(Capture[] calldata captures) external {
        if (successor != address(0)) revert Superseded(successor);
        Session memory session;
        session.register = IParticipants(participants);
        session.domain = domainSeparator();
        for (uint256 i = 0; i < captures.length; ++i) {
            _recordCapture(captures[i], session);
        }
    }

    /// @inheritdoc IProvenance
    function supersede(address next) external {
        if (msg.sender != IAccessControlDefaultAdminRules(participants).defaultAdmin()) revert NotAdmin(msg.sender);
        if (successor != address(0)) revert Superseded(successor);
        if (next.code.length == 0) revert NotAContract(next);
        successor = next;
        emit SupersededBy(next);
    }

    /// @inheritdoc IProvenance
    function recordedIn(bytes32 party, bytes32 capture) external view returns (uint64) {
        return recorded[_pair(party, capture)];
    }

    /// @inheritdoc IProvenance
    function holdOf(bytes32 trail, bytes32 party) external view returns (bool) {
        return hold[_pair(trail, party)];
    }

    /// @inheritdoc IProvenance
    function captureId(Entry[] calldata entries) external pure returns (bytes32 id) {
        (id,) = _captureId(entries);
    }

    /// @inheritdoc IProvenance
    function domainSeparator() public view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this)));
    }

    function _recordCapture(Capture calldata capture, Session memory session) private {
        Entry[] calldata entries = capture.entries;
        (bytes32 id, bool stepsKnown) = _captureId(entries);
        if (entries.length == 0) return _refuse(id, address(0), RefusalReason.NoEntries);
        if (entries.length > MAX_ENTRIES) return _refuse(id, address(0), RefusalReason.TooManyEntries);
        if (!stepsKnown) return _refuse(id, address(0), RefusalReason.BadStep);

        address signer = _signer(session.domain, id, capture.deadline, capture.signature);
        if (signer == address(0)) return _refuse(id, address(0), RefusalReason.BadSignature);
        _identify(signer, session);
        if (session.standing == Standing.UnknownKey) return _refuse(id, signer, RefusalReason.UnknownKey);

        bytes32 key = _pair(session.party, id);
        if (recorded[key] != 0) {
            emit CaptureKnown(id, session.party);
            return;
        }
        if (session.standing != Standing.Active) return _refuse(id, signer, _refusalOf(session.standing));
        if (block.timestamp > capture.deadline) return _refuse(id, signer, RefusalReason.DeadlinePassed);

        recorded[key] = uint64(block.number);
        session.capture = id;
        for (uint256 i = 0; i < entries.length; ++i) {
            _recordEntry(entries[i], session);
        }
    }

    function _recordEntry(Entry calldata entry, Session memory session) private {
        uint256 step = _fold(entry, session.party, session.capture);
        if (step != uint256(Step.Observe)) _follow(Step(step), entry, session);
    }

    /// Folds the entry into the head of its trail and emits {Recorded}. This is the path that every entry takes; written
    /// out by hand it costs some 600 gas less for each entry.
    function _fold(Entry calldata entry, bytes32 party, bytes32 capture) private returns (uint256 step) {
        bytes32 topic = Recorded.selector;
        assembly ("memory-safe") {
            let trail := calldataload(entry)
            step := calldataload(add(entry, 0x40))
            let to := calldataload(add(entry, 0x60))

            // The slot of head[trail].
            mstore(0x00, trail)
            mstore(0x20, head.slot)
            let slot := keccak256(0x00, 0x40)

            // head ‖ seal ‖ party ‖ to ‖ step ‖ time: 137 bytes in free memory.
            let free := mload(0x40)
            mstore(free, sload(slot))
            mstore(add(free, 0x20), calldataload(add(entry, 0x20)))
            mstore(add(free, 0x40), party)
            mstore(add(free, 0x60), to)
            mstore(add(free, 0x80), or(shl(248, step), shl(184, timestamp())))
            let folded := keccak256(free, 137)
            sstore(slot, folded)

            // The log's unindexed part: seal, to, head, step. The seal is in its place already.
            mstore(add(free, 0x40), to)
            mstore(add(free, 0x60), folded)
            mstore(add(free, 0x80), step)
            log4(add(free, 0x20), 0x80, topic, trail, party, capture)
        }
    }

    /// Custody follows the entry.
    function _follow(Step step, Entry calldata entry, Session memory session) private {
        Custody storage slot = custody[entry.trail];
        CustodyState known;
        assembly ("memory-safe") {
            known := sload(slot.slot)
        }
        (CustodyState state, bool contradicts, DisputeReason reason) = _apply(step, known, entry, session);
        if (contradicts) {
            state = state.dispute();
            emit Disputed(entry.trail, session.party, session.capture, reason);
        }
        if (known.isHeld() && step >= Step.Ship && step <= Step.Decommission) {
            state = state.dispute();
            emit Disputed(entry.trail, session.party, session.capture, DisputeReason.Held);
        }
        if (CustodyState.unwrap(state) != CustodyState.unwrap(known)) {
            assembly ("memory-safe") {
                sstore(slot.slot, state)
            }
        }
    }

    function _apply(Step step, CustodyState state, Entry calldata entry, Session memory session)
        private
        returns (CustodyState, bool, DisputeReason)
    {
        if (step == Step.Receive) return state.receiveGoods(session.number);
        if (step == Step.Ship) return state.ship(session.number, _recipient(entry.to, session));
        if (step == Step.Commission) return state.commission(session.number);
        if (step == Step.Decommission) return state.decommission(session.number);
        if (step == Step.Hold) return _hold(state, entry.trail, session);
        return _lift(state, entry, session);
    }

    function _hold(CustodyState state, bytes32 trail, Session memory session)
        private
        returns (CustodyState, bool, DisputeReason)
    {
        bool entitled = _isRegulator(session) || state.commissioner() == session.number;
        if (!entitled) return (state, true, DisputeReason.NotEntitled);
        bytes32 key = _pair(trail, session.party);
        if (hold[key]) return (state, false, NO_REASON);
        hold[key] = true;
        return (state.openHold(), false, NO_REASON);
    }

    function _lift(CustodyState state, Entry calldata entry, Session memory session)
        private
        returns (CustodyState, bool, DisputeReason)
    {
        bool own = entry.to == 0;
        if (!own && !_isRegulator(session)) return (state, true, DisputeReason.NotEntitled);
        bytes32 key = _pair(entry.trail, own ? session.party : entry.to);
        if (!hold[key]) return (state, true, DisputeReason.NoSuchHold);
        hold[key] = false;
        return (state.closeHold(), false, NO_REASON);
    }

    function _refuse(bytes32 id, address signer, RefusalReason reason) private {
        emit CaptureRefused(id, signer, reason);
    }

    /// Looks the signer up, unless it signed the capture before as well.
    function _identify(address signer, Session memory session) private view {
        if (session.key == signer) return;
        session.key = signer;
        (session.number, session.party, session.roles, session.standing) = session.register.speaker(signer);
    }

    /// The recipient's number, or 0 if no party has this id.
    function _recipient(bytes32 to, Session memory session) private view returns (uint32) {
        if (session.recipient != to) {
            session.recipient = to;
            session.recipientNumber = session.register.numberOf(to);
        }
        return session.recipientNumber;
    }

    function _isRegulator(Session memory session) private pure returns (bool) {
        return session.roles & REGULATOR != 0;
    }

    function _signer(bytes32 domain, bytes32 id, uint64 deadline, bytes calldata signature)
        private
        pure
        returns (address signer)
    {
        bytes32 digest =
            keccak256(abi.encodePacked(hex"1901", domain, keccak256(abi.encode(CAPTURE_TYPEHASH, id, deadline))));
        (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }

    function _captureId(Entry[] calldata entries) private pure returns (bytes32 id, bool stepsKnown) {
        bytes32 entryTypehash = ENTRY_TYPEHASH;
        assembly ("memory-safe") {
            let encoded := mload(0x40)
            let hashes := add(encoded, 0xa0)
            let size := shl(5, entries.length)
            let entry := entries.offset
            stepsKnown := 1
            mstore(encoded, entryTypehash)
            for { let at := 0 } lt(at, size) { at := add(at, 0x20) } {
                calldatacopy(add(encoded, 0x20), entry, 0x80)
                stepsKnown := and(stepsKnown, lt(mload(add(encoded, 0x60)), 7))
                mstore(add(hashes, at), keccak256(encoded, 0xa0))
                entry := add(entry, 0x80)
            }
            id := keccak256(hashes, size)
        }
    }

    function _refusalOf(Standing standing) private pure returns (RefusalReason) {
        if (standing == Standing.PartySuspended) return RefusalReason.PartySuspended;
        if (standing == Standing.KeyRevoked) return RefusalReason.KeyRevoked;
        if (standing == Standing.KeyExpired) return RefusalReason.KeyExpired;
        return RefusalReason.KeyNotYetValid;
    }

    function _pair(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encode(left, right));
    }
}
