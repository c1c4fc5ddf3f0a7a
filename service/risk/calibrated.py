"""A scorer with a state of the calibration on top: what outcomes since its training taught about its probabilities.

A state has, for each stage of the journey, a slope and a shift on the model's own calibrated log-odds (Platt scaling);
stages with few outcomes share one. It is named by its hash, and scores name it, so that they can be computed again.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import rfc8785

if TYPE_CHECKING:
    from ml.model_files import Model
    from ml.release import Release
    from ml.scorer import Assessment, Case, Scorer

FORMAT = "trailseal-calibration/1"
ALL = "all"
"""What is used at stages of their own too few outcomes."""


@dataclass(frozen=True, slots=True)
class State:
    """`stages` has (slope, shift) by stage, and for all others under `ALL`."""

    model: str
    stages: Mapping[str, tuple[float, float]]

    def of(self, stage: str) -> tuple[float, float]:
        """The slope and the shift at a stage."""
        return self.stages.get(stage, self.stages.get(ALL, (1.0, 0.0)))

    def written(self) -> str:
        """Canonical JSON (RFC 8785)."""
        stages = {stage: list(pair) for stage, pair in self.stages.items()}
        return rfc8785.dumps({"format": FORMAT, "model": self.model, "stages": stages}).decode()

    @property
    def id(self) -> str:
        """sha256 of `written`, in hex."""
        return hashlib.sha256(self.written().encode()).hexdigest()

    @classmethod
    def read(cls, written: str) -> "State":
        """Raises ValueError for what is no state."""
        import json

        told: Any = json.loads(written)
        if told.get("format") != FORMAT:
            raise ValueError("this is no state of a calibration")
        return cls(told["model"], {stage: (pair[0], pair[1]) for stage, pair in told["stages"].items()})


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
    """A scorer whose probabilities a state moves; otherwise as `ml.scorer.Scorer`."""

    def __init__(self, scorer: "Scorer", state: State) -> None:
        self._scorer, self._state, self._id = scorer, state, state.id

    @property
    def model(self) -> "Model":
        return self._scorer.model

    @property
    def release(self) -> "Release":
        return self._scorer.release

    @property
    def hash(self) -> str:
        return self._scorer.hash

    def score(self, cases: "Sequence[Case]", *, reasons: bool = True) -> "list[Assessment]":
        """As `ml.scorer.Scorer.score`; facts and abstentions are what they are."""
        return [self._moved(one) for one in self._scorer.score(cases, reasons=reasons)]

    def _moved(self, given: "Assessment") -> "Assessment":
        if given.odds is None or given.probability is None or is_fact(given.planned_end, given.as_of):
            return given
        chance = probability(self.model, self._state, given.stage, given.odds)
        return replace(given, probability=chance, band=self.model.bands.of(chance), calibration=self._id)


def is_fact(planned_end: Any, as_of: Any) -> bool:
    """Whether the planned end has passed: late for certain."""
    return planned_end is not None and planned_end < as_of
