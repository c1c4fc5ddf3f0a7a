"""The network: it corrects the odds that follow from usual times by what they do not know.

Its output starts as the sum of the features `ml.usual_features.OFFSET`, the log-odds of a late delivery if everything
takes as long as usual. A linear path over the state and small perceptrons over the state and a recurrent memory (GRU,
Cho et al. 2014) of the reports so far add corrections to it; all of them start at zero. The perceptrons are one with
`heads` cheap variants (BatchEnsemble, Wen et al. 2020; TabM, Gorishniy et al. 2025), whose log-odds are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """`features` per state, `told` numbers per token, `hidden` units of the memory (0: none), `width` of the
    perceptrons, number of their variants (`heads`), `dropout` rate.
    """

    features: int
    told: int
    hidden: int = 16
    width: int = 48
    heads: int = 8
    dropout: float = 0.3


class Variants(nn.Module):
    """A linear layer shared by k variants that each scale its inputs and outputs: (…, k, inputs) -> (…, k, outputs)."""

    def __init__(self, inputs: int, outputs: int, heads: int) -> None:
        super().__init__()
        self.shared = nn.Linear(inputs, outputs, bias=False)
        self.before = nn.Parameter(torch.randn(heads, inputs).sign() * (torch.rand(heads, inputs) * 0.2 + 0.9))
        self.after = nn.Parameter(torch.ones(heads, outputs))
        self.bias = nn.Parameter(torch.zeros(heads, outputs))

    def forward(self, given: Tensor) -> Tensor:
        scaled: Tensor = self.shared(given * self.before) * self.after
        return scaled + self.bias


class Network(nn.Module):
    """One member of the ensemble. States and tokens are normalised; outputs are log-odds of being late."""

    offset: Tensor
    offset_bias: Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.memory = nn.GRU(shape.told, shape.hidden, batch_first=True) if shape.hidden else None
        self.input_dropout = nn.Dropout(shape.dropout / 2)
        self.perceptron = nn.Sequential(
            Variants(shape.features + shape.hidden, shape.width, shape.heads),
            nn.SiLU(),
            nn.Dropout(shape.dropout),
            Variants(shape.width, shape.width, shape.heads),
            nn.SiLU(),
            nn.Dropout(shape.dropout),
        )
        self.out = nn.Parameter(torch.zeros(shape.heads, shape.width))
        self.wide = nn.Linear(shape.features, 1)
        nn.init.zeros_(self.wide.weight)
        nn.init.zeros_(self.wide.bias)
        self.register_buffer("offset", torch.zeros(shape.features))
        self.register_buffer("offset_bias", torch.zeros(()))

    def remember(self, told: Tensor) -> Tensor:
        """(b, t, d) tokens, oldest first -> (b, t, hidden); step t has seen tokens up to t only."""
        if self.memory is None:
            return told[..., :0]
        memory: Tensor = self.memory(self.input_dropout(told))[0]
        return memory

    def variants(self, memory: Tensor, state: Tensor) -> Tensor:
        """(…, hidden) and the state of the moment (…, f) -> (…, heads) log-odds."""
        given = torch.cat([memory, self.input_dropout(state)], -1)[..., None, :]
        corrected: Tensor = (self.perceptron(given) * self.out).sum(-1) + self.wide(state)
        return corrected + ((state * self.offset).sum(-1, keepdim=True) + self.offset_bias)

    def read(self, memory: Tensor, state: Tensor) -> Tensor:
        """(…, hidden) and the state of the moment (…, f) -> (…) log-odds, the mean over the variants."""
        return self.variants(memory, state).mean(-1)

    def forward(self, told: Tensor, state: Tensor) -> Tensor:
        return self.read(self.remember(told), state)
