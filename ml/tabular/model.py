"""The model of bookings: an ensemble of TabM networks and one ridge regression, each adding to what history says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ml.model_files import read as read_files
from ml.model_files import write as write_files
from ml.tabular.encoding import Encoding
from ml.tabular.history import Array, expit
from ml.tabular.linear import Linear
from ml.tabular.network import Shape, TabM

PACKAGED = Path(__file__).parents[1] / "models" / "scms"
SEEDS = 3
EPOCHS = 6
BATCH = 128
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 0.1
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Tabular:
    """`networks` read the encoded columns, `linear` the plain ones; all weigh the same."""

    encoding: Encoding
    networks: tuple[TabM, ...]
    linear: Linear

    def odds(self, columns: Array, offset: Array) -> Array:
        """(n, f) and (n,) -> (n,) log-odds of being late."""
        inputs = torch.from_numpy(self.encoding.apply(columns).astype(np.float32))
        with torch.inference_mode():
            added = [network(inputs).double().mean(dim=1).numpy() for network in self.networks]
        return np.asarray(offset + np.mean([*added, self.linear.odds(columns)], axis=0))

    def chance(self, columns: Array, offset: Array) -> Array:
        """(n,) probabilities of being late."""
        return expit(self.odds(columns, offset))


def fit(
    columns: Array,
    offset: Array,
    late: Array,
    *,
    seed: int = 0,
    seeds: int = SEEDS,
    progress: Progress = lambda _stage, _done, _of: None,
) -> Tabular:
    """Fits all members to n deliveries with outcomes. The same seed and machine give the same weights."""
    encoding = Encoding.of(columns)
    inputs = torch.from_numpy(encoding.apply(columns).astype(np.float32))
    target, base = (torch.from_numpy(values.astype(np.float32)) for values in (late, offset))
    networks = []
    for member in range(seeds):
        networks.append(_member(inputs, base, target, seed + member))
        progress("fit", member + 1, seeds)
    return Tabular(encoding, tuple(networks), Linear.fit(columns, offset, late))


def _member(inputs: torch.Tensor, offset: torch.Tensor, late: torch.Tensor, seed: int) -> TabM:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = TabM(Shape(inputs.shape[1]))
        optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        for _ in range(EPOCHS):
            for batch in torch.split(torch.randperm(len(inputs)), BATCH):
                odds = network(inputs[batch]) + offset[batch, None]
                loss = nn.functional.binary_cross_entropy_with_logits(odds, late[batch, None].expand_as(odds))
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call] # torch's own
                optimiser.step()
    return network.eval()


def write(folder: Path, model: Tabular, about: Mapping[str, Any]) -> str:
    """Writes model.json and the weights into `folder`; returns the model's hash."""
    weights = [{name: value.numpy() for name, value in one.state_dict().items()} for one in model.networks]
    linear = {name: np.asarray(value).tolist() for name, value in asdict(model.linear).items()}
    description = {
        **about,
        "members": len(weights),
        "shape": asdict(Shape(model.encoding.width)),
        "edges": model.encoding.edges,
        "linear": linear,
    }
    return write_files(folder, description, weights).hash


def read(folder: Path = PACKAGED) -> Tabular:
    """The model in `folder`. Raises FileNotFoundError without one, ModelDamagedError where its weights were changed."""
    files = read_files(folder)
    told = files.description
    networks = []
    for weights in files.weights:
        network = TabM(Shape(**told["shape"]))
        network.load_state_dict({name: torch.from_numpy(value) for name, value in weights.items()})
        networks.append(network.eval())
    linear = {name: np.array(told["linear"][name]) for name in ("mean", "deviation", "weights")}
    fitted = Linear(linear["mean"], linear["deviation"], linear["weights"], float(told["linear"]["intercept"]))
    return Tabular(Encoding(tuple(tuple(one) for one in told["edges"])), tuple(networks), fitted)
