"""Fitting an ensemble to examples. Seeded: the same seed on the same machine gives the same weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ml.examples import Array, Examples
from ml.network import Network, Shape
from ml.scaling import Scaling

LEARNING_RATE = 2e-3
WEIGHT_DECAY = 3e-2
BATCH = 64
SILENCE = 0.3
"""How much the description in the silence weighs beside the one at the milestone."""


@dataclass(frozen=True, slots=True)
class Sequences:
    """Shipments padded to one length: `state`, `silence` (s, t, f), `late` and `weight` (s, t); padding weighs 0.

    `row` (n,) says for each prefix of the examples which of the s · t cells is its own.
    """

    state: Tensor
    silence: Tensor
    late: Tensor
    weight: Tensor
    row: Tensor


def sequences(prefixes: Examples, scaling: Scaling) -> Sequences:
    """The prefixes of `prefixes`, normalised and padded."""
    _, shipment = np.unique(prefixes.nr, return_inverse=True)
    begins = np.flatnonzero(np.diff(prefixes.nr, prepend=-1))
    step = np.arange(len(shipment)) - begins[shipment]
    count, length = shipment.max() + 1, step.max() + 1
    row = shipment * length + step

    def spread(values: Array) -> Tensor:
        cells = np.zeros((count * length, *values.shape[1:]), dtype=np.float32)
        cells[row] = values
        return torch.from_numpy(cells.reshape(count, length, *values.shape[1:]))

    state, silence = spread(scaling.apply(prefixes.state)), spread(scaling.apply(prefixes.silence))
    return Sequences(state, silence, spread(prefixes.late), spread(prefixes.weight), torch.from_numpy(row))


def fit(
    learning: Sequences, shape: Shape, seed: int, epochs: int, each: Callable[[int, nn.Module], None]
) -> dict[str, Tensor]:
    """One member after `epochs` passes, as a state dict: the exponential average of its weights.

    `each(epoch, averaged network)` is called after every pass, with the network in evaluation mode.
    """
    torch.manual_seed(seed)
    network = Network(shape)
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.98))  # type: ignore[no-untyped-call] # torch's own
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    for epoch in range(epochs):
        network.train()
        for batch in torch.split(torch.randperm(len(learning.late)), BATCH):
            _step(network, optimiser, learning, batch)
            averaged.update_parameters(network)
        each(epoch, averaged.module.eval())
    return {name: value.detach().clone() for name, value in averaged.module.state_dict().items()}


def _step(network: Network, optimiser: torch.optim.Optimizer, learning: Sequences, batch: Tensor) -> None:
    late, weight = learning.late[batch], learning.weight[batch]
    memory = network.remember(learning.state[batch])

    def loss(moment: Tensor) -> Tensor:
        odds = network.read(memory, moment[batch])
        return nn.functional.binary_cross_entropy_with_logits(odds, late, weight, reduction="sum") / len(batch)

    optimiser.zero_grad()
    (loss(learning.state) + SILENCE * loss(learning.silence)).backward()  # type: ignore[no-untyped-call] # torch's own
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


def odds(network: nn.Module, of: Sequences, moment: Tensor) -> Array:
    """Log-odds (n,) for each prefix, read at `moment` (s, t, f)."""
    with torch.inference_mode():
        cells: Tensor = network(of.state, moment)
    return cells.reshape(-1)[of.row].numpy().astype(np.float64)


def ensemble_odds(members: Sequence[nn.Module], of: Sequences, moment: Tensor) -> Array:
    """Mean log-odds (n,) of the members."""
    return np.asarray(np.mean([odds(member, of, moment) for member in members], axis=0), dtype=np.float64)
