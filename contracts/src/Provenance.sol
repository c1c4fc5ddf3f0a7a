// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IAccessControlDefaultAdminRules
} from "@openzeppelin/contracts/access/extensions/IAccessControlDefaultAdminRules.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IParticipants, Standing} from "./IParticipants.sol";
import {DisputeReason, IProvenance, RefusalReason, Step} from "./IProvenance.sol";

/// @title Provenance: what was said
/// @notice See {IProvenance}. The order of the state variables is the storage layout of docs/format.md section 4, which
/// offline proofs depend on. There are no immutables, so that all deployments share one code hash.
contract Provenance is IProvenance {
    /// The party that signed a capture.
    struct Speaker {
        address key;
        uint32 number;
        uint32 roles;
        Standing standing;
        bytes32 id;
    }

    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant ENTRY_TYPEHASH = keccak256("Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)");
    bytes32 private constant CAPTURE_TYPEHASH = keccak256(
        "Capture(Entry[] entries,uint64 deadline)Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)"
    );
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
        IParticipants register = IParticipants(participants);
        bytes32 domain = domainSeparator();
        Speaker memory speaker;
        for (uint256 i = 0; i < captures.length; ++i) {
            _recordCapture(captures[i], domain, register, speaker);
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

    function _recordCapture(Capture calldata capture, bytes32 domain, IParticipants register, Speaker memory speaker)
        private
    {
        Entry[] calldata entries = capture.entries;
        (bytes32 id, bool stepsKnown) = _captureId(entries);
        if (entries.length == 0) return _refuse(id, address(0), RefusalReason.NoEntries);
        if (entries.length > MAX_ENTRIES) return _refuse(id, address(0), RefusalReason.TooManyEntries);
        if (!stepsKnown) return _refuse(id, address(0), RefusalReason.BadStep);

        address signer = _signer(domain, id, capture.deadline, capture.signature);
        if (signer == address(0)) return _refuse(id, address(0), RefusalReason.BadSignature);
        _identify(signer, register, speaker);
        if (speaker.number == 0) return _refuse(id, signer, RefusalReason.UnknownKey);

        bytes32 key = _pair(speaker.id, id);
        if (recorded[key] != 0) {
            emit CaptureKnown(id, speaker.id);
            return;
        }
        if (speaker.standing != Standing.Active) return _refuse(id, signer, _refusalOf(speaker.standing));
        if (block.timestamp > capture.deadline) return _refuse(id, signer, RefusalReason.DeadlinePassed);

        recorded[key] = uint64(block.number);
        for (uint256 i = 0; i < entries.length; ++i) {
            _recordEntry(entries[i], id, register, speaker);
        }
    }

    function _recordEntry(Entry calldata entry, bytes32 id, IParticipants register, Speaker memory speaker) private {
        bytes32 folded = keccak256(
            abi.encodePacked(head[entry.trail], entry.seal, speaker.id, entry.to, entry.step, uint64(block.timestamp))
        );
        head[entry.trail] = folded;
        emit Recorded(entry.trail, speaker.id, id, entry.seal, entry.to, folded, entry.step);
        if (Step(entry.step) != Step.Observe) _follow(entry, id, register, speaker);
    }

    /// Custody follows the entry.
    function _follow(Entry calldata entry, bytes32 id, IParticipants register, Speaker memory speaker) private {
        Custody memory state = custody[entry.trail];
        Step step = Step(entry.step);
        bool held = state.holds != 0 && step != Step.Commission && step < Step.Hold;
        (bool contradicts, DisputeReason reason) = _apply(step, state, entry, register, speaker);
        if (contradicts) _dispute(state, entry.trail, speaker.id, id, reason);
        if (held) _dispute(state, entry.trail, speaker.id, id, DisputeReason.Held);
        custody[entry.trail] = state;
    }

    function _apply(
        Step step,
        Custody memory state,
        Entry calldata entry,
        IParticipants register,
        Speaker memory speaker
    ) private returns (bool, DisputeReason) {
        if (step == Step.Ship) return _ship(state, speaker.number, register.numberOf(entry.to));
        if (step == Step.Receive) return _receive(state, speaker.number);
        if (step == Step.Commission) return _commission(state, speaker.number);
        if (step == Step.Decommission) return _decommission(state, speaker.number);
        if (step == Step.Hold) return _hold(state, entry.trail, speaker);
        return _lift(state, entry, speaker);
    }

    function _commission(Custody memory state, uint32 party) private pure returns (bool, DisputeReason) {
        if (state.commissioned) return (true, DisputeReason.AlreadyCommissioned);
        if (state.custodian != 0 && state.custodian != party) return (true, DisputeReason.InAnothersCustody);
        state.commissioned = true;
        state.custodian = party;
        state.commissioner = party;
        return (false, DisputeReason(0));
    }

    function _ship(Custody memory state, uint32 party, uint32 to) private pure returns (bool, DisputeReason) {
        if (to == 0 || to == party) return (true, DisputeReason.UnknownRecipient);
        if (state.custodian != 0 && state.custodian != party) return (true, DisputeReason.NotCustodian);
        if (state.decommissioned) return (true, DisputeReason.Decommissioned);
        state.custodian = party;
        state.offeredTo = to;
        return (false, DisputeReason(0));
    }

    function _receive(Custody memory state, uint32 party) private pure returns (bool, DisputeReason) {
        bool open = state.offeredTo == 0 && (state.custodian == 0 || state.custodian == party);
        if (!open && state.offeredTo != party) return (true, DisputeReason.NotOffered);
        state.custodian = party;
        state.offeredTo = 0;
        return (false, DisputeReason(0));
    }

    function _decommission(Custody memory state, uint32 party) private pure returns (bool, DisputeReason) {
        if (state.custodian != 0 && state.custodian != party) return (true, DisputeReason.NotCustodian);
        if (state.decommissioned) return (true, DisputeReason.Decommissioned);
        state.decommissioned = true;
        state.offeredTo = 0;
        return (false, DisputeReason(0));
    }

    function _hold(Custody memory state, bytes32 trail, Speaker memory speaker)
        private
        returns (bool, DisputeReason)
    {
        bool entitled = speaker.roles & REGULATOR != 0 || state.commissioner == speaker.number;
        if (!entitled) return (true, DisputeReason.NotEntitled);
        bytes32 key = _pair(trail, speaker.id);
        if (!hold[key]) {
            hold[key] = true;
            ++state.holds;
        }
        return (false, DisputeReason(0));
    }

    function _lift(Custody memory state, Entry calldata entry, Speaker memory speaker)
        private
        returns (bool, DisputeReason)
    {
        bool own = entry.to == 0;
        if (!own && speaker.roles & REGULATOR == 0) return (true, DisputeReason.NotEntitled);
        bytes32 key = _pair(entry.trail, own ? speaker.id : entry.to);
        if (!hold[key]) return (true, DisputeReason.NoSuchHold);
        hold[key] = false;
        --state.holds;
        return (false, DisputeReason(0));
    }

    function _dispute(Custody memory state, bytes32 trail, bytes32 party, bytes32 id, DisputeReason reason) private {
        ++state.disputes;
        emit Disputed(trail, party, id, reason);
    }

    function _refuse(bytes32 id, address signer, RefusalReason reason) private {
        emit CaptureRefused(id, signer, reason);
    }

    /// Looks the signer up, unless it signed the capture before as well.
    function _identify(address signer, IParticipants register, Speaker memory speaker) private view {
        if (speaker.key == signer) return;
        speaker.key = signer;
        (speaker.number, speaker.id, speaker.roles, speaker.standing) = register.speaker(signer);
    }

    function _signer(bytes32 domain, bytes32 id, uint64 deadline, bytes calldata signature)
        private
        pure
        returns (address signer)
    {
        bytes32 digest = keccak256(
            abi.encodePacked(hex"1901", domain, keccak256(abi.encode(CAPTURE_TYPEHASH, id, deadline)))
        );
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
