"""When things were together, told with caution: what nobody said to have ended may still last; pure.

The rules, where a recall has to decide on what parties claimed (docs/recall.md has the reasons):

1. Words count by the event times that their tellers gave; of equal times, in the order in which they were captured.
2. Whoever says that one thing was put into another, or seen in it, is heard. Who says that it was taken out is heard
   only with a part in the trail of one of the two: nobody takes on paper out what it has nothing to do with.
3. Something seen in a container, or taken out of it, that nobody put in was there before: since it was last taken out
   of it, else since it was commissioned, else since ever. Such a stay is supposed.
4. Of a lot, a part may be taken out: the tie lasts until as much was taken out as was put in, or until an event takes
   it out without a quantity. What cannot be reckoned lasts, and is supposed.
5. A thing that was put into two containers, and taken out of neither, is in both.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from service.store.ties import WordRow
from service.trails.ties import EARLIEST, LATEST, TRANSFORMATION

LOT = "lot"
CONTAINMENT = ("aggregation", "association")
Amount = tuple[float | None, str | None]
"""How much of a lot an event names, and its unit; (None, None) for no quantity."""
Amounts = Mapping[tuple[int, bytes], Amount]
"""By event and child; a pair that is missing: nobody can tell any more."""


class Tie(NamedTuple):
    """`child` was in or on `parent` from one moment to another (both included), or was made of it at one moment.

    `began` and `ended` are the events that say so, 0 where none does. `to_child` and `to_parent`: one of the `tellers`,
    who say that it began, has a part in the trail at that end.
    """

    parent: bytes
    child: bytes
    kind: str
    since: datetime
    until: datetime
    began: int
    ended: int
    supposed: bool
    to_child: bool
    to_parent: bool
    tellers: frozenset[bytes]
    parent_is_process: bool = False
    child_is_process: bool = False


def ties(words: Sequence[WordRow], born: Mapping[bytes, datetime], amounts: Amounts) -> list[Tie]:
    """The ties that the words, in their order, tell of."""
    found = [_made(word) for word in words if word.kind == TRANSFORMATION]
    emptied: dict[tuple[bytes, str], list[WordRow]] = {}
    together: dict[tuple[bytes, bytes, str], list[WordRow]] = {}
    for word in words:
        if word.kind == TRANSFORMATION or not _is_heard(word):
            continue
        if word.child:
            together.setdefault((word.parent, word.child, word.kind), []).append(word)
        else:
            emptied.setdefault((word.parent, word.kind), []).append(word)
    lots, _ = portions(words)
    for (parent, child, kind), own in together.items():
        said = _with_emptying(own, emptied.get((parent, kind), []))
        found += _Pair(parent, child, kind, born.get(child), amounts, child in lots).told(said)
    return found


def taken_out_unexplained(words: Iterable[WordRow]) -> set[bytes]:
    """The children whose first word is not that they were put in: rule 3 may need to know since when they exist."""
    first: dict[tuple[bytes, bytes, str], WordRow] = {}
    again: set[bytes] = set()
    for word in words:
        if word.kind != TRANSFORMATION and word.child:
            known = first.setdefault((word.parent, word.child, word.kind), word)
            if word.action != "add" or known.action != "add":
                again.add(word.child)
    return again


def portions(words: Sequence[WordRow]) -> tuple[set[bytes], set[int]]:
    """The lots of which something was taken out, and the events whose quantities rule 4 needs."""
    apart = {(word.parent, word.child) for word in words if word.action == "delete" and word.child_kind == LOT}
    events = {word.event for word in words if (word.parent, word.child) in apart}
    return {child for _, child in apart}, events


def _is_heard(word: WordRow) -> bool:
    return word.action != "delete" or word.in_parent or (word.in_child and bool(word.child))


def _with_emptying(own: Sequence[WordRow], emptied: Sequence[WordRow]) -> Sequence[WordRow]:
    """A child's words with those that empty its parent: in each gap between its own the first and the last, for those
    between them change nothing. A container may have thousands of both.
    """
    if not emptied:
        return own
    said: list[WordRow] = []
    begin = 0
    for end, word in [*((bisect_left(emptied, _order(word), key=_order), word) for word in own), (len(emptied), None)]:
        if begin < end:
            said += emptied[begin:end] if end - begin < 3 else (emptied[begin], emptied[end - 1])
        if word is not None:
            said.append(word)
        begin = end
    return said


def _order(word: WordRow) -> tuple[datetime, int]:
    return word.event_time, word.event


def _made(word: WordRow) -> Tie:
    return Tie(
        word.parent,
        word.child,
        word.kind,
        word.event_time,
        word.event_time,
        word.event,
        word.event,
        False,
        word.in_child,
        word.in_parent,
        frozenset((word.party,)),
        word.parent_kind is None,
        word.child_kind is None,
    )


@dataclass
class _Pair:
    """One child in one parent, word by word."""

    parent: bytes
    child: bytes
    kind: str
    born: datetime | None
    amounts: Amounts
    is_lot: bool
    open: WordRow | None = None
    since: datetime = EARLIEST
    floor: datetime = EARLIEST
    supposed: bool = False
    left: float | None = 0.0
    unit: str | None = None
    into: list[WordRow] = field(default_factory=list)
    found: list[Tie] = field(default_factory=list)

    def told(self, words: Sequence[WordRow]) -> list[Tie]:
        for word in words:
            if word.action == "delete":
                self._out(word)
            else:
                self._in(word)
        if self.into:
            self._end(LATEST, 0)
        return self.found

    def _in(self, word: WordRow) -> None:
        if not self.into:
            supposed = word.action != "add"
            self._begin(word, self._supposed_since(word) if supposed else word.event_time, supposed)
            self.left, self.unit = (None, None) if supposed else (0.0, None)
        self.into.append(word)
        if word.action == "add" and self.is_lot:
            self._count(word, 1)

    def _out(self, word: WordRow) -> None:
        if not self.into:
            if word.child:
                self._begin(word, self._supposed_since(word), True)
                self.into.append(word)
                self._end(word.event_time, word.event)
        elif self._takes_all(word):
            self._end(word.event_time, word.event)
        if not self.into:
            self.floor = word.event_time

    def _begin(self, word: WordRow, since: datetime, supposed: bool) -> None:
        self.open, self.since, self.supposed = word, since, supposed

    def _supposed_since(self, word: WordRow) -> datetime:
        born = self.born if self.born is not None and self.born <= word.event_time else EARLIEST
        return max(self.floor, born)

    def _takes_all(self, word: WordRow) -> bool:
        if not word.child or not self.is_lot:
            return True
        amount, _ = self.amounts.get((word.event, word.child), (0.0, None))
        if amount is None:
            return True
        self._count(word, -1)
        if self.left is None:
            self.supposed = True
            return False
        return self.left <= 1e-9 * max(1.0, amount)

    def _count(self, word: WordRow, sign: int) -> None:
        amount, unit = self.amounts.get((word.event, word.child), (None, None))
        if self.unit is None and self.left == 0.0:
            self.unit = unit
        if amount is None or self.left is None or unit != self.unit:
            self.left = None
        else:
            self.left += sign * amount

    def _end(self, until: datetime, ended: int) -> None:
        assert self.open is not None
        self.found.append(
            Tie(
                self.parent,
                self.child,
                self.kind,
                self.since,
                until,
                self.open.event,
                ended,
                self.supposed,
                any(word.in_child for word in self.into),
                any(word.in_parent for word in self.into),
                frozenset(word.party for word in self.into),
            )
        )
        self.into = []
