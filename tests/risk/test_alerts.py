"""Alerts: within the budget, to who sees the shipment and asked, once, and the worst of the day."""

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.risk.bands import Costs
from service.risk.budget import Day, choose
from service.risk.days import day_and_part
from service.risk.errors import AlertNotFound, BadPolicy
from service.risk.inspection import draw, is_drawn
from service.risk.policies import Policies, Policy, Webhook
from service.risk.reading import Alerts
from tests.risk.desk import Desk, at, desk_over

OFFERS = st.lists(st.floats(0.001, 100), max_size=40)
WANTED = Policy(alerts=True, budget=3, inspection=0.0)


@pytest.fixture(name="desk")
async def running(database_url: str) -> AsyncIterator[Desk]:
    async with desk_over(database_url) as made:
        yield made


async def want(desk: Desk, *, caller: Any = None, **members: Any) -> None:
    await Policies(desk.database, desk.settings).put(caller or desk.analyst, replace(WANTED, **members))


# ------------------------------------------------------------------------------------------------ bands and budget


@given(st.floats(0, 1), st.floats(1, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0.01, 1), st.floats(1, 100))
def test_a_band_is_what_pays(  # noqa: PLR0917
    chance: float, penalty: float, checking: float, intervening: float, effectiveness: float, weight: float
) -> None:
    try:
        costs = Costs(penalty, checking, intervening, effectiveness).weighed(weight)
    except BadPolicy:
        assert effectiveness * penalty <= checking + intervening
        return
    at_once = chance * costs.effectiveness * costs.penalty - intervening
    after_checking = chance * (costs.effectiveness * costs.penalty - intervening) - checking
    assert costs.benefit(chance) == pytest.approx(max(at_once, after_checking, 0))
    band = costs.band(chance)
    if band == "high":
        assert at_once > -1e-6 * costs.penalty
    if band == "low":
        assert costs.benefit(chance) < 1e-6 * costs.penalty
    assert costs.elevated <= costs.high < 1


@given(
    st.integers(1, 20), st.floats(0, 1), st.lists(st.tuples(st.floats(0, 1), st.floats(0.001, 100)), max_size=60),
    OFFERS, st.lists(st.floats(0.001, 100), max_size=20),
)  # fmt: skip
def test_never_more_alerts_than_the_budget_and_the_best_offers_first(
    budget: int, gone: float, forecast: list[tuple[float, float]], offers: list[float], alerted: list[float]
) -> None:
    day = Day(budget, gone, 3 if forecast else 0, tuple(forecast), tuple(offers), tuple(alerted[:budget]))
    chosen = choose(day, offers)
    assert len(chosen) <= budget - len(day.alerted)
    taken = [offers[one.place] for one in chosen]
    left = [offer for place, offer in enumerate(offers) if place not in {one.place for one in chosen}]
    assert not taken or not left or min(taken) >= max(left)


def test_a_usual_day_is_spent_on_its_worst_shipments_and_the_budget_lasts() -> None:
    chosen, hindsight = season_of_alerts(budget=10, days=40)
    assert chosen / hindsight > 0.93


def test_on_a_day_that_is_worse_than_any_before_it_a_late_disaster_still_gets_in() -> None:
    usual = tuple((hour / 24, benefit) for hour in range(24) for benefit in (1.0, 2.0, 3.0))
    alerted: list[float] = []
    offered: list[float] = []
    bad = [20.0, 21.0]
    for hour in range(20):  # all of them far beyond anything that the forecast knows
        offered += bad
        chosen = choose(Day(10, hour / 24, 1, usual, tuple(offered), tuple(alerted)), bad)
        alerted.extend(bad[one.place] for one in chosen)
    assert len(alerted) < 10
    late = choose(Day(10, 20.5 / 24, 1, usual, (*offered, 35.0), tuple(alerted)), [35.0])
    assert [one.why for one in late] == ["reserve"]


