"""From rows of a trail to what its readers see, each entry checked against what was sealed; pure."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain as chained

from service.sealing.entries import GENESIS, NOBODY, Recorded, Step, advance
from service.store.outbox import PartState
from service.store.trails import DisputeRow, EventRow, PartyRow, SealedRow, TrailRow, UnsealedRow
from service.trails import custody
from service.trails.ties import TRANSFORMATION, Stay
from service.trails.views import CustodyView, ErasureView, EventView, PartyName, Tied, TrailEntry, event_view

Names = Mapping[bytes, PartyRow]
Erased = Mapping[int, ErasureView]
"""Erasures by the numbers of their events."""
ALTERED = "the event that is kept does not open the seal: it was altered after it was sealed"
UNFOLDED = "the entry does not fold into the head that is kept with it: it was altered, or one before it is missing"
UNMATCHED = "the event was sealed, but not with the seal and step that are kept: it was altered after it was sealed"


def name_of(party: bytes, names: Names) -> PartyName:
    """The party with its identifier and name, where they are known."""
    known = names.get(party)
    return PartyName(party, known.identifier, known.name) if known else PartyName(party)


def parties_in(sealed: Iterable[SealedRow], unsealed: Iterable[UnsealedRow], held: custody.Custody) -> Sequence[bytes]:
    """Every party that the rows or the custody name."""
    named = {row.party for row in sealed} | {row.to for row in sealed} | {row.event.party for row in unsealed}
    return sorted((named | held.parties) - {NOBODY})


def sealed_views(
    rows: Sequence[SealedRow],
    before: bytes | None,
    disputes: Sequence[DisputeRow],
    names: Names,
    erased: Erased | None = None,
) -> list[TrailEntry]:
    """The entries that the ledger recorded; `before` is the trail's head before the first of them."""
    disputed = custody.disputes_of([(row.block, row.log) for row in rows], disputes)
    head, views = before or GENESIS, []
    for row in rows:
        folds = advance(head, recorded_of(row)) == row.head
        event = _event(row.event, names, erased) if row.event else None
        views.append(
            TrailEntry(
                "sealed",
                Step(row.step),
                name_of(row.party, names),
                None if row.to == NOBODY else name_of(row.to, names),
                row.seal,
                row.role,
                event,
                block=row.block,
                log=row.log,
                block_time=row.time,
                head=row.head,
                disputes=disputed.get((row.block, row.log), ()),
                fault=_fault(folds, event),
            )
        )
        head = row.head
    return views


def recorded_of(row: SealedRow) -> Recorded:
    """The part of an entry that folds."""
    return Recorded(row.seal, row.party, row.to, row.step, row.time)


def _event(row: EventRow, names: Names, erased: Erased | None) -> EventView:
    return event_view(row, name_of(row.party, names), (erased or {}).get(row.seq))


def _fault(folds: bool, event: EventView | None) -> str | None:
    if not folds:
        return UNFOLDED
    return ALTERED if event is not None and not event.intact else None


def unsealed_views(rows: Sequence[UnsealedRow], names: Names, erased: Erased | None = None) -> list[TrailEntry]:
    """The entries that wait for the chain, and those that it refused."""
    views = []
    for row in rows:
        event = _event(row.event, names, erased)
        refused = row.state == PartState.REFUSED
        fault = UNMATCHED if row.state == PartState.SEALED else _fault(True, event)
        views.append(
            TrailEntry(
                "refused" if refused else "pending",
                Step(row.step),
                event.party,
                None,
                row.event.seal,
                row.role,
                event,
                refusal=row.refusal if refused else None,
                fault=fault,
            )
        )
    return views


def custody_view(held: custody.Custody, names: Names) -> CustodyView:
    """Custody with its parties' names."""

    def named(party: bytes | None) -> PartyName | None:
        return None if party is None else name_of(party, names)

    return CustodyView(
        named(held.custodian),
        named(held.offered_to),
        named(held.commissioner),
        tuple(name_of(holder, names) for holder in held.holders),
        held.disputes,
        held.commissioned,
        held.decommissioned,
    )


Known = Mapping[bytes, tuple[TrailRow, bool]]
"""Trails that exist, by id, each with whether the reader may see it."""


class Ties:
    """The direct ties of one trail: `known` says which of the other ends exist, and which of them may be seen."""

    def __init__(self, trail: bytes, stays: Sequence[Stay], known: Known) -> None:
        self._known = known
        to_parents = [stay for stay in stays if stay.child == trail]
        to_children = [stay for stay in stays if stay.parent == trail]
        self.parents = self._tied((stay.parent, stay) for stay in to_parents if stay.kind != TRANSFORMATION)
        self.children = self._tied((stay.child, stay) for stay in to_children if stay.kind != TRANSFORMATION)
        self.inputs = self._tied((stay.parent, stay) for stay in to_parents if stay.kind == TRANSFORMATION)
        self.outputs = self._tied((stay.child, stay) for stay in to_children if stay.kind == TRANSFORMATION)
        others = {stay.parent for stay in to_parents} | {stay.child for stay in to_children}
        self.hidden = sum(1 for other in others if other in known and not known[other][1])

    def _tied(self, ends: Iterable[tuple[bytes, Stay]]) -> tuple[Tied, ...]:
        return tuple(
            Tied(row.identifier, row.kind, stay.kind, stay.since, stay.until)
            for end, stay in ends
            if end in self._known
            for row, visible in (self._known[end],)
            if visible
        )


def others_in(trail: bytes, stays: Sequence[Stay]) -> list[bytes]:
    """The other ends of the ties of a trail."""
    ends = set(chained.from_iterable((stay.parent, stay.child) for stay in stays if trail in (stay.parent, stay.child)))
    return sorted(ends - {trail})
