"""Checkpoints of witnesses, as an auditor collects them: what they say of a block, and when they contradict each other.

The rules are those of docs/format.md, section 9. No I/O: whoever collected the checkpoints hands them in.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from service.sealing import errors
from service.sealing.checkpoint import NONE_BEFORE, BadCheckpoint, Checkpoint, SignedCheckpoint, read_line
from service.sealing.state import Header

if TYPE_CHECKING:
    from service.sealing.trust import Witnesses

__all__ = [
    "MAX_BYTES", "BadCheckpoint", "Checkpoint", "Contradiction", "SignedCheckpoint", "agreed", "find_contradictions",
    "read", "read_line",
]  # fmt: skip

MAX_BYTES = 64 * 1024 * 1024
"""Longest file of checkpoints that is read at once: some 130,000 of them."""


def read(lines: bytes) -> list[SignedCheckpoint]:
    """The checkpoints in a file that has one in each line; none in an empty one.

    Raises:
        BadCheckpoint: see `read_line`, with the number of the line; or the file is longer than 64 MiB.
    """
    if len(lines) > MAX_BYTES:
        raise BadCheckpoint(
            f"more than {MAX_BYTES} bytes of checkpoints; no more are read at once: keep those that matter,"
            " such as `tail --lines 100000`"
        )
    found = []
    for number, line in enumerate(lines.removesuffix(b"\n").split(b"\n") if lines else (), start=1):
        try:
            found.append(read_line(line))
        except BadCheckpoint as fault:
            raise BadCheckpoint(f"line {number}: {fault.detail}") from fault
    return found


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two signed checkpoints that cannot both be true of one chain; whoever has both has the proof."""

    first: SignedCheckpoint
    second: SignedCheckpoint
    why: str

    @property
    def kind(self) -> str:
        """`equivocation` where one witness contradicts itself, `split view` where two contradict each other."""
        return "equivocation" if self.first.witness == self.second.witness else "split view"

    def __str__(self) -> str:
        return f"{self.kind}: {_told(self.first)}; {_told(self.second)}; {self.why}"

    def as_json(self) -> dict[str, Any]:
        """The evidence: both as they were signed."""
        return {"kind": self.kind, "why": self.why, "checkpoints": [self.first.as_json(), self.second.as_json()]}


def find_contradictions(checkpoints: Iterable[SignedCheckpoint]) -> list[Contradiction]:
    """Everything in which the checkpoints contradict each other, in the order of chains and block numbers.

    Checkpoints of different chains never do. Time is that of sorting; the list is at most a few times as long as the
    checkpoints.
    """
    chains: dict[int, set[SignedCheckpoint]] = defaultdict(set)
    for one in checkpoints:
        chains[one.checkpoint.chain_id].add(one)
    found: list[Contradiction] = []
    for _, chain in sorted(chains.items()):
        ordered = sorted(chain, key=lambda one: (one.checkpoint.number, one.witness, one.checkpoint))
        witnesses: dict[bytes, list[SignedCheckpoint]] = defaultdict(list)
        for one in ordered:
            witnesses[one.witness].append(one)
        for own in witnesses.values():
            found += _within(own)
        found += _between(ordered)
    return found


def agreed(witnesses: "Witnesses", chain_id: int, header: Header) -> tuple[bytes, ...]:
    """Which of the given witnesses (20-byte addresses, ascending) signed the block with this header.

    Checkpoints of anybody else, or of other chains, say nothing. One witness that saw another block is enough to
    refuse: a chain that is shown differently to two is not to be trusted, whichever of them has the majority.

    Raises:
        UntrustedBlock: a witness signed another block for the number, checkpoints contradict each other, or fewer than
            required signed the block; `extra` has the evidence.
    """
    known = witnesses.addresses
    own = [one for one in witnesses.checkpoints if one.witness in known and one.checkpoint.chain_id == chain_id]
    block = (header.number, header.hash, header.state_root, header.time)
    for one in own:
        if one.checkpoint.number == header.number and one.checkpoint.block != block:
            raise errors.UntrustedBlock(
                f"{_told(one)}; the bundle's block {header.number} is 0x{header.hash.hex()}: the chain was rolled back"
                " or is shown differently to others",
                {"evidence": [one.as_json()]},
            )
    if contradictions := find_contradictions(own):
        raise errors.UntrustedBlock(
            f"the witnesses contradict each other. {contradictions[0]} ({len(contradictions)} contradictions in all)",
            {"evidence": [one.as_json() for one in contradictions[:10]]},
        )
    found = sorted({one.witness for one in own if one.checkpoint.number == header.number})
    if len(found) < witnesses.required:
        raise errors.UntrustedBlock(
            f"{len(found)} of the {len(known)} given witnesses signed block {header.number} (0x{header.hash.hex()}),"
            f" {witnesses.required} are required{_nearest(own, header.number)}"
        )
    return tuple(found)


def _within(own: Sequence[SignedCheckpoint]) -> Iterator[Contradiction]:
    """Where one witness contradicts itself; its checkpoints are in the order of numbers, none twice."""
    ids = {one.checkpoint.id: one for one in own}
    followers: dict[bytes, SignedCheckpoint] = {}
    numbers = [one.checkpoint.number for one in own]
    for place, one in enumerate(own):
        said = one.checkpoint
        if place and numbers[place - 1] == said.number:
            yield Contradiction(own[place - 1], one, "a witness signs one checkpoint for a block number")
        other = followers.setdefault(said.previous, one)
        if other is not one:
            yield Contradiction(other, one, "both say that they follow the same checkpoint")
        elif said.previous in ids:
            before = ids[said.previous]
            nearest = own[max(0, bisect_left(numbers, said.number) - 1)]
            if before.checkpoint.number >= said.number:
                yield Contradiction(before, one, "the second follows the first, whose number is not lower")
            elif nearest.checkpoint.number != before.checkpoint.number:
                yield Contradiction(nearest, one, "the second follows a checkpoint that is older than the first")
        elif said.previous == NONE_BEFORE and numbers[0] < said.number:
            yield Contradiction(own[0], one, "the second says that it is the witness's first")


def _between(ordered: Sequence[SignedCheckpoint]) -> Iterator[Contradiction]:
    """Where checkpoints speak of different chains of blocks; in the order of numbers."""
    first = ordered[0]
    for before, one in pairwise(ordered):
        if one.checkpoint.number != first.checkpoint.number:
            first = one
            if one.checkpoint.time < before.checkpoint.time:
                yield Contradiction(before, one, "block times run backwards")
        elif one.checkpoint.block != first.checkpoint.block and one.witness != first.witness:
            yield Contradiction(first, one, "a chain has one block for a number")


def _told(one: SignedCheckpoint) -> str:
    said = one.checkpoint
    return (
        f"witness 0x{one.witness.hex()} signed block {said.number} as 0x{said.block_hash.hex()}"
        f" (state root 0x{said.state_root.hex()}, time {said.time})"
    )


def _nearest(own: Sequence[SignedCheckpoint], number: int) -> str:
    """Which block to ask for instead."""
    signed = sorted({one.checkpoint.number for one in own}, key=lambda one: (abs(one - number), one))
    return f"; the nearest block that one of them signed is {signed[0]}" if signed else "; none of them signed any"
