"""What is told of traces and recalls."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from service.recall.tracing import Direction, Reach, Spread, Traced
from service.store.notices import NotifiedRow
from service.store.recall import Counts, RecallRow, StepRow, ThingRow
from service.store.recall_acts import HOLD, ActCount
from service.store.trails import PartyRow, TrailRow
from service.trails.ties import EARLIEST, LATEST, TRANSFORMATION

STEPS = 20
"""Steps of a path that a list shows; of a longer one those at both ends."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to trace: things and classes by identifiers in any spelling, the window on them, and the ways to go."""

    things: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    direction: Direction = "forward"
    spread: Spread = "contents"


@dataclass(frozen=True, slots=True)
class Told:
    """An event that a tie rests on, by its eventID, and when it says that it happened."""

    event_id: str
    event_time: datetime


@dataclass(frozen=True, slots=True)
class PathStep:
    """A thing on the way and the tie that leads to it: in words, the events that it rests on, the window.

    `identifier` is None for a process, and where the reader may not see the thing; of a hidden one nothing else is
    told. `how` is None for the thing that the trace began with.
    """

    identifier: str | None
    hidden: bool
    how: str | None
    began: Told | None
    ended: Told | None
    since: datetime | None
    until: datetime | None
    supposed: bool


@dataclass(frozen=True, slots=True)
class Act:
    """The last hold or lift of a thing, and how far it is: waiting, to-sign, failed, captured, sealed or refused."""

    step: str
    state: str
    event_id: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Affected:
    """A thing that was reached, with the window in which it was, and why. `omitted` counts the steps that `path` leaves
    out in its middle. `since` and `until` are None where they are open, or the last tie is hidden from the reader.
    """

    number: int
    identifier: str
    kind: str
    depth: int
    since: datetime | None
    until: datetime | None
    supposed: bool
    path: tuple[PathStep, ...]
    omitted: int = 0
    hold: Act | None = None
    batch: int = 0


@dataclass(frozen=True, slots=True)
class TraceView:
    """A trace: the things that the reader sees, how many it does not, and what ended it where it is not complete."""

    question: Question
    things: int
    hidden: int
    bound: str | None
    affected: tuple[Affected, ...]
    more: int


@dataclass(frozen=True, slots=True)
class NotifiedView:
    """A party that was told, and whether it acknowledged all that it was told."""

    identifier: str
    name: str
    things: int
    notified_at: datetime
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecallView:
    """A recall. `acts` counts things by their last act (step, state, things); `notified` are the parties that the
    reader may know of, `others` those whom it may not: (how many, how many of them acknowledged).
    """

    id: UUID
    seq: int
    by: tuple[str, str]
    reason: str
    disposition: str
    things_named: tuple[str, ...]
    classes: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    direction: str
    spread: str
    hold: bool
    opened_at: datetime
    closed_at: datetime | None
    bound: str | None
    grown: int
    things: int
    hidden: int
    acts: tuple[tuple[str, str, int], ...]
    notified: tuple[NotifiedView, ...] = ()
    others: tuple[int, int] = (0, 0)


def how(kind: str | None, *, downwards: bool) -> str | None:
    """The tie that leads to a thing, in words."""
    if kind is None:
        return None
    if kind == TRANSFORMATION:
        return "made-of" if downwards else "used-for"
    if kind == "association":
        return "attached-to" if downwards else "carried"
    return "was-in" if downwards else "contained"


def open_end(moment: datetime) -> datetime | None:
    """None for the ends of time."""
    return None if moment in (EARLIEST, LATEST) else moment


