// The bundle file: docs/format.md section 5. What is read here has one spelling, or is refused.
"use strict";

const FORMAT = "trailseal-bundle/1";
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_OPENINGS = 8_000_000, MAX_COMMAS = 24_000_000, MAX_ENTRIES = 1_000_000;
const MAX_TIME = 2 ** 53 - 1;

class ProofFailed extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

function malformed(message) {
  throw new ProofFailed("MalformedBundle", message);
}

const AS_HEX = "must be whole bytes in lower-case hex that starts with 0x";

// What members may be: each reader takes (value, place) and gives what the verification works with.

const readHex = (shortest, longest = shortest) => (value, place) => {
  if (typeof value !== "string" || value.length % 2) malformed(`${place}: ${AS_HEX}`);
  const size = value.length / 2 - 1;
  if (size < shortest || size > longest) malformed(`${place}: must be ${shortest} to ${longest} bytes, these are ${size}`);
  if (!/^0x[0-9a-f]*$/.test(value)) malformed(`${place}: ${AS_HEX}`);
  return value.slice(2);
};
const readInteger = (lowest, highest) => (value, place) => {
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    malformed(`${place}: must be an integer from ${lowest} to ${highest}`);
  }
  return value;
};
const readText = (shortest, longest) => (value, place) => {
  if (typeof value !== "string") malformed(`${place}: must be text`);
  let length = value.length;
  if (length > longest) length = [...value].length; // characters, not UTF-16 code units
  if (length < shortest || length > longest) malformed(`${place}: must be ${shortest} to ${longest} characters`);
  return value;
};
const readNullable = (read) => (value, place) => (value === null ? null : read(value, place));
const readArray = (read, shortest, longest) => (value, place) => {
  if (!Array.isArray(value) || value.length < shortest || value.length > longest) {
    malformed(`${place}: must be an array of ${shortest} to ${longest} items`);
  }
  return value.map((item, index) => read(item, `${place}/${index}`));
};
const readObject = (members) => {
  const names = Object.keys(members);
  return (value, place) => {
    if (!(value instanceof Map)) malformed(`${place}: must be an object`);
    const found = {};
    for (const name of names) {
      if (!value.has(name)) malformed(`${place}/${name}: is missing`);
      found[name] = members[name](value.get(name), `${place}/${name}`);
    }
    if (value.size !== names.length) malformed(`${place}: has members that a bundle does not have`);
    return found;
  };
};
const readFormat = (value, place) => (value === FORMAT ? value : malformed(`${place}: must be ${FORMAT}`));
const readDocument = (value, place) => (value instanceof Map ? value : malformed(`${place}: a document must be an object`));

const readWord = readHex(32);
const readTime = readInteger(0, MAX_TIME);
const readParty = readInteger(1, 2 ** 32 - 1);
const readIdentifier = readText(1, 2048);
const readContent = readObject({
  captures: readArray(
    readObject({ entries: readHex(32, 6400), deadline: readHex(8), signature: readHex(65) }), 0, 1_000_000,
  ),
  chainId: readInteger(1, MAX_TIME),
  commit: readNullable(
    readObject({ round: readInteger(0, 2 ** 31 - 1), seals: readArray(readHex(65), 0, 1000) }),
  ),
  digest: readWord,
  erased: readArray(
    readObject({ seal: readWord, party: readParty, time: readTime, reason: readText(0, 2048) }), 0, 1_000_000,
  ),
  events: readArray(readObject({ document: readDocument, nonce: readHex(16) }), 0, 1_000_000),
  format: readFormat,
  header: readHex(1, 16384),
  nodes: readArray(readHex(32, 1024), 0, 2_000_000),
  parties: readArray(readObject({ identifier: readIdentifier, number: readParty }), 0, 100_000),
  provenance: readHex(20),
  trails: readArray(
    readObject({
      identifier: readIdentifier,
      salt: readWord,
      entries: readArray(
        readObject({
          seal: readWord, party: readParty, to: readNullable(readWord), step: readInteger(0, 6), time: readTime,
          capture: readNullable(readInteger(0, 999_999)),
        }), 1, 1_000_000,
      ),
    }), 1, 100_000,
  ),
});

/**
 * The bundle in the file (bytes). Each event has `canonical`, the bytes of its document.
 * Throws ProofFailed (MalformedBundle), and takes time and memory in proportion to the file.
 */
