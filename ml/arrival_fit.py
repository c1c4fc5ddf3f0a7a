"""Fitting one member of the arrival head: a perceptron under the pinball loss at five levels. Seeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ml.arrays import Array
from ml.arrival import LEVELS
from ml.model_files import Weights

BATCH = 512
LEARNING_RATE = 5e-3
WEIGHT_DECAY = 3e-2


@dataclass(frozen=True, slots=True)
class Taught:
    """n moments: normalised `inputs` (n, f), `target` (n,) on the scale of `ml.arrival.softened`, `weight` (n,)."""

    inputs: Tensor
    target: Tensor
    weight: Tensor

    @classmethod
    def of(cls, inputs: Array, target: Array, weight: Array) -> Taught:
        scaled = weight / weight.mean()
        return cls(*(torch.from_numpy(np.asarray(one, dtype=np.float32)) for one in (inputs, target, scaled)))


class Member(nn.Module):
    """Two hidden layers; outputs (n, 5) are a median and four steps, turned into quantiles that do not cross."""

    def __init__(self, features: int, width: int, dropout: float, begin: Array) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(features, width), nn.Linear(width, width)
        self.last = nn.Linear(width, len(LEVELS))
        self.before, self.between = nn.Dropout(dropout / 2), nn.Dropout(dropout)
        with torch.no_grad():
            self.last.bias.copy_(torch.from_numpy(begin))

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.between(nn.functional.silu(self.first(self.before(inputs))))
        told = self.last(self.between(nn.functional.silu(self.second(hidden))))
        median, steps = told[:, 0], nn.functional.softplus(told[:, 1:])
        low, high = median - steps[:, 1], median + steps[:, 2]
        return torch.stack([low - steps[:, 0], low, median, high, high + steps[:, 3]], dim=1)

    def weights(self) -> Weights:
        layers = (self.first, self.second, self.last)
        told = {f"w{at}": layer.weight for at, layer in enumerate(layers)}
        told |= {f"b{at}": layer.bias for at, layer in enumerate(layers)}
        return {name: value.detach().numpy().copy() for name, value in told.items()}


def begin(target: Array) -> Array:
    """Biases under which an untaught member tells the quantiles of all targets."""
    at = np.quantile(target, LEVELS)
    steps = np.maximum([at[1] - at[0], at[2] - at[1], at[3] - at[2], at[4] - at[3]], 0.02)
    return np.array([at[2], *np.log(np.expm1(steps))], dtype=np.float32)


def pinball(told: Tensor, target: Tensor) -> Tensor:
    """(n, 5) quantiles and (n,) targets -> (n,) mean pinball loss over the levels (Koenker and Bassett 1978)."""
    levels = torch.tensor(LEVELS, dtype=told.dtype)
    off = target[:, None] - told
    return torch.maximum(levels * off, (levels - 1.0) * off).mean(dim=1)


def fit(
    taught: Taught,
    *,
    width: int,
    dropout: float,
    epochs: int,
    seed: int,
    each: Callable[[int, Weights], None] = lambda _epoch, _weights: None,
) -> Weights:
    """A member after `epochs` passes: the exponential average of its weights. `each` hears of every pass."""
    torch.manual_seed(seed)
    member = Member(taught.inputs.shape[1], width, dropout, begin(taught.target.numpy()))
    averaged = AveragedModel(member, multi_avg_fn=get_ema_multi_avg_fn(0.995))  # type: ignore[no-untyped-call] # torch's own
    optimiser = torch.optim.AdamW(member.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    steps = epochs * -(-len(taught.target) // BATCH)
    pace = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps, pct_start=0.1)
    for epoch in range(epochs):
        for batch in torch.split(torch.randperm(len(taught.target)), BATCH):
            loss = (pinball(member(taught.inputs[batch]), taught.target[batch]) * taught.weight[batch]).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call] # torch's own
            nn.utils.clip_grad_norm_(member.parameters(), 1.0)
            optimiser.step()
            pace.step()
            averaged.update_parameters(member)
        each(epoch, cast(Member, averaged.module).weights())
    return cast(Member, averaged.module).weights()
