"""Everything that is judged together: statements by trail, what was taken back, places, master data and parameters."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property

from service.epcis.documents import Event
from service.epcis.identifiers import Kind
from service.findings.limits import Limits
from service.findings.places import Point
from service.findings.statements import MasterData, Statement
from service.findings.told import Told, kind_of, read
from service.sealing.entries import Step

_PLACES = frozenset((Kind.LOCATION, Kind.PARTY, Kind.SERVICE_RELATION))
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_DEPTH = 10
_MOST_STAYS = 20_000
_MOVES = frozenset((Step.COMMISSION, Step.SHIP, Step.RECEIVE, Step.DECOMMISSION))


@dataclass(frozen=True, slots=True)
class Stay:
    """The thing was in `container` from one statement's time to another's (None: as far as is told, still)."""

    container: str
    since: datetime
    until: datetime | None

    def has(self, at: datetime) -> bool:
        """Whether it was in there at that moment."""
        return self.since <= at and (self.until is None or at <= self.until)


@dataclass(frozen=True)
class Trail:
    """The statements of one trail in the ledger's order."""

    identifier: str
    told: Sequence[Told]

    @cached_property
    def kind(self) -> Kind:
        """What the thing is."""
        return kind_of(self.identifier)

    @property
    def is_single(self) -> bool:
        """Whether it is one thing, which is in one place and in one state at a time; a lot may be divided."""
        return self.kind not in _PLACES and self.kind not in (Kind.LOT, Kind.CLASS)

    @cached_property
    def standing(self) -> Sequence[Told]:
        """What stands, in the order in which it happened; of the same moment in the ledger's order."""
        return sorted((one for one in self.told if one.stands), key=_when)

    @cached_property
    def in_custody_order(self) -> Sequence[Told]:
        """As `standing`; in the ledger's order where a statement about custody does not show when it happened."""
        hidden = any(one.event is None and one.statement.step in _MOVES for one in self.told)
        return [one for one in self.told if one.stands] if hidden else self.standing

    @cached_property
    def stays(self) -> Sequence[Stay]:
        """The containers that the thing was in, by what its own trail says."""
        found: list[Stay] = []
        began: dict[str, datetime] = {}
        for one in self.standing:
            for link in one.links:
                if link.kind == "transformation" or one.at is None or self.identifier == link.parent:
                    continue
                if link.action != "delete" and link.child == self.identifier:
                    began.setdefault(link.parent, one.at)
                elif link.action == "delete" and link.child in (self.identifier, None) and link.parent in began:
                    found.append(Stay(link.parent, began.pop(link.parent), one.at))
        return [*found, *(Stay(parent, since, None) for parent, since in began.items())]

    @cached_property
    def _moves(self) -> tuple[Sequence[datetime], Sequence[Told]]:
        """The statements that ship or receive it, with their times before them, in their order."""
        moves = [one for one in self.standing if one.statement.step in (Step.SHIP, Step.RECEIVE)]
        return [one.at or one.sealed_at for one in moves], moves

    def moves_during(self, stay: Stay) -> Sequence[Told]:
        """The statements that ship or receive it while something stayed in it."""
        times, moves = self._moves
        end = len(moves) if stay.until is None else bisect_right(times, stay.until)
        return moves[bisect_left(times, stay.since) : end]


@dataclass(frozen=True)
class Case:
    """What the rules look at. `as_of`: until when the statements were gathered, None where that is not known.

    `processes`: the transformationIDs (canonical) of which every event is among the statements.
    """

    trails: Mapping[str, Trail]
    places: Mapping[str, Point]
    masterdata: MasterData
    limits: Limits
    as_of: datetime | None = None
    processes: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def once(self) -> Sequence[Told]:
        """Every standing statement with a document, once for each event, however many trails it is on."""
        found: dict[bytes, Told] = {}
        for trail in self.trails.values():
            for one in trail.told:
                if one.stands and one.event is not None:
                    found.setdefault(one.statement.seal, one)
        return sorted(found.values(), key=_when)

    def carried(self, trail: Trail) -> tuple[Sequence[Told], Sequence[Stay]]:
        """What moved the containers of a thing while it was in them, and the stays in containers that are not shown."""
        moved: dict[int, Told] = {}
        unseen: list[Stay] = []
        seen: set[tuple[str, datetime]] = {(trail.identifier, _EARLIEST)}
        frontier, budget = list(trail.stays), _MOST_STAYS
        for _ in range(_DEPTH):
            outer: list[Stay] = []
            for stay in frontier:
                container = self.trails.get(stay.container) if budget > 0 else None
                if (stay.container, stay.since) in seen or stay.container == trail.identifier:
                    continue
                seen.add((stay.container, stay.since))
                if container is None:
                    unseen.append(stay)
                    continue
                budget -= len(container.stays) + 1
                moved |= {id(one): one for one in container.moves_during(stay)}
                outer += filter(None, (_within(further, stay) for further in container.stays))
            if not outer:
                break
            frontier = outer
        return list(moved.values()), unseen


def case_of(
    statements: Iterable[Statement],
    places: Mapping[str, Point],
    masterdata: MasterData,
    limits: Limits,
    *,
    as_of: datetime | None = None,
    processes: frozenset[str] = frozenset(),
) -> Case:
    """The case of these statements; each document is parsed once."""
    parsed: dict[bytes, Event | None] = {}
    trails: dict[str, list[Told]] = {}
    for statement in sorted(statements, key=lambda one: (one.trail, one.index)):
        if statement.document is not None and statement.seal not in parsed:
            parsed[statement.seal] = read(statement.document)
        # Anybody can record another's seal; what it opens is then shown with the one, and not with the other.
        event = None if statement.document is None else parsed[statement.seal]
        trails.setdefault(statement.trail, []).append(Told(statement, event))
    errors: set[tuple[str, str | None]] = {
        (one.statement.party, one.event_id)
        for told in trails.values()
        for one in told
        if one.declares_error and one.event_id
    }
    judged = {
        identifier: Trail(identifier, [_judged(one, errors) for one in told]) for identifier, told in trails.items()
    }
    return Case(judged, places, masterdata, limits, as_of, processes)


def _judged(one: Told, errors: set[tuple[str, str | None]]) -> Told:
    if one.declares_error or (one.statement.party, one.event_id) not in errors:
        return one
    return replace(one, retracted=True)


def _when(one: Told) -> tuple[datetime, int]:
    """A statement without document happened before it was recorded, and nobody can say how long."""
    return (one.at or one.sealed_at), one.statement.index


def _within(inner: Stay, outer: Stay) -> Stay | None:
    """The part of a container's own stay while the thing was in that container."""
    since = max(inner.since, outer.since)
    ends = [until for until in (inner.until, outer.until) if until is not None]
    until = min(ends) if ends else None
    return Stay(inner.container, since, until) if until is None or since <= until else None
