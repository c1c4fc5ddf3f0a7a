"""Members of an ensemble, fitted one after the other; each is put down when done and never fitted twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.arrays import Array
from ml.examples import Examples
from ml.scaling import Scaling

Weights = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Smith:
    """Fits members of a shape by a schedule, or takes them from the folder `kept`. Same inputs, same weights."""

    shape: dict[str, Any]
    schedule: dict[str, Any]
    kept: Path | None = None
    advance: Callable[[], None] = lambda: None

    def member(
        self, learning: Examples, seed: int, epochs: int, asked: Examples | None = None
    ) -> tuple[Weights, Array]:
        """One member after `epochs` passes, and its log-odds (epochs, n) on `asked` after each of them."""
        from safetensors.numpy import load_file, save_file

        told = hashlib.sha256(learning.state.tobytes() + learning.late.tobytes() + learning.tokens.values.tobytes())
        told.update(b"" if asked is None else asked.state.tobytes())
        how = [self.shape, self.schedule, seed, epochs, told.hexdigest()]
        name = hashlib.sha256(json.dumps(how, sort_keys=True).encode()).hexdigest()[:24]
        file = self.kept / f"{name}.safetensors" if self.kept else None
        if file and file.exists():
            found = load_file(file)
        else:
            found = self._fitted(learning, seed, epochs, asked)
            if file:
                file.parent.mkdir(parents=True, exist_ok=True)
                half = file.with_suffix(".part")
                save_file(found, half)
                half.rename(file)
        self.advance()
        curve = np.asarray(found.pop("curve"), dtype=np.float64)
        return found, curve

    def _fitted(self, learning: Examples, seed: int, epochs: int, asked: Examples | None) -> dict[str, Any]:
        from torch import nn

        from ml.fit import Schedule, fit, odds, sequences, started
        from ml.network import Shape

        scaling = Scaling.of(learning)
        taught = sequences(learning, scaling)
        question = None if asked is None else sequences(asked, scaling)
        curve = np.zeros((epochs, 0 if asked is None else len(asked.late)))

        def each(epoch: int, network: nn.Module) -> None:
            if question is not None:
                curve[epoch] = odds(network, question)

        schedule = Schedule(**{**self.schedule, "epochs": epochs})
        state = fit(taught, started(Shape(**self.shape), scaling, seed), schedule, seed, each)
        return {**{name: value.numpy() for name, value in state.items()}, "curve": curve}
