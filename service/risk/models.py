"""The use: which models there are, what their cards say, and which of them scores.

`TRAILSEAL_MODEL_FOLDER` is one release, or a folder of releases (each in a folder of its own, best named by its hash).
Old ones stay there, so that the scores that they gave can be computed again. The one that was promoted last and not
retired scores; before the first promotion it is the one release of the folder, or the one that comes with `ml`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from service.config import Settings
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk.trust_errors import ModelMissing, ModelNotFound, NotBetter
from service.store import score_models as store
from service.store.database import Database, Session
from service.store.score_models import ModelRow

if TYPE_CHECKING:
    from ml.cards import Card


@dataclass(frozen=True, slots=True)
class Releases:
    """The releases in the folder that the settings name, and the one that comes with the package."""

    folder: Path | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Releases":
        return cls(settings.model_folder)

    def folders(self) -> list[Path]:
        """Every folder with a release, the configured ones first."""
        from ml.cards import CANDIDATE, NoRelease, heads_of
        from ml.model_files import PACKAGED

        def is_release(path: Path) -> bool:
            try:
                return bool(heads_of(path))
            except NoRelease:
                return False

        if self.folder is None:
            return [PACKAGED]
        if is_release(self.folder):
            return [self.folder, PACKAGED]
        below = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        return [*(one for one in below if one.name != CANDIDATE and is_release(one)), PACKAGED]

    def cards(self) -> dict[str, tuple[Path, "Card"]]:
        """The cards of all releases that are intact, by hash, with their folders."""
        from ml.cards import NoRelease, read_card

        found: dict[str, tuple[Path, Card]] = {}
        for folder in self.folders():
            try:
                card = read_card(folder)
            except NoRelease:
                continue
            found.setdefault(card.hash, (folder, card))
        return found

    def folder_of(self, hash_: str) -> Path:
        """Where the release with this hash lies; raises ModelMissing, which says what is wrong with it."""
        from ml.cards import NoRelease, hash_of

        wrong: list[str] = []
        for folder in self.folders():
            try:
                if hash_of(folder) == hash_:
                    return folder
            except NoRelease as fault:
                wrong.append(str(fault))
        where = self.folder or "the package"
        told = "; ".join([f"no release in {where} has the hash {hash_}", *wrong])
        raise ModelMissing(f"{told}: put the release's folder back into TRAILSEAL_MODEL_FOLDER")


async def active_folder(session: Session, settings: Settings) -> Path:
    """The folder of the release that scores now; raises ModelMissing where the promoted one is not there."""
    releases = Releases.of(settings)
    for hash_ in await store.promoted(session):
        return await asyncio.to_thread(releases.folder_of, hash_)
    gone, cards = await store.retired(session), await asyncio.to_thread(releases.cards)
    for hash_, (folder, _) in cards.items():
        if hash_ not in gone:
            return folder
    raise ModelMissing("every release that there is was retired: promote one")


class Models:
    """The registry of models. Everybody who may read risks reads it; administrators decide which one scores."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings, self._releases = database, settings, Releases.of(settings)

    async def listed(self, caller: Caller) -> list[dict[str, Any]]:
        """Every model that was ever registered or lies in the folder, the one that scores first."""
        caller.require(Scope.RISK_READ)
        cards = await asyncio.to_thread(self._releases.cards)
        async with self._database.session() as session:
            await self._register(session, cards)
            rows = await store.models(session)
            used = await store.usage(session, [row.hash for row in rows])
            scoring = await self._scoring(session, cards)
        told = [_told(row, row.hash in cards, row.hash == scoring, used.get(row.hash, 0)) for row in rows]
        return sorted(told, key=lambda one: not one["scores"])

    async def one(self, caller: Caller, hash_: str) -> dict[str, Any]:
        """A model with its card; raises ModelNotFound."""
        found = [one for one in await self.listed(caller) if one["hash"] == hash_]
        if not found:
            raise ModelNotFound(f"there is no model {hash_[:80]}")
        async with self._database.session() as session:
            row = await store.model(session, hash_)
        assert row is not None
        details = {"learntFrom": row.learnt_from, "recipe": row.recipe, "versions": row.versions}
        return found[0] | details | {"figures": row.figures, "files": row.files, "card": row.card}

    async def promote(self, caller: Caller, hash_: str, *, anyway: bool = False) -> dict[str, Any]:
        """The model scores from now on.

        Raises:
            ModelNotFound; ModelMissing: its files are not there, or were altered; NotBetter: its card does not say that
                it is no worse than the best challenger, and `anyway` was not said.
        """
        _may_decide(caller)
        await self.one(caller, hash_)
        await asyncio.to_thread(self._releases.folder_of, hash_)
        card = (await asyncio.to_thread(self._releases.cards))[hash_][1]
        if card.promoted is not True and not anyway:
            why = "says that it is worse than" if card.promoted is False else "has no comparison with"
            raise NotBetter(f"the card of this model {why} the best challenger; say anyway to promote it nevertheless")
        async with self._database.session() as session:
            await store.promote(session, hash_, caller.party)
        return await self.one(caller, hash_)

    async def retire(self, caller: Caller, hash_: str) -> dict[str, Any]:
        """The model scores no more; what it gave stays, and can be computed again. Raises ModelNotFound."""
        _may_decide(caller)
        await self.one(caller, hash_)
        async with self._database.session() as session:
            await store.retire(session, hash_, caller.party)
        return await self.one(caller, hash_)

    async def _register(self, session: Session, cards: Mapping[str, tuple[Path, "Card"]]) -> None:
        for hash_, (_, card) in cards.items():
            await store.register(session, _row(hash_, card))

    async def _scoring(self, session: Session, cards: Mapping[str, tuple[Path, "Card"]]) -> str | None:
        try:
            folder = await active_folder(session, self._settings)
        except ModelMissing:
            return None
        return next((hash_ for hash_, (where, _) in cards.items() if where == folder), None)


def _may_decide(caller: Caller) -> None:
    caller.require(Scope.CONSORTIUM_ADMIN)
    caller.require_active()


def _row(hash_: str, card: "Card") -> ModelRow:
    made = datetime.fromisoformat(card.made_at) if card.made_at else None
    figures = {**card.figures, "promoted": card.promoted}
    learnt = {**card.learnt_from, "intendedUse": card.intended_use, "limits": list(card.limits)}
    told = (card.name, ",".join(sorted(card.heads)), card.files, learnt, card.recipe, card.versions, figures)
    return ModelRow(hash_, *told, card.markdown(), made, datetime.now(UTC), None, None)


def _told(row: ModelRow, there: bool, scores: bool, given: int) -> dict[str, Any]:
    return {
        "hash": row.hash,
        "name": row.name,
        "heads": row.head.split(","),
        "scores": scores,
        "available": there,
        "scoresGiven": given,
        "noWorseThanChallengers": row.figures.get("promoted"),
        "madeAt": row.made_at.isoformat() if row.made_at else None,
        "registeredAt": row.registered_at.isoformat(),
        "promotedAt": row.promoted_at.isoformat() if row.promoted_at else None,
        "retiredAt": row.retired_at.isoformat() if row.retired_at else None,
    }
