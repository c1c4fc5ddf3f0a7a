"""Scores shipments at moments: a calibrated probability of being late, with reasons and with hashes to seal.

Torch is loaded with the first score, not with this module. A shipment that cannot be scored gets an assessment that
says so (`abstained`), never an exception. Many cases are scored in one pass over arrays; one live case is the same
pass over a single row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ml.arrays import Array, at_minutes, pack
from ml.assessment import Assessment, Case, Stage
from ml.attribution import COALITIONS, GROUPS, Reference, shapley
from ml.inputs import Inputs, Kind, input_hash, inputs
from ml.lane_table import lane_row, lane_table
from ml.lanes import LaneRates
from ml.model_files import PACKAGED
from ml.projection import Outlook, outlooks
from ml.reasons import (
    NO_PLAN,
    NOT_BOOKED,
    Reason,
    delay_reason,
    delivered_reason,
    lane_reason,
    noted,
    overrun_reason,
    plan_reason,
    silence_reason,
)
from ml.release import Release
from ml.shipment import Shipment, effective_end, known_at, planned_end

if TYPE_CHECKING:
    from ml.inference import Ensemble

__all__ = ["Assessment", "Case", "Scorer", "Stage"]

LEAST_WEIGHT = 0.05
"""Reasons that move the log-odds by less are left out."""
CHUNK = 512
"""Cases that are looked at in one pass, so that memory does not grow with the number asked."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A case whose outcome is open, `minutes` after its booking, with the lane rates that count."""

    case: Case
    booked: datetime
    minutes: float
    rates: LaneRates


@dataclass(frozen=True, slots=True)
class _Scored:
    """What was computed for one case: log-odds of all coalitions (only the last without reasons), and the outlooks."""

    odds: Array
    chance: float
    packed: bytes
    now: Outlook
    calm: Outlook