def test_what_is_left_of_the_reserve_is_not_left_over() -> None:
    usual = tuple((hour / 24, 5.0 + hour / 24) for hour in range(24))
    evening = Day(5, 0.999, 1, usual, (1.0,), (9.0, 9.0, 9.0, 9.0))
    assert len(choose(evening, [1.0])) == 1


def season_of_alerts(budget: int, days: int) -> tuple[float, float]:
    rng, past = random.Random(4), list[list[tuple[float, float]]]()
    ours = hindsight = 0.0
    for _ in range(days):
        arrivals = sorted((rng.random(), 100 * rng.betavariate(1, 4)) for _ in range(rng.randint(60, 140)))
        alerted: list[float] = []
        offered: list[float] = []
        standing: list[float] = []
        for gone, benefit in arrivals:
            offered.append(benefit)
            standing = sorted([*standing, benefit], reverse=True)
            recent = past[-14:]
            day = Day(
                budget, gone, len(recent), tuple(one for day in recent for one in day), tuple(offered), tuple(alerted)
            )
            places = {one.place for one in choose(day, standing)}
            alerted.extend(standing[place] for place in places)
            standing = [one for place, one in enumerate(standing) if place not in places]
        assert len(alerted) <= budget
        ours += sum(alerted)
        hindsight += sum(sorted((benefit for _, benefit in arrivals), reverse=True)[:budget])
        past.append(arrivals)
    return ours, hindsight


def test_days_begin_at_the_partys_midnight_and_have_the_length_they_have() -> None:
    assert day_and_part(at(2), "America/New_York")[0].isoformat() == "2026-03-01"
    day, part = day_and_part(at(12), "UTC")
    assert (day.isoformat(), part) == ("2026-03-02", 0.5)
    spring = day_and_part(at(0) + timedelta(days=27, hours=10), "Europe/Berlin")  # 23 hours, of which 11 have gone
    assert (spring[0].isoformat(), round(spring[1] * 23)) == ("2026-03-29", 11)
    for wrong in ("Mars/Olympus", "../../etc/passwd", "", "America", "\0"):
        with pytest.raises(BadPolicy):
            day_and_part(at(0), wrong)


