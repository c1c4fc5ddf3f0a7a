// The verification: the steps in their order, and the verdict as `trailseal verify --json` writes it.
"use strict";

/** Recovers one by one, as they are asked for. */
function recoverHere(digests, signatures) {
  return (index) => {
    try {
      return { address: recoverAddress(digests[index], signatures[index]) };
    } catch (fault) {
      if (!(fault instanceof BadSignature)) throw fault;
      return { refused: fault.message };
    }
  };
}

/**
 * Checks the bundle in `file` (bytes) against what the auditor trusts.
 *
 * `trust`: {block: hex or null, validators: [hex] or null, witnesses: {addresses, required, checkpoints} or null}, one
 * of them given. `ledger`: the consortium's contract (hex) or null. `progress(step, part)` is awaited now and then.
 * `recover(digests, signatures, parties)` gives a function of a capture's index to {address} or {refused: why}.
 * Returns {verdict, found}; `found` has what the steps learnt, for showing it.
 */
async function verifyBundle(file, { trust, ledger, progress = () => {}, recover = recoverHere }) {
  if (trust.block === null && trust.validators === null && trust.witnesses === null) {
    throw new Error("say what you trust: a block hash, validators or witnesses");
  }
  const found = { file, trust, ledger, recover };
  const findings = [];
  let failed = null;
  for (const [index, [, check]] of CHECKS.entries()) {
    try {
      await progress(index + 1, 0);
      findings.push(await check(found, (part) => progress(index + 1, part)));
    } catch (fault) {
      if (!(fault instanceof ProofFailed)) throw fault;
      failed = fault;
      break;
    }
  }
  return { verdict: verdictOf(found, findings, failed), found };
}

function verdictOf(found, findings, failed) {
  const held = findings.length;
  const { bundle, header } = found;
  const after = (step, value) => (held >= step ? value() : null);
  return {
    holds: failed === null,
    error: failed === null ? null : failed.kind,
    failedStep: failed === null ? null : held + 1,
    steps: CHECKS.map(([title], index) => {
      const result = index < held ? "pass" : failed !== null && index === held ? "fail" : "not reached";
      const finding = index < held ? findings[index] : result === "fail" ? failed.message : null;
      return { number: index + 1, title, result, finding };
    }),
    digest: after(1, () => `0x${bundle.digest}`),
    trust: after(2, () => found.trusted) ?? [],
    chainId: after(1, () => bundle.chainId),
    block: after(2, () => Number(header.number)),
    blockHash: after(2, () => `0x${header.hash}`),
    blockTime: after(2, () => Number(header.time)),
    ledger: after(3, () => `0x${bundle.provenance}`),
    ledgerGiven: found.ledger !== null,
    ...(failed === null ? countsOf(found) : NO_COUNTS),
    trails: failed === null ? trailsTold(found) : [],
    parties: failed === null ? bundle.parties.map((party, place) => ({ ...party, ...found.standings[place] })) : [],
    keys: failed === null ? [...found.keys].sort(([one], [other]) => inOrder(one, other)).map(keyTold) : [],
    erasures: failed === null ? erasuresOf(found) : [],
  };
}

const NO_COUNTS = { entries: 0, withheld: 0, erased: 0, contradicted: 0, copied: 0, unsigned: 0, doubtful: 0 };

function countsOf({ bundle, entries, seals, contradicted, keys }) {
  const shown = new Set(seals), erased = new Set(bundle.erased.map((one) => one.seal));
  const recorders = new Map();
  for (const { entry } of entries) {
    if (!recorders.has(entry.seal)) recorders.set(entry.seal, new Set());
    recorders.get(entry.seal).add(entry.party);
  }
  const count = (isOne) => entries.reduce((total, { entry }) => total + (isOne(entry) ? 1 : 0), 0);
  return {
    entries: entries.length,
    withheld: count((entry) => !shown.has(entry.seal)),
    erased: count((entry) => erased.has(entry.seal)),
    contradicted,
    copied: count((entry) => recorders.get(entry.seal).size > 1),
    unsigned: count((entry) => entry.capture === null),
    doubtful: [...keys.values()].reduce((total, key) => total + key.doubtful, 0),
  };
}

function trailsTold({ bundle, trailIds, heads, custodies, seals }) {
  const shown = new Set(seals);
  return bundle.trails.map(({ identifier, entries }, place) => {
    const { custodian, offeredTo, commissioner, ...rest } = custodies[place];
    return {
      identifier,
      trail: `0x${trailIds[place]}`,
      head: `0x${heads[place]}`,
      entries: entries.length,
      withheld: entries.filter((entry) => !shown.has(entry.seal)).length,
      custodian: custodian || null,
      offeredTo: offeredTo || null,
      commissioner: commissioner || null,
      ...rest,
    };
  });
}

function keyTold([address, { binding, entries, doubtful }]) {
  return {
    address: `0x${address}`,
    party: binding.party,
    validFrom: String(binding.validFrom),
    validTo: String(binding.validTo),
    compromisedFrom: binding.compromisedFrom ? String(binding.compromisedFrom) : null,
    entries,
    doubtful,
  };
}

function erasuresOf({ bundle, entries, erasing }) {
  const on = new Map(bundle.erased.map((one) => [one.seal, new Set()]));
  for (const { trail, entry } of entries) on.get(entry.seal)?.add(trail.identifier);
  const stated = new Set();
  for (const [identifier, party, text] of erasing) {
    if (text.startsWith("0x") && on.get(text.slice(2))?.has(identifier)) stated.add(`${text.slice(2)} ${party}`);
  }
  return bundle.erased.map(({ seal, party, time, reason }) => ({
    seal: `0x${seal}`, party, time, reason, stated: stated.has(`${seal} ${party}`),
  }));
}
