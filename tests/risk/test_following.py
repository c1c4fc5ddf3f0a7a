"""What the scorer keeps of events stays right, whatever comes late, goes again, or comes twice."""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest

from ml.from_epcis import from_events
from ml.shipment import Shipment, effective_end, late, planned_end
from ml.usual import UsualTimes
from service.erasure.erasures import Erasures
from service.risk import lanes
from service.store import risk_outcomes as outcomes
from service.store import risk_times
from service.store.risk_times import Asked
from tests.risk.desk import Desk, desk_over
from tests.risk.story import (
    LATER,
    START,
    Events,
    events_of,
    follow,
    live_counts,
    story,
    taken_back,
    tell,
    trail,
    unit,
    when,
)

DAY = timedelta(days=1)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_over(database_url) as made:
        yield made


async def outcomes_of(desk: Desk) -> list[tuple[bool, int]]:
    rows = await desk.rows("SELECT late, minutes FROM shipment_outcomes WHERE known_until IS NULL ORDER BY booking")
    return [(row[0], row[1]) for row in rows]


def outcome(shipment: Shipment) -> tuple[bool, int]:
    lateness = late(shipment)
    assert lateness is not None
    return lateness, (effective_end(shipment) or 0) - (planned_end(shipment) or 0)


def counted(desk: Desk, shipments: Iterable[Shipment]) -> dict[tuple[str, str], tuple[int, int]]:
    """What counters should say after these outcomes of acme's, by the plainest way."""
    seen, past = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for one in shipments:
        for key in lanes.keys(one, desk.acme.party):
            seen[key] += 1
            past[key] += bool(late(one))
    return {key: (seen[key], past[key]) for key in seen}


async def as_of(
    desk: Desk, moment: datetime, recorded_by: datetime | None = None
) -> dict[tuple[str, str], tuple[int, int]]:
    """What was known of all lanes at a moment."""
    rows = await desk.rows("SELECT DISTINCT kind, lane FROM shipment_lanes")
    asked = [Asked(0, row[0], row[1], moment) for row in rows]
    async with desk.database.session() as session:
        found = await outcomes.counts_as_of(session, asked, recorded_by)
    return {(one.kind, one.lane): (one.seen, one.late) for one in found}


async def usual_as_of(desk: Desk, moment: datetime, recorded_by: datetime | None = None) -> dict[lanes.Key, Any]:
    """What was known of usual times at a moment, of all kinds and places."""
    rows = await desk.rows("SELECT DISTINCT kind, lane FROM shipment_times")
    async with desk.database.session() as session:
        asked = [Asked(0, row[0], row[1], moment) for row in rows]
        return (await risk_times.sums_as_of(session, asked, recorded_by)).get(0, {})


async def usual_now(desk: Desk) -> dict[lanes.Key, Any]:
    """What the sums say, of all kinds and places, and of trails."""
    rows = await desk.rows("SELECT * FROM time_sums WHERE seen <> 0")
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


async def test_events_in_any_order_tell_the_same_outcomes(desk: Desk) -> None:
    shipments = story(6)
    told = [event for one in shipments for event in events_of(one)]
    random.Random(1).shuffle(told)
    for start in range(0, len(told), 17):
        await tell(desk, told[start : start + 17])
        if start % 2:
            await follow(desk)
    await follow(desk)
    assert Counter(await outcomes_of(desk)) == Counter(map(outcome, shipments))
    assert await live_counts(desk) == counted(desk, shipments)
    usual = UsualTimes()
    for one in shipments:
        usual.add(one)
    now = {key: sums for key, sums in (await usual_now(desk)).items() if not key[0].startswith("trail")}
    assert now == {lanes.written(key): tuple(sums) for key, sums in usual.sums.items()}


async def test_nothing_is_counted_before_it_was_delivered_and_recorded(desk: Desk) -> None:
    first, second = story(2)
    await tell(desk, events_of(first))
    end = when(events_of(first)[-1])
    await follow(desk, end - timedelta(minutes=1))
    assert await live_counts(desk) == {}
    await follow(desk, end)
    assert (await live_counts(desk))[lanes.ALL] == (1, int(bool(late(first))))
    assert (await as_of(desk, end))[lanes.ALL][0] == 1
    assert await as_of(desk, end - timedelta(minutes=1)) == {}

    *before, receipt = events_of(second)
    await tell(desk, before)
    recorded = when(receipt) + 20 * DAY
    await tell(desk, [receipt], recorded)
    await follow(desk)
    assert (await as_of(desk, recorded - DAY))[lanes.ALL][0] == 1
    assert (await as_of(desk, recorded))[lanes.ALL][0] == 2