def path_of(numbers: Sequence[int], rows: Mapping[int, StepRow], *, whole: bool) -> tuple[tuple[PathStep, ...], int]:
    """The steps of a way, and how many of them are left out.

    A window follows from all steps before it, so it is told only up to the first thing that is hidden.
    """
    steps: list[PathStep] = []
    clear = True
    for number in numbers:
        row = rows[number]
        is_hidden = steps[-1].hidden if row.identifier is None and steps else not row.visible
        clear = clear and not is_hidden
        steps.append(_HIDDEN if is_hidden else _step(row, clear=clear))
    if whole or len(steps) <= STEPS:
        return tuple(steps), 0
    return (*steps[: STEPS // 2], *steps[-(STEPS // 2) :]), len(steps) - STEPS


_HIDDEN = PathStep(None, True, None, None, None, None, None, False)


def _step(row: StepRow, *, clear: bool) -> PathStep:
    return PathStep(
        row.identifier,
        False,
        how(row.kind, downwards=row.downwards),
        Told(row.began, row.began_at) if row.began and row.began_at else None,
        Told(row.ended, row.ended_at) if row.ended and row.ended_at and row.ended != row.began else None,
        row.since if clear else None,
        row.until if clear else None,
        row.supposed,
    )


def way_to(number: int, rows: Mapping[int, StepRow]) -> list[int]:
    """The numbers from the beginning to this one."""
    way = [number]
    while (via := rows[way[-1]].via) is not None:
        way.append(via)
    return way[::-1]


def rows_of(traced: Traced, places: Sequence[int], known: Mapping[bytes, tuple[TrailRow, bool]],
            events: Mapping[int, tuple[str, datetime]]) -> dict[int, StepRow]:  # fmt: skip
    """What `store.recall.paths` gives, from a trace that was not stored."""
    found: dict[int, StepRow] = {}
    for place in places:
        reach = traced.reaches[place]
        trail, visible = known.get(reach.trail, (None, False))
        began, ended = (events.get(event or 0, (None, None)) for event in events_of(reach))
        found[place] = StepRow(
            place,
            reach.via if reach.via >= 0 else None,
            None if trail is None else trail.identifier,
            visible,
            open_end(reach.since),
            open_end(reach.until),
            None if reach.tie is None else reach.tie.kind,
            downwards(reach),
            began[0],
            began[1],
            ended[0],
            ended[1],
            reach.tie is not None and reach.tie.supposed,
        )
    return found


def downwards(reach: Reach) -> bool:
    """Whether the tie leads from parent to child."""
    return reach.tie is not None and reach.tie.child == reach.trail


def events_of(reach: Reach) -> tuple[int | None, int | None]:
    """The events that the reach's tie rests on."""
    return (None, None) if reach.tie is None else (reach.tie.began or None, reach.tie.ended or None)


def on_the_ways(traced: Traced, places: Sequence[int]) -> Iterator[int]:
    """The places on the ways to these, each once."""
    seen: set[int] = set()
    for last in places:
        place = last
        while place >= 0 and place not in seen:
            seen.add(place)
            yield place
            place = traced.reaches[place].via


_ACT_STATES = ("captured", "captured", "sealed", "refused")


def affected(row: ThingRow, steps: Mapping[int, StepRow], *, whole: bool, signs_itself: bool) -> Affected:
    """A thing of a stored recall."""
    path, omitted = path_of(way_to(row.number, steps), steps, whole=whole)
    act = None
    if row.step is not None:
        state = _ACT_STATES[row.part_state] if row.part_state is not None else _waiting(row.fault, signs_itself)
        act = Act("hold" if row.step == HOLD else "lift", state, row.event_id or "", row.refusal or row.fault)
    last = path[-1]
    return Affected(
        row.number,
        row.identifier,
        row.thing_kind,
        row.depth,
        last.since,
        last.until,
        row.supposed,
        path,
        omitted,
        act,
        row.batch,
    )


def _waiting(fault: str | None, signs_itself: bool) -> str:
    if fault is not None:
        return "failed"
    return "to-sign" if signs_itself else "waiting"


def recall(
    row: RecallRow,
    by: PartyRow,
    counts: Counts | None,
    acts: Sequence[ActCount],
    trails: Mapping[bytes, tuple[TrailRow, bool]],
    *,
    signs_itself: bool,
) -> RecallView:
    """A recall without its parties."""
    named = [trails[seed][0].identifier for seed in row.seeds if seed in trails and trails[seed][1]]
    return RecallView(
        row.id,
        row.seq,
        (by.identifier, by.name),
        row.reason,
        row.disposition,
        tuple(sorted(named)),
        tuple(row.classes),
        row.since,
        row.until,
        row.direction,
        row.spread,
        row.hold,
        row.opened_at,
        row.closed_at,
        row.bound,
        row.batch,
        counts.things if counts else 0,
        counts.hidden if counts else 0,
        tuple(
            (
                "hold" if act.step == HOLD else "lift",
                _waiting(None, signs_itself) if act.state == "waiting" else act.state,
                act.things,
            )
            for act in acts
        ),
    )


def with_parties(told: RecallView, notified: Sequence[NotifiedRow]) -> RecallView:
    """The recall with the parties that were told: by name those with a part in something that the reader sees."""
    seen = [one for one in notified if one.visible]
    others = [one for one in notified if not one.visible]
    return replace(
        told,
        notified=tuple(
            NotifiedView(one.identifier, one.name, one.visible, one.notified_at, one.acknowledged_at) for one in seen
        ),
        others=(len(others), sum(1 for one in others if one.acknowledged_at is not None)),
    )
