// The twelve steps of docs/format.md section 6, each a function of the case that throws ProofFailed or tells what it showed.
"use strict";

const ERASES = "trailseal:erases";

function fail(kind, message) {
  throw new ProofFailed(kind, message);
}

/** Runs `prove`; what it throws because a proof does not hold fails as `kind`, with what `told` makes of the reason. */
function proven(kind, prove, told) {
  try {
    return prove();
  } catch (fault) {
    if (fault instanceof BadProof || fault instanceof BadSlot || fault instanceof BadRLP) fail(kind, told(fault.message));
    throw fault;
  }
}

function stepForm(found) {
  found.bundle = readBundle(found.file);
  const { bundle } = found;
  found.entries = bundle.trails.flatMap((trail, place) => trail.entries.map((entry) => ({ trail, place, entry })));
  found.nodes = new Nodes(bundle.nodes);
  found.partyIds = new Map(bundle.parties.map((party) => [party.number, partyOf(party.identifier)]));
  const shape = `${bundle.trails.length} trails, ${found.entries.length} entries, ${bundle.events.length} documents`;
  return `${FORMAT}, ${found.file.length} bytes, ${shape}, digest matches`;
}

function stepBlock(found) {
  const encoded = bytesOf(found.bundle.header);
  const header = proven("UntrustedBlock", () => readHeader(encoded), (why) => `the bundle's header is malformed: ${why}`);
  found.trusted = reasonsToTrust(found, header, encoded);
  found.header = header;
  return `block ${header.number} (0x${header.hash}): ${found.trusted.join(", ")}`;
}

function reasonsToTrust({ trust, bundle }, header, encoded) {
  const reasons = [];
  if (trust.block !== null) {
    if (trust.block !== header.hash) {
      fail("UntrustedBlock", `the header hashes to 0x${header.hash}, the trusted block is 0x${trust.block}`);
    }
    reasons.push("it is the trusted block");
  }
  if (trust.validators !== null) {
    const known = new Set(trust.validators);
    reasons.push(`${committedBy(encoded, bundle.commit, known).length} of ${known.size} validators sealed it`);
  }
  if (trust.witnesses !== null) {
    const { addresses, required } = trust.witnesses;
    const signers = agreedBy(trust.witnesses, bundle.chainId, header);
    reasons.push(`${signers.length} of ${new Set(addresses).size} witnesses signed it, ${required} are required`);
  }
  return reasons;
}

function stepContract(found) {
  const address = found.bundle.provenance;
  if (found.ledger !== null && found.ledger !== address) {
    fail("ForeignContract", `the bundle speaks of the contract at 0x${address}, the ledger is at 0x${found.ledger}`);
  }
  found.provenance = proven(
    "ForeignContract",
    () => proveAccount(found.header.stateRoot, address, found.nodes),
    (why) => `the account of Provenance is not proven: ${why}`,
  );
  const version = RELEASED_PROVENANCE.get(found.provenance.codeHash);
  if (version === undefined) {
    fail("ForeignContract", `the code at 0x${address} hashes to 0x${found.provenance.codeHash}, which is no release`);
  }
  const whose = found.ledger !== null
    ? "the ledger that was given"
    : "compare this address with the consortium's: none was given";
  return `0x${address} runs Provenance ${version}; ${whose}`;
}

function stepRegistry(found) {
  let address;
  found.participants = proven(
    "ForeignRegistry",
    () => {
      address = proveSlot(found.provenance, ZERO_WORD, found.nodes).slice(24);
      return proveAccount(found.header.stateRoot, address, found.nodes);
    },
    (why) => `the registry is not proven: ${why}`,
  );
  const { codeHash } = found.participants;
  const version = RELEASED_PARTICIPANTS.get(codeHash);
  if (version === undefined) {
    fail("ForeignRegistry", `the registry at 0x${address} has code 0x${codeHash}, which is no release`);
  }
  return `0x${address} runs Participants ${version}`;
}

