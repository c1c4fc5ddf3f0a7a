"""The record of what was shown: figures that agree with hand counts, and only what was open when it was shown."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from service.parties.caller import Caller
from service.risk.backtest import Group, is_forecast, judged, wilson
from service.risk.errors import BadPeriod
from service.risk.record import MOST_LANES, Record, by_lane, by_week
from service.store.database import Database, copy
from service.store.risk_trust import shown
from service.store.score_record import ShownScore
from tests.ledger.world import caller_of

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(number: int, probability: float | None, late: bool | None, **changes: Any) -> ShownScore:
    """A score of shipment `number`, shown on Monday morning, due a day later and delivered around its plan."""
    due = MONDAY + 24 * HOUR
    delivered = None if late is None else due + (5 * HOUR if late else -2 * HOUR)
    band = None if probability is None else "high" if probability >= 0.5 else "low"
    plain = ShownScore(
        UUID(int=number), b"\1", MONDAY, None, number.to_bytes(32, "big"), MONDAY, "hub", probability, band, due,
        None, "m", "256,700", late, delivered, delivered,
    )  # fmt: skip
    return plain._replace(**changes)


def test_hand_counted_figures() -> None:
    rows = [row(1, 0.9, True), row(2, 0.8, False), row(3, 0.3, True), row(4, 0.1, False)]
    told = judged(Group("all", rows))
    # Of the four pairs of a late and a punctual one, 0.9 beats both and 0.3 beats one.
    assert told["auroc"] == 0.75
    assert told["ap"] == round((1 + 2 / 3) / 2, 4)
    assert told["brier"] == round((0.01 + 0.64 + 0.49 + 0.01) / 4, 4)
    assert told["expectedLateShare"] == 0.525
    assert (told["late"], told["shipments"], told["lateShare"]["value"]) == (2, 4, 0.5)
    # Of the two late ones, one was shown as high, 24 hours before its planned end.
    assert told["warnings"] == {
        "late": {"value": 0.5, "interval": [round(edge, 4) for edge in wilson(1, 2)], "of": 2},
        "medianLeadHours": 24.0,
    }
    assert all(low <= told[name] <= high for name, (low, high) in told["intervals"].items())


def test_a_shipment_weighs_the_same_however_often_it_was_shown() -> None:
    once = judged(Group("all", [row(1, 0.9, True), row(2, 0.2, False)]))
    often = judged(Group("all", [row(1, 0.9, True)] * 5 + [row(2, 0.2, False)]))
    assert (often["brier"], often["expectedLateShare"]) == (once["brier"], once["expectedLateShare"])
    assert (often["judged"], often["shipments"]) == (6, 2)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"stage": "delivered"}, id="delivered"),
        pytest.param({"as_of": MONDAY + 25 * HOUR}, id="past its planned end"),
        pytest.param({"at": MONDAY + 48 * HOUR}, id="shown when the outcome was known"),
    ],
)
def test_what_was_no_question_any_more_is_counted_and_not_judged(changes: dict[str, Any]) -> None:
    settled = row(1, 1.0, True, **changes)
    assert not is_forecast(settled)
    told = judged(Group("all", [settled, row(2, None, True), row(3, 0.4, None)]))
    assert told["judged"] == 0
    assert told["notJudged"] == {"abstained": 1, "pending": 1, "settledOrAfterwards": 1}
    assert (told["auroc"], told["brier"], told["lateShare"]["value"]) == (None, None, None)


def test_an_outcome_that_was_recorded_later_was_still_open() -> None:
    assert is_forecast(row(1, 0.5, True, at=MONDAY + 40 * HOUR, known_from=MONDAY + 60 * HOUR))


def test_lists_are_judged_by_what_they_showed() -> None:
    ranked = [row(number, 0.9, late, rank=number) for number, late in ((1, True), (2, True), (3, False), (4, None))]
    later = [row(9, 0.9, False, rank=1, at=MONDAY + HOUR)]
    told = judged(Group("all", ranked + later))["lists"]
    assert (told["shown"], told["judged"], told["meanLength"]) == (2, 2, 2.5)
    assert told["precision"] == round((2 / 3 + 0) / 2, 4)
    assert (told["late"]["value"], told["late"]["of"]) == (0.5, 4)


def test_intervals_that_were_shown_are_judged() -> None:
    def around(hours: float) -> list[datetime]:
        due = MONDAY + 24 * HOUR
        return [due + timedelta(hours=hours * share) for share in (-1, -0.8, 0, 0.8, 1)]

    rows = [
        row(1, 0.5, True, arrival=around(6)),
        row(2, 0.5, True, arrival=around(4)),
        row(3, 0.5, None, arrival=around(1)),
    ]
    told = judged(Group("all", rows))["arrival"]
    assert (told["coverage90"]["value"], told["coverage90"]["of"]) == (0.5, 2)
    assert (told["medianErrorHours"], told["medianWidthHours"]) == (5.0, 10.0)


def test_weeks_and_lanes() -> None:
    rows = [row(number, 0.5, True, at=MONDAY + timedelta(days=number)) for number in range(9)]
    assert [(group.key, len(group.rows)) for group in by_week(rows)] == [("2026-W10", 7), ("2026-W11", 2)]
    many = [row(number, 0.5, True, lane=f"{number},1") for number in range(MOST_LANES + 5)] + [row(0, 0.5, True)] * 3
    groups = by_lane([*many, row(99, 0.5, None, lane=None)])
    assert len(groups) == MOST_LANES + 1
    assert (groups[-1].key, len(groups[-1].rows)) == ("other lanes", 3 + 6 - 3 + 1)


class Shelf:
    """Shipments with scores and outcomes, put into the tables."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def put(self, number: int, probability: float, *, late: bool, parties: list[bytes]) -> UUID:
        trail, assessment, due = number.to_bytes(32, "big"), uuid4(), MONDAY + 24 * HOUR
        async with self.database.session() as session:
            await copy(session, "trails", ("id", "identifier", "kind"), [(trail, f"urn:x:{number}", "other")])
            await copy(session, "trail_parties", ("trail", "party"), [(trail, party) for party in parties])
            columns = ("trail", "event", "booked_at", "recorded_at", "planned_minutes")
            await copy(session, "shipments", columns, [(trail, number, MONDAY, MONDAY, 1440)])
            columns = ("booking", "known_from", "delivered_at", "late", "minutes")
            await copy(session, "shipment_outcomes", columns, [(number, due, due, late, 5 if late else -5)])
            await copy(session, "shipment_lanes", ("booking", "kind", "lane"), [(number, "pair", "256,700")])
            given = {
                "id": assessment, "trail": trail, "as_of": MONDAY, "probability": probability, "band": "high",
                "stage": "hub", "planned_end": due, "reasons": "[]", "model_hash": "m", "input_hash": "i",
                "party": bytes(32),
            }  # fmt: skip
            await copy(session, "assessments", list(given), [list(given.values())])
        return assessment

    async def show(self, caller: Caller, *assessments: UUID, ranked: bool = False) -> None:
        async with self.database.session() as session:
            await shown(session, caller.party, assessments, ranked=ranked)
            await session.execute(text("UPDATE shown SET at = :at"), {"at": MONDAY})


