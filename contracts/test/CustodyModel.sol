// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {DisputeReason, IProvenance, Step} from "../src/IProvenance.sol";

/// The rules of custody once more, from the words of {IProvenance-record} and without a thought for gas: the ledger has
/// to agree with this after every entry.
abstract contract CustodyModel {
    struct Voice {
        uint32 number;
        bytes32 id;
        uint32 roles;
    }

    mapping(bytes32 trail => IProvenance.Custody) internal modelCustody;
    mapping(bytes32 trail => mapping(bytes32 party => bool)) internal modelHold;
    DisputeReason[] internal modelDisputes;

    /// Applies an entry, and leaves its disputes in `modelDisputes`.
    function _replay(IProvenance.Entry memory entry, Voice memory voice, uint32 recipient) internal {
        delete modelDisputes;
        IProvenance.Custody storage custody = modelCustody[entry.trail];
        bool held = custody.holds > 0;
        Step step = Step(entry.step);
        if (step == Step.Commission) _replayCommission(custody, voice.number);
        if (step == Step.Ship) _replayShip(custody, voice.number, recipient);
        if (step == Step.Receive) _replayReceive(custody, voice.number);
        if (step == Step.Decommission) _replayDecommission(custody, voice.number);
        if (step == Step.Hold) _replayHold(custody, entry.trail, voice);
        if (step == Step.Lift) _replayLift(custody, entry, voice);
        bool moves = step == Step.Ship || step == Step.Receive || step == Step.Decommission;
        if (held && moves) modelDisputes.push(DisputeReason.Held);
        custody.disputes += uint32(modelDisputes.length);
    }

    function _replayCommission(IProvenance.Custody storage custody, uint32 party) private {
        if (custody.commissioned) {
            modelDisputes.push(DisputeReason.AlreadyCommissioned);
        } else if (custody.custodian != 0 && custody.custodian != party) {
            modelDisputes.push(DisputeReason.InAnothersCustody);
        } else if (custody.decommissioned) {
            modelDisputes.push(DisputeReason.Decommissioned);
        } else {
            custody.commissioned = true;
            custody.commissioner = party;
            custody.custodian = party;
        }
    }

    function _replayShip(IProvenance.Custody storage custody, uint32 party, uint32 recipient) private {
        if (recipient == 0 || recipient == party) {
            modelDisputes.push(DisputeReason.UnknownRecipient);
        } else if (custody.custodian != party && custody.custodian != 0) {
            modelDisputes.push(DisputeReason.NotCustodian);
        } else if (custody.decommissioned) {
            modelDisputes.push(DisputeReason.Decommissioned);
        } else {
            custody.custodian = party;
            custody.offeredTo = recipient;
        }
    }

    function _replayReceive(IProvenance.Custody storage custody, uint32 party) private {
        bool offered = custody.offeredTo == party;
        bool unspoken = custody.offeredTo == 0 && (custody.custodian == 0 || custody.custodian == party);
        if (!offered && !unspoken) {
            modelDisputes.push(DisputeReason.NotOffered);
        } else if (custody.decommissioned) {
            modelDisputes.push(DisputeReason.Decommissioned);
        } else {
            custody.custodian = party;
            custody.offeredTo = 0;
        }
    }

    function _replayDecommission(IProvenance.Custody storage custody, uint32 party) private {
        if (custody.custodian != party && custody.custodian != 0) {
            modelDisputes.push(DisputeReason.NotCustodian);
        } else if (custody.decommissioned) {
            modelDisputes.push(DisputeReason.Decommissioned);
        } else {
            custody.decommissioned = true;
            custody.offeredTo = 0;
        }
    }

    function _replayHold(IProvenance.Custody storage custody, bytes32 trail, Voice memory voice) private {
        bool regulator = (voice.roles / 32) % 2 == 1;
        if (!regulator && custody.commissioner != voice.number) {
            modelDisputes.push(DisputeReason.NotEntitled);
        } else if (!modelHold[trail][voice.id]) {
            modelHold[trail][voice.id] = true;
            custody.holds += 1;
        }
    }

    function _replayLift(IProvenance.Custody storage custody, IProvenance.Entry memory entry, Voice memory voice)
        private
    {
        bool regulator = (voice.roles / 32) % 2 == 1;
        bytes32 whose = entry.to == 0 ? voice.id : entry.to;
        if (entry.to != 0 && !regulator) {
            modelDisputes.push(DisputeReason.NotEntitled);
        } else if (!modelHold[entry.trail][whose]) {
            modelDisputes.push(DisputeReason.NoSuchHold);
        } else {
            modelHold[entry.trail][whose] = false;
            custody.holds -= 1;
        }
    }

    /// The model's custody as docs/format.md section 4 packs it into a slot.
    function _packed(bytes32 trail) internal view returns (bytes32) {
        IProvenance.Custody storage custody = modelCustody[trail];
        return bytes32(
            abi.encodePacked(
                bytes10(0),
                custody.decommissioned,
                custody.commissioned,
                custody.disputes,
                custody.holds,
                custody.commissioner,
                custody.offeredTo,
                custody.custodian
            )
        );
    }
}
