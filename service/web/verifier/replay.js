// Which statements contradicted custody when they were made: the ledger's own rules (contracts/src/CustodyState.sol),
// replayed over a trail that has been proven whole. What the replay ends in is compared with the proven custody slot;
// only where they agree is it shown.
"use strict";

const REGULATOR = 32;

/** For each entry why the ledger disputed it (a list, mostly empty); null where the replay does not end as proven. */
function replayedDisputes(found, place) {
  const { entries } = found.bundle.trails[place];
  const roles = new Map(found.bundle.parties.map(({ number }, index) => [number, found.standings[index].roles]));
  const numbers = new Map([...found.partyIds].map(([number, id]) => [id, number]));
  const state = {
    custodian: 0, offeredTo: 0, commissioner: 0, holds: 0, disputes: 0, commissioned: false, decommissioned: false,
  };
  const held = new Set();
  const disputes = entries.map((entry) => {
    const wasHeld = state.holds > 0;
    const why = [];
    const reason = follow(state, entry, { held, roles, numbers });
    if (reason) why.push(reason);
    if (wasHeld && entry.step >= SHIP && entry.step <= DECOMMISSION) why.push("Held");
    state.disputes += why.length;
    return why;
  });
  const proven = found.custodies[place];
  return Object.keys(state).every((name) => state[name] === proven[name]) ? disputes : null;
}

/** Changes the state as the entry does, or gives the reason why it contradicts it. */
function follow(state, { step, party, to }, { held, roles, numbers }) {
  const isFree = state.custodian === 0 || state.custodian === party;
  if (step === COMMISSION) {
    if (state.commissioned) return "AlreadyCommissioned";
    if (!isFree) return "InAnothersCustody";
    if (state.decommissioned) return "Decommissioned";
    Object.assign(state, { custodian: party, commissioner: party, commissioned: true });
  } else if (step === SHIP) {
    const recipient = numbers.get(to) ?? 0;
    if (recipient === 0 || recipient === party) return "UnknownRecipient";
    if (!isFree) return "NotCustodian";
    if (state.decommissioned) return "Decommissioned";
    Object.assign(state, { custodian: party, offeredTo: recipient });
  } else if (step === RECEIVE) {
    if (!(state.offeredTo === party || (state.offeredTo === 0 && isFree))) return "NotOffered";
    if (state.decommissioned) return "Decommissioned";
    Object.assign(state, { custodian: party, offeredTo: 0 });
  } else if (step === DECOMMISSION) {
    if (!isFree) return "NotCustodian";
    if (state.decommissioned) return "Decommissioned";
    Object.assign(state, { offeredTo: 0, decommissioned: true });
  } else if (step === HOLD || step === LIFT) {
    return followHold(state, step, party, isNobody(to) ? party : numbers.get(to), { held, roles });
  }
  return null;
}

function followHold(state, step, party, whose, { held, roles }) {
  const isRegulator = (roles.get(party) & REGULATOR) !== 0;
  if (step === HOLD) {
    if (!isRegulator && state.commissioner !== party) return "NotEntitled";
    if (!held.has(party)) state.holds++;
    held.add(party);
    return null;
  }
  if (whose !== party && !isRegulator) return "NotEntitled";
  if (!held.delete(whose)) return "NoSuchHold";
  state.holds--;
  return null;
}
