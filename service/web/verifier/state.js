// Block header, accounts and storage slots under it, by Merkle Patricia proofs over a pool of nodes (EIP-1186).
"use strict";

class BadProof extends Error {}

class Nodes {
  /** `encoded`: hex of each node, all different. */
  constructor(encoded) {
    this.unread = new Map(encoded.map((hex) => [keccakOfHex(hex), hex]));
    this.read = new Map();
  }

  named(name) {
    const known = this.read.get(name);
    if (known !== undefined) return known;
    const encoded = this.unread.get(name);
    if (encoded === undefined) throw new BadProof(`the node 0x${name.slice(0, 64)} on the way to the key is not there`);
    this.unread.delete(name);
    try {
      const node = rlpDecodeList(bytesOf(encoded));
      this.read.set(name, node);
      return node;
    } catch (fault) {
      if (!(fault instanceof BadRLP)) throw fault;
      throw new BadProof(`the node 0x${name} is malformed: ${fault.message}`);
    }
  }
}

const EMPTY_ROOT = keccakOfHex("80");

/** The value (bytes) under keccak256(key) in the trie with this root, null where it has none; root and key as hex. */
function lookUp(root, key, nodes) {
  if (root === EMPTY_ROOT) return null;
  let reference = bytesOf(root);
  let path = keccakOfHex(key);
  for (;;) {
    const node = reference instanceof Uint8Array ? nodes.named(hexOf(reference)) : reference;
    const found = trieStep(node, path);
    if (!Array.isArray(found)) return found;
    [reference, path] = found;
  }
}

/** The value that ends the way here, null where the key is absent, or [next reference, path left]. */
function trieStep(node, path) {
  if (!Array.isArray(node) || (node.length !== 2 && node.length !== 17)) {
    throw new BadProof("a node is neither a branch nor an extension nor a leaf");
  }
  if (node.length === 17) {
    if (!path) throw new BadProof("a branch stands where a key of fixed length ends");
    const next = node[nibbleOf(path.charCodeAt(0))];
    return next.length ? [next, path.slice(1)] : null;
  }
  if (!(node[0] instanceof Uint8Array)) throw new BadProof("a node's path is no byte string");
  const [isLeaf, piece] = unpackedPath(hexOf(node[0]));
  if (isLeaf) {
    if (!(node[1] instanceof Uint8Array)) throw new BadProof("a leaf's value is no byte string");
    return path === piece ? node[1] : null;
  }
  if (!node[1].length || !piece) throw new BadProof("an extension leads nowhere");
  return path.startsWith(piece) ? [node[1], path.slice(piece.length)] : null;
}

function unpackedPath(nibbles) {
  const flag = nibbles[0];
  if (!nibbles || !"0123".includes(flag) || ((flag === "0" || flag === "2") && nibbles[1] !== "0")) {
    throw new BadProof("a node's path has a malformed prefix");
  }
  const isOdd = flag === "1" || flag === "3";
  return [flag === "2" || flag === "3", nibbles.slice(isOdd ? 1 : 2)];
}

/** {hash, stateRoot (hex), number, time (BigInt), fields}; throws an Error that says what is no header. */
function readHeader(encoded) {
  const fields = rlpDecodeList(encoded);
  if (fields.length < 15) throw new BadRLP(`a block header has at least 15 fields, this one has ${fields.length}`);
  const field = (item, shortest, longest) => {
    if (item instanceof Uint8Array && item.length >= shortest && item.length <= longest) return item;
    throw new BadRLP("state root, number or time of the header has a wrong shape");
  };
  const stateRoot = hexOf(field(fields[3], 32, 32));
  const number = bigOf(field(fields[8], 0, 8));
  const time = bigOf(field(fields[11], 0, 8));
  return { hash: hexOf(keccak_256(encoded)), stateRoot, number, time, fields };
}

function bigOf(bytes) {
  return bytes.length ? BigInt(`0x${hexOf(bytes)}`) : 0n;
}

/** {storageRoot, codeHash} of the account at the address (hex). */
function proveAccount(stateRoot, address, nodes) {
  const leaf = lookUp(stateRoot, address, nodes);
  if (leaf === null) throw new BadProof(`the state has no account 0x${address}`);
  let fields;
  try {
    fields = rlpDecodeList(leaf);
  } catch (fault) {
    if (!(fault instanceof BadRLP)) throw fault;
    throw new BadProof(`the account is malformed: ${fault.message}`);
  }
  if (fields.length !== 4 || !(fields[2] instanceof Uint8Array) || !(fields[3] instanceof Uint8Array)) {
    throw new BadProof("the account has another shape than (nonce, balance, storage root, code hash)");
  }
  return { storageRoot: hexOf(fields[2]), codeHash: hexOf(fields[3]) };
}

/** The word in a storage slot of the account, 64 hex digits; zero where the trie proves that nothing is there. */
function proveSlot(account, key, nodes) {
  const leaf = lookUp(account.storageRoot, key, nodes);
  if (leaf === null) return ZERO_WORD;
  let value;
  try {
    value = rlpDecode(leaf);
  } catch (fault) {
    if (!(fault instanceof BadRLP)) throw fault;
    throw new BadProof(`the slot is malformed: ${fault.message}`);
  }
  if (!(value instanceof Uint8Array) || value.length > 32) throw new BadProof("the slot is longer than 32 bytes");
  return hexOf(value).padStart(64, "0");
}

// Storage slots of the released contracts: docs/format.md section 4.

const mappingSlot = (key, slot) => keccakOfHex(key + hexNumber(slot, 64));
const headSlot = (trail) => mappingSlot(trail, 1);
const custodySlot = (trail) => mappingSlot(trail, 2);
const partyIdSlot = (number) => mappingSlot(hexNumber(number, 64), 4);
// A hash that ends a page of 2^256 would carry; none is known, and BigInt would show it as a 65th digit.
const partyStandingSlot = (number) => hexNumber(BigInt(`0x${partyIdSlot(number)}`) + 1n, 64);
const keySlot = (address) => mappingSlot(address.padStart(64, "0"), 6);

class BadSlot extends Error {}

/** So many bits of a word from a place, as BigInt. */
function bitsOf(word, from, count) {
  return (BigInt(`0x${word}`) >> BigInt(from)) & ((1n << BigInt(count)) - 1n);
}

function unpackStanding(word) {
  if (bitsOf(word, 32, 224) > 1n) throw new BadSlot("the slot of a party's roles has bits that its layout does not use");
  return { roles: Number(bitsOf(word, 0, 32)), suspended: bitsOf(word, 32, 8) === 1n };
}

function unpackKey(word) {
  if (bitsOf(word, 224, 32) > 0n) throw new BadSlot("the slot of a key has bits that its layout does not use");
  return {
    party: Number(bitsOf(word, 0, 32)),
    validFrom: bitsOf(word, 32, 64),
    validTo: bitsOf(word, 96, 64),
    compromisedFrom: bitsOf(word, 160, 64),
  };
}

function unpackCustody(word) {
  const commissioned = bitsOf(word, 160, 8), decommissioned = bitsOf(word, 168, 8);
  if (bitsOf(word, 176, 80) || commissioned > 1n || decommissioned > 1n) {
    throw new BadSlot("the custody slot has bits that its layout does not use");
  }
  const [custodian, offeredTo, commissioner, holds, disputes] = [0, 32, 64, 96, 128].map((from) =>
    Number(bitsOf(word, from, 32)),
  );
  return {
    custodian, offeredTo, commissioner, holds, disputes,
    commissioned: commissioned === 1n, decommissioned: decommissioned === 1n,
  };
}