function readBundle(file) {
  if (file.length > MAX_BYTES) malformed(`the file has ${file.length} bytes; a bundle has at most ${MAX_BYTES}`);
  checkAmount(file);
  let text, reader, content;
  try {
    text = textOfUtf8(file);
    reader = new CanonicalReader(text);
    content = reader.value();
    if (reader.at !== text.length - 1 || text[reader.at] !== "\n") reader.fail("no newline that ends the file");
  } catch (fault) {
    if (!(fault instanceof NotCanonical)) throw fault;
    malformed(`the file is not in canonical form (RFC 8785 and a newline): ${fault.message}`);
  }
  if (!(content instanceof Map) || content.get("format") !== FORMAT) {
    malformed(`the file does not say that its format is ${FORMAT}; fetch the bundle again`);
  }
  const bundle = readContent(content, "");
  checkDigest(file, text, bundle);
  for (const event of bundle.events) {
    const [start, end] = reader.spans.get(event.document);
    event.canonical = ENCODER.encode(text.slice(start, end));
  }
  checkOrder(bundle);
  return bundle;
}

function checkAmount(file) {
  let openings = 0, commas = 0;
  for (let at = 0; at < file.length; at++) {
    const sign = file[at];
    if (sign === 0x7b || sign === 0x5b) openings++;
    else if (sign === 0x2c) commas++;
  }
  if (openings > MAX_OPENINGS || commas > MAX_COMMAS) {
    malformed(`the file has more than ${MAX_OPENINGS} objects and arrays, or more than ${MAX_COMMAS} members in them`);
  }
}

/** What sorts before `digest` is hex and numbers, so that its place in the text is its place in the bytes. */
function checkDigest(file, text, bundle) {
  const member = `"digest":"0x${bundle.digest}",`;
  const start = text.indexOf(member);
  const rest = joined(file.subarray(0, start), file.subarray(start + member.length, file.length - 1));
  const actual = hexOf(sha256(rest));
  if (actual !== bundle.digest) {
    malformed(`the digest says 0x${bundle.digest}, the content has 0x${actual}: the file was changed`);
  }
}

function checkOrder(bundle) {
  checkAscending("nodes", bundle.nodes);
  checkAscending("parties", bundle.parties.map((party) => party.number));
  checkAscending("erased", bundle.erased.map((one) => one.seal));
  checkAscending("trails", bundle.trails.map((trail) => trail.identifier));
  const entries = entriesOf(bundle);
  if (entries.length > MAX_ENTRIES) {
    malformed(`/trails: ${entries.length} entries in all; a bundle has at most ${MAX_ENTRIES}`);
  }
  if (entries.some((entry) => entry.to === ZERO_WORD)) {
    malformed("/trails: an entry without recipient says null, not 32 zero bytes");
  }
  if (bundle.captures.some((capture) => capture.entries.length % 64)) {
    malformed("/captures: hashes of entries have 32 bytes each");
  }
  const numbers = new Set(bundle.parties.map((party) => party.number));
  const named = [...entries, ...bundle.erased].map((one) => one.party).filter((number) => !numbers.has(number));
  if (named.length) malformed(`/parties: party ${lowest(named)}, which is referred to, is not there`);
  checkCaptures(entries, bundle.captures);
  const seals = new Set(entries.map((entry) => entry.seal));
  const unsealed = bundle.erased.filter((one) => !seals.has(one.seal));
  if (unsealed.length) malformed(`/erased: no entry has the seal 0x${unsealed[0].seal}`);
}

function lowest(numbers) {
  return numbers.reduce((low, number) => Math.min(low, number));
}

/** All entries, in the order of trails. */
function entriesOf(bundle) {
  return bundle.trails.flatMap((trail) => trail.entries);
}

function checkAscending(member, keys) {
  for (let index = 1; index < keys.length; index++) {
    if (!(keys[index - 1] < keys[index])) malformed(`/${member}/${index}: out of order, or there twice`);
  }
}

/** Captures stand in the order in which entries first name them, so each is named and has one place. */
function checkCaptures(entries, captures) {
  let following = 0;
  for (const { capture } of entries) {
    if (capture !== null && capture > following) {
      malformed(`/captures: capture ${capture} is named before capture ${following}, or is not there`);
    }
    if (capture === following) following++;
  }
  if (following !== captures.length) {
    malformed(`/captures: ${captures.length} are there, ${following} are named by entries`);
  }
  const different = new Set(captures.map((one) => `${one.entries} ${one.deadline} ${one.signature}`));
  if (different.size !== captures.length) malformed("/captures: one is there twice");
}
