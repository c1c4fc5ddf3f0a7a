"""A scorer with a state of the calibration on top: what outcomes since its training taught about its probabilities.

A state has, for each stage of the journey, a slope and a shift on the model's own calibrated log-odds (Platt scaling);
stages with few outcomes share one. Where arrivals became known it has the conformal state of their quantiles too
(`ml.conformal`); a state without it leaves them to the one in the release. A state is named by its hash, and scores
name it, so that they can be computed again.
"""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from ml.assessment import Assessment, Case
    from ml.conformal import Conformal
    from ml.model_files import Model
    from ml.release import Release
    from ml.scorer import Scorer

FORMAT, WITH_ARRIVAL = "trailseal-calibration/1", "trailseal-calibration/2"
ALL = "all"
"""What is used at stages of their own too few outcomes."""


@dataclass(frozen=True, slots=True)
class State:
    """`stages` has (slope, shift) by stage, and for all others under `ALL`; `arrival` is
    `ml.conformal.Conformal.to_json`, None: that of the release.
    """

    model: str
    stages: Mapping[str, tuple[float, float]]
    arrival: Mapping[str, Any] | None = None

    def of(self, stage: str) -> tuple[float, float]:
        """The slope and the shift at a stage."""
        return self.stages.get(stage, self.stages.get(ALL, (1.0, 0.0)))

    def written(self) -> str:
        """Canonical JSON (RFC 8785)."""
        stages = {stage: list(pair) for stage, pair in self.stages.items()}
        told: Any = {"format": FORMAT, "model": self.model, "stages": stages}
        if self.arrival is not None:
            told |= {"format": WITH_ARRIVAL, "arrival": dict(self.arrival)}
        return rfc8785.dumps(told).decode()

    @property
    def id(self) -> str:
        """sha256 of `written`, in hex."""
        return hashlib.sha256(self.written().encode()).hexdigest()

    @classmethod
    def read(cls, written: str) -> "State":
        """Raises ValueError for what is no state."""
        told: Any = json.loads(written)
        if told.get("format") not in (FORMAT, WITH_ARRIVAL):
            raise ValueError("this is no state of a calibration")
        arrival = told["arrival"] if told["format"] == WITH_ARRIVAL else None
        return cls(told["model"], {stage: (pair[0], pair[1]) for stage, pair in told["stages"].items()}, arrival)

    def conformal(self) -> "Conformal | None":
        """The conformal state of the arrival, where it is not that of the release."""
        if self.arrival is None:
            return None
        from ml.conformal import Conformal

        return Conformal.from_json(self.arrival)


def probability(model: "Model", state: State | None, stage: str, odds: float) -> float:
    """The probability of an open question, rounded to millionths as scores are; `odds` are uncalibrated."""
    if state is None:
        import numpy as np

        return round(float(model.calibration.apply(np.array([odds]))[0]), 6)
    slope, shift = state.of(stage)
    moved = slope * linear(model, odds) + shift
    return round(1.0 / (1.0 + math.exp(-moved)) if moved > -700 else 0.0, 6)


def linear(model: "Model", odds: float) -> float:
    """The log-odds as the model's own calibration leaves them."""
    return model.calibration.slope * odds + model.calibration.shift


class Calibrated:
    """A scorer whose probabilities and quantiles of arrival a state moves; otherwise as `ml.scorer.Scorer`."""

    def __init__(self, scorer: "Scorer", state: State) -> None:
        self._scorer, self._state, self._id = scorer, state, state.id
        self._conformal = state.conformal()

    @property
    def model(self) -> "Model":
        return self._scorer.model

    @property
    def release(self) -> "Release":
        return self._scorer.release

    @property
    def hash(self) -> str:
        return self._scorer.hash

    @property
    def calibration(self) -> str:
        """What scores name that the state moved."""
        return self._id

    def score(self, cases: "Sequence[Case]", *, reasons: bool = True) -> "list[Assessment]":
        """As `ml.scorer.Scorer.score`; facts and abstentions are what they are."""
        given = self._scorer.score(cases, reasons=reasons, conformal=self._conformal)
        return [self._moved(one) for one in given]

    def _moved(self, given: "Assessment") -> "Assessment":
        if given.odds is None or given.probability is None:
            return given
        if is_fact(given.planned_end, given.as_of):  # late for certain; when it arrives is open still
            told_arrival = self._conformal is not None and given.arrival is not None
            return replace(given, calibration=self._id) if told_arrival else given
        chance = probability(self.model, self._state, given.stage, given.odds)
        return replace(given, probability=chance, band=self.model.bands.of(chance), calibration=self._id)


def is_fact(planned_end: Any, as_of: Any) -> bool:
    """Whether the planned end has passed: late for certain."""
    return planned_end is not None and planned_end < as_of
