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
