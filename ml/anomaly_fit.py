"""Fitting the network of `ml.anomaly_model`: seeded, in seconds, and it goes on where it was cut off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ml.anomaly_model import HIDDEN, LEVELS, WIDTH, Array, Levels, encoded
from ml.trail_rules.all import NAMES

HIDDEN_UNITS = 96
BATCH = 256
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 2e-2


class Guesser(nn.Module):
    """(b, `WIDTH`) levels, some hidden, and context -> (b, k, `LEVELS`) logits."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(WIDTH, HIDDEN_UNITS)
        self.second = nn.Linear(HIDDEN_UNITS, HIDDEN_UNITS)
        self.third = nn.Linear(HIDDEN_UNITS, len(NAMES) * LEVELS)

    def forward(self, rows: Tensor) -> Tensor:
        hidden = nn.functional.silu(self.first(rows))
        hidden = hidden + nn.functional.silu(self.second(hidden))
        out: Tensor = self.third(hidden)
        return out.reshape(len(rows), len(NAMES), LEVELS)


def fit(
    levels: Levels,
    context: Array,
    seed: int,
    epochs: int = 40,
    *,
    checkpoint: Path | None = None,
    each: Callable[[int, float], None] = lambda _epoch, _loss: None,
) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """The weights after `epochs` passes over (n, k) levels and (n, 6) context; `each(epoch, loss)` follows along.

    With `checkpoint`, a run that was cut off goes on from its last whole epoch and ends with the same weights.
    """
    torch.manual_seed(seed)
    network, done = Guesser(), 0
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    if checkpoint is not None and checkpoint.exists():
        done = _resumed(checkpoint, network, optimiser)
    for epoch in range(done, epochs):
        draw = np.random.default_rng((seed, epoch))
        losses = []
        for batch in np.array_split(draw.permutation(len(levels)), -(-len(levels) // BATCH)):
            shown = np.where(draw.random(levels[batch].shape) < draw.random((len(batch), 1)), HIDDEN, levels[batch])
            rows = torch.from_numpy(encoded(shown, context[batch]).astype(np.float32))
            asked = torch.from_numpy((shown == HIDDEN) & (levels[batch] != HIDDEN))
            truth = torch.from_numpy(np.maximum(levels[batch], 0))
            loss = nn.functional.cross_entropy(network(rows)[asked], truth[asked])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call] # torch's own
            optimiser.step()
            losses.append(loss.item())
        if checkpoint is not None:
            kept = {"epoch": epoch + 1, "network": network.state_dict(), "optimiser": optimiser.state_dict()}
            torch.save(kept, checkpoint)
        each(epoch, float(np.mean(losses)))
    return {name: value.detach().numpy().astype(np.float32) for name, value in network.state_dict().items()}


def _resumed(checkpoint: Path, network: Guesser, optimiser: torch.optim.Optimizer) -> int:
    kept = torch.load(checkpoint, weights_only=True)
    network.load_state_dict(kept["network"])
    optimiser.load_state_dict(kept["optimiser"])
    return int(kept["epoch"])
