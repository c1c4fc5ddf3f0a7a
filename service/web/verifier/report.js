// What a verdict says to people: the lines that `trailseal verify` prints below its steps.
"use strict";

// What a bundle says is untrusted: it must not reorder, hide or break what the auditor sees.
const UNSAFE = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/** The text with every control and direction character shown as its code point. */
function printable(text) {
  return text.replace(UNSAFE, (sign) => `\\u${sign.codePointAt(0).toString(16).padStart(4, "0")}`);
}

/** ISO 8601 of Unix seconds; the plain number where no calendar reaches. */
function moment(time) {
  if (!(time <= 253402300799)) return `${time} seconds after 1970`;
  return new Date(Number(time) * 1000).toISOString().replace(".000Z", "+00:00");
}

/** What the proof does not show, as loudly as what it does. */
function notesOf(verdict) {
  const names = new Map(verdict.parties.map((party) => [party.number, party.identifier]));
  const stated = verdict.erasures.filter((one) => one.stated).length;
  const disputes = verdict.trails.reduce((total, trail) => total + trail.disputes, 0);
  const erased = verdict.erased ? ` (${verdict.erased} of them erased, as the service says)` : "";
  const unsure = [
    [verdict.withheld, `entries show no document${erased}; who recorded them and when is proven, not what`],
    [verdict.erasures.length, `events are told as erased; of ${stated} a disclosed event of who erased it says so too`],
    [verdict.contradicted, "entries say something else than the document of their seal"],
    [verdict.copied, "entries carry a seal that more than one party recorded"],
    [verdict.unsigned, "entries show no signature; the contract checked one when it recorded them"],
    [verdict.doubtful, "entries are by keys since the time from which they are not to be trusted"],
    [disputes, "statements contradicted custody when they were made"],
  ];
  const notes = unsure.filter(([count]) => count).map(([count, what]) => `${count} ${what}`);
  for (const key of verdict.keys) {
    if (key.compromisedFrom === null) continue;
    notes.push(`a key of ${names.get(key.party)} is revoked, not to be trusted from ${moment(BigInt(key.compromisedFrom))}`);
  }
  for (const party of verdict.parties) if (party.suspended) notes.push(`${party.identifier} is suspended`);
  if (!verdict.ledgerGiven) {
    notes.push(
      `no ledger address was given; compare ${verdict.ledger} with the one that the consortium made known, since` +
        " anybody can run the same contracts",
    );
  }
  return notes;
}
