"""How odd a trail is at a moment, from 0 to 1, and why.

Rules (`ml.trail_rules`) say what can be said against it; a learned density (`ml.anomaly_model`) says how surprising
that is, given what else is known; the score says how rare so much surprise is among trails that are in order: of these,
a share of `1 - score` scores as high or higher. So an alert at 0.99 is false for one clean trail in a hundred. The
share is counted among clean trails about which as much was told, with or without a history of other trails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from ml.anomaly_model import Array, Steps, Surprise
from ml.model_files import Model, read
from ml.reasons import Reason
from ml.shipment import Shipment
from ml.trail import Trail
from ml.trail_rules.all import NAMES, context, signals, sizes
from ml.trail_rules.history import TrailHistory
from ml.trail_rules.told import told

PACKAGED: Final = Path(__file__).parent / "models" / "freight" / "anomaly"
TELLING: Final = 1.0
"""Surprise in nats below which a signal is no reason: more than a third of such trails have it."""
MOST: Final = 8
"""Reasons at most."""
SHARES: Final = np.array([0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 93, 95, 97, 98, 99, 99.5])
"""Percentiles that are kept of clean trails."""
BUCKETS: Final = (6, 12, 20, 30)
"""Numbers of events that divide trails into those about which little and much is told."""


@dataclass(frozen=True, slots=True)
class Anomaly:
    """`score` None where nothing is known. `findings`, the most surprising first, name their events; weigh 0."""

    score: float | None
    findings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """For each bucket of trails in order: percentiles of their surprise, and how fast it thins out beyond the last."""

    percentiles: Array
    beyond: Array

    @classmethod
    def of(cls, surprise: Array, events: Array) -> Scale:
        """From (n,) surprises of clean trails and how many events each had; a bucket with few takes its neighbours."""
        bucket = np.searchsorted(BUCKETS, events, side="right")
        rows, beyond = [], []
        for at in range(len(BUCKETS) + 1):
            near = surprise[bucket == at]
            if len(near) < 200:
                near = surprise[np.abs(bucket - at) <= 1]
            near = near if len(near) else surprise
            rows.append(np.percentile(near, SHARES))
            high = near[near >= rows[-1][-3]]
            beyond.append(max(float(np.mean(high) - rows[-1][-3]), 0.1))
        return cls(np.array(rows), np.array(beyond))

    def score(self, surprise: float, events: int) -> float:
        """The share of clean trails below `surprise`; beyond what was seen, as an exponential tail has it."""
        at = int(np.searchsorted(BUCKETS, events, side="right"))
        known = self.percentiles[at]
        if surprise <= 0:
            return 0.0
        if surprise < known[-1]:
            return float(np.interp(surprise, known, SHARES / 100))
        rest = 1 - SHARES[-1] / 100
        return float(1 - rest * np.exp(-(surprise - known[-1]) / self.beyond[at]))


class Anomalies:
    """A loaded head. Thread-safe; loads no torch."""

    def __init__(self, model: Model) -> None:
        told_of = model.description["anomaly"]
        if tuple(told_of["names"]) != NAMES:
            raise ValueError("this model knows other rules than these: train it anew with `python -m ml.anomaly_train`")
        edges = [[np.inf if edge is None else edge for edge in row] for row in told_of["edges"]]
        self.hash = model.hash
        self._surprise = Surprise(Steps(np.array(edges)), model.weights)
        self._scales = {name: _scale(written) for name, written in told_of["scales"].items()}

    @classmethod
    def load(cls, folder: Path | None = None) -> Anomalies:
        """The head in `folder`, or the packaged one; raises as `ml.model_files.read`."""
        return cls(read(PACKAGED if folder is None else folder))

    def score(
        self, trail: Trail, shipment: Shipment | None, moment: datetime, history: TrailHistory | None = None
    ) -> Anomaly:
        """The anomaly of `trail` as known at `moment`; `history` tells of places and parties, where there is one.

        The plan is that of the booking event, else of `shipment`; without any, rules about plans are silent.
        """
        known = told(trail, moment, shipment)
        if not known.events:
            return Anomaly(None)
        with_history = history is not None and history.trails > 0
        found = signals(known, history)
        each = self._surprise.surprises(sizes(found, with_history=with_history), context(known))
        scale = self._scales["history" if with_history else "bare"]
        weighed = sorted(((float(each[NAMES.index(one.name)]), one) for one in found), key=lambda pair: -pair[0])
        reasons = [
            Reason(one.code, one.text, events=one.events)
            for nats, one in weighed
            if nats >= TELLING or one.code == "FLOODED"
        ]
        return Anomaly(round(scale.score(total(each), len(known.events)), 6), tuple(reasons[:MOST]))


def total(surprises: Array) -> float:
    """The surprise of a trail from (k,) those of its signals: their Euclidean norm, so that few large ones count."""
    return float(np.sqrt((surprises**2).sum()))


def anomalies(
    trail: Trail, shipment: Shipment | None, moment: datetime, history: TrailHistory | None = None
) -> Anomaly:
    """`Anomalies.score` of the packaged head."""
    return _packaged().score(trail, shipment, moment, history)


@lru_cache(maxsize=1)
def _packaged() -> Anomalies:
    return Anomalies.load()


def _scale(written: Mapping[str, Any]) -> Scale:
    return Scale(np.array(written["percentiles"]), np.array(written["beyond"]))


def described(steps: Steps, scales: Mapping[str, Scale], members: int, made: Mapping[str, Any]) -> dict[str, Any]:
    """What model.json says of an anomaly head; `made` tells how it came about."""
    edges = [[None if np.isinf(edge) else round(float(edge), 6) for edge in row] for row in steps.edges]
    written = {
        name: {"percentiles": _rounded(scale.percentiles), "beyond": _rounded(scale.beyond)}
        for name, scale in scales.items()
    }
    return {
        "head": "anomaly",
        "members": members,
        "anomaly": {"names": list(NAMES), "edges": edges, "scales": written},
        **made,
    }


def _rounded(values: Array) -> Any:
    return np.round(values, 6).tolist()
