// Signed checkpoints of witnesses, and when they contradict one another: docs/format.md section 9.
"use strict";

const CHECKPOINT_FORMAT = "trailseal-checkpoint/1";
const CHECKPOINT_FIELDS =
  "Checkpoint(uint256 chainId,uint64 number,bytes32 blockHash,bytes32 stateRoot,uint64 time,bytes32 previous)";
const CHECKPOINT_TYPE = keccakOfText(CHECKPOINT_FIELDS);
const WITNESS_DOMAIN = keccakOfHex(
  keccakOfText("EIP712Domain(string name,string version)") + keccakOfText("Trailseal witness") + keccakOfText("1"),
);
const MAX_CHECKPOINT_BYTES = 64 * 1024 * 1024;
const CHECKPOINT_MEMBERS = {
  blockHash: readHex(32), chainId: readInteger(1, MAX_TIME), format: (value) => value, number: readInteger(0, MAX_TIME),
  previous: readHex(32), signature: readHex(65), stateRoot: readHex(32), time: readInteger(0, MAX_TIME),
  witness: readHex(20),
};
const readCheckpointMembers = readObject(CHECKPOINT_MEMBERS);

/** A line is no signed checkpoint, or not in its one spelling. */
class BadCheckpoint extends Error {}

/** The checkpoints in a file (bytes) with one in each line; throws BadCheckpoint. */
function readCheckpoints(file) {
  if (file.length > MAX_CHECKPOINT_BYTES) {
    throw new BadCheckpoint(`${file.length} bytes of checkpoints; at most ${MAX_CHECKPOINT_BYTES} are read at once`);
  }
  if (file.length === 0) return [];
  let text;
  try {
    text = textOfUtf8(file);
  } catch {
    throw new BadCheckpoint("the file of checkpoints is not UTF-8");
  }
  const lines = (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
  return lines.map((line, index) => {
    try {
      return readCheckpoint(line);
    } catch (fault) {
      if (fault instanceof BadCheckpoint) throw new BadCheckpoint(`line ${index + 1}: ${fault.message}`);
      throw fault;
    }
  });
}

function readCheckpoint(line) {
  let said;
  try {
    if (line.length > 1024) throw new NotCanonical("the line is too long");
    const value = readCanonical(line);
    if (!(value instanceof Map) || value.get("format") !== CHECKPOINT_FORMAT) {
      throw new BadCheckpoint(`it does not say that its format is ${CHECKPOINT_FORMAT}`);
    }
    said = readCheckpointMembers(value, "");
  } catch (fault) {
    if (!(fault instanceof NotCanonical) && !(fault instanceof ProofFailed)) throw fault;
    throw new BadCheckpoint(fault.message);
  }
  const words = [hexNumber(said.chainId, 64), hexNumber(said.number, 64), said.blockHash, said.stateRoot];
  said.id = keccakOfHex(CHECKPOINT_TYPE + words.join("") + hexNumber(said.time, 64) + said.previous);
  let signer;
  try {
    signer = recoverAddress(keccakOfHex(`1901${WITNESS_DOMAIN}${said.id}`), said.signature);
  } catch (fault) {
    if (!(fault instanceof BadSignature)) throw fault;
    throw new BadCheckpoint(`its signature does not hold: ${fault.message}`);
  }
  if (signer !== said.witness) {
    throw new BadCheckpoint(`it names witness 0x${said.witness} and was signed by 0x${signer}, or was changed since`);
  }
  return said;
}

const sameBlock = (one, other) =>
  one.number === other.number && one.blockHash === other.blockHash && one.stateRoot === other.stateRoot &&
  one.time === other.time;
const inOrder = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/** Which of the witnesses signed the block with this header, ascending; throws ProofFailed. */
function agreedBy({ addresses, required, checkpoints }, chainId, header) {
  const known = new Set(addresses);
  const own = checkpoints.filter((one) => known.has(one.witness) && one.chainId === chainId);
  for (const one of own) {
    const isSame =
      one.blockHash === header.hash && one.stateRoot === header.stateRoot && BigInt(one.time) === header.time;
    if (BigInt(one.number) === header.number && !isSame) {
      throw new ProofFailed(
        "UntrustedBlock",
        `${checkpointTold(one)}; the bundle's block ${header.number} is 0x${header.hash}: the chain was rolled back` +
          " or is shown differently to others",
      );
    }
  }
  const contradictions = findContradictions(own);
  if (contradictions.length) {
    throw new ProofFailed(
      "UntrustedBlock",
      `the witnesses contradict each other. ${contradictions[0]} (${contradictions.length} contradictions in all)`,
    );
  }
  const signed = own.filter((one) => BigInt(one.number) === header.number).map((one) => one.witness);
  const found = [...new Set(signed)].sort();
  if (found.length < required) {
    throw new ProofFailed(
      "UntrustedBlock",
      `${found.length} of the ${known.size} given witnesses signed block ${header.number} (0x${header.hash}),` +
        ` ${required} are required${nearestTo(own, header.number)}`,
    );
  }
  return found;
}

/** Everything in which checkpoints of one chain contradict each other, as texts. */
function findContradictions(checkpoints) {
  const different = new Map(checkpoints.map((one) => [`${one.id} ${one.signature} ${one.witness}`, one]));
  const ordered = [...different.values()].sort(
    (one, other) =>
      one.number - other.number || inOrder(one.witness, other.witness) || inOrder(one.blockHash, other.blockHash) ||
      inOrder(one.stateRoot, other.stateRoot) || one.time - other.time || inOrder(one.previous, other.previous),
  );
  const byWitness = new Map();
  for (const one of ordered) {
    if (!byWitness.has(one.witness)) byWitness.set(one.witness, []);
    byWitness.get(one.witness).push(one);
  }
  const found = [];
  const contradict = (first, second, why) => {
    const kind = first.witness === second.witness ? "equivocation" : "split view";
    found.push(`${kind}: ${checkpointTold(first)}; ${checkpointTold(second)}; ${why}`);
  };
  for (const own of byWitness.values()) contradictionsWithin(own, contradict);
  contradictionsBetween(ordered, contradict);
  return found;
}

function contradictionsWithin(own, contradict) {
  const ids = new Map(own.map((one) => [one.id, one]));
  const followers = new Map();
  own.forEach((one, place) => {
    if (place && own[place - 1].number === one.number) {
      contradict(own[place - 1], one, "a witness signs one checkpoint for a block number");
    }
    if (!followers.has(one.previous)) followers.set(one.previous, one);
    const other = followers.get(one.previous);
    if (other !== one) {
      contradict(other, one, "both say that they follow the same checkpoint");
    } else if (ids.has(one.previous)) {
      const before = ids.get(one.previous);
      let nearest = place;
      while (nearest > 0 && own[nearest].number >= one.number) nearest--;
      if (before.number >= one.number) {
        contradict(before, one, "the second follows the first, whose number is not lower");
      } else if (own[nearest].number !== before.number) {
        contradict(own[nearest], one, "the second follows a checkpoint that is older than the first");
      }
    } else if (one.previous === ZERO_WORD && own[0].number < one.number) {
      contradict(own[0], one, "the second says that it is the witness's first");
    }
  });
}

function contradictionsBetween(ordered, contradict) {
  let first = ordered[0];
  for (let index = 1; index < ordered.length; index++) {
    const before = ordered[index - 1], one = ordered[index];
    if (one.number !== first.number) {
      first = one;
      if (one.time < before.time) contradict(before, one, "block times run backwards");
    } else if (!sameBlock(one, first) && one.witness !== first.witness) {
      contradict(first, one, "a chain has one block for a number");
    }
  }
}

function checkpointTold(one) {
  return `witness 0x${one.witness} signed block ${one.number} as 0x${one.blockHash} (state root 0x${one.stateRoot}, time ${one.time})`;
}

/** Which block to ask for instead. */
function nearestTo(own, number) {
  const distance = (one) => (one > number ? one - number : number - one);
  const signed = [...new Set(own.map((one) => one.number))].map(BigInt);
  signed.sort((one, other) => Number(distance(one) - distance(other)) || Number(one - other));
  return signed.length ? `; the nearest block that one of them signed is ${signed[0]}` : "; none of them signed any";
}