@settings(max_examples=20)
@given(st.floats(0, 1))
def test_the_draw_is_a_share_that_nobody_steers(share: float) -> None:
    drawn = sum(
        is_drawn(draw(b"s" * 32, b"p" * 32, bytes([n % 256, n // 256]), at(0).date()), share) for n in range(400)
    )
    assert abs(drawn / 400 - share) < 0.13


def test_a_draw_depends_on_everything_and_on_the_secret() -> None:
    one = draw(b"s", b"p", b"t", at(0).date())
    others = [
        draw(b"S", b"p", b"t", at(0).date()),
        draw(b"s", b"P", b"t", at(0).date()),
        draw(b"s", b"p", b"T", at(0).date()),
        draw(b"s", b"p", b"t", at(24).date()),
    ]
    assert one == draw(b"s", b"p", b"t", at(0).date())
    assert len({one, *others}) == 5


# ------------------------------------------------------------------------------------------------ alerts as stored


async def test_the_worst_are_alerted_to_and_each_once(desk: Desk) -> None:
    await want(desk)
    trails = await desk.book(6)
    chances = dict(zip(trails, (0.2, 0.9, 0.02, 0.8, 0.5, 0.95), strict=True))
    await desk.score(chances, at(12))
    first = await desk.alerted()
    assert first[:1] == [trails[5]]
    await desk.score(chances, at(13))
    for hour in (23.0, 23.9):
        await desk.score(chances, at(hour))
    assert await desk.alerted() == [trails[5], trails[1], trails[3]]
    await desk.score(chances, at(30))
    await desk.score(chances, at(47))
    told = await desk.alerted()
    assert told[3:] == [trails[4], trails[0]]  # yesterday's are not news, and .02 pays nobody's while


async def test_what_became_much_worse_is_alerted_to_again(desk: Desk) -> None:
    await want(desk)
    (trail,) = await desk.book()
    for hour, chance in ((23, 0.4), (30, 0.45), (47, 0.5), (71, 0.8)):
        await desk.score({trail: chance}, at(hour))
    alerts = Alerts(desk.database)
    told, _ = await alerts.listed(desk.analyst, None, 10)
    assert [(one["probability"], one["why"]) for one in told] == [(0.8, "worse"), (0.4, "budget")]


async def test_only_who_sees_the_shipment_and_asked_is_alerted(desk: Desk) -> None:
    for caller in (desk.analyst, desk.stranger, desk.acme):
        await want(desk, caller=caller)
    await want(desk, caller=desk.carrier, alerts=False)
    trails = await desk.book(2)
    others = await desk.book(2, desk.bolt)
    await desk.score(dict.fromkeys([*trails, *others], 0.9), at(23.9))
    assert set(await desk.alerted(desk.acme)) == set(trails)
    assert len(await desk.alerted(desk.analyst)) == 3
    assert await desk.alerted(desk.stranger) == await desk.alerted(desk.carrier) == await desk.alerted(desk.bolt) == []
    alerts = Alerts(desk.database)
    mine = (await alerts.listed(desk.acme, None, 10))[0][0]
    with pytest.raises(AlertNotFound):
        await alerts.read(desk.analyst, mine["alertID"])
    await desk.rows("DELETE FROM grants WHERE grantee = :p", p=desk.analyst.party)
    assert (await alerts.listed(desk.analyst, None, 10))[0] == []


async def test_late_for_certain_delivered_unknown_and_past_alert_nobody(desk: Desk) -> None:
    await want(desk)
    late, delivered, unknown, past = await desk.book(4)
    await desk.score({late: 1.0}, at(23), planned_end=at(22))
    await desk.score({delivered: 1.0}, at(23), stage="delivered")
    await desk.score({unknown: None}, at(23))
    await desk.score({past: 0.9}, at(23), as_of=at(-3))
    assert await desk.alerted() == []


async def test_a_watchlists_weight_decides_between_equals(desk: Desk) -> None:
    from service.risk.watchlists import Watchlists

    await want(desk, budget=1)
    trails = await desk.book(3)
    wanted = {"kind": "shipment", "value": desk.units[trails[2]]}
    await Watchlists(desk.database, desk.settings).create(desk.analyst, "dear", 5.0, [wanted])
    await desk.score({trails[0]: 0.7, trails[1]: 0.7, trails[2]: 0.4}, at(23.9))
    assert await desk.alerted() == [trails[2]]


async def test_two_workers_at_once_stay_within_the_budget(desk: Desk) -> None:
    await want(desk, budget=4)
    trails = await desk.book(24)
    batches = [trails[place::6] for place in range(6)]
    await asyncio.gather(*(desk.score(dict.fromkeys(batch, 0.9), at(23.9)) for batch in batches))
    told = await desk.alerted()
    assert len(told) == len(set(told)) == 4


async def test_the_same_shipment_scored_by_two_workers_at_once_is_alerted_to_once(desk: Desk) -> None:
    await want(desk)
    trails = await desk.book(2)
    await asyncio.gather(*(desk.score(dict.fromkeys(trails, 0.9), at(23.9)) for _ in range(5)))
    assert sorted(await desk.alerted()) == sorted(trails)


async def test_inspections_are_drawn_by_day_beside_the_alerts_and_can_be_audited(desk: Desk) -> None:
    await want(desk, inspection=0.5, budget=2)
    trails = await desk.book(20)
    chances: dict[bytes, float | None] = dict.fromkeys(trails, 0.01)
    chances[trails[0]] = 0.9
    await desk.score(chances, at(23.9))
    await desk.score(chances, at(23.95))
    alerts = Alerts(desk.database)
    told, following = await alerts.inspections(desk.analyst, at(0).date(), None, 50)
    due = [
        desk.units[trail]
        for trail in trails[1:]
        if is_drawn(draw(desk.secret, desk.analyst.party, trail, at(0).date()), 0.5)
    ]
    assert due
    assert following is None
    assert sorted(one["shipment"] for one in told) == sorted(due)
    assert {one["propensity"] for one in told} == {0.5}
    assert (await alerts.inspections(desk.stranger, at(0).date(), None, 50))[0] == []
    page, after = await alerts.inspections(desk.analyst, None, None, 2)
    rest, _ = await alerts.inspections(desk.analyst, None, after, 50)
    assert [*page, *rest] == told


async def test_a_policy_is_checked_and_a_webhook_within_is_refused(desk: Desk) -> None:
    policies = Policies(desk.database, desk.settings)
    assert (await policies.read(desk.analyst))["alerts"] is False
    with pytest.raises(BadPolicy):
        await want(desk, timezone="Nowhere")
    with pytest.raises(BadPolicy):
        await want(desk, webhook=Webhook("http://10.0.0.8/hook"))
    with pytest.raises(BadPolicy):
        await want(desk, webhook=Webhook("file:///etc/passwd"))
    await want(desk, webhook=Webhook("http://127.0.0.1:8080/hook", "s3cret"))
    told = await policies.read(desk.analyst)
    assert (told["webhook"]["signed"], told["webhook"]["state"]) == (True, "active")
    assert "s3cret" not in str(told)


async def test_alerts_that_are_turned_on_begin_with_the_scores_that_stand(desk: Desk) -> None:
    trails = await desk.book(3)
    now = datetime.now(UTC)
    rows = await desk.score({trails[0]: 0.9, trails[1]: 0.02}, now)
    rows |= await desk.score({trails[2]: 0.9}, now - timedelta(days=3))
    for trail, row in rows.items():
        latest = (
            "INSERT INTO shipment_scores (booking, trail, assessment, as_of, probability, band, rank, codes, overrun,"
            " under_way) SELECT event, trail, :id, :as_of, :chance, 'low', :chance, '{}', false, true FROM shipments"
            " WHERE trail = :trail"
        )
        await desk.rows(latest, id=row.id, as_of=row.as_of, chance=row.probability, trail=trail)
    ahead = 23 - now.hour  # a time zone in which most of the day has gone
    zone = f"Etc/GMT{-ahead:+d}" if ahead <= 14 else f"Etc/GMT{24 - ahead:+d}"
    await want(desk, timezone=zone)
    assert await desk.alerted() == [trails[0]]
    assert await desk.alerted(desk.acme) == []


async def test_a_shipment_with_a_hundred_thousand_alerts_keeps_no_other_waiting(desk: Desk) -> None:
    await want(desk)
    trails = await desk.book(20)
    rows = await desk.score(dict.fromkeys(trails, 0.3), at(12))
    many = (
        "INSERT INTO alerts (id, party, trail, assessment, day, as_of, stage, probability, band, benefit, threshold,"
        " why) SELECT gen_random_uuid(), :p, :t, :a, DATE '2025-01-01' + (n / 5000)::int, now(), 'hub', 0.9, 'high', 1,"
        " 0, 'budget' FROM generate_series(1, 100000) AS n"
    )
    await desk.rows(many, p=desk.analyst.party, t=trails[0], a=rows[trails[0]].id)
    await desk.rows("ANALYZE alerts")
    plan = await desk.rows(
        "EXPLAIN (ANALYZE, FORMAT TEXT) SELECT pairs.trail, last.probability FROM"
        " unnest(CAST(:trails AS bytea[])) AS pairs (trail) CROSS JOIN LATERAL (SELECT probability FROM alerts"
        " WHERE alerts.party = :p AND alerts.trail >= pairs.trail AND alerts.trail <= pairs.trail"
        " ORDER BY alerts.trail DESC, alerts.seq DESC LIMIT 1) AS last",
        trails=trails,
        p=desk.analyst.party,
    )
    assert any("ix_alerts_party_trail" in row[0] for row in plan), plan
