"""Scores shipments at moments: a calibrated probability of being late, with reasons and with hashes to seal.

Torch is loaded with the first score, not with this module. A shipment that cannot be scored gets an assessment that
says so (`abstained`), never an exception.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import rfc8785

from ml.arrays import Array, Moments, at_minutes, at_reports, pack
from ml.attribution import COALITIONS, Reference, Told, shapley
from ml.calibration import Band
from ml.features import describe
from ml.lane_table import lane_row, lane_table
from ml.lanes import LaneRates
from ml.model_files import PACKAGED, Model, read
from ml.projection import Outlook, outlook
from ml.reasons import (
    NO_PLAN,
    NOT_BOOKED,
    Reason,
    delay_reason,
    lane_reason,
    plan_reason,
    silence_reason,
    span,
)
from ml.shipment import Shipment, effective_end, known_at, milestones, planned_end

if TYPE_CHECKING:
    from ml.inference import Ensemble
    from ml.trail import Trail

Stage = Literal["unknown", "booked", "inbound", "hub", "outbound", "delivery", "delivered"]
LEAST_WEIGHT = 0.05
"""Reasons that move the log-odds by less are left out."""
MICRO = 1_000_000
"""Features are rounded to millionths before use, so that the input hash covers exactly what was used, in integers."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be scored: a shipment at a moment.

    `trail` holds its events as the anomaly and sensor heads need them; `rates` are the lane rates known at the moment
    (None: those frozen in the model).
    """

    shipment: Shipment
    moment: datetime
    trail: Trail | None = None
    rates: LaneRates | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """The risk of one shipment at one moment.

    `probability` of being delivered after the planned end, None with `abstained` set. `input_hash` is sha256 over the
    RFC 8785 JSON of `{"names", "history", "moment"}`, the features used in millionths (with lists empty where none
    were: a fact or an abstention); `model_hash` that of `ml.model_files`. `expected_end` projects the plan from now;
    `stage` is unknown, booked, inbound, hub (consolidating), outbound, delivery (only DLV open) or delivered.
    `arrival` holds the 5, 10, 50, 90 and 95 % quantiles of the instant of final delivery; `excursion` is the
    probability of a condition excursion, `anomaly` that of the trail itself (0..1); None where nothing can be said.
    """

    probability: float | None
    band: Band | None
    reasons: tuple[Reason, ...]
    model_hash: str
    input_hash: str
    as_of: datetime
    stage: Stage
    expected_end: datetime | None
    planned_end: datetime | None
    abstained: Reason | None = None
    arrival: tuple[datetime, ...] | None = None
    excursion: float | None = None
    anomaly: float | None = None


@dataclass(frozen=True, slots=True)
class _Open:
    """A shipment as known at the moment, and the minutes since its booking."""

    known: Shipment
    booked: datetime
    minutes: float
    as_of: datetime
    ahead: Outlook
    told: Told
    rates: LaneRates


class Scorer:
    """A loaded model. `score` may be called from several threads."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._scaling, self._rates = model.scaling, model.rates
        self._calibration, self._bands = model.calibration, model.bands
        self._reference = Reference(self._scaling)
        self._ensemble: Ensemble | None = None

    @classmethod
    def load(cls, path: Path | None = None) -> Scorer:
        """The model in the folder `path`, or the one that comes with the package.

        Raises FileNotFoundError without a model there, ModelDamagedError where its weights have another hash.
        """
        return cls(read(PACKAGED if path is None else path))

    def score(self, cases: Sequence[Case], *, reasons: bool = True) -> list[Assessment]:
        """One assessment for each case, in their order, from what was reported by its moment.

        Milestones dated after the moment are not looked at. Without `reasons` only facts and abstentions carry any.
        Raises ValueError for a moment without an offset.
        """
        looked_at = [self._case(case) for case in cases]
        computed = iter(self._computed([one for one in looked_at if isinstance(one, _Open)], reasons=reasons))
        return [next(computed) if isinstance(one, _Open) else one for one in looked_at]

    def _case(self, case: Case) -> _Open | Assessment:
        shipment, as_of, rates = case.shipment, case.moment, case.rates or self._rates
        if as_of.utcoffset() is None:
            raise ValueError("as_of needs an offset from UTC, for example datetime(..., tzinfo=UTC)")
        if planned_end(shipment) is None:
            return self._abstained(NO_PLAN, as_of)
        if shipment.booked is None or as_of < shipment.booked:
            return self._abstained(NOT_BOOKED, as_of)
        minutes = (as_of - shipment.booked) / timedelta(minutes=1)
        known = known_at(shipment, minutes)
        if effective_end(known) is not None:
            return self._delivered(known, shipment.booked, as_of)
        told = _told(shipment, minutes, rates)
        return _Open(known, shipment.booked, minutes, as_of, outlook(known, minutes), told, rates)

    def _abstained(self, why: Reason, as_of: datetime) -> Assessment:
        nothing = self._input_hash(None)
        return Assessment(None, None, (why,), self.model.hash, nothing, as_of, "unknown", None, None, why)

    def _delivered(self, known: Shipment, booked: datetime, as_of: datetime) -> Assessment:
        end, plan = effective_end(known) or 0, planned_end(known) or 0
        text = f"delivered {span(end - plan)} {'after' if end > plan else 'before'} the planned end"
        probability = float(end > plan)
        return Assessment(
            probability,
            self._bands.of(probability),
            (Reason("DELIVERED", text, leg="o", milestone="DLV", place=known.destination),),
            self.model.hash,
            self._input_hash(None),
            as_of,
            "delivered",
            booked + timedelta(minutes=end),
            booked + timedelta(minutes=plan),
        )

    def _computed(self, cases: Sequence[_Open], *, reasons: bool) -> list[Assessment]:
        if not cases:
            return []
        variants = [
            told for case in cases for told in (self._reference.coalitions(case.told) if reasons else [case.told])
        ]
        odds = self._network().odds(variants).reshape(len(cases), -1)
        chances = self._calibration.apply(odds[:, -1])
        return [self._assessed(*parts) for parts in zip(cases, odds, map(float, chances), strict=True)]

    def _network(self) -> Ensemble:
        if self._ensemble is None:
            from ml.inference import Ensemble

            self._ensemble = Ensemble(self.model)
        return self._ensemble

    def _assessed(self, case: _Open, odds: Array, chance: float) -> Assessment:
        overrun = case.minutes > case.ahead.planned_end
        probability = 1.0 if overrun else round(chance, 6)
        return Assessment(
            probability,
            self._bands.of(probability),
            self._reasons(case, odds, overrun=overrun),
            self.model.hash,
            self._input_hash(case.told),
            case.as_of,
            _stage(case.known),
            case.booked + timedelta(minutes=case.ahead.end),
            case.booked + timedelta(minutes=case.ahead.planned_end),
        )

    def _reasons(self, case: _Open, odds: Array, *, overrun: bool) -> tuple[Reason, ...]:
        if len(odds) < len(COALITIONS):
            return ()
        weights = shapley([float(value) for value in odds])
        reported = max((one.completed for one in milestones(case.known)), default=0)
        found = [
            lane_reason(case.known, case.rates, weights["lanes"]),
            plan_reason(case.ahead, weights["plan"]),
            delay_reason(outlook(case.known, reported), weights["delay"]),
            silence_reason(case.ahead, case.minutes, weights["silence"]),
        ]
        telling = [one for one in found if abs(one.weight) >= LEAST_WEIGHT or one.code == "UNKNOWN_LANE"]
        ranked = sorted(telling, key=lambda one: -abs(one.weight))
        if overrun:
            past = span(case.minutes - case.ahead.planned_end)
            ranked.insert(0, Reason("PAST_PLANNED_END", f"the planned end passed {past} ago and delivery is open"))
        return tuple(ranked)

    def _input_hash(self, told: Told | None) -> str:
        history = [] if told is None else _millionths(told.history)
        moment = [] if told is None else _millionths(told.moment)
        used = rfc8785.dumps({"names": list(self._scaling.names), "history": history, "moment": moment})
        return hashlib.sha256(used).hexdigest()


def _told(shipment: Shipment, minutes: float, rates: LaneRates) -> Told:
    arrays = pack([shipment])
    now = at_minutes(arrays, np.zeros(1, dtype=np.int64), np.array([minutes]))
    counts = np.arange(now.count[0] + 1)
    before = at_reports(arrays, np.zeros_like(counts), counts)
    moments = Moments(np.append(before.row, 0), np.append(counts, now.count), np.append(before.minutes, minutes))
    _, table = describe(arrays, moments, lane_table([lane_row(shipment, rates)], arrays.there.shape))
    rounded = np.rint(table * MICRO) / MICRO
    return Told(rounded[:-1], rounded[-1])


def _millionths(values: Array) -> Any:
    """Whole numbers, nested as `values` is."""
    return np.rint(values * MICRO).astype(np.int64).tolist()


def _stage(known: Shipment) -> Stage:
    seen = len(milestones(known))
    if known.outbound.done:
        return "delivery" if known.outbound.done == len(known.outbound.milestones) - 1 else "outbound"
    if all(leg.complete for leg in known.inbound):
        return "hub"
    return "inbound" if seen else "booked"