async def test_history_that_is_brought_in_counts_from_when_it_happened(desk: Desk) -> None:
    shipments = story(4)
    for one in shipments:
        await tell(desk, events_of(one), LATER)
    await follow(desk, LATER + DAY)
    half = sorted(max(when(event) for event in events_of(one)) for one in shipments)[1]
    assert await as_of(desk, half) == {}
    assert (await as_of(desk, half, LATER))[lanes.ALL][0] == 2


async def test_an_error_takes_its_outcome_back_from_when_it_was_recorded(desk: Desk) -> None:
    shipment = story(1)[0]
    events = events_of(shipment)
    receipt = events[-1]
    await tell(desk, events)
    await follow(desk)
    assert await outcomes_of(desk) == [outcome(shipment)]
    declared = LATER - 10 * DAY
    await tell(desk, [taken_back(receipt)], declared)
    await follow(desk)
    assert await outcomes_of(desk) == []
    assert await live_counts(desk) == {}
    assert (await as_of(desk, declared - DAY))[lanes.ALL][0] == 1
    assert await as_of(desk, declared) == {}


async def test_a_booking_that_was_an_error_books_nothing(desk: Desk) -> None:
    shipment = story(1)[0]
    events = events_of(shipment)
    await tell(desk, events)
    await tell(desk, [taken_back(events[0])], LATER - DAY)
    await follow(desk)
    assert await outcomes_of(desk) == []
    assert await live_counts(desk) == {}
    assert [row[0] for row in await desk.rows("SELECT count(*) FROM shipments")] == [1]


async def test_only_the_first_booking_of_a_unit_counts(desk: Desk) -> None:
    """Who books another's goods again, with an ample plan, changes neither outcome nor late rates."""
    shipment = story(1)[0]
    events = events_of(shipment)
    await tell(desk, events)
    ample = {**events[0], "eventID": "urn:trailseal:test:again", "eventTime": events[0]["eventTime"]}
    for leg in ample["trailseal:plan"]["trailseal:leg"]:
        leg["trailseal:milestone"][-1]["trailseal:minutes"] = 100_000
    await tell(desk, [ample], START + DAY, desk.bolt)
    await follow(desk)
    assert await outcomes_of(desk) == [outcome(shipment)]
    assert await live_counts(desk) == counted(desk, [shipment])


async def test_what_was_erased_leaves_everything_that_derives_from_it(desk: Desk) -> None:
    first, second = story(2)
    for one in (first, second):
        await tell(desk, events_of(one))
    await follow(desk)
    erasures = Erasures(desk.database, desk.settings)
    await erasures.erase(desk.acme, events_of(first)[-1]["eventID"], "asked for")
    assert await outcomes_of(desk) == [outcome(second)]  # at once, without a worker
    assert await live_counts(desk) == counted(desk, [second])
    await follow(desk)
    assert await outcomes_of(desk) == [outcome(second)]
    due = "SELECT 1 FROM shipments_due JOIN shipments ON shipments.event = booking WHERE trail = :trail"
    assert len(await desk.rows(f"{due} AND due_at <= now()", trail=trail(desk, first))) == 1

    await erasures.erase(desk.acme, events_of(second)[0]["eventID"], "asked for")
    await follow(desk)
    assert await live_counts(desk) == {}
    assert await usual_now(desk) == {}
    for table in ("shipment_outcomes", "shipment_times", "shipment_lanes", "shipment_units", "shipment_milestones"):
        gone = await desk.rows(f"SELECT 1 FROM {table} WHERE booking NOT IN (SELECT event FROM shipments)")
        assert gone == [], table