class Scorer:
    """A loaded release. `score` may be called from several threads."""

    def __init__(self, release: Release) -> None:
        self.release, self.model = release, release.late
        self._rates, self._calibration, self._bands = self.model.rates, self.model.calibration, self.model.bands
        self._ensemble: Ensemble | None = None
        self._reference: Reference | None = None
        self._kind: Kind = self.model.description.get("told", "states")

    @classmethod
    def load(cls, path: Path | None = None) -> Scorer:
        """The release in the folder `path`, or the one that comes with the package.

        Raises FileNotFoundError without a model there, ModelDamagedError where its weights have another hash.
        """
        return cls(Release.load(PACKAGED if path is None else path))

    @property
    def hash(self) -> str:
        """What assessments name as `model_hash`."""
        return self.release.hash

    def score(self, cases: Sequence[Case], *, reasons: bool = True) -> list[Assessment]:
        """One assessment for each case, in their order, from what was reported by its moment.

        Milestones dated after the moment are not looked at. Without `reasons` only facts and abstentions carry any.
        Raises ValueError for a moment without an offset.
        """
        looked_at = [self._looked_at(case) for case in cases]
        still_open = [one for one in looked_at if isinstance(one, _Open)]
        parts = [still_open[at : at + CHUNK] for at in range(0, len(still_open), CHUNK)]
        computed = iter([told for part in parts for told in self._computed(part, reasons=reasons)])
        return [next(computed) if isinstance(one, _Open) else one for one in looked_at]

    def _looked_at(self, case: Case) -> _Open | Assessment:
        shipment, moment = case.shipment, case.moment
        if moment.utcoffset() is None:
            raise ValueError("the moment needs an offset from UTC, for example datetime(..., tzinfo=UTC)")
        malformed = next((one for one in noted(shipment.notes, np.inf) if one.code == "MALFORMED_PLAN"), None)
        if not shipment.inbound or planned_end(shipment) is None:
            return self._abstained(malformed or NO_PLAN, moment)
        if shipment.booked is None or moment < shipment.booked:
            return self._abstained(NOT_BOOKED, moment)
        minutes = (moment - shipment.booked) / timedelta(minutes=1)
        if effective_end(shipment) is not None:
            known = known_at(shipment, minutes)
            if effective_end(known) is not None:
                return self._delivered(known, shipment.booked, case, minutes)
        return _Open(case, shipment.booked, minutes, case.rates or self._rates)

    def _abstained(self, why: Reason, moment: datetime) -> Assessment:
        nothing = input_hash((), (), b"")
        return Assessment(None, None, (why,), self.hash, nothing, moment, "unknown", None, None, why)

    def _delivered(self, known: Shipment, booked: datetime, case: Case, minutes: float) -> Assessment:
        end, plan = effective_end(known) or 0, planned_end(known) or 0
        probability = float(end > plan)
        return Assessment(
            probability,
            self._bands.of(probability),
            (delivered_reason(known, end - plan), *noted(known.notes, minutes)),
            self.hash,
            input_hash((), (), b""),
            case.moment,
            "delivered",
            booked + timedelta(minutes=end),
            booked + timedelta(minutes=plan),
        )

    def _computed(self, cases: Sequence[_Open], *, reasons: bool) -> list[Assessment]:
        shipments = [one.case.shipment for one in cases]
        arrays = pack(shipments)
        moments = at_minutes(arrays, np.arange(len(cases)), np.array([one.minutes for one in cases]))
        lanes = lane_table([lane_row(one.case.shipment, one.rates) for one in cases], arrays.there.shape)
        used, now, calm = inputs(arrays, moments, lanes, self._kind)
        odds = self._odds(used, reasons=reasons)
        chances = self._calibration.apply(odds[:, -1])
        packed = used.packed()
        ahead, then = outlooks(shipments, now), outlooks(shipments, calm)
        names = used.names, used.told_names
        return [
            self._assessed(one, _Scored(*parts), names)
            for one, parts in zip(cases, zip(odds, chances.tolist(), packed, ahead, then, strict=True), strict=True)
        ]

    def _odds(self, used: Inputs, *, reasons: bool) -> Array:
        """Log-odds (n, coalitions) with reasons, (n, 1) without."""
        if self._ensemble is None:
            from ml.inference import Ensemble

            self._reference = Reference(self.model.scaling, used.told_names)
            self._ensemble = Ensemble(self.model)
        if not reasons or self._reference is None:
            return self._ensemble.odds(used)[:, None]
        return self._ensemble.odds(self._reference.coalitions(used)).reshape(len(COALITIONS), -1).T

    def _assessed(self, one: _Open, told: _Scored, names: tuple[tuple[str, ...], tuple[str, ...]]) -> Assessment:
        past = one.minutes - told.now.planned_end
        probability = 1.0 if past > 0 else round(told.chance, 6)
        explained = len(told.odds) == len(COALITIONS)
        return Assessment(
            probability,
            self._bands.of(probability),
            (*self._reasons(one, told, past), *noted(one.case.shipment.notes, one.minutes)),
            self.hash,
            input_hash(*names, told.packed),
            one.case.moment,
            _stage(told.now),
            one.booked + timedelta(minutes=told.now.end),
            one.booked + timedelta(minutes=told.now.planned_end),
            inputs=told.packed,
            odds=float(told.odds[-1]),
            reference=float(told.odds[0]) if explained else None,
        )

    def _reasons(self, one: _Open, told: _Scored, past: float) -> list[Reason]:
        shipment = one.case.shipment
        found = [overrun_reason(shipment, past)] if past > 0 else []
        if len(told.odds) < len(COALITIONS):
            return found
        weights = dict(zip(GROUPS, map(float, shapley(told.odds)), strict=True))
        telling = [
            lane_reason(shipment, one.rates, weights["lanes"]),
            plan_reason(shipment, told.now, weights["plan"]),
            delay_reason(shipment, told.calm, weights["delay"]),
            silence_reason(shipment, told.now, one.minutes, weights["silence"]),
        ]
        telling = [one for one in telling if abs(one.weight) >= LEAST_WEIGHT or one.code == "UNKNOWN_LANE"]
        return found + sorted(telling, key=lambda one: -abs(one.weight))


def _stage(now: Outlook) -> Stage:
    if now.outbound.done:
        return "delivery" if now.outbound.done == len(now.outbound.leg.milestones) - 1 else "outbound"
    if all(leg.complete for leg in now.inbound):
        return "hub"
    return "inbound" if any(leg.done for leg in now.inbound) else "booked"
