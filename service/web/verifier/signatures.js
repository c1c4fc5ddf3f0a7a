// secp256k1 signatures in the one form that the contract takes: r ‖ s ‖ v, low s, v of 27 or 28 (EIP-2).
"use strict";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const HALF_ORDER = ORDER >> 1n;

/** The bytes are no signature that the contract would take. */
class BadSignature extends Error {}

/** Why the contract would not take the signature (hex), whatever it is under; null where nothing speaks against it. */
function unacceptable(signature) {
  if (signature.length !== 130) return `a signature has 65 bytes (r, s, v), this one has ${signature.length / 2}`;
  const v = parseInt(signature.slice(128), 16);
  if (v !== 27 && v !== 28) return `v must be 27 or 28, not ${v}`;
  if (BigInt(`0x${signature.slice(64, 128)}`) > HALF_ORDER) {
    return "s is in the upper half of the order; send the low-s form of the signature (EIP-2)";
  }
  return null;
}

/** The uncompressed public key (64 bytes) whose private key signed the digest; throws BadSignature. All given as hex. */
function recoverKey(digest, signature) {
  const why = unacceptable(signature);
  if (why !== null) throw new BadSignature(why);
  const v = parseInt(signature.slice(128), 16) - 27;
  try {
    const options = { prehash: false, isCompressed: false };
    const recovered = joined(Uint8Array.of(v), bytesOf(signature.slice(0, 128)));
    return secp256k1.recoverPublicKey(recovered, bytesOf(digest), options).subarray(1);
  } catch {
    throw new BadSignature("the signature belongs to no key");
  }
}

function addressOf(key) {
  return hexOf(keccak_256(key)).slice(24);
}

/** The address (hex) whose key signed the digest; throws BadSignature. */
function recoverAddress(digest, signature) {
  return addressOf(recoverKey(digest, signature));
}

const GENERATOR = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
};
const AT_ONCE = 128, FEW = 4, MANY = 400, KEYS_KEPT = 32, KEYS_TRIED = 3;

/**
 * The keys that were recovered so far, by party: most signatures of a party are by a key that is known already. Where it
 * has several (one for each scanner, say), the one is tried first that came after the last one before.
 */
class KeyRing {
  constructor() {
    this.keys = new Map();
    this.last = new Map();
    this.next = new Map();
    this.generator = null;
  }

  /** A function of an index to {address} or {refused: why}; works ahead, some at a time, as it is asked. */
  recover(digests, signatures, parties) {
    const found = [];
    const counts = new Map();
    for (const party of parties) counts.set(party, (counts.get(party) ?? 0) + 1);
    return (index) => {
      while (found.length <= index) {
        const end = Math.min(found.length + AT_ONCE, digests.length);
        const wanted = [];
        for (let at = found.length; at < end; at++) {
          wanted.push({ at, digest: digests[at], signature: signatures[at], party: parties[at] });
        }
        for (const one of this.recoverSome(wanted, counts)) found.push(one);
      }
      return found[index];
    };
  }

  recoverSome(wanted, counts) {
    const found = new Array(wanted.length);
    const left = [];
    wanted.forEach((one, place) => {
      const why = unacceptable(one.signature);
      if (why === null) left.push({ ...one, place, tried: 0 });
      else found[place] = { refused: why };
    });
    this.expect(left);
    while (left.length) {
      const [testable, others] = [[], []];
      for (const one of left.splice(0)) {
        const key = counts.get(one.party) > FEW ? this.candidate(one) : undefined;
        if (key === undefined) others.push(one);
        else testable.push({ ...one, key });
      }
      this.test(testable).forEach((isOfKey, at) => {
        const { key, ...one } = testable[at];
        if (isOfKey) found[one.place] = { address: key.address };
        else left.push({ ...one, tried: one.tried + 1 });
      });
      // One recovery may give the key of many others, so the rest is tried again.
      const next = others.shift();
      if (next !== undefined) found[next.place] = this.recoverOne(next, counts.get(next.party));
      left.push(...others);
    }
    wanted.forEach(({ party }, place) => this.note(party, found[place].address));
    return found;
  }