function stepHeads(found) {
  found.trailIds = found.bundle.trails.map((trail) => trailOf(trail.identifier, trail.salt));
  found.heads = found.bundle.trails.map(({ identifier }, place) => {
    const head = proven(
      "HeadUnproven",
      () => proveSlot(found.provenance, headSlot(found.trailIds[place]), found.nodes),
      (why) => `the head of ${identifier} is not proven for this identifier and salt: ${why}`,
    );
    if (head === ZERO_WORD) fail("HeadUnproven", `the chain has no entry for ${identifier} and its salt`);
    return head;
  });
  return `${found.heads.length} trails have proven heads`;
}

async function stepSeals(found, progress) {
  const { events, erased } = found.bundle;
  found.seals = [];
  for (let index = 0; index < events.length; index++) {
    if (index % 500 === 0) await progress(index / events.length);
    const { nonce, canonical } = events[index];
    found.seals.push(sha256Hex(Uint8Array.of(0), bytesOf(nonce), sha256(canonical)));
  }
  for (let index = 1; index < found.seals.length; index++) {
    if (!(found.seals[index - 1] < found.seals[index])) {
      fail("SealBroken", `${eventName(found, index)} is out of the order of seals, or there twice`);
    }
  }
  const sealed = new Set(found.entries.map(({ entry }) => entry.seal));
  found.seals.forEach((seal, index) => {
    if (!sealed.has(seal)) fail("SealBroken", `${eventName(found, index)} does not open the seal of any entry`);
  });
  const shown = new Set(found.seals);
  const both = erased.find((one) => shown.has(one.seal));
  if (both) fail("SealBroken", `the event with seal 0x${both.seal} is disclosed, and said to be erased`);
  return `${found.seals.length} documents open seals`;
}

async function stepMeaning(found, progress) {
  const standing = new Map(found.seals.map((seal) => [seal, []]));
  for (const one of found.entries) standing.get(one.entry.seal)?.push(one);
  found.contradicted = 0;
  found.erasing = [];
  found.agreeing = new Set(); // entries that say what the document of their seal says
  for (let index = 0; index < found.seals.length; index++) {
    if (index % 200 === 0) await progress(index / found.seals.length);
    checkMeaning(found, index, standing.get(found.seals[index]));
  }
  return `what they say is what was recorded; ${found.contradicted} entries contradict the document of their seal`;
}

function checkMeaning(found, index, standing) {
  const { document } = found.bundle.events[index];
  let things;
  try {
    things = saidBy(document);
  } catch (fault) {
    if (!(fault instanceof NoEvent)) throw fault;
    fail("ForeignEvent", `${eventName(found, index)} is no EPCIS event: ${fault.message}`);
  }
  const said = standing.filter(({ trail, entry }) => says(things, trail.identifier, entry, found.partyIds));
  if (!said.length) {
    const { trail, entry } = standing[0];
    fail(
      "ForeignEvent",
      `${eventName(found, index)} does not say of ${trail.identifier} what is recorded there with its seal:` +
        ` ${STEP_NAMES[entry.step]}`,
    );
  }
  found.contradicted += standing.length - said.length;
  const erased = document.get(ERASES);
  for (const { trail, entry } of said) {
    found.agreeing.add(entry);
    if (typeof erased === "string") found.erasing.push([trail.identifier, entry.party, erased]);
  }
}

/** Whether an event that says this of things says on the trail of `identifier` what the entry says. */
function says(things, identifier, entry, partyIds) {
  if (things.size === 0) {
    return identifier === journalOf(partyIds.get(entry.party)) && entry.step === OBSERVE && isNobody(entry.to);
  }
  if (!things.has(identifier)) return false;
  const [step, recipient] = things.get(identifier);
  return step === entry.step && (recipient === null ? isNobody(entry.to) : partyOf(recipient) === entry.to);
}

function isNobody(to) {
  return to === null || to === ZERO_WORD;
}

