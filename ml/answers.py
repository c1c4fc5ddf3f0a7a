"""What is said of a case once everything is computed: an assessment with its reasons, in words.

Three kinds: of what cannot be scored, of what is delivered, and forecasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ml.assessment import Assessment, Case, Stage
from ml.attribution import GROUPS
from ml.calibration import Bands
from ml.heads import Heads, instants
from ml.inputs import input_hash
from ml.lanes import LaneRates
from ml.projection import Outlook
from ml.reasons import (
    Reason,
    delay_reason,
    delivered_reason,
    lane_reason,
    noted,
    overrun_reason,
    plan_reason,
    silence_reason,
)

LEAST_WEIGHT = 0.05
"""Reasons that move the log-odds by less are left out."""


@dataclass(frozen=True, slots=True)
class Open:
    """A case whose outcome is open, `minutes` after its booking, with the lane rates that count."""

    case: Case
    minutes: float
    rates: LaneRates


@dataclass(frozen=True, slots=True)
class Scored:
    """What was computed for one case: log-odds of the reference and its own, and the outlooks; `calm` (at the latest
    report) and `weights` of the groups with reasons only; quantiles of arrival; `silent`: why to abstain.
    """

    odds: Sequence[float]
    chance: float
    packed: bytes
    now: Outlook
    calm: Outlook | None
    weights: Sequence[float] | None
    arrival: Sequence[float] | None
    silent: Reason | None


class Answers:
    """Assessments by one release: what it is named by, its bands, and the heads that look at trails."""

    def __init__(self, release: str, bands: Bands, heads: Heads) -> None:
        self._hash, self._bands, self._heads = release, bands, heads

    def abstained(self, why: Reason, case: Case) -> Assessment:
        """Of a case that cannot be scored, or had better not be."""
        seen = self._heads.seen(case)
        return Assessment(
            None,
            None,
            (why, *seen.findings),
            self._hash,
            input_hash((), (), b""),
            case.moment,
            "unknown",
            None,
            None,
            why,
            excursion=seen.excursion,
            anomaly=seen.anomaly,
        )

    def delivered(self, case: Case, end: float, plan: float, minutes: float) -> Assessment:
        """Of a case that is over, `minutes` after the booking: delivered `end` minutes after it, planned for `plan`."""
        shipment, booked = case.shipment, case.shipment.booked or case.moment
        seen, probability = self._heads.seen(case), float(end > plan)
        delivered_at, planned_end = instants(booked, (end, plan))
        return Assessment(
            probability,
            self._bands.of(probability),
            (delivered_reason(shipment, end - plan), *noted(shipment.notes, minutes), *seen.findings),
            self._hash,
            input_hash((), (), b""),
            case.moment,
            "delivered",
            delivered_at,
            planned_end,
            excursion=seen.excursion,
            anomaly=seen.anomaly,
        )

    def forecast(self, one: Open, told: Scored, names: tuple[tuple[str, ...], tuple[str, ...]]) -> Assessment:
        """Of a case whose outcome is open; `names` are those of the features and of what tokens told."""
        shipment, moment = one.case.shipment, one.case.moment
        past, booked = one.minutes - told.now.planned_end, shipment.booked or moment
        silent = told.silent if past <= 0 else None
        probability = None if silent else 1.0 if past > 0 else round(told.chance, 6)
        reference, odds = told.odds
        seen = self._heads.seen(one.case)
        expected_end, planned_end = instants(booked, (told.now.end, told.now.planned_end))
        facts = (*noted(shipment.notes, one.minutes), *seen.findings)
        return Assessment(
            probability,
            None if probability is None else self._bands.of(probability),
            ((silent,) if silent else tuple(_reasons(one, told, past))) + facts,
            self._hash,
            input_hash(*names, told.packed),
            moment,
            _stage(told.now),
            expected_end,
            planned_end,
            abstained=silent,
            arrival=None if told.arrival is None or silent else instants(booked, told.arrival),
            excursion=seen.excursion,
            anomaly=seen.anomaly,
            inputs=told.packed,
            odds=odds,
            reference=None if told.weights is None else reference,
        )


def _reasons(one: Open, told: Scored, past: float) -> list[Reason]:
    shipment = one.case.shipment
    found = [overrun_reason(shipment, past)] if past > 0 else []
    if told.weights is None or told.calm is None:
        return found
    weights = dict(zip(GROUPS, told.weights, strict=True))
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
