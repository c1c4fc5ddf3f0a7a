"""What a recall writes when it is opened or grows, and when it is closed; `store.recall.lock_party` is held."""

from uuid import NAMESPACE_URL, UUID, uuid5

from service.epcis.identifiers import Kind
from service.parties.roles import Role
from service.recall.tracing import Traced
from service.recall.views import downwards, events_of, on_the_ways, open_end
from service.store import recall as store
from service.store import recall_acts
from service.store.database import Session
from service.store.recall import ReachRow, RecallRow
from service.store.recall_acts import HOLD, LIFT, NewAct
from service.store.trails import TrailRow, Viewer, known_trails

_NO_GOODS = {str(kind) for kind in (Kind.LOCATION, Kind.PARTY, Kind.SERVICE_RELATION)} | {"journal", "risk"}


async def keep(session: Session, row: RecallRow, traced: Traced, roles: int) -> int:
    """Writes what the trace reached and the recall did not know, and decides on holds of it; how many things."""
    counted, number = await store.known_reaches(session, row.id)
    passed = await store.known_processes(session, row.id)
    known = await known_trails(session, list(traced.first), Viewer(row.party, bool(roles & _SEES_ALL)))
    fresh = [place for trail, place in traced.first.items() if trail in known and trail not in counted]
    processes = [place for trail, place in traced.first.items() if trail not in known and trail not in passed]
    numbers: dict[int, int] = {}
    rows: list[ReachRow] = []
    first = set(fresh)
    for place in sorted(on_the_ways(traced, [*fresh, *processes])):
        reach = traced.reaches[place]
        if place not in first and place == traced.first[reach.trail] and reach.trail in counted:
            numbers[place] = counted[reach.trail]
            continue
        numbers[place] = number
        via = numbers[reach.via] if reach.via >= 0 else None
        kind = None if reach.tie is None else reach.tie.kind
        rows.append(
            ReachRow(
                row.id, number, reach.trail, place in first, row.batch, open_end(reach.since), open_end(reach.until),
                reach.depth, via, kind, downwards(reach), *events_of(reach), reach.supposed,
            )
        )  # fmt: skip
        number += 1
    await store.add_reaches(session, rows)
    if row.hold:
        things = [known[traced.reaches[place].trail] for place in fresh]
        await _hold(session, row, things, roles)
    return len(fresh)


_SEES_ALL = Role.AUDITOR | Role.REGULATOR


async def _hold(session: Session, row: RecallRow, things: list[tuple[TrailRow, bool]], roles: int) -> None:
    """Decides to hold the goods among the things that the contract lets the party hold, and that it sees."""
    goods = [thing for thing, visible in things if visible and thing.kind not in _NO_GOODS]
    if not roles & Role.REGULATOR and goods:
        of = await store.commissioners(session, [thing.id for thing in goods])
        goods = [thing for thing in goods if of.get(thing.id) == row.party]
    acts = [NewAct(row.id, row.party, thing.id, HOLD, event_id(row.id, thing.id, HOLD)) for thing in goods]
    await recall_acts.add_acts(session, acts)


async def lift(session: Session, row: RecallRow) -> None:
    """Decides to lift what the recall holds and no other open recall of the party does; the recall is closed already.

    The contract knows one hold of a party on a thing, however often it was placed.
    """
    held = await recall_acts.held_trails(session, row.id)
    kept = await recall_acts.held_elsewhere(session, row.party, row.id, held)
    acts = [
        NewAct(row.id, row.party, trail, LIFT, event_id(row.id, trail, LIFT)) for trail in held if trail not in kept
    ]
    await recall_acts.add_acts(session, acts)


def event_id(recall: UUID, trail: bytes, step: int) -> str:
    """The eventID of a hold or lift: the same whoever captures it, and however often."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'urn:trailseal:recall:{recall}:{trail.hex()}:{step}')}"