async def test_a_flood_of_reports_is_kept_short_and_crowds_out_nobody(desk: Desk) -> None:
    shipment = story(1)[0]
    booking, *reports = events_of(shipment)
    await tell(desk, [booking])
    flood = [
        {**reports[0], "epcList": [unit(shipment)], "eventID": f"urn:trailseal:test:flood:{at}"} for at in range(1500)
    ]
    await tell(desk, flood, None, desk.bolt)
    await tell(desk, flood_again(flood), None, desk.bolt)
    await tell(desk, reports)
    await follow(desk)
    kept = (await desk.rows("SELECT count(*) FROM shipment_milestones WHERE party = :p", p=desk.bolt.party))[0][0]
    assert kept == 64
    assert await outcomes_of(desk) == [outcome(shipment)]


def flood_again(flood: Events) -> Events:
    return [event | {"eventID": f"{event['eventID']}:again"} for event in flood]


async def test_live_counters_and_history_agree_on_a_random_history(desk: Desk) -> None:
    """Out of order, late, dated ahead, declared errors, erased: the counters are what all outcomes add up to."""
    rng = random.Random(20_26)
    shipments = story(30, seed=3)
    documents: list[tuple[datetime, Events]] = []
    for one in shipments:
        events = events_of(one)
        cut = rng.randrange(1, len(events))
        recorded = when(events[-1]) + rng.choice([-3, 0, 0, 1, 9]) * DAY
        documents += [(when(events[0]), events[:cut]), (recorded, events[cut:])]
        if rng.random() < 0.2:
            documents.append((recorded + DAY, [taken_back(events[rng.randrange(1, len(events))])]))
    rng.shuffle(documents)
    erasures = Erasures(desk.database, desk.settings)
    for at, (recorded, events) in enumerate(documents):
        await tell(desk, events, recorded)
        if at % 7 == 0:
            await follow(desk, START + at * DAY)
        if rng.random() < 0.1:
            await erasures.erase(desk.acme, events[-1]["eventID"], "asked for")
    await follow(desk)
    counters, history = await live_counts(desk), await as_of(desk, LATER)
    assert counters == {key: value for key, value in history.items() if value != (0, 0)}
    assert counters[lanes.ALL][0] > 10
    assert await usual_now(desk) == await usual_as_of(desk, LATER)

    # As of each booking, the window functions agree with the plainest way to count what was known by then.
    known = [
        (row[0], row[1], row[2], row[3])
        for row in await desk.rows(
            "SELECT booking, greatest(delivered_at, known_from), known_until, late FROM shipment_outcomes"
        )
    ]
    booked = {row[0]: row[1] for row in await desk.rows("SELECT event, booked_at FROM shipments")}
    async with desk.database.session() as session:
        asked = [Asked(booking, *lanes.ALL, moment) for booking, moment in booked.items()]
        found = {one.number: (one.seen, one.late) for one in await outcomes.counts_as_of(session, asked)}
    for booking, moment in booked.items():
        plain = [past for _, since, until, past in known if since <= moment and (until is None or until > moment)]
        assert found.get(booking, (0, 0)) == (len(plain), sum(plain))


async def test_nothing_known_at_a_moment_changes_when_more_is_told(desk: Desk) -> None:
    """What was known of lanes, and the shipments themselves, as of each moment, before and after later events."""
    shipments = story(12, seed=5)
    moment = START + 6 * DAY
    before = [[event for event in events_of(one) if when(event) <= moment] for one in shipments]
    after = [[event for event in events_of(one) if when(event) > moment] for one in shipments]
    for events in before:
        if events:
            await tell(desk, events, when(events[-1]))
    await follow(desk, moment)
    then, live = await as_of(desk, moment), await live_counts(desk)
    assert then == live
    usual = await usual_as_of(desk, moment)
    assert usual == await usual_now(desk) != {}
    for events in after:
        if events:
            await tell(desk, events, when(events[-1]))
    back_dated = [event | {"eventID": f"{event['eventID']}:late", "eventTime": START.isoformat()} for event in after[0]]
    await tell(desk, back_dated, moment + DAY)
    declared = next(events[-1] for events in before if len(events) > 1)
    await tell(desk, [taken_back(declared)], moment + DAY)
    await follow(desk)
    assert await as_of(desk, moment) == {key: value for key, value in then.items() if value[0]}
    assert await usual_as_of(desk, moment) == usual
    assert await as_of(desk, LATER) != then


def test_the_story_is_what_it_seems() -> None:
    """The plain outcomes that the tests compare with are those of the events."""
    for one in story(5):
        assert outcome(from_events(events_of(one))) == outcome(one)
