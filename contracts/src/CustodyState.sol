// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.37;

import {DisputeReason} from "./IProvenance.sol";

/// The custody of a trail as the one word that its storage slot holds ({IProvenance-Custody}, docs/format.md section 4),
/// so that an entry costs one read and at most one write of it. From the low-order end: custodian, offeredTo,
/// commissioner, holds, disputes (32 bits each), commissioned, decommissioned (8 bits each).
///
/// The functions below are the rules of {IProvenance-record}: each takes the state before an entry of `party` and gives
/// the state after it, whether the entry contradicts custody, and how. A contradiction changes nothing but the count of
/// disputes.
type CustodyState is uint256;

using {
    commission,
    ship,
    receiveGoods,
    decommission,
    openHold,
    closeHold,
    dispute,
    commissioner,
    isHeld
} for CustodyState global;

uint256 constant PARTY_BITS = 0xffffffff;
uint256 constant OFFERED_SHIFT = 32;
uint256 constant COMMISSIONER_SHIFT = 64;
uint256 constant ONE_HOLD = 1 << 96;
uint256 constant HOLDS_BITS = 0xffffffff << 96;
uint256 constant ONE_DISPUTE = 1 << 128;
uint256 constant DISPUTES_BITS = 0xffffffff << 128;
uint256 constant COMMISSIONED = 1 << 160;
uint256 constant DECOMMISSIONED = 1 << 168;

// What is returned where nothing is contradicted; only read beside `true`.
DisputeReason constant NO_REASON = DisputeReason.AlreadyCommissioned;

function commission(CustodyState state, uint256 party) pure returns (CustodyState, bool, DisputeReason) {
    uint256 word = CustodyState.unwrap(state);
    if (word & COMMISSIONED != 0) return (state, true, DisputeReason.AlreadyCommissioned);
    if (!_withOrNobodys(word, party)) return (state, true, DisputeReason.InAnothersCustody);
    if (word & DECOMMISSIONED != 0) return (state, true, DisputeReason.Decommissioned);
    word &= ~(PARTY_BITS | (PARTY_BITS << COMMISSIONER_SHIFT));
    return (CustodyState.wrap(word | party | (party << COMMISSIONER_SHIFT) | COMMISSIONED), false, NO_REASON);
}

/// `to`: the number of the recipient, 0 if it is not registered.
function ship(CustodyState state, uint256 party, uint256 to) pure returns (CustodyState, bool, DisputeReason) {
    uint256 word = CustodyState.unwrap(state);
    if (to == 0 || to == party) return (state, true, DisputeReason.UnknownRecipient);
    if (!_withOrNobodys(word, party)) return (state, true, DisputeReason.NotCustodian);
    if (word & DECOMMISSIONED != 0) return (state, true, DisputeReason.Decommissioned);
    return (_moved(word, party, to), false, NO_REASON);
}

/// Receive ("receive" itself is a keyword of the language).
function receiveGoods(CustodyState state, uint256 party) pure returns (CustodyState, bool, DisputeReason) {
    uint256 word = CustodyState.unwrap(state);
    uint256 offeredTo = (word >> OFFERED_SHIFT) & PARTY_BITS;
    bool accepts = offeredTo == party || (offeredTo == 0 && _withOrNobodys(word, party));
    if (!accepts) return (state, true, DisputeReason.NotOffered);
    if (word & DECOMMISSIONED != 0) return (state, true, DisputeReason.Decommissioned);
    return (_moved(word, party, 0), false, NO_REASON);
}

function decommission(CustodyState state, uint256 party) pure returns (CustodyState, bool, DisputeReason) {
    uint256 word = CustodyState.unwrap(state);
    if (!_withOrNobodys(word, party)) return (state, true, DisputeReason.NotCustodian);
    if (word & DECOMMISSIONED != 0) return (state, true, DisputeReason.Decommissioned);
    return (CustodyState.wrap((word & ~(PARTY_BITS << OFFERED_SHIFT)) | DECOMMISSIONED), false, NO_REASON);
}

/// One more hold is open. There is at most one for each party, so that 32 bits hold them.
function openHold(CustodyState state) pure returns (CustodyState) {
    return CustodyState.wrap(CustodyState.unwrap(state) + ONE_HOLD);
}

/// One hold less is open.
function closeHold(CustodyState state) pure returns (CustodyState) {
    return CustodyState.wrap(CustodyState.unwrap(state) - ONE_HOLD);
}

/// One more dispute. The count stays at its largest value rather than run over into the flags.
function dispute(CustodyState state) pure returns (CustodyState) {
    uint256 word = CustodyState.unwrap(state);
    return word & DISPUTES_BITS == DISPUTES_BITS ? state : CustodyState.wrap(word + ONE_DISPUTE);
}

function commissioner(CustodyState state) pure returns (uint256) {
    return (CustodyState.unwrap(state) >> COMMISSIONER_SHIFT) & PARTY_BITS;
}

function isHeld(CustodyState state) pure returns (bool) {
    return CustodyState.unwrap(state) & HOLDS_BITS != 0;
}

/// Whether the custodian is this party or nobody.
function _withOrNobodys(uint256 word, uint256 party) pure returns (bool) {
    uint256 custodian = word & PARTY_BITS;
    return custodian == party || custodian == 0;
}

function _moved(uint256 word, uint256 custodian, uint256 offeredTo) pure returns (CustodyState) {
    word &= ~(PARTY_BITS | (PARTY_BITS << OFFERED_SHIFT));
    return CustodyState.wrap(word | custodian | (offeredTo << OFFERED_SHIFT));
}
