"""Scorecards count what the caller sees, say how sure they are, and do not punish who serves the hard lanes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.parties.caller import Caller
from service.risk.errors import BadPeriod
from service.risk.scorecards import LEAST, Scorecards, wilson
from tests.risk.desk import BEGIN, Desk, at, desk_over


@pytest.fixture(name="desk")
async def running(database_url: str) -> AsyncIterator[Desk]:
    async with desk_over(database_url) as made:
        yield made


async def delivered(desk: Desk, who: Caller, lane: str, count: int, late: int, **told: Any) -> None:
    """So many shipments of a party on a lane, so many of them late, as following writes them."""
    hub, _, destination = lane.partition(">")
    given = {
        "who": who.party, "count": count, "late": late, "hub": hub, "destination": destination, "began": BEGIN,
        "carrier": desk.carrier.party, "reports": 2, "anomaly": None, **told,
    }  # fmt: skip
    (first,) = (await desk.rows("SELECT coalesce(max(event), 0) FROM shipments"))[0]
    given["first"] = first
    made = "FROM generate_series(CAST(:first AS bigint) + 1, CAST(:first AS bigint) + CAST(:count AS bigint)) AS n"
    trail = "decode(lpad(to_hex(n), 64, '0'), 'hex')"
    began = "CAST(:began AS timestamptz)"
    for table, selected in (
        ("trails (id, identifier, kind)", f"{trail}, 'urn:test:' || n, 'logistic_unit' {made}"),
        (
            "shipments (trail, event, booked_at, party, planned_minutes)",
            f"{trail}, n, {began}, CAST(:who AS bytea), 600 {made}",
        ),
        ("trail_parties (trail, party)", f"{trail}, CAST(:who AS bytea) {made}"),
        ("routes", f"{trail}, n, CAST(:hub AS text), CAST(:destination AS text), 4, '{{}}', '{{}}' {made}"),
        (
            "shipment_outcomes (booking, known_from, delivered_at, late, minutes)",
            f"n, {began}, {began}, n - :first <= :late, CASE WHEN n - :first <= :late THEN 300 ELSE -60 END {made}",
        ),
        ("shipment_units (booking, unit)", f"n, {trail} {made}"),
        (
            "shipment_milestones (booking, unit, event, step, event_time, record_time, party)",
            (
                f"n, {trail}, 1000000 + n * 10 + step, 'step' || step, {began}, {began}, CAST(:carrier AS bytea) {made}"
                " CROSS JOIN generate_series(1, CAST(:reports AS int)) AS step"
            ),
        ),
        (
            "assessments (id, trail, stage, reasons, model_hash, input_hash, party, anomaly)",
            f"gen_random_uuid(), {trail}, 'hub', '[]', '', '', CAST(:who AS bytea), CAST(:anomaly AS float8) {made}",
        ),
    ):
        statement = f"INSERT INTO {table} SELECT {selected}"
        used = {name: value for name, value in given.items() if f":{name}" in statement}
        await desk.rows(statement, **used)


async def cards(desk: Desk, caller: Caller, by: Any = "supplier") -> dict[str, Any]:
    found = await Scorecards(desk.database).compare(caller, by, BEGIN - timedelta(days=1), at(48))
    return {one["subject"]: one for one in found["items"]}


async def test_who_serves_the_hard_lanes_is_compared_on_them(desk: Desk) -> None:
    await delivered(desk, desk.acme, "hard>x", 80, 40)
    await delivered(desk, desk.acme, "easy>x", 20, 1)
    await delivered(desk, desk.bolt, "hard>x", 20, 14)
    await delivered(desk, desk.bolt, "easy>x", 80, 8)
    found = await cards(desk, desk.analyst)
    acme, bolt = found[desk.acme.identifier], found[desk.bolt.identifier]
    assert acme["late"]["share"] > bolt["late"]["share"]
    assert acme["adjusted"]["ratio"] < 1 < bolt["adjusted"]["ratio"]
    assert acme["late"]["low"] < 0.41 < acme["late"]["high"]
    assert acme["delayHours"] == {"p10": -1.0, "p50": -1.0, "p90": 5.0}
    assert acme["missingReports"]["share"] == 0.5
    lanes = await cards(desk, desk.analyst, "lane")
    assert [lanes[lane]["late"]["share"] for lane in ("hard>x", "easy>x")] == [0.54, 0.09]
    (carrier,) = (await cards(desk, desk.analyst, "carrier")).values()
    assert (carrier["name"], carrier["shipments"]) == ("Carrier", 200)


async def test_one_sees_ones_own_and_nothing_of_others(desk: Desk) -> None:
    await delivered(desk, desk.acme, "a>b", 30, 10)
    await delivered(desk, desk.bolt, "a>b", 30, 20)
    own = await cards(desk, desk.acme)
    assert list(own) == [desk.acme.identifier]
    assert own[desk.acme.identifier]["late"]["of"] == 30
    assert own[desk.acme.identifier]["adjusted"] is None  # nobody to compare with, as far as it sees
    assert await cards(desk, desk.stranger) == {}


async def test_few_shipments_say_nothing(desk: Desk) -> None:
    await delivered(desk, desk.acme, "a>b", LEAST - 1, LEAST - 1)
    (card,) = (await cards(desk, desk.acme)).values()
    assert card["abstained"] == "NOT_ENOUGH_HISTORY"
    assert card["late"] is card["delayHours"] is card["missingReports"] is card["adjusted"] is None
    assert card["shipments"] == LEAST - 1


async def test_disputes_and_anomalies_are_counted(desk: Desk) -> None:
    await delivered(desk, desk.acme, "a>b", 25, 0, anomaly=0.8)
    await delivered(desk, desk.acme, "a>b", 25, 0, anomaly=0.1)
    dispute = (
        "INSERT INTO ledger_disputes (block, log, trail, party, part, reason)"
        " SELECT 1, event, trail, :who, '', 'NotCustodian' FROM shipments ORDER BY event LIMIT 3"
    )
    await desk.rows(dispute, who=desk.acme.party)
    (card,) = (await cards(desk, desk.acme)).values()
    assert (card["anomalous"]["share"], card["disputes"], card["excursions"]) == (0.5, 3, None)


async def test_a_period_has_to_be_one(desk: Desk) -> None:
    for since, until in ((at(1), at(0)), (at(0), at(24 * 500)), (at(0), at(0))):
        with pytest.raises(BadPeriod):
            await Scorecards(desk.database).compare(desk.acme, "lane", since, until)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_an_interval_holds_its_share(of: int, part: float) -> None:
    hits = round(of * part)
    low, high = wilson(of, hits)
    assert 0 <= low <= hits / of + 1e-9
    assert hits / of - 1e-9 <= high <= 1
