"""Training on a ledger's own deliveries: a release comes out that the service can be switched to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import typer

import ml.arrival_train
import ml.challengers
import ml.train
from ml import cards
from ml.assessment import Case
from ml.scorer import Scorer
from ml.shipment import first
from service.cli import ledger_training
from service.cli.ledger_training import Trained, train_on_ledger
from service.risk import ledger_history
from service.risk.models import Models
from service.risk.scorers import Scorers, basis_of
from service.risk.trust_errors import NotBetter
from tests.ledger.world import caller_of
from tests.risk.desk import Desk, desk_over
from tests.risk.story import LATER, events_of, follow, story, tell
from tests.risk.test_ledger_history import SEAL

ADMIN = caller_of("https://id.gs1.org/417/9521000000001", "office")
Train = Callable[..., Trained]


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_over(database_url) as made:
        yield made


@pytest.fixture
async def train(desk: Desk, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Train:
    """Training of a very small model on a ledger with some deliveries, into a folder beside `tmp_path`/models."""
    tiny = partial(ml.train.Recipe, members=1, most_epochs=1, hidden=4, width=8, heads=1)
    monkeypatch.setattr(ml.train, "Recipe", tiny)
    small = partial(ml.arrival_train.Recipe, members=1, validators=1, epochs=1, width=8)
    monkeypatch.setattr(ml.arrival_train, "Recipe", small)
    for rounds in ("ROUNDS", "FEW"):
        monkeypatch.setattr(ml.challengers, rounds, 3)
    monkeypatch.setattr(ledger_history, "LEAST", 40)
    monkeypatch.setattr(ledger_history, "LEAST_OF_A_KIND", 3)
    await asyncio.gather(*[tell(desk, events_of(one)) for one in story(60)])
    await desk.rows(SEAL)
    await follow(desk)

    def run(name: str, progress: ledger_training.Progress = lambda *_: None, *, force: bool = False) -> Trained:
        return train_on_ledger(database_url, tmp_path / "models" / name, 0, progress, force=force)

    return run


async def test_a_release_is_trained_that_the_service_can_be_switched_to(
    desk: Desk, train: Train, tmp_path: Path
) -> None:
    told = await asyncio.to_thread(train, "own", force=True)
    assert (told.promoted, told.folder, told.hash) == (True, tmp_path / "models/own", cards.hash_of(told.folder))
    assert set(cards.heads_of(told.folder)) == set(cards.HEADS)
    assert sorted(path.name for path in told.folder.iterdir() if path.is_file()) == sorted(
        (cards.CARD, cards.PAGE, cards.REFERENCE)
    )
    card = cards.read_card(told.folder)
    assert card.learnt_from["late"]["shipments"] == card.learnt_from["arrival"]["shipments"] == 60
    underway = story(1, seed=9)[0]
    given = Scorer.load(told.folder).score([Case(first(underway, 2), underway.booked or LATER)])[0]
    assert given.model_hash == told.hash

    settings = desk.settings.model_copy(update={"model_folder": tmp_path / "models"})
    models, scorers = Models(desk.database, settings), Scorers(settings)
    listed = {one["hash"]: one for one in await models.listed(ADMIN)}
    assert listed[told.hash]["name"] == "ledger"
    if not listed[told.hash]["noWorseThanChallengers"]:
        with pytest.raises(NotBetter, match="worse than"):
            await models.promote(ADMIN, told.hash)
    assert (await models.promote(ADMIN, told.hash, anyway=True))["scores"]
    async with desk.database.session() as session:
        scorer = await scorers.active(session)
        assert scorer.hash == told.hash
        assert (await basis_of(session, scorer)).total.seen == 0, "the live counts have these deliveries already"


async def test_a_run_that_was_ended_goes_on_and_gives_the_same_release(
    train: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_training, "find_spec", lambda _name: None)  # challengers take time
    whole = await asyncio.to_thread(train, "whole")
    seen = list[str]()

    def ended(stage: str, done: int, _of: int) -> None:
        seen.append(stage)
        if stage.startswith("arrival") and done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await asyncio.to_thread(train, "again", ended)
    assert {"read the ledger", "describe", "choose", "fit"} <= set(seen)
    members = whole.folder.parent.parent / "again" / cards.CANDIDATE / "members"
    before = {file.name: file.stat().st_mtime_ns for file in members.iterdir()}
    assert len(before) >= 5
    assert (await asyncio.to_thread(train, "again")).hash == whole.hash
    assert {file.name: file.stat().st_mtime_ns for file in members.iterdir()}.items() >= before.items()


async def test_without_challengers_nothing_is_promoted_and_a_candidate_is_no_release(
    desk: Desk, train: Train, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_training, "find_spec", lambda _name: None)
    told = await asyncio.to_thread(train, "own", force=True)
    assert not told.promoted
    assert "trailseal[bench]" in told.why
    assert told.folder == tmp_path / "models/own" / cards.CANDIDATE
    assert cards.heads_of(told.folder)
    for folder in (tmp_path / "models", tmp_path / "models/own"):
        settings = desk.settings.model_copy(update={"model_folder": folder})
        listed = await Models(desk.database, settings).listed(replace(ADMIN))
        assert told.hash not in {one["hash"] for one in listed}


async def test_a_release_that_gave_scores_is_not_overwritten(train: Train, tmp_path: Path) -> None:
    (tmp_path / "models/own/late").mkdir(parents=True)
    with pytest.raises(typer.BadParameter, match="name another folder"):
        train("own")


def test_the_ledger_is_the_one_of_the_environment_or_of_the_service_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert ledger_training.database_url({"TRAILSEAL_DATABASE_URL": "postgresql://here"}) == "postgresql://here"
    with pytest.raises(typer.BadParameter, match="TRAILSEAL_DATABASE_URL"):
        ledger_training.database_url({})
    monkeypatch.setattr(ledger_training, "running", lambda: {"database": "postgresql://there"})
    assert ledger_training.database_url({}) == "postgresql://there"
