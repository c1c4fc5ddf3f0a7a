"""Who has a thing: custody replayed from the entries as `Provenance` applied them (`IProvenance.record`); pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from service.sealing.entries import NOBODY, Step
from service.store.trails import DisputeRow, MoveRow

Place = tuple[int, int]
"""Block and log index of an entry."""
HELD = "Held"


@dataclass(frozen=True, slots=True)
class Custody:
    """Custody by party ids (None: nobody). `holders` have an open hold, in the order of their holds."""

    custodian: bytes | None = None
    offered_to: bytes | None = None
    commissioner: bytes | None = None
    holders: tuple[bytes, ...] = ()
    disputes: int = 0
    commissioned: bool = False
    decommissioned: bool = field(default=False)

    @property
    def parties(self) -> set[bytes]:
        """Everybody that it names."""
        named = {self.custodian, self.offered_to, self.commissioner, *self.holders}
        return {party for party in named if party is not None}


def disputes_of(entries: Sequence[Place], disputes: Sequence[DisputeRow]) -> Mapping[Place, tuple[str, ...]]:
    """The reasons by the entry that they dispute: the last before them. Both in the ledger's order."""
    found: dict[Place, tuple[str, ...]] = {}
    at = -1
    for dispute in disputes:
        while at + 1 < len(entries) and entries[at + 1] < dispute[:2]:
            at += 1
        if at >= 0 and entries[at][0] == dispute.block:
            found[entries[at]] = (*found.get(entries[at], ()), dispute.reason)
    return found


def replay(moves: Sequence[MoveRow], disputes: Sequence[DisputeRow]) -> Custody:
    """Custody after all entries; one that the ledger disputed had no effect, unless only a hold stood against it."""
    disputed = disputes_of([(move.block, move.log) for move in moves], disputes)
    custody = Custody(disputes=len(disputes))
    for move in moves:
        reasons = disputed.get((move.block, move.log), ())
        if all(reason == HELD for reason in reasons):
            custody = _after(custody, move)
    return custody


def _after(custody: Custody, move: MoveRow) -> Custody:
    party = move.party
    if move.step == Step.COMMISSION:
        return replace(custody, commissioned=True, custodian=party, commissioner=party)
    if move.step == Step.SHIP:
        return replace(custody, custodian=party, offered_to=move.to)
    if move.step == Step.RECEIVE:
        return replace(custody, custodian=party, offered_to=None)
    if move.step == Step.DECOMMISSION:
        return replace(custody, decommissioned=True, offered_to=None)
    holder = move.to if move.step == Step.LIFT and move.to != NOBODY else party
    others = tuple(other for other in custody.holders if other != holder)
    if move.step == Step.LIFT:
        return replace(custody, holders=others)
    return custody if holder in custody.holders else replace(custody, holders=(*others, holder))