@pytest.fixture
async def shelf(database_url: str) -> AsyncIterator[Shelf]:
    database = Database(database_url, 2)
    yield Shelf(database)
    await database.close()


ONE, OTHER = caller_of("https://id.gs1.org/417/9521000000001", "one"), caller_of("https://id.gs1.org/417/952100", "two")
AUDITOR = caller_of("https://id.gs1.org/417/9521004000007", "auditor", 8)


async def test_each_party_is_told_of_what_it_was_shown_and_may_see(shelf: Shelf) -> None:
    mine = await shelf.put(1, 0.8, late=True, parties=[ONE.party])
    both = await shelf.put(2, 0.4, late=False, parties=[ONE.party, OTHER.party])
    hidden = await shelf.put(3, 0.6, late=True, parties=[OTHER.party])
    await shelf.show(ONE, mine, both, hidden, ranked=True)
    await shelf.show(ONE, mine)
    await shelf.show(OTHER, both)
    record = Record(shelf.database, lambda: MONDAY + timedelta(days=7))
    told = await record.backtest(ONE, by="lane")
    assert (told["all"]["shown"], told["all"]["judged"], told["all"]["auroc"]) == (2, 2, 1.0)
    assert [group["key"] for group in told["groups"]] == ["256 to 700"]
    assert (await record.backtest(OTHER))["all"]["shown"] == 1
    assert (await record.backtest(AUDITOR))["all"]["shown"] == 4
    assert [group["key"] for group in (await record.backtest(AUDITOR))["groups"]] == ["2026-W10"]


async def test_periods_that_cannot_be_are_refused(shelf: Shelf) -> None:
    record = Record(shelf.database)
    for since, until in (
        (MONDAY, MONDAY),
        (MONDAY, MONDAY + timedelta(days=500)),
        (MONDAY.replace(tzinfo=None), MONDAY),
    ):
        with pytest.raises(BadPeriod):
            await record.backtest(ONE, since, until)