function stepParties(found) {
  found.standings = found.bundle.parties.map(({ number, identifier }) => {
    const [held, standing] = proven(
      "PartyUnproven",
      () => [
        proveSlot(found.participants, partyIdSlot(number), found.nodes),
        unpackStanding(proveSlot(found.participants, partyStandingSlot(number), found.nodes)),
      ],
      (why) => `party ${number} (${identifier}) is not proven: ${why}`,
    );
    if (held !== found.partyIds.get(number)) fail("PartyUnproven", `the registry's party ${number} is not ${identifier}`);
    return standing;
  });
  const suspended = found.standings.filter((standing) => standing.suspended).length;
  return `${found.standings.length} parties are who they are said to be, ${suspended} of them suspended`;
}

function stepTimes(found) {
  let first = Infinity, last = 0;
  for (const { identifier, entries } of found.bundle.trails) {
    for (let index = 1; index < entries.length; index++) {
      if (entries[index].time < entries[index - 1].time) {
        fail(
          "TimesDisordered",
          `entry ${index} of ${identifier} is recorded at ${entries[index].time}, before the one that it follows`,
        );
      }
    }
    const { time } = entries[entries.length - 1];
    if (time > found.header.time) {
      fail(
        "TimesDisordered",
        `the last entry of ${identifier} is recorded at ${time}, after the block (${found.header.time})`,
      );
    }
    first = Math.min(first, entries[0].time);
    last = Math.max(last, time);
  }
  return `from ${first} to ${last} (Unix seconds of the recording blocks)`;
}

async function stepWhole(found, progress) {
  let done = 0;
  for (let place = 0; place < found.bundle.trails.length; place++) {
    const { identifier, entries } = found.bundle.trails[place];
    let head = new Uint8Array(32);
    const word = new Uint8Array(137);
    for (const entry of entries) {
      if (done++ % 1000 === 0) await progress(done / found.entries.length);
      word.set(head, 0);
      writeHex(entry.seal, word, 32);
      writeHex(found.partyIds.get(entry.party), word, 64);
      writeHex(entry.to ?? ZERO_WORD, word, 96);
      word[128] = entry.step;
      writeHex(hexNumber(entry.time, 16), word, 129);
      head = keccak_256(word);
    }
    if (hexOf(head) !== found.heads[place]) {
      fail(
        "NotWhole",
        `the ${entries.length} entries of ${identifier} fold into 0x${hexOf(head)}, the chain's head` +
          ` is 0x${found.heads[place]}: an entry was hidden, altered, reordered or added`,
      );
    }
  }
  return `${found.entries.length} entries fold into the proven heads; none is missing`;
}

function stepCustody(found) {
  found.custodies = found.bundle.trails.map(({ identifier }, place) => {
    const held = proven(
      "CustodyUnproven",
      () => unpackCustody(proveSlot(found.provenance, custodySlot(found.trailIds[place]), found.nodes)),
      (why) => `custody of ${identifier} is not proven: ${why}`,
    );
    for (const number of [held.custodian, held.offeredTo, held.commissioner]) {
      if (number && !found.partyIds.has(number)) {
        fail("CustodyUnproven", `the custody of ${identifier} names party ${number}, which the bundle does not`);
      }
    }
    return held;
  });
  const sum = (name) => found.custodies.reduce((total, custody) => total + custody[name], 0);
  return `custody of ${found.custodies.length} trails is proven: ${sum("holds")} open holds, ${sum("disputes")} disputes`;
}

/** The signature is not one under these entries, or its key could not record them. */
class NotSigned extends Error {}

