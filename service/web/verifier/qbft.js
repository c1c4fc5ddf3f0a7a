// Committed seals of a QBFT block, recovered and counted: docs/format.md section 7.
"use strict";

const EXTRA_DATA = 12;

function scalar(number) {
  return number === 0 ? new Uint8Array() : bytesOf(hexNumber(number, number.toString(16).length + (number.toString(16).length % 2)));
}

/** What validators sealed in that round; throws an Error that says why the header is not QBFT's. */
function commitDigest(header, round) {
  const fields = rlpDecodeList(header);
  const extra = fields[EXTRA_DATA];
  const parts = extra instanceof Uint8Array ? qbftParts(extra) : null;
  if (parts === null || hexOf(rlpEncode([...parts.slice(0, 3), new Uint8Array(), []])) !== hexOf(extra)) {
    throw new BadRLP("the extra data of the header are not RLP([vanity, validators, vote, 0, []]), as QBFT has them");
  }
  const sealed = rlpEncode([...parts.slice(0, 3), scalar(round), []]);
  return hexOf(keccak_256(rlpEncode([...fields.slice(0, EXTRA_DATA), sealed, ...fields.slice(EXTRA_DATA + 1)])));
}

function qbftParts(extra) {
  try {
    const parts = rlpDecodeList(extra);
    return parts.length === 5 && Array.isArray(parts[1]) ? parts : null;
  } catch (fault) {
    if (!(fault instanceof BadRLP)) throw fault;
    return null;
  }
}

/** Which of the given validators committed the block; throws ProofFailed unless they are a quorum of those given. */
function committedBy(header, commit, validators) {
  if (commit === null) {
    throw new ProofFailed("UntrustedBlock", "validators are given, and the bundle has no committed seals of its block");
  }
  let digest;
  try {
    digest = commitDigest(header, commit.round);
  } catch (fault) {
    if (!(fault instanceof BadRLP)) throw fault;
    throw new ProofFailed("UntrustedBlock", `the block was not committed by QBFT: ${fault.message}`);
  }
  const found = new Set(commit.seals.map((seal) => sealerOf(digest, seal)).filter((address) => address !== null));
  const agreed = [...found].filter((address) => validators.has(address));
  const wanted = Math.floor((2 * validators.size + 2) / 3);
  if (agreed.length < wanted) {
    throw new ProofFailed(
      "UntrustedBlock",
      `${agreed.length} of the ${validators.size} given validators sealed the block in round ${commit.round}; a quorum is` +
        ` ${wanted}. Of the ${commit.seals.length} seals, ${found.size - agreed.length} are of other keys`,
    );
  }
  return agreed;
}

/** The address that a seal (r ‖ s ‖ v with v 0 or 1) belongs to, null for nobody's. */
function sealerOf(digest, seal) {
  const v = parseInt(seal.slice(128), 16);
  if (v > 1) return null;
  try {
    return recoverAddress(digest, seal.slice(0, 128) + hexNumber(v + 27, 2));
  } catch (fault) {
    if (!(fault instanceof BadSignature)) throw fault;
    return null;
  }
}
