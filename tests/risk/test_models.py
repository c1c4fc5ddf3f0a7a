"""The registry of models: what lies in the folder, what its card says, and who decides which one scores."""

import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml import cards
from ml.model_files import PACKAGED, read
from service.config import Settings
from service.parties.errors import ScopeMissing
from service.risk.models import Models, Releases, active_folder
from service.risk.trust_errors import ModelMissing, ModelNotFound, NotBetter
from service.store.database import Database
from tests.ledger.world import caller_of

ADMIN = caller_of("https://id.gs1.org/417/9521000000001", "office")
ANALYST = replace(ADMIN, scopes=frozenset(("risk:read",)))


@pytest.fixture
def packaged() -> Path:
    """The folder of one head of the release that comes with the package."""
    return cards.heads_of(PACKAGED)["late"]


@pytest.fixture
async def models(database_url: str, tmp_path: Path, packaged: Path) -> AsyncIterator[Models]:
    """A registry over a folder with one release of our own, whose card says that it is no worse."""
    released(packaged, tmp_path / "next", {"promoted": True})
    given = {"DATABASE_URL": database_url, "CONSORTIUM_SECRET": "ab" * 32, "KEY_ENCRYPTION_KEY": "cd" * 32}
    given["MODEL_FOLDER"] = str(tmp_path)
    settings = Settings.from_environment({f"TRAILSEAL_{name}": value for name, value in given.items()})
    database = Database(database_url, 2)
    yield Models(database, settings)
    await database.close()


def released(packaged: Path, folder: Path, verdict: dict[str, bool]) -> str:
    """The hash of a release like the packaged one, but for its name, that of the folder, and its verdict."""
    shutil.copytree(packaged, folder)
    told = json.loads((folder / "model.json").read_bytes()) | {"name": folder.name, "promotion": verdict}
    (folder / "model.json").write_text(json.dumps(told))
    return cards.hash_of(folder)


async def named(models: Models, name: str) -> dict[str, Any]:
    return next(one for one in await models.listed(ANALYST) if one["name"] == name)


def test_a_card_has_the_hash_that_scores_name(packaged: Path) -> None:
    card = cards.read_card(packaged)
    assert card.hash == read(packaged).hash
    assert card.hash in card.markdown()
    assert set(card.files) >= {"model.json"}


def test_a_card_is_written_beside_the_release_and_changes_nothing(tmp_path: Path, packaged: Path) -> None:
    shutil.copytree(packaged, tmp_path / "release")
    before = cards.hash_of(tmp_path / "release")
    card = cards.write_card(tmp_path / "release")
    told = json.loads((tmp_path / "release" / "card.json").read_bytes())
    assert (told["hash"], told["limits"]) == (before, list(card.limits))
    assert cards.read_card(tmp_path / "release").files == card.files


def test_several_heads_are_one_release(tmp_path: Path, packaged: Path) -> None:
    for head in ("late", "arrival"):
        shutil.copytree(packaged, tmp_path / head)
    single = cards.hash_of(packaged)
    assert cards.read_card(tmp_path).heads == {"late": single, "arrival": single}
    assert cards.hash_of(tmp_path) == cards.release_hash({"arrival": single, "late": single}) != single


def test_what_is_missing_is_named(tmp_path: Path, packaged: Path) -> None:
    shutil.copytree(packaged, tmp_path / "broken")
    hash_ = cards.hash_of(tmp_path / "broken")
    weights = next((tmp_path / "broken").glob("*.safetensors"))
    kept = weights.read_bytes()
    weights.write_bytes(kept[:-1] + bytes((kept[-1] ^ 1,)))
    with pytest.raises(cards.NoRelease, match="was altered"):
        cards.hash_of(tmp_path / "broken")
    weights.unlink()
    with pytest.raises(ModelMissing, match="are missing") as missing:
        Releases(tmp_path / "broken").folder_of("0" * 64)
    assert missing.value.status == 409
    with pytest.raises(cards.NoRelease, match=r"has model\.json"):
        cards.heads_of(tmp_path / "nowhere")
    assert hash_ != "0" * 64


async def test_before_a_promotion_the_folder_s_release_scores_then_the_one_promoted_last(models: Models) -> None:
    assert (await named(models, "next"))["scores"] is True
    own, packaged = await named(models, "next"), next(one for one in await models.listed(ANALYST) if not one["scores"])
    await models.promote(ADMIN, packaged["hash"], anyway=True)
    assert (await models.one(ANALYST, packaged["hash"]))["scores"] is True
    told = await models.promote(ADMIN, own["hash"])
    assert told["scores"] is True
    assert "# next" in told["card"]
    async with models._database.session() as session:
        folder = await active_folder(session, models._settings)
    assert folder.name == "next"
    await models.retire(ADMIN, own["hash"])
    assert (await models.one(ANALYST, packaged["hash"]))["scores"] is True
    assert (await models.one(ANALYST, own["hash"]))["retiredAt"] is not None


async def test_only_what_is_shown_to_be_no_worse_is_promoted(models: Models, tmp_path: Path, packaged: Path) -> None:
    worse = released(packaged, tmp_path / "worse", {"promoted": False})
    with pytest.raises(NotBetter, match=r"no comparison|worse"):
        await models.promote(ADMIN, worse)
    with pytest.raises(ScopeMissing):
        await models.promote(ANALYST, worse)
    with pytest.raises(ModelNotFound):
        await models.one(ANALYST, "0" * 64)


async def test_a_promoted_model_without_its_files_is_told(models: Models, tmp_path: Path) -> None:
    own = await named(models, "next")
    await models.promote(ADMIN, own["hash"])
    shutil.rmtree(tmp_path / "next")
    assert (await named(models, "next"))["available"] is False
    async with models._database.session() as session:
        with pytest.raises(ModelMissing, match=own["hash"]):
            await active_folder(session, models._settings)
