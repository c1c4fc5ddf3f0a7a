"""The network: a recurrent memory of the milestones so far, read together with the state of the moment.

Wide and deep (Cheng et al. 2016): a linear path over the state carries the lane log-odds straight to the output, a
GRU (Cho et al. 2014) over the states at past milestones and a small perceptron add what is not linear.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """`features` per state, `hidden` units of the memory, `width` of the perceptron, `dropout` rate."""

    features: int
    hidden: int = 24
    width: int = 64
    dropout: float = 0.3


class Network(nn.Module):
    """One member of the ensemble. States are normalised; outputs are log-odds of being late."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.memory = nn.GRU(shape.features, shape.hidden, batch_first=True)
        self.input_dropout = nn.Dropout(shape.dropout / 2)
        self.head = nn.Sequential(
            nn.Linear(shape.features + shape.hidden, shape.width),
            nn.SiLU(),
            nn.Dropout(shape.dropout),
            nn.Linear(shape.width, shape.width),
            nn.SiLU(),
            nn.Dropout(shape.dropout),
            nn.Linear(shape.width, 1),
        )
        self.wide = nn.Linear(shape.features, 1)
        nn.init.zeros_(self.wide.weight)

    def remember(self, history: Tensor) -> Tensor:
        """(b, t, f) states at the milestones, oldest first -> (b, t, hidden); step t has seen states up to t only."""
        memory: Tensor = self.memory(self.input_dropout(history))[0]
        return memory

    def read(self, memory: Tensor, moment: Tensor) -> Tensor:
        """(…, hidden) and the state of the moment (…, f) -> (…) log-odds."""
        logits: Tensor = self.head(torch.cat([memory, self.input_dropout(moment)], -1)) + self.wide(moment)
        return logits.squeeze(-1)

    def forward(self, history: Tensor, moment: Tensor) -> Tensor:
        return self.read(self.remember(history), moment)
