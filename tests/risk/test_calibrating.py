"""The calibration follows what outcomes teach, without learning from those that somebody acted on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from ml.assessment import Assessment, Case
from ml.scorer import Scorer
from ml.shipment import effective_end, known_at
from ml.simulate import season
from service.config import Settings
from service.risk.arrivals import outcomes
from service.risk.calibrated import ALL, Calibrated, State, probability
from service.risk.calibrating import FRESH, Calibrator, refitted
from service.risk.recomputing import recomputed
from service.risk.scorers import Scorers
from service.store.database import Database, copy
from service.store.score_calibrations import KnownArrival, KnownScore, newest, state

BOOKED = datetime(2026, 3, 2, tzinfo=UTC)


@cache
def scorer() -> Scorer:
    return Scorer.load()


@cache
def cases(count: int = 80) -> tuple[Case, ...]:
    return tuple(Case(one.shipment, one.booked + timedelta(hours=30)) for one in season(count, 5, BOOKED))


def scores(rate: float, **members: Any) -> list[KnownScore]:
    """Scores of simulated shipments, late at a rate that nobody expected."""
    random = Random(1)
    given = [one for one in scorer().score(cases(), reasons=False) if one.inputs and one.probability is not None]
    return [
        KnownScore(
            at.to_bytes(32, "big"), one.stage, one.probability or 0.0, one.inputs, random.random() < rate, False
        )._replace(**members)
        for at, one in enumerate(given)
    ]


def mean(state: State | None, some: list[KnownScore]) -> float:
    told = recomputed(scorer(), [one.inputs for one in some])
    return sum(
        probability(scorer().model, state, one.stage, again.odds)
        for one, again in zip(some, told, strict=True)
        if again
    ) / len(some)


def test_a_state_moves_probabilities_to_what_happens() -> None:
    some = scores(0.8)
    state, used = refitted(scorer(), some)
    happened = sum(one.late for one in some) / len(some)
    assert abs(mean(state, some) - happened) < abs(mean(None, some) - happened) / 2
    assert used == {"scores": len(some), "shipments": len(some), "acted": 0, "arrivals": 0}
    assert refitted(scorer(), some)[0].id == state.id
    assert State.read(state.written()) == state


def test_outcomes_of_what_was_acted_on_are_left_out() -> None:
    some = scores(0.5)
    saved = [one._replace(late=False, acted=True) if one.late else one for one in some[: len(some) // 2]]
    state, used = refitted(scorer(), [*saved, *some[len(some) // 2 :]])
    assert used["acted"] == sum(one.acted for one in saved)
    without, _ = refitted(scorer(), [one for one in some[: len(some) // 2] if not one.late] + some[len(some) // 2 :])
    assert state.stages.keys() == without.stages.keys()
    # Those that are left of a like probability weigh more than they would by themselves.
    assert mean(state, some) != mean(without, some)


def test_without_outcomes_nothing_moves() -> None:
    state, used = refitted(scorer(), [])
    assert (state.stages, used["scores"]) == ({}, 0)
    one = scores(0.5)[0]
    (again,) = recomputed(scorer(), [one.inputs])
    assert again is not None
    assert probability(scorer().model, state, one.stage, again.odds) == pytest.approx(one.probability, abs=2e-6)
    assert probability(scorer().model, None, one.stage, again.odds) == one.probability


def test_a_calibrated_scorer_names_its_state_and_leaves_facts_alone() -> None:
    state = State(scorer().hash, {ALL: (1.0, 1.0)})
    plain, moved = scorer().score(cases()), Calibrated(scorer(), state).score(cases())
    for before, after in zip(plain, moved, strict=True):
        if before.odds is None or before.probability in (None, 1.0):
            assert after == before
        else:
            assert after.calibration == state.id
            assert (after.probability or 0) > (before.probability or 0)
            assert (after.inputs, after.reasons, after.input_hash) == (before.inputs, before.reasons, before.input_hash)


def test_what_is_no_input_says_nothing() -> None:
    assert recomputed(scorer(), [b"", b"\1\0\0\0abc", b"nothing"]) == [None, None, None]


SHIFT = timedelta(days=5)
"""By how much later than they used to shipments arrive once the world has changed."""


@cache
def shifted() -> tuple[tuple[Case, ...], tuple[datetime, ...], list[Assessment]]:
    """Simulated shipments, when they arrive in the changed world, and what the release says of them."""
    some = cases(240)
    ends = [(one.shipment.booked or BOOKED, effective_end(one.shipment) or 0.0) for one in some]
    arrived = tuple(booked + timedelta(minutes=minutes) + SHIFT for booked, minutes in ends)
    return some, arrived, scorer().score(some, reasons=False)


def arrivals(rows: Iterable[int], **members: Any) -> list[KnownArrival]:
    """What became known of shipments of the changed world."""
    some, arrived, given = shifted()
    return [
        KnownArrival(
            at.to_bytes(32, "big"), some[at].moment, given[at].probability or 0.0, given[at].inputs, arrived[at],
            arrived[at], False,
        )._replace(**members)
        for at in rows
        if given[at].arrival
    ]  # fmt: skip


def covered(given: Sequence[Assessment], rows: Iterable[int]) -> float:
    """The share of the 90 % intervals that the delivery fell into."""
    told = [(given[at].arrival, shifted()[1][at]) for at in rows]
    inside = [bounds[0] <= end <= bounds[4] for bounds, end in told if bounds]
    return sum(inside) / len(inside)


def test_intervals_cover_again_after_everything_arrives_later() -> None:
    some, _, before = shifted()
    learnt, later = range(160), range(160, 240)
    found, used = refitted(scorer(), [], arrivals(learnt))
    after = Calibrated(scorer(), found).score(some, reasons=False)
    assert used["arrivals"] == len(arrivals(learnt))
    assert covered(before, later) < 0.75
    assert covered(after, later) > 0.84
    assert [one.arrival[2] for one in after if one.arrival] == [one.arrival[2] for one in before if one.arrival]
    assert {one.calibration for one in after if one.arrival} == {found.id}


def test_a_state_of_arrivals_is_written_named_and_read_the_same() -> None:
    found, _ = refitted(scorer(), [], arrivals(range(40)))
    again = State.read(found.written())
    assert (again, again.id, again.written()) == (found, found.id, found.written())
    some = shifted()[0][:40]
    assert Calibrated(scorer(), again).score(some) == Calibrated(scorer(), found).score(some)
    without = State(found.model, found.stages)
    assert without.id != found.id
    assert '"trailseal-calibration/1"' in without.written()  # as it was written before there were arrivals in it
    plain, moved = scorer().score(some), Calibrated(scorer(), State.read(without.written())).score(some)
    assert [one.arrival for one in plain] == [one.arrival for one in moved]


def test_arrivals_count_once_for_a_stage_in_the_order_they_became_known_and_not_if_acted_on() -> None:
    some = arrivals(range(40))
    found, used = refitted(scorer(), [], some)
    assert refitted(scorer(), [], [*some[::-1], *some]) == (found, used)
    late = [some[0]._replace(known=some[-1].known + timedelta(days=90)), *some[1:]]
    assert refitted(scorer(), [], late)[0].id != found.id
    acted = [one._replace(acted=True, delivered_at=BOOKED) for one in arrivals(range(40, 50))]
    told = [one for one, _ in outcomes(scorer(), [*some, *acted])]
    assert set(told) <= set(some)
    assert refitted(scorer(), [], arrivals(range(40), acted=True))[0].arrival is None


def test_an_overdue_shipment_names_the_state_that_its_arrival_comes_from() -> None:
    found, _ = refitted(scorer(), [], arrivals(range(40)))
    one = shifted()[0][0]
    (told,) = scorer().score([one])
    assert told.planned_end is not None
    overdue = replace(one, shipment=known_at(one.shipment, 60.0), moment=told.planned_end + timedelta(hours=5))
    (before,), (after,) = scorer().score([overdue]), Calibrated(scorer(), found).score([overdue])
    assert (before.probability, after.probability, before.band) == (1.0, 1.0, after.band)
    assert before.arrival is not None
    assert (before.calibration, after.calibration) == (None, found.id)


async def test_the_worker_makes_a_state_once_enough_outcomes_are_known(database_url: str) -> None:
    given = {"DATABASE_URL": database_url, "CONSORTIUM_SECRET": "ab" * 32, "KEY_ENCRYPTION_KEY": "cd" * 32}
    settings = Settings.from_environment({f"TRAILSEAL_{name}": value for name, value in given.items()})
    database, now = Database(database_url, 2), datetime.now(UTC)
    known = scores(0.7)[: FRESH + 5]
    await _put(database, known[: FRESH - 1], now)
    assert await Calibrator(database, settings).step() is False
    await _put(database, known[FRESH - 1 :], now)
    assert await Calibrator(database, settings).step() is True
    assert await Calibrator(database, settings).step() is False  # nothing became known since
    async with database.session() as session:
        found = await newest(session, scorer().hash)
        assert found is not None
        kept = await state(session, found.id)
        used = (await session.execute(text("SELECT used FROM calibrations"))).scalar_one()
        scorers = Scorers(settings)
        active = await scorers.active(session)
        assert await scorers.active(session) is active
    assert used == {"scores": 2 * len(known), "shipments": len(known), "acted": 0, "arrivals": len(known)}
    assert kept is not None
    assert State.read(kept).arrival is not None
    assert isinstance(active, Calibrated)
    told = active.score(cases())
    assert {one.calibration for one in told if one.calibration} == {found.id}
    assert [one.arrival for one in told] != [one.arrival for one in scorer().score(cases())]
    await database.close()


async def _put(database: Database, some: list[KnownScore], now: datetime) -> None:
    """Stores two scores of each, given yesterday, with outcomes known since an hour."""
    yesterday, hour = now - timedelta(days=1), now - timedelta(hours=1)
    async with database.session() as session:
        for one in some:
            booking = int.from_bytes(one.trail, "big") + 1
            columns = ("trail", "event", "booked_at", "recorded_at", "planned_minutes")
            await copy(session, "shipments", columns, [(one.trail, booking, yesterday, yesterday, 1440)])
            columns = ("booking", "known_from", "delivered_at", "late", "minutes")
            await copy(session, "shipment_outcomes", columns, [(booking, hour, hour, one.late, 5)])
            row = {
                "trail": one.trail, "as_of": yesterday, "created_at": yesterday, "stage": one.stage,
                "probability": one.probability, "band": "low", "planned_end": now, "reasons": "[]",
                "model_hash": scorer().hash, "input_hash": "i", "party": bytes(32), "inputs": one.inputs,
            }  # fmt: skip
            await copy(session, "assessments", ["id", *row], [[uuid4(), *row.values()] for _ in range(2)])
        await session.execute(text("ANALYZE assessments"))