async function stepKeys(found, progress) {
  const { captures, chainId, provenance } = found.bundle;
  const domain = domainSeparator(chainId, provenance);
  found.keys = new Map();
  found.signers = []; // the key's address for each capture
  const recorded = captures.map(() => []);
  for (const one of found.entries) if (one.entry.capture !== null) recorded[one.entry.capture].push(one);
  const digests = captures.map(({ entries, deadline }) => captureDigest(domain, entries, deadline));
  const parties = recorded.map(([{ entry }]) => entry.party);
  const recovered = found.recover(digests, captures.map((one) => one.signature), parties);
  for (let index = 0; index < captures.length; index++) {
    if (index % 64 === 0) await progress(index / captures.length);
    try {
      await checkCapture(found, captures[index], recorded[index], await recovered(index));
    } catch (fault) {
      if (!(fault instanceof BadSignature || fault instanceof BadProof || fault instanceof NotSigned)) throw fault;
      fail("KeyUnproven", `capture ${index}: ${fault.message}`);
    }
  }
  if (found.nodes.unread.size) {
    fail("KeyUnproven", `${found.nodes.unread.size} nodes of the proofs are not on the way to anything`);
  }
  const signed = [...found.keys.values()].reduce((total, key) => total + key.entries, 0);
  return `${found.keys.size} keys signed ${signed} entries; ${found.entries.length - signed} show no signature`;
}

function checkCapture(found, capture, recorded, { address, refused }) {
  if (refused) throw new BadSignature(refused);
  const key = keyAt(found, address);
  const deadline = BigInt(`0x${capture.deadline}`);
  checkKey(key.binding, recorded, deadline);
  checkEntries(found, capture, recorded);
  found.signers.push(address);
  const { compromisedFrom } = key.binding;
  key.entries += recorded.length;
  if (compromisedFrom > 0n && compromisedFrom <= recorded[0].entry.time) key.doubtful += recorded.length;
}

function keyAt(found, address) {
  if (!found.keys.has(address)) {
    let binding;
    try {
      binding = unpackKey(proveSlot(found.participants, keySlot(address), found.nodes));
    } catch (fault) {
      if (!(fault instanceof BadProof || fault instanceof BadSlot)) throw fault;
      throw new BadProof(`the registry's slot of the key 0x${address} is not proven: ${fault.message}`);
    }
    found.keys.set(address, { binding, entries: 0, doubtful: 0 });
  }
  return found.keys.get(address);
}

/** One capture is one statement of one party, in one block, in time. */
function checkKey(binding, recorded, deadline) {
  const { party, time } = recorded[0].entry;
  if (recorded.some(({ entry }) => entry.party !== party || entry.time !== time)) {
    throw new NotSigned("its entries are not of one party and one block");
  }
  if (binding.party !== party) {
    throw new NotSigned(`its key is bound to party ${binding.party}, its entries are of party ${party}`);
  }
  if (!(binding.validFrom <= time && time < binding.validTo)) {
    throw new NotSigned(`its key is valid from ${binding.validFrom} to ${binding.validTo}, not at ${time}`);
  }
  if (time > deadline) throw new NotSigned(`its deadline is ${deadline}, its entries were recorded at ${time}`);
}

function checkEntries(found, capture, recorded) {
  const left = new Map();
  for (let at = 0; at < capture.entries.length; at += 64) {
    const hash = capture.entries.slice(at, at + 64);
    left.set(hash, (left.get(hash) ?? 0) + 1);
  }
  for (const { place, entry } of recorded) {
    const hash = entryHash(found.trailIds[place], entry);
    const count = left.get(hash) ?? 0;
    if (count === 0) throw new NotSigned(`an entry (seal 0x${entry.seal}) is not among those that were signed`);
    left.set(hash, count - 1);
  }
}

function eventName(found, index) {
  const named = found.bundle.events[index].document.get("eventID");
  return `event ${index} (${typeof named === "string" ? firstOf(named, 200) : "without an eventID"})`;
}

/** The first so many characters (not UTF-16 code units). */
function firstOf(text, most) {
  return text.length <= most ? text : [...text.slice(0, 2 * most)].slice(0, most).join("");
}

const CHECKS = [
  ["Form", stepForm], ["Block", stepBlock], ["Contract", stepContract], ["Registry", stepRegistry],
  ["Heads", stepHeads], ["Seals", stepSeals], ["Meaning", stepMeaning], ["Parties", stepParties],
  ["Times", stepTimes], ["Whole", stepWhole], ["Custody", stepCustody], ["Keys", stepKeys],
];
