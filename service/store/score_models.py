"""Models as the service knows them: their cards, and since when each scores."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import text

from service.store.database import Session


class ModelRow(NamedTuple):
    """A registered model; `card` is its Markdown."""

    hash: str
    name: str
    head: str
    files: dict[str, Any]
    learnt_from: dict[str, Any]
    recipe: dict[str, Any]
    versions: dict[str, Any]
    figures: dict[str, Any]
    card: str
    made_at: datetime | None
    registered_at: datetime
    promoted_at: datetime | None
    retired_at: datetime | None


_COLUMNS = ", ".join(ModelRow._fields)
_JSON = ("files", "learnt_from", "recipe", "versions", "figures")


async def register(session: Session, model: ModelRow) -> None:
    """Notes a model and its card; one that is known stays as it is."""
    names = [name for name in ModelRow._fields if name not in ("registered_at", "promoted_at", "retired_at")]
    values = ", ".join(f"CAST(:{name} AS jsonb)" if name in _JSON else f":{name}" for name in names)
    given = model._asdict() | {name: orjson.dumps(getattr(model, name)).decode() for name in _JSON}
    statement = text(f"INSERT INTO models ({', '.join(names)}) VALUES ({values}) ON CONFLICT DO NOTHING")  # noqa: S608
    await session.execute(statement, {name: given[name] for name in names})


async def models(session: Session) -> list[ModelRow]:
    """All models, the one that was promoted last first."""
    statement = text(
        f"SELECT {_COLUMNS} FROM models ORDER BY promoted_at DESC NULLS LAST, registered_at DESC, hash"  # noqa: S608
    )
    return [ModelRow(*row) for row in (await session.execute(statement)).all()]


async def model(session: Session, hash_: str) -> ModelRow | None:
    """The model with this hash."""
    statement = text(f"SELECT {_COLUMNS} FROM models WHERE hash = :hash")  # noqa: S608
    row = (await session.execute(statement, {"hash": hash_})).one_or_none()
    return ModelRow(*row) if row else None


async def promote(session: Session, hash_: str, party: bytes) -> None:
    """The model scores from now on; again is as once while it is the last one that was promoted."""
    statement = text(
        "UPDATE models SET promoted_at = clock_timestamp(), promoted_by = :party, retired_at = NULL, retired_by = NULL"
        " WHERE hash = :hash AND (retired_at IS NOT NULL OR promoted_at IS NULL"
        " OR promoted_at < (SELECT max(promoted_at) FROM models WHERE retired_at IS NULL))"
    )
    await session.execute(statement, {"hash": hash_, "party": party})


async def retire(session: Session, hash_: str, party: bytes) -> None:
    """The model does not score any more; again is as once."""
    statement = text(
        "UPDATE models SET retired_at = now(), retired_by = :party WHERE hash = :hash AND retired_at IS NULL"
    )
    await session.execute(statement, {"hash": hash_, "party": party})


async def promoted(session: Session) -> list[str]:
    """The hashes of the models that may score, the one that was promoted last first."""
    statement = text(
        "SELECT hash FROM models WHERE promoted_at IS NOT NULL AND retired_at IS NULL ORDER BY promoted_at DESC"
    )
    return list((await session.execute(statement)).scalars())


async def retired(session: Session) -> set[str]:
    """The hashes of the models that were retired."""
    return set((await session.execute(text("SELECT hash FROM models WHERE retired_at IS NOT NULL"))).scalars())


async def usage(session: Session, hashes: Sequence[str]) -> dict[str, int]:
    """How many stored scores each of the models gave."""
    statement = text(
        "SELECT model_hash, count(*) FROM assessments WHERE model_hash = ANY(CAST(:hashes AS text[])) GROUP BY 1"
    )
    return {row[0]: row[1] for row in (await session.execute(statement, {"hashes": list(hashes)})).all()}
