"""The calibration follows what outcomes teach, without learning from those that somebody acted on."""

from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from ml.scorer import Case, Scorer
from ml.simulate import season
from service.config import Settings
from service.risk.calibrated import ALL, Calibrated, State, probability
from service.risk.calibrating import FRESH, Calibrator, refitted
from service.risk.recomputing import recomputed
from service.risk.scorers import Scorers
from service.store.database import Database, copy
from service.store.score_calibrations import KnownScore, newest

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
    assert used == {"scores": len(some), "shipments": len(some), "acted": 0}
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
        active = await Scorers(settings).active(session)
    assert found is not None
    assert isinstance(active, Calibrated)
    told = active.score(cases())
    assert {one.calibration for one in told if one.calibration} == {found[0]}
    await database.close()


async def _put(database: Database, some: list[KnownScore], now: datetime) -> None:
    """Stores scores that were given yesterday, with outcomes known since an hour."""
    yesterday, hour = now - timedelta(days=1), now - timedelta(hours=1)
    async with database.session() as session:
        for one in some:
            booking = int.from_bytes(one.trail, "big") + 1
            columns = ("trail", "event", "booked_at", "recorded_at", "planned_minutes")
            await copy(session, "shipments", columns, [(one.trail, booking, yesterday, yesterday, 1440)])
            columns = ("booking", "known_from", "delivered_at", "late", "minutes")
            await copy(session, "shipment_outcomes", columns, [(booking, hour, hour, one.late, 5)])
            row = {
                "id": uuid4(), "trail": one.trail, "as_of": yesterday, "created_at": yesterday, "stage": one.stage,
                "probability": one.probability, "band": "low", "planned_end": now, "reasons": "[]",
                "model_hash": scorer().hash, "input_hash": "i", "party": bytes(32), "inputs": one.inputs,
            }  # fmt: skip
            await copy(session, "assessments", list(row), [list(row.values())])
        await session.execute(text("ANALYZE assessments"))
