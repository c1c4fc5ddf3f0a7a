"""Anomalies know who works where from the trails that were over by then: counted live, as of any moment, and again."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from ml.lanes import LaneRates
from ml.shipment import Shipment, effective_end
from ml.simulate import season
from ml.trail_rules import counted
from ml.trail_rules.history import TrailHistory, history_of
from service.parties.caller import Caller
from service.risk.knowing import Known, Wanted, known
from service.risk.reproduce import Reproductions
from service.risk.scoring import Scoring
from service.store import risk_due
from tests.risk.desk import Desk, desk_over
from tests.risk.story import LATER, events_of, follow, story, taken_back, tell, trail, when

ENOUGH = 8
SOON = LATER - timedelta(days=2)


@pytest.fixture
async def desk(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(counted, "ENOUGH", ENOUGH)
    async with desk_over(database_url) as made:
        yield made


async def under_way(desk: Desk, *, last_told_by: Caller | None = None) -> Shipment:
    """A shipment that was booked two days before `LATER` by acme, which told the rest, too, or all but the last."""
    one = season(1, 4, SOON)[0].shipment
    told = [event for event in events_of(one) if when(event) < LATER - timedelta(hours=1)]
    assert len(told) > 2
    await tell(desk, told[:-1])
    await tell(desk, told[-1:], caller=last_told_by)
    return one


async def knows(desk: Desk, shipment: Shipment, at: datetime = LATER, **how: object) -> Known:
    async with desk.database.session() as session:
        due = await risk_due.take_due(session, datetime.max.replace(tzinfo=LATER.tzinfo), 1000)
        booked = next(one.booked for one in due if one.booked.trail == trail(desk, shipment))
        wanted = replace(Wanted(booked, at), **how)  # type: ignore[arg-type]
        return (await known(session, [wanted], LaneRates()))[0]


async def over(desk: Desk, shipments: list[Shipment]) -> None:
    for one in shipments:
        await tell(desk, events_of(one))
    await follow(desk)


def part_of(whole: TrailHistory, of: Known) -> TrailHistory:
    """What a whole history says of the names of one trail, without the passages that are no sums."""
    seen = of.trail.events
    parties, places = {one.party for one in seen}, {one.place for one in seen}
    workers, steps = {(one.party, one.place) for one in seen}, {(one.party, one.step) for one in seen}

    def kept(counts: "Counter[Any]", names: set[Any]) -> "Counter[Any]":
        return Counter({name: count for name, count in counts.items() if name in names})

    return TrailHistory(
        whole.trails,
        kept(whole.parties, parties),
        kept(whole.places, places),
        kept(whole.workers, workers),
        steps=kept(whole.steps, steps),
        told=kept(whole.told, parties),
        late=kept(whole.late, parties),
    )


async def test_counters_windows_and_the_definition_agree(desk: Desk) -> None:
    past = story(30)
    await over(desk, past)
    shipment = await under_way(desk)
    await follow(desk)
    live = await knows(desk, shipment, live=True)
    assert live.history is not None
    assert live.history.trails == len(past)
    assert (await knows(desk, shipment)).history == live.history
    assert (await knows(desk, shipment, recorded_by=LATER)).history == live.history
    trails = [(await knows(desk, one)).trail for one in past]
    whole = part_of(history_of(trails), live)
    assert replace(live.history, flights={}) == whole
    for pair, (count, logs, squares) in live.history.flights.items():
        assert [count, logs, squares] == pytest.approx(history_of(trails).flights[pair], abs=1e-4)


async def test_what_becomes_known_later_is_not_in_it_and_what_is_taken_back_is_none(desk: Desk) -> None:
    past = story(12)
    await over(desk, past)
    shipment = await under_way(desk)
    await follow(desk)
    ends = sorted(one.booked + timedelta(minutes=effective_end(one) or 0) for one in past if one.booked)
    before = await knows(desk, shipment, recorded_by=LATER, counted_by=ends[-1])
    assert before.history is not None
    assert before.history.trails == len(past)
    earlier = await knows(desk, shipment, counted_by=ends[8])
    assert earlier.history is not None
    assert earlier.history.trails == 9
    for one in season(3, 11, SOON - timedelta(days=180)):
        await tell(desk, events_of(one.shipment), recorded=ends[8] + timedelta(seconds=1))
    await follow(desk)
    assert (await knows(desk, shipment, counted_by=ends[8])).history == earlier.history
    (receipt,) = [event for event in events_of(past[0]) if event["bizStep"] == "receiving"][-1:]
    await tell(desk, [taken_back(receipt)], recorded=LATER)
    await follow(desk)
    after = await knows(desk, shipment, live=True)
    assert after.history is not None
    assert after.history.trails == len(past) + 3 - 1


async def test_a_young_history_is_not_asked_nor_any_of_what_was_delivered(desk: Desk) -> None:
    past = story(ENOUGH)
    await over(desk, past[:-1])
    shipment = await under_way(desk)
    await follow(desk)
    assert (await knows(desk, shipment, live=True)).history is None
    await over(desk, past[-1:])
    assert (await knows(desk, shipment, live=True)).history is not None
    assert (await knows(desk, past[0], live=True)).history is None


async def test_a_stranger_is_told_and_the_score_is_the_same_again(desk: Desk) -> None:
    await over(desk, story(30))
    await desk.rows("DELETE FROM shipments_due")
    shipment = await under_way(desk, last_told_by=desk.bolt)
    await follow(desk)
    scoring = Scoring(desk.database, desk.settings, lambda: LATER)
    while await scoring.step():
        pass
    ((id_, anomaly, reasons),) = await desk.rows(
        "SELECT id, anomaly, reasons FROM assessments WHERE trail = :trail", trail=trail(desk, shipment)
    )
    assert "ODD_PARTY" in {one["code"] for one in reasons}
    assert "hardly any earlier shipment" in str(reasons)
    again = Reproductions(desk.database, desk.settings)
    told = await again.reproduce(desk.acme, id_)
    assert told["reproduced"], told["differs"]
    for one in season(20, 12, SOON - timedelta(days=70)):
        await tell(desk, events_of(one.shipment), recorded=LATER + timedelta(hours=1))
    await follow(desk, LATER + timedelta(hours=2))
    assert (await again.reproduce(desk.acme, id_))["reproduced"], "what was brought in since is no part of it"
    assert 0 < anomaly <= 1
