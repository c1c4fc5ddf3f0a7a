"""What is asked of the scorer, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ml.calibration import Band
from ml.lanes import LaneRates
from ml.reasons import Reason
from ml.shipment import Shipment
from ml.trail import Trail
from ml.trail_rules.history import TrailHistory

Stage = Literal["unknown", "booked", "inbound", "hub", "outbound", "delivery", "delivered"]


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be scored: a shipment at a moment.

    `trail` holds its events as the anomaly and sensor heads need them; `rates` are the lane rates known at the moment
    (None: those frozen in the model); `history` what trails that were over by then say of its places and parties.
    """

    shipment: Shipment
    moment: datetime
    trail: Trail | None = None
    rates: LaneRates | None = None
    history: TrailHistory | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """The risk of one shipment at one moment.

    `probability` of being delivered after the planned end, None with `abstained` set. `inputs` are the numbers that it
    was computed from (`ml.inputs.Inputs.packed`; empty where none were: a fact or an abstention) and `input_hash` their
    hash (`ml.inputs.input_hash`); `model_hash` is that of the release. `expected_end` projects the plan from now;
    `stage` is unknown, booked, inbound, hub (consolidating), outbound, delivery (only DLV open) or delivered.
    `arrival` holds the 5, 10, 50, 90 and 95 % quantiles of the instant of final delivery; `excursion` is the
    probability of a condition excursion, `anomaly` that of the trail itself (0..1); None where nothing can be said.
    `odds` are the uncalibrated log-odds and `reference` those of the reference that the reasons start from; the weights
    of the reasons bridge the two, but for those that are too light to be told. `calibration` names the state that moved
    the probability or the quantiles since the training, where one did.
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
    inputs: bytes = b""
    odds: float | None = None
    reference: float | None = None
    calibration: str | None = None
