"""The worker that follows events for the scorer: what they say of milestones, what became of shipments, what is due.

Everything that it writes derives from events and can be made anew from them. Events arrive late and out of order, are
declared errors and erased; so an outcome is not noted once, but computed again from all reports whenever one of them
comes or goes, as the versions that were believed from one record time to the next.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import orjson
import structlog

from ml.from_epcis import from_events
from ml.shipment import Shipment, effective_end, planned_end
from ml.trail import trail_of_events
from ml.trail_rules.counted import told_by
from service.risk import lanes
from service.risk.knowing import Read, read, shipment_of
from service.store import risk_following as store
from service.store import risk_outcomes as outcomes
from service.store.database import Database, Session
from service.store.risk_following import Followed
from service.store.risk_outcomes import OutcomeRow, Standing
from service.store.risk_times import TimeRow

_log = structlog.get_logger(__name__)
_EVENTS = 5_000
_AT_ONCE = 500
_VERSIONS = 40
"""Record times of one shipment at which its outcome is looked at: the first ones since it was delivered."""


class Follower:
    """Follows the captures; any number may run at once, one of them at a time does. `step` does what there is to do."""

    def __init__(self, database: Database, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database, self._clock = database, clock

    async def step(self) -> bool:
        """Follows some captures, and makes anew what erasures took; whether there was anything to do."""
        async with self._database.session() as session:
            after = await store.lock_follower(session)
            if after is None:
                return False
            until = await store.next_window(session, after, _EVENTS)
            changed = set(await store.take_refollowed(session, _AT_ONCE))
            if until > after:
                changed.update(await self._follow(session, after, until))
                await store.move_follower(session, until)
            await self._judge(session, changed)
            ripe = await outcomes.count_ripe(session, self._clock(), _AT_ONCE)
        return until > after or bool(changed) or bool(ripe)

    async def _follow(self, session: Session, after: int, until: int) -> set[int]:
        """What the captures between two transactions change: the bookings whose outcomes are to be looked at."""
        booked = await store.new_bookings(session, after, until)
        planned = await asyncio.to_thread(lambda: [_planned(one) for one in booked])
        await store.begin(
            session,
            [(one, minutes) for one, minutes, _ in planned],
            [(one.event, *key) for one, _, keys in planned for key in keys],
        )
        await store.note_reports(session, after, until)
        if booked:
            await store.note_earlier(session, [one.event for one in booked])
        changed = set(await store.note_errors(session, after, until))
        changed.update(await store.touched(session, after, until))
        changed.update(one.event for one in booked)
        await store.trim_reports(session, changed)
        await store.mark_due(session, changed, "event", self._clock())
        if changed:
            _log.info("followed events", shipments=len(changed), booked=len(booked))
        return changed

    async def _judge(self, session: Session, bookings: Collection[int]) -> None:
        """Computes the outcomes of these bookings anew."""
        ordered = sorted(bookings)
        for start in range(0, len(ordered), _AT_ONCE):
            some = ordered[start : start + _AT_ONCE]
            standing = await outcomes.standings(session, some)
            events = await read(session, [one.booking for one in standing])
            found = await asyncio.to_thread(_outcomes, standing, events)
            rows, times = [row for row, _ in found], [time for _, told in found for time in told]
            await outcomes.replace_outcomes(session, some, rows, times, self._clock())


def _planned(booked: Followed) -> tuple[Followed, int | None, list[lanes.Key]]:
    """The planned minutes of a booking, and the lanes that it runs over; None and no lanes without a whole plan."""
    document = orjson.loads(booked.document)
    shipment = from_events([document])
    minutes = planned_end(shipment)
    keys = [] if minutes is None else lanes.keys(shipment, booked.party, lanes.products_of(document))
    return booked, minutes, keys


def _outcomes(
    standing: Sequence[Standing], events: Mapping[int, Sequence[Read]]
) -> list[tuple[OutcomeRow, list[TimeRow]]]:
    return [found for one in standing for found in versions(one, events.get(one.booking, ()))]


def versions(standing: Standing, events: Sequence[Read]) -> list[tuple[OutcomeRow, list[TimeRow]]]:
    """What was believed of a shipment's outcome, from one record time to the next, and what each version tells of usual
    times; nothing where it has none.
    """
    recorded = {one.event.record_time for one in events}
    if standing.blocked or not recorded:
        return []
    begin = max(standing.received, standing.since or standing.received)
    moments = [begin, *sorted(moment for moment in recorded if moment > begin)[: _VERSIONS - 1]]
    if standing.until is not None:
        moments = [moment for moment in moments if moment < standing.until]
    if not moments:
        return []
    beliefs = [(at, shipment_of(_by(events, at))) for at in moments]
    changed = [one for at, one in enumerate(beliefs) if at == 0 or one[1] != beliefs[at - 1][1]]
    ends = [*(moment for moment, _ in changed[1:]), standing.until]
    return [
        (OutcomeRow(standing.booking, since, until, *outcome), _times(standing.booking, since, shipment, events))
        for (since, shipment), until in zip(changed, ends, strict=True)
        if (outcome := _outcome(shipment)) is not None
    ]


def _by(events: Sequence[Read], recorded: datetime) -> list[Read]:
    return [one for one in events if one.event.record_time <= recorded]


def _times(booking: int, since: datetime, shipment: Shipment, events: Sequence[Read]) -> list[TimeRow]:
    """What the version tells of usual times, and its trail, as it was recorded by then, of places and parties."""
    trail = told_by(trail_of_events([one.document for one in _by(events, since)]))
    told = {**lanes.told_times(shipment), **trail}
    return [TimeRow(booking, since, *key, *sums) for key, sums in told.items()]


def _outcome(shipment: Shipment) -> tuple[datetime, bool, int] | None:
    """When it was delivered, whether late, and how long after the plan; None while it is open."""
    planned, end = planned_end(shipment), effective_end(shipment)
    if shipment.booked is None or planned is None or end is None:
        return None
    return shipment.booked + timedelta(minutes=end), end > planned, end - planned
