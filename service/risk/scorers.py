"""The model that scores now, loaded once: torch takes seconds and half a gigabyte."""

import asyncio
import time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ml.lanes import LaneRates
from service.config import Settings
from service.risk.calibrated import Calibrated, State
from service.risk.models import active_folder
from service.store import score_calibrations
from service.store.chain import deployed
from service.store.database import Session

if TYPE_CHECKING:
    from ml.scorer import Scorer

_LOOKED_SECONDS = 5.0
"""A release that is promoted scores so much later: finding it reads and hashes files."""


class Scorers:
    """The scorer of the release that was promoted last (`service.risk.models`)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder: Path | None = None
        self._looked = 0.0
        self._calibrated: Calibrated | None = None

    async def active(self, session: Session) -> "Scorer":
        """The scorer with the newest state of its calibration; raises ModelMissing."""
        scorer = await self.plain(session)
        newest = await score_calibrations.newest(session, scorer.hash)
        if newest is None:
            return scorer
        kept = self._calibrated
        if kept is None or (kept.hash, kept.calibration) != (scorer.hash, newest.id):
            written = await score_calibrations.state(session, newest.id)
            assert written is not None
            kept = self._calibrated = await asyncio.to_thread(lambda: Calibrated(scorer, State.read(written)))
        return cast("Scorer", kept)

    async def plain(self, session: Session) -> "Scorer":
        """The scorer as it was trained, shared by all uses of this process; raises ModelMissing."""
        if self._folder is None or time.monotonic() - self._looked > _LOOKED_SECONDS:
            self._folder, self._looked = await active_folder(session, self._settings), time.monotonic()
        return await asyncio.to_thread(_loaded, self._folder)


async def basis_of(session: Session, scorer: "Scorer") -> LaneRates:
    """The lane rates that live ones are added to: what the model was trained with; none where that was this ledger's
    own history, which the live ones count already.
    """
    learnt_from = scorer.model.description.get("learnt_from", {})
    own = "ledger" in learnt_from and learnt_from["ledger"] == await ledger_name(session)
    return LaneRates() if own else scorer.model.rates


async def ledger_name(session: Session) -> str:
    """What models call this ledger: chain and address of its contract; empty before it is deployed."""
    deployment = await deployed(session)
    return "" if deployment is None else f"{deployment.chain_id}:0x{deployment.provenance.hex()}"


@lru_cache(maxsize=2)
def _loaded(folder: Path) -> "Scorer":
    from ml.scorer import Scorer

    return Scorer.load(folder)