  /** Notes in each of these, which are in their order, which key is likely to have made it. */
  expect(wanted) {
    const last = new Map(this.last);
    for (const one of wanted) {
      const before = last.get(one.party);
      one.expected = this.next.get(`${one.party} ${before}`) ?? before;
      last.set(one.party, one.expected);
    }
  }

  /** Keeps which key of the party came after which. */
  note(party, address) {
    if (address === undefined) return;
    this.next.set(`${party} ${this.last.get(party)}`, address);
    this.last.set(party, address);
  }

  /** The key to try next: the expected one first, then the others in the order in which they were met. */
  candidate({ party, expected, tried }) {
    const known = this.keys.get(party);
    if (known === undefined || tried >= KEYS_TRIED) return undefined;
    const likely = known.findIndex(({ address }) => address === expected);
    if (tried === 0 && likely >= 0) return known[likely];
    return known[tried <= likely ? tried - 1 : tried];
  }

  recoverOne({ digest, signature, party }, count) {
    let key;
    try {
      key = recoverKey(digest, signature);
    } catch (fault) {
      if (!(fault instanceof BadSignature)) throw fault;
      return { refused: fault.message };
    }
    const address = addressOf(key);
    const known = this.keys.get(party) ?? [];
    if (count > FEW && known.length < KEYS_KEPT && !known.some((one) => one.address === address)) {
      const hex = hexOf(key);
      const [x, y] = [BigInt(`0x${hex.slice(0, 64)}`), BigInt(`0x${hex.slice(64)}`)];
      known.push({ address, multiples: new Multiples(x, y, count > MANY && !known.length ? 8 : 4) });
      this.keys.set(party, known);
    }
    return { address };
  }

  /** Whether each signature (acceptable, of `digest`) is by the key that comes with it; false also where unsure. */
  test(wanted) {
    if (!wanted.length) return [];
    this.generator ??= new Multiples(GENERATOR.x, GENERATOR.y, 8);
    const parts = wanted.map(({ digest, signature }) => ({
      digest: BigInt(`0x${digest}`),
      r: BigInt(`0x${signature.slice(0, 64)}`),
      s: BigInt(`0x${signature.slice(64, 128)}`),
      isOdd: signature.endsWith("1c"),
    }));
    const isInRange = parts.map(({ r, s }) => r > 0n && r < ORDER && s > 0n);
    const inverted = inverses(parts.map(({ s }, at) => (isInRange[at] ? s : 1n)), ORDER);
    const points = parts.map(({ digest, r }, at) => {
      const sum = new Sum();
      if (!isInRange[at]) return null;
      this.generator.addTo(sum, hexNumber((digest * inverted[at]) % ORDER, 64));
      wanted[at].key.multiples.addTo(sum, hexNumber((r * inverted[at]) % ORDER, 64));
      const z = valueOfElement(sum.z);
      return z === 0n ? null : { x: valueOfElement(sum.x), y: valueOfElement(sum.y), z };
    });
    const zs = inverses(points.map((point) => (point === null ? 1n : point.z)), FIELD);
    return points.map((point, at) => {
      if (point === null) return false;
      const zz = (zs[at] * zs[at]) % FIELD;
      const y = (((point.y * zz) % FIELD) * zs[at]) % FIELD;
      return (point.x * zz) % FIELD === parts[at].r && ((y & 1n) === 1n) === parts[at].isOdd;
    });
  }
}

/** As `verifyBundle` wants it: by this thread alone, or by those that answer at the ports of a pool as well. */
function recoverWith(pool) {
  if (!pool.length) return (...given) => new KeyRing().recover(...given);
  return (digests, signatures, parties) => {
    const size = Math.max(MANY, Math.ceil(digests.length / pool.length));
    const answers = [];
    for (let from = 0, at = 0; from < digests.length; from += size, at++) {
      const part = [digests, signatures, parties].map((list) => list.slice(from, from + size));
      answers.push(askPort(pool[at], { ask: "Recover", digests: part[0], signatures: part[1], parties: part[2] }));
    }
    return async (index) => (await answers[Math.floor(index / size)])[index % size];
  };
}

/** One question to a port, and its answer. */
function askPort(port, question) {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }) => (data.fault === undefined ? resolve(data.answer) : reject(new Error(data.fault)));
    port.postMessage({ id: 0, ...question });
  });
}
