"""TabM (Gorishniy, Kotelnikov, Babenko 2025): many members that share their matrices and differ by cheap adapters."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """`inputs` numbers, `members` of `width` units, `dropout` rate."""

    inputs: int
    members: int = 16
    width: int = 16
    dropout: float = 0.3


class TabM(nn.Module):
    """Two hidden layers. Members begin different (random signs on the input) and silent (a zero output)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        k, f, w = shape.members, shape.inputs, shape.width
        self.first, self.second = nn.Linear(f, w), nn.Linear(w, w)
        self.input_scale = nn.Parameter(torch.sign(torch.randn(k, f)))
        self.first_scale, self.first_shift = nn.Parameter(torch.ones(k, w)), nn.Parameter(torch.zeros(k, w))
        self.hidden_scale = nn.Parameter(torch.ones(k, w))
        self.second_scale, self.second_shift = nn.Parameter(torch.ones(k, w)), nn.Parameter(torch.zeros(k, w))
        self.out, self.out_shift = nn.Parameter(torch.zeros(k, w)), nn.Parameter(torch.zeros(k))
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, inputs: Tensor) -> Tensor:
        """(b, inputs) -> (b, members) log-odds to add to the offset."""
        hidden = torch.relu(self.first(inputs[:, None] * self.input_scale) * self.first_scale + self.first_shift)
        hidden = self.second(self.dropout(hidden) * self.hidden_scale) * self.second_scale + self.second_shift
        odds: Tensor = (self.dropout(torch.relu(hidden)) * self.out).sum(-1) + self.out_shift
        return odds
