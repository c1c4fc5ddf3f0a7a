"""The ensemble at work: many cases in one padded batch, in double precision.

Log-odds are rounded to millionths, so that a score does not depend on who else was in its batch.
"""

from __future__ import annotations

import numpy as np
import torch

from ml.arrays import Array
from ml.inputs import MICRO, Inputs
from ml.model_files import Model, Weights
from ml.network import Network, Shape

CHUNK = 1024
"""Cases that go through the network at once."""


class Ensemble:
    """All members of a model, in evaluation mode."""

    def __init__(self, model: Model) -> None:
        shape = Shape(**model.description["shape"])
        self._scaling = model.scaling
        self._members = [_member(shape, weights) for weights in model.weights]

    def odds(self, of: Inputs) -> Array:
        """Mean log-odds (n,) of the members."""
        parts = [self._chunk(of.part(at, at + CHUNK)) for at in range(0, len(of), CHUNK)]
        return np.asarray(np.rint(np.concatenate(parts) * MICRO) / MICRO, dtype=np.float64)

    def _chunk(self, of: Inputs) -> Array:
        told = torch.from_numpy(self._scaling.apply(of.told))
        state = torch.from_numpy(self._scaling.apply(of.state))
        rows, last = torch.arange(len(of)), torch.from_numpy(of.length - 1)
        with torch.inference_mode():
            odds = [member.read(member.remember(told)[rows, last], state) for member in self._members]
            return torch.stack(odds).mean(dim=0).numpy()


def _member(shape: Shape, weights: Weights) -> Network:
    network = Network(shape)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
    return network.double().eval()
