// What is signed: EIP-712 typed data of captures (docs/format.md section 2).
"use strict";

const keccakOfText = (text) => hexOf(keccak_256(ENCODER.encode(text)));
const ENTRY_FIELDS = "Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)";
const ENTRY_TYPE = keccakOfText(ENTRY_FIELDS);
const CAPTURE_TYPE = keccakOfText(`Capture(Entry[] entries,uint64 deadline)${ENTRY_FIELDS}`);
const DOMAIN_TYPE = keccakOfText(
  "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)",
);

function domainSeparator(chainId, provenance) {
  const words = [DOMAIN_TYPE, keccakOfText("Trailseal"), keccakOfText("1"), hexNumber(chainId, 64)];
  return keccakOfHex(words.join("") + provenance.padStart(64, "0"));
}

function entryHash(trail, entry) {
  return keccakOfHex(ENTRY_TYPE + trail + entry.seal + hexNumber(entry.step, 64) + (entry.to ?? ZERO_WORD));
}

/** What is signed of a capture whose entries have the concatenated hashes `entries`. */
function captureDigest(domain, entries, deadline) {
  return keccakOfHex(`1901${domain}${keccakOfHex(CAPTURE_TYPE + keccakOfHex(entries) + deadline.padStart(64, "0"))}`);
}
