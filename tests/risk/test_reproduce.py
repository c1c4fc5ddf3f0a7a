"""Scores are computed again bit for bit from what was known then, whatever came, went or was altered since."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from ml import cards
from ml.arrival import STAGES
from ml.conformal import Outcome
from ml.gs1_keys import sscc
from ml.model_files import PACKAGED
from ml.scorer import Scorer
from ml.simulate import season
from ml.to_epcis import to_epcis
from service.erasure.erasures import Erasures
from service.parties.signing_keys import SigningKeys
from service.risk import offline
from service.risk.assessing import Risk
from service.risk.calibrated import State
from service.risk.errors import AssessmentNotFound
from service.risk.following import Follower
from service.risk.models import Releases
from service.risk.reproduce import Reproductions
from service.risk.scorers import basis_of, ledger_name
from service.risk.scoring import Scoring
from service.risk.sealing import Sealer
from service.risk.statement import MEMBER
from service.risk.trust_errors import ModelMissing
from service.store import score_calibrations
from tests.risk.desk import Desk, desk_over
from tests.sealing.cases import WORLD
from tests.sealing.world import START as START_OF_CHAIN
from tests.sealing.world import Told, said
from tests.trails.freight import SUPPLIER

START = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_over(database_url) as made:
        made.settings = made.settings.model_copy(update={"risk_party": made.analyst.identifier})
        await SigningKeys(made.database, made.settings).create(made.analyst)
        yield made


@pytest.fixture
def again(desk: Desk) -> Reproductions:
    return Reproductions(desk.database, desk.settings)


class Story:
    """Simulated shipments that were booked two days ago, told up to now, and the rest of them."""

    def __init__(self, desk: Desk, count: int = 3, seed: int = 3) -> None:
        self.desk, self.seed = desk, seed
        self.documents = [to_epcis(one.shipment, START) for one in season(count, seed, START)]
        self.units = [sscc(one.shipment.nr, "o") for one in season(count, seed, START) if one.shipment.nr is not None]

    async def tell(self, *, rest: bool = False) -> None:
        """What happened by now; or what happens later, dated now."""
        now = datetime.now(UTC)
        for number, document in enumerate(self.documents):
            told = []
            for place, event in enumerate(document["epcisBody"]["eventList"]):
                happened = datetime.fromisoformat(event["eventTime"]) <= now - timedelta(hours=1)
                if happened is not rest:
                    moment = {"eventTime": (now - timedelta(seconds=1)).isoformat()} if rest else {}
                    told.append(event | moment | {"eventID": f"urn:trailseal:test:{self.seed}:{number}:{place}"})
            if told:
                await self.desk.capture(self.desk.acme, document, *told)
        await followed(self.desk)

    async def scored(self) -> list[UUID]:
        """Scores what is due, as the worker does; the ids of the scores stored."""
        before = {row[0] for row in await self.desk.rows("SELECT id FROM assessments")}
        scoring = Scoring(self.desk.database, self.desk.settings)
        while await scoring.step():
            pass
        rows = await self.desk.rows("SELECT id FROM assessments ORDER BY created_at, id")
        return [row[0] for row in rows if row[0] not in before]


async def followed(desk: Desk) -> None:
    follower = Follower(desk.database)
    while await follower.step():
        pass


async def sealed(desk: Desk) -> None:
    sealer = Sealer(desk.database, desk.settings)
    while await sealer.step():
        pass


async def row_of(desk: Desk, assessment: UUID) -> dict[str, Any]:
    names = "probability, inputs, input_hash, known_seq, reasons, stage"
    (row,) = await desk.rows(f"SELECT {names} FROM assessments WHERE id = :id", id=assessment)
    return dict(row._mapping)


async def from_inputs(desk: Desk, given: list[UUID]) -> list[UUID]:
    """Those of the scores that were computed: no facts, no abstentions."""
    return [one for one in given if (await row_of(desk, one))["inputs"]]


async def test_every_score_is_the_same_again(desk: Desk, again: Reproductions) -> None:
    story = Story(desk)
    await story.tell()
    given = await story.scored()
    assert len(given) == 3
    assert await from_inputs(desk, given)
    for one in given:
        told = await again.reproduce(desk.acme, one)
        assert (told["reproduced"], told["from"], told["differs"], told["eventsErasedSince"]) == (True, "events", [], 0)
    assert (await again.reproduce(desk.analyst, given[0]))["reproduced"]
    with pytest.raises(AssessmentNotFound):
        await again.reproduce(desk.stranger, given[0])
    with pytest.raises(AssessmentNotFound):
        await again.reproduce(desk.acme, UUID(int=1))


async def test_what_came_later_changes_nothing(desk: Desk, again: Reproductions) -> None:
    story = Story(desk)
    await story.tell()
    given = await story.scored()
    await story.tell(rest=True)  # deliveries too: outcomes of the very lanes
    assert (await desk.rows("SELECT count(*) FROM shipment_outcomes"))[0][0] > 0
    for one in given:
        told = await again.reproduce(desk.acme, one)
        assert (told["reproduced"], told["from"], told["differs"]) == (True, "events", [])
    assert sum([(await again.reproduce(desk.acme, one))["eventsSince"] for one in given]) > 0


async def test_an_altered_row_is_told_and_so_is_one_that_its_statement_belies(desk: Desk, again: Reproductions) -> None:
    story = Story(desk)
    await story.tell()
    given = await from_inputs(desk, await story.scored())
    await sealed(desk)
    told = await again.reproduce(desk.acme, given[0])
    assert (told["reproduced"], told["statement"]["state"], told["statement"]["differs"]) == (True, "captured", [])
    stored = (await row_of(desk, given[0]))["probability"]
    await desk.rows("UPDATE assessments SET probability = probability / 2, band = 'low' WHERE id = :id", id=given[0])
    told = await again.reproduce(desk.acme, given[0])
    assert told["reproduced"] is False
    changed = {one["what"]: one for one in told["differs"]}
    assert set(changed) >= {"probability", "sealed trailseal:probability"}
    assert float(changed["probability"]["computed"]) == stored
    assert float(changed["sealed trailseal:probability"]["computed"]) == stored


async def test_inputs_that_were_altered_are_told(desk: Desk, again: Reproductions) -> None:
    story = Story(desk)
    await story.tell()
    given = (await from_inputs(desk, await story.scored()))[0]
    await desk.rows("UPDATE assessments SET input_hash = repeat('0', 64) WHERE id = :id", id=given)
    told = await again.reproduce(desk.acme, given)
    assert [one["what"] for one in told["differs"]] == ["input_hash"]


async def test_after_an_erasure_the_stored_inputs_tell_the_score(desk: Desk, again: Reproductions) -> None:
    story = Story(desk)
    await story.tell()
    given = [one for one in await story.scored() if (await row_of(desk, one))["stage"] != "booked"]
    (found,) = await desk.rows(
        "SELECT max(event_id) FROM events JOIN mentions ON mentions.event = seq"
        " JOIN shipment_units ON unit = mentions.trail JOIN shipments ON shipments.event = booking"
        " JOIN assessments ON assessments.trail = shipments.trail WHERE assessments.id = :id"
        " AND events.event_type = 'ObjectEvent' AND biz_step <> 'commissioning'",
        id=given[0],
    )
    event = found[0]
    eraser = replace(desk.acme, scopes=frozenset((*desk.acme.scopes, "events:erase")))
    await Erasures(desk.database, desk.settings).erase(eraser, event, "a test")
    told = await again.reproduce(desk.acme, given[0])
    assert (told["reproduced"], told["from"], told["differs"]) == (True, "inputs", [])
    assert told["eventsErasedSince"] == 1
    assert "erased" in told["notes"][0]
    await desk.rows("UPDATE assessments SET probability = 0.999 WHERE id = :id", id=given[0])
    told = await again.reproduce(desk.acme, given[0])
    assert (told["reproduced"], [one["what"] for one in told["differs"]]) == (False, ["probability"])


async def test_a_score_of_a_calibration_that_moved_on_is_the_same_again(desk: Desk) -> None:
    story = Story(desk)
    await story.tell()
    (hash_, *_) = Releases().cards()
    states = [State(hash_, {"all": pair}) for pair in ((0.7, 0.4), (1.5, -1.0))]
    await keep(desk, states[0])
    given = await from_inputs(desk, await story.scored())
    await keep(desk, states[1])
    told = await Reproductions(desk.database, desk.settings).reproduce(desk.acme, given[0])
    assert (told["reproduced"], told["differs"], told["calibration"]) == (True, [], states[0].id)
    await desk.rows("UPDATE calibrations SET state = :other WHERE id = :id", other=states[1].written(), id=states[0].id)
    with pytest.raises(ModelMissing, match="calibration"):
        await Reproductions(desk.database, desk.settings).reproduce(desk.acme, given[0])


async def test_quantiles_of_a_conformal_state_that_moved_on_are_the_same_again(
    desk: Desk, again: Reproductions
) -> None:
    story, head, (hash_, *_) = Story(desk), Scorer.load().arrival, Releases().cards()
    assert head is not None
    await story.tell()
    given = [(await from_inputs(desk, await story.scored()))[0]]
    unit = (await desk.rows(
        "SELECT identifier FROM trails JOIN assessments ON trail = trails.id WHERE assessments.id = :id", id=given[0]
    ))[0][0]  # fmt: skip
    states = [State(hash_, {}, head.conformal.updated(far(by)).to_json()) for by in (2.0, 3.0)]
    for state in states:
        await keep(desk, state)
        (told,) = await Risk(desk.database, desk.settings).assess(desk.acme, [(unit, None)])
        given.append(UUID(str(told["assessmentID"])))
    found = [await again.reproduce(desk.acme, one) for one in given]
    assert [(one["reproduced"], one["from"], one["differs"]) for one in found] == [(True, "events", [])] * 3
    assert [one["calibration"] for one in found] == [None, *(state.id for state in states)]
    widths = [
        await desk.rows("SELECT arrival[5] - arrival[1] FROM assessments WHERE id = :id", id=one) for one in given
    ]
    assert len({width[0][0] for width in widths}) == 3
    await desk.rows("UPDATE assessments SET calibration = :other WHERE id = :id", other=states[1].id, id=given[1])
    told_again = await again.reproduce(desk.acme, given[1])
    assert (told_again["reproduced"], [one["what"] for one in told_again["differs"]]) == (False, ["arrival"])


def far(by: float) -> list[Outcome]:
    """Deliveries so many half intervals from the median, on both sides, at every stage."""
    return [Outcome(f"{at}", stage, (-by, -by, by, by)) for at in range(600) for stage in STAGES]


async def test_a_model_of_this_ledger_is_told_the_lane_rates_it_was_told_then(desk: Desk, tmp_path: Path) -> None:
    """Its frozen rates are of outcomes that the ledger counts: together they would count twice."""
    folder = tmp_path / "mine"
    shutil.copytree(PACKAGED, folder)
    async with desk.database.session() as session:
        learnt_from = {"ledger": await ledger_name(session)}
    late = cards.heads_of(folder)["late"] / "model.json"
    late.write_bytes(orjson.dumps(orjson.loads(late.read_bytes()) | {"learnt_from": learnt_from}))
    desk.settings = desk.settings.model_copy(update={"model_folder": folder})
    story = Story(desk)
    await story.tell()
    scorer = Scorer.load(folder)
    async with desk.database.session() as session:
        assert (await basis_of(session, scorer)) != scorer.model.rates
    given = await story.scored()
    told = [await Reproductions(desk.database, desk.settings).reproduce(desk.acme, one) for one in given]
    assert [(one["reproduced"], one["from"], one["differs"]) for one in told] == [(True, "events", [])] * len(given)
    assert given


async def keep(desk: Desk, state: State) -> None:
    async with desk.database.session() as session:
        await score_calibrations.add(session, state.id, state.model, state.written(), {"shipments": 1})


async def test_a_sealed_statement_is_checked_without_the_service(desk: Desk, again: Reproductions) -> None:
    story = Story(desk)
    await story.tell()
    (hash_, *_) = Releases().cards()
    await keep(desk, State(hash_, {"all": (0.7, 0.4)}))
    given = (await from_inputs(desk, await story.scored()))[0]
    await sealed(desk)
    inputs = orjson.dumps(await again.inputs(desk.acme, given))
    (row,) = await desk.rows("SELECT document FROM events WHERE event_id = :id", id=f"urn:uuid:{given}")
    statement = orjson.loads(row[0])
    assert offline.check(str(given), bundle(statement), inputs, None)["reproduced"] is True
    altered = orjson.loads(row[0])
    altered[MEMBER]["trailseal:probability"] = "0.01"
    told = offline.check(str(given), bundle(altered), inputs, None)
    assert (told["reproduced"], [one["what"] for one in told["differs"]]) == (False, ["probability"])
    with pytest.raises(offline.NoStatement, match="no statement"):
        offline.check(str(UUID(int=1)), bundle(statement), inputs, None)
    with pytest.raises(offline.NoStatement, match="save-inputs"):
        offline.check(str(given), bundle(statement), b"{}", None)
    with pytest.raises(offline.NoStatement, match="does not read"):
        offline.check(str(given), b"{}", inputs, None)
    with pytest.raises(offline.NoStatement, match="no risk trail"):
        offline.check(str(given), (WORLD.bundle()).dump(), inputs, None)


def bundle(statement: dict[str, Any]) -> bytes:
    """A bundle of a made-up chain on which the statement was recorded."""
    (trail,) = statement["epcList"]
    told = said(SUPPLIER, statement, START_OF_CHAIN, trail)
    return WORLD.but(trails=(Told((told,), trail, custody=0),)).bundle().dump()


async def test_a_release_that_is_missing_or_altered_is_named(desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "releases" / "mine"
    shutil.copytree(PACKAGED, folder)
    told = orjson.loads((cards.heads_of(folder)["late"] / "model.json").read_bytes()) | {"name": "mine"}
    (cards.heads_of(folder)["late"] / "model.json").write_bytes(orjson.dumps(told))
    desk.settings = desk.settings.model_copy(update={"model_folder": tmp_path / "releases"})
    story = Story(desk)
    await story.tell()
    given = (await from_inputs(desk, await story.scored()))[0]
    assert (await Reproductions(desk.database, desk.settings).reproduce(desk.acme, given))["reproduced"] is True
    weights = next(folder.rglob("*.safetensors"))
    kept = weights.read_bytes()
    weights.write_bytes(kept[:-8] + bytes(8))
    with pytest.raises(ModelMissing, match=weights.name):
        await Reproductions(desk.database, desk.settings).reproduce(desk.acme, given)
    shutil.rmtree(folder)
    with pytest.raises(ModelMissing, match="no release"):
        await Reproductions(desk.database, desk.settings).reproduce(desk.acme, given)
    shutil.copytree(PACKAGED, tmp_path / "releases" / "other")  # another release does not stand in for it
    assert Releases(tmp_path / "releases").cards()
    with pytest.raises(ModelMissing):
        await Reproductions(desk.database, desk.settings).reproduce(desk.acme, given)


async def test_a_score_given_before_the_follower_had_counted_an_outcome_is_the_same_again(desk: Desk) -> None:
    """Outcomes that were recorded before the score and followed after it are not in it, and are found not to be."""
    earlier, story = Story(desk, count=12, seed=9), Story(desk)
    await earlier.tell()
    await story.tell()
    for document in earlier.documents:  # delivered just now, and not followed yet
        told = [event | {"eventTime": (datetime.now(UTC) - timedelta(seconds=1)).isoformat()}
                for event in document["epcisBody"]["eventList"]
                if datetime.fromisoformat(event["eventTime"]) > datetime.now(UTC) - timedelta(hours=1)]  # fmt: skip
        if told:
            await desk.capture(desk.acme, document, *told)
    given = await from_inputs(desk, await story.scored())
    await followed(desk)
    assert (await desk.rows("SELECT count(*) FROM shipment_outcomes"))[0][0] > 0
    again = Reproductions(desk.database, desk.settings)
    told_again = [await again.reproduce(desk.acme, one) for one in given]
    ours = [one for one in told_again if one["eventsSince"] == 0]
    assert ours
    assert all(one["reproduced"] for one in ours)
    assert any("counted" in note for one in ours for note in one["notes"])
