"""The ensemble at work: many cases in one padded batch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from ml.attribution import Told
from ml.examples import Array
from ml.model_files import Model, Weights
from ml.network import Network, Shape

CHUNK = 2048


class Ensemble:
    """All members of a model, in evaluation mode."""

    def __init__(self, model: Model) -> None:
        shape = Shape(**model.description["shape"])
        self._scaling = model.scaling
        self._members = [_member(shape, weights) for weights in model.weights]

    def odds(self, cases: Sequence[Told]) -> Array:
        """Mean log-odds (n,) of the members for n cases; histories may differ in length."""
        parts = [self._chunk(cases[at : at + CHUNK]) for at in range(0, len(cases), CHUNK)]
        return np.concatenate(parts)

    def _chunk(self, cases: Sequence[Told]) -> Array:
        lengths = np.array([len(case.history) for case in cases])
        history = np.zeros((len(cases), lengths.max(), len(self._scaling.names)), dtype=np.float32)
        for at, case in enumerate(cases):
            history[at, : lengths[at]] = self._scaling.apply(case.history)
        moment = torch.from_numpy(self._scaling.apply(np.stack([case.moment for case in cases])).astype(np.float32))
        last = torch.from_numpy(lengths - 1)
        with torch.inference_mode():
            padded, rows = torch.from_numpy(history), torch.arange(len(cases))
            told = [member.read(member.remember(padded)[rows, last], moment) for member in self._members]
        return torch.stack(told).double().mean(dim=0).numpy()


def _member(shape: Shape, weights: Weights) -> Network:
    network = Network(shape)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return network.eval()
