"""The calibration is refitted as outcomes arrive: a worker makes states, scorers use the newest.

It learns from every stored score that was a forecast, shown or not: what is shown are the tops of lists, and what is
stored does not depend on who looked. An outcome that somebody acted on (disposition `acted`) says what the action made
of it, not what would have been; such shipments are left out, and those of a like probability that nobody acted on
weigh more instead (by one over the share of them that is left, five at most). That makes up for acting on high scores,
not for analysts who know more than the score does: among equal scores, what they leave alone turns out better.

The conformal state of the arrival goes along: from the one in the release, through the arrivals that became known, in
that order (`service.risk.arrivals`).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from service.config import Settings
from service.risk.acted import weights
from service.risk.arrivals import taught
from service.risk.calibrated import ALL, State, linear
from service.risk.recomputing import recomputed
from service.risk.scorers import Scorers
from service.risk.trust_errors import ModelMissing
from service.store import score_calibrations as store
from service.store.database import Database
from service.store.score_calibrations import KnownArrival, KnownScore

if TYPE_CHECKING:
    from ml.scorer import Scorer

_log = structlog.get_logger(__name__)
EVERY_SECONDS = 60.0
FRESH = 20
"""Shipments whose outcome became known that a new state takes."""
LEAST = 40
"""Shipments that a stage needs for a slope and a shift of its own."""
WINDOW = timedelta(days=180)
MOST = 5_000
PRIOR = 2.0
"""Strength of the ridge towards slope 1 and shift 0, that keeps few outcomes from moving much."""


class Calibrator:
    """Makes states of the model that scores; any number may run, the same outcomes give the same state."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._clock, self._scorers = database, clock, Scorers(settings)
        self._looked = -EVERY_SECONDS

    async def step(self) -> bool:
        """Makes a state where enough outcomes became known; whether it did. Looks once a minute."""
        if time.monotonic() - self._looked < EVERY_SECONDS:
            return False
        self._looked = time.monotonic()
        now = self._clock()
        try:
            async with self._database.session() as session:
                scorer = await self._scorers.plain(session)
                former = await store.newest(session, scorer.hash)
                after = former.made_at if former else now - WINDOW
                if await store.outcomes_known(session, scorer.hash, after, now) < FRESH:
                    return False
                scores = await store.known_scores(session, scorer.hash, now - WINDOW, now, MOST)
                arrivals = await store.known_arrivals(session, scorer.hash, now - WINDOW, now, MOST)
        except ModelMissing:
            return False
        state, used = await asyncio.to_thread(refitted, scorer, scores, arrivals)
        async with self._database.session() as session:
            await store.add(session, state.id, scorer.hash, state.written(), used)
        _log.info("calibrated", calibration=state.id, **used)
        return True


def refitted(
    scorer: "Scorer", scores: Sequence[KnownScore], arrivals: Sequence[KnownArrival] = ()
) -> tuple[State, dict[str, int]]:
    """The state that these outcomes give, and what they were: scores, shipments, those left out as acted on, and
    arrivals.
    """
    import numpy as np

    from ml.calibration import platt

    told = recomputed(scorer, [one.inputs for one in scores])
    usable = [(one, again.odds) for one, again in zip(scores, told, strict=True) if again is not None]
    told_weights = weights([one for one, _ in usable])
    kept = [(one, odds, weight) for (one, odds), weight in zip(usable, told_weights, strict=True) if weight > 0]
    stages: dict[str, tuple[float, float]] = {}
    for stage in (ALL, *sorted({one.stage for one, _, _ in kept})):
        some = [each for each in kept if stage in (ALL, each[0].stage)]
        if stage != ALL and len({one.trail for one, _, _ in some}) < LEAST:
            continue
        times: dict[bytes, int] = {}
        for one, _, _ in some:
            times[one.trail] = times.get(one.trail, 0) + 1
        weight = np.array([weight / times[one.trail] for one, _, weight in some])
        odds_ = np.array([linear(scorer.model, odds) for _, odds, _ in some])
        if some:
            late = np.array([float(one.late) for one, _, _ in some])
            moved = platt(late, odds_, weight, ridge=PRIOR)
            stages[stage] = moved.slope, moved.shift
    shipments, acted = {one.trail for one, _, _ in kept}, {one.trail for one, _ in usable if one.acted}
    conformal, taken = taught(scorer, arrivals)
    used = {"scores": len(kept), "shipments": len(shipments), "acted": len(acted), "arrivals": taken}
    return State(scorer.hash, stages, conformal), used
