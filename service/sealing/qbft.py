"""Committed seals of a QBFT chain (Hyperledger Besu), recovered and counted (docs/format.md, section 7).

A QBFT header carries in its extra data `RLP([vanity, validators, vote, round, seals])`. Three encodings of it matter:

- the header as the node keeps it, with round and seals;
- what the block's hash is of: round 0 and no seals, so that the hash does not depend on who sealed first;
- what a validator's committed seal is over: the round, and no seals.

Source: Besu's `QbftExtraDataCodec`, `BftBlockHashing` and `BftHelpers.calculateRequiredValidatorQuorum`. IBFT 2.0, its
forerunner, leaves round and seals out of the list instead of emptying them, and is not read here.
"""

from collections.abc import Collection
from typing import NamedTuple

from service.sealing import errors, rlp
from service.sealing.hashing import keccak256
from service.sealing.signing import BadSignature, recover

EXTRA_DATA = 12
"""Place of the extra data in a header."""
SEALS = 1000
"""Most committed seals that one block can carry here."""
_MAX_ROUND = 2**31 - 1


class Commit(NamedTuple):
    """How a block was committed: the round, and the validators' seals `r ‖ s ‖ v` with `v` 0 or 1 (65 bytes each)."""

    round: int
    seals: tuple[bytes, ...]


def split(extra: bytes) -> tuple[bytes, Commit] | None:
    """Extra data as the block's hash has them, and the commit that they leave out; None where they are not QBFT's."""
    try:
        parts = rlp.decode_list(extra)
    except rlp.BadRLP:
        return None
    if len(parts) != 5 or not isinstance(parts[1], list) or not isinstance(parts[3], bytes) or len(parts[3]) > 4:
        return None
    number, seals = int.from_bytes(parts[3], "big"), _seals(parts[4])
    if seals is None or _scalar(number) != parts[3] or number > _MAX_ROUND:
        return None
    return rlp.encode([*parts[:3], b"", []]), Commit(number, seals)


def quorum(validators: int) -> int:
    """How many of so many validators commit a block: ⌈2n/3⌉."""
    return (2 * validators + 2) // 3


def commit_digest(header: bytes, number: int) -> bytes:
    """The 32 bytes over which a validator seals the block with this header (as hashed) in round `number`.

    Raises:
        ValueError: no header, or its extra data are not those that a QBFT block is hashed with; or no round.
    """
    fields = rlp.decode_list(header)
    extra = fields[EXTRA_DATA] if len(fields) > EXTRA_DATA else []
    found = split(extra) if isinstance(extra, bytes) else None
    if found is None or found[0] != extra:
        raise ValueError(
            "the extra data of the header are not RLP([vanity, validators, vote, 0, []]), as QBFT has them"
        )
    if not 0 <= number <= _MAX_ROUND:
        raise ValueError(f"a round is 0 to {_MAX_ROUND}, not {number}")
    assert isinstance(extra, bytes)
    parts = rlp.decode_list(extra)
    sealed = rlp.encode([*parts[:3], _scalar(number), []])
    return keccak256(rlp.encode([*fields[:EXTRA_DATA], sealed, *fields[EXTRA_DATA + 1 :]]))


def sealers(header: bytes, commit: Commit) -> frozenset[bytes]:
    """The 20-byte addresses whose keys sealed the block; a seal that belongs to no key, or has a high `s`, is nobody's.

    Raises:
        ValueError: see `commit_digest`; or more than 1000 seals.
    """
    if len(commit.seals) > SEALS:
        raise ValueError(f"a block has at most {SEALS} committed seals, this one has {len(commit.seals)}")
    digest = commit_digest(header, commit.round)
    return frozenset(address for seal in commit.seals if (address := _sealer(digest, seal)) is not None)


def committed(header: bytes, commit: Commit | None, validators: Collection[bytes]) -> frozenset[bytes]:
    """Which of the given validators (20-byte addresses) committed the block with this header.

    Raises:
        UntrustedBlock: there is no commit, the header is not QBFT's, or fewer than ⌈2n/3⌉ of the validators sealed it.
        ValueError: no validator is given, or an address is not 20 bytes.
    """
    known = frozenset(validators)
    if not known or any(len(validator) != 20 for validator in known):
        raise ValueError("give the addresses of the chain's validators, 20 bytes each, one at least")
    if commit is None:
        raise errors.UntrustedBlock("validators are given, and the bundle has no committed seals of its block")
    try:
        found = sealers(header, commit)
    except ValueError as fault:
        raise errors.UntrustedBlock(f"the block was not committed by QBFT: {fault}") from fault
    wanted, agreed = quorum(len(known)), found & known
    if len(agreed) < wanted:
        raise errors.UntrustedBlock(
            f"{len(agreed)} of the {len(known)} given validators sealed the block in round {commit.round}; a quorum is"
            f" {wanted}. Of the {len(commit.seals)} seals, {len(found - known)} are of other keys"
        )
    return agreed


def _seals(item: rlp.Item) -> tuple[bytes, ...] | None:
    if isinstance(item, bytes) or len(item) > SEALS:
        return None
    seals = tuple(seal for seal in item if isinstance(seal, bytes) and len(seal) == 65)
    return seals if len(seals) == len(item) else None


def _sealer(digest: bytes, seal: bytes) -> bytes | None:
    if len(seal) != 65 or seal[64] > 1:
        return None
    try:
        return recover(digest, seal[:64] + bytes((seal[64] + 27,)))
    except BadSignature:
        return None


def _scalar(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
