"""The ensemble at work: all members at once, many cases in one pass, in double precision.

The same function as `ml.network.Network` in evaluation mode (a test compares them), laid out for speed: the members'
weights lie stacked, so that one live case costs few operations; sequences lie by length, so that none is padded.
Log-odds are rounded to millionths: a score does not depend on who else was in its batch.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ml.arrays import Array, Whole
from ml.attribution import Variants
from ml.inputs import MICRO, Inputs
from ml.model_files import Model

SLICE = 1024
"""Cases that are read at once, so that what lies between the layers stays in the processor's cache."""


class Ensemble:
    """All members of a model, stacked along the first axis of their weights."""

    def __init__(self, model: Model) -> None:
        self._scaling = model.scaling
        weights = {
            name: torch.from_numpy(np.stack([member[name] for member in model.weights])).double()
            for name in model.weights[0]
        }
        self._memory = _Memory(weights) if "memory.weight_ih_l0" in weights else None
        self._reader = _Reader(weights)

    def odds(self, of: Inputs) -> Array:
        """Mean log-odds (n,) of the members."""
        with torch.inference_mode():
            memory = None if self._memory is None else self._memory(of.told, of.length)
            return _rounded(self._read(memory, of.state))

    def variants(self, of: Variants) -> Array:
        """Mean log-odds (n, coalitions) of the members."""
        many, cases = len(of.told), len(of.length)
        with torch.inference_mode():
            memory = None
            if self._memory is not None:
                apart = self._memory(np.concatenate(of.told), np.tile(of.length, many))
                memory = apart.view(len(apart), many, cases, -1)[:, list(of.which)].flatten(1, 2)
            odds = _rounded(self._read(memory, of.state.reshape(-1, of.state.shape[-1])))
        return odds.reshape(len(of.which), cases).T

    def _read(self, memory: Tensor | None, state: Array) -> Tensor:
        scaled = torch.from_numpy(self._scaling.apply(state))
        parts = []
        for at in range(0, len(scaled), SLICE):
            kept = None if memory is None else memory[:, at : at + SLICE]
            parts.append(self._reader(kept, scaled[at : at + SLICE]))
        return torch.cat(parts)


def _rounded(odds: Tensor) -> Array:
    return np.asarray(np.rint(odds.numpy() * MICRO) / MICRO, dtype=np.float64)


class _Memory:
    """A GRU (Cho et al. 2014) of each member over tokens."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        weight = weights["memory.weight_ih_l0"]
        self._members, self._gates, width = weight.shape
        self._weight, self._bias = weight.reshape(-1, width).T, weights["memory.bias_ih_l0"].reshape(-1)
        self._inner, self._inner_bias = weights["memory.weight_hh_l0"].mT, weights["memory.bias_hh_l0"][:, None]

    def __call__(self, told: Array, length: Whole) -> Tensor:
        """(N, T, d) and lengths (N,) -> (members, N, hidden): the state at the last token."""
        order = np.argsort(-length, kind="stable")
        steps, running = _by_step(told[order], length[order])
        driven = torch.addmm(self._bias, torch.from_numpy(steps), self._weight)
        parts = torch.split(driven.view(-1, self._members, self._gates).transpose(0, 1), running, dim=1)
        state = torch.zeros(self._members, len(length), self._gates // 3, dtype=torch.float64)
        for given in parts:
            before = state[:, : given.shape[1]]
            told_r, told_z, told_n = given.chunk(3, -1)
            kept_r, kept_z, kept_n = torch.baddbmm(self._inner_bias, before, self._inner).chunk(3, -1)
            fresh = torch.tanh(torch.addcmul(told_n, torch.sigmoid(told_r + kept_r), kept_n))
            state[:, : given.shape[1]] = torch.lerp(fresh, before, torch.sigmoid(told_z + kept_z))
        return state[:, torch.from_numpy(np.argsort(order))]


class _Reader:
    """What each member makes of its memory and the state: the wide path, the offset, and the perceptron's variants."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        names = ("perceptron.0", "perceptron.3")
        self._layers = [_variants(weights, name) for name in names]
        self._heads, self._width = weights["out"].shape[1:]
        members = len(weights["out"])
        # A mean over members and variants: one product with everything that they say.
        self._out = (weights["out"] / (members * self._heads)).reshape(members, -1, 1)
        self._wide = (weights["wide.weight"][:, 0] + weights["offset"]).mean(dim=0)
        self._bias = (weights["wide.bias"][:, 0] + weights["offset_bias"]).mean()

    def __call__(self, memory: Tensor | None, state: Tensor) -> Tensor:
        """(members, N, hidden) and (N, f) -> (N,) mean log-odds."""
        (first, first_bias), (second, second_bias) = self._layers
        members = len(first)
        given = state.expand(members, *state.shape)
        if memory is not None:
            given = torch.cat([memory, given], -1)
        hidden = torch.nn.functional.silu(torch.baddbmm(first_bias, given, first))
        # (members, N, heads · width) -> (members · heads, N, width): from here on each variant has its own inputs.
        apart = hidden.view(members, -1, self._heads, self._width).transpose(1, 2).reshape(-1, len(state), self._width)
        deeper = torch.nn.functional.silu(torch.baddbmm(second_bias, apart, second))
        told = torch.bmm(deeper, self._out.view(-1, self._width, 1)).sum(dim=0).squeeze(-1)
        return told + torch.mv(state, self._wide) + self._bias


def _variants(weights: dict[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """The variants of a layer as plain layers: weights and biases as the two steps of `_Reader` want them."""
    shared, before = weights[f"{name}.shared.weight"], weights[f"{name}.before"]
    after, bias = weights[f"{name}.after"], weights[f"{name}.bias"]
    each = shared[:, None] * before[:, :, None] * after[..., None]
    members, heads, outputs, inputs = each.shape
    if name == "perceptron.0":
        return each.reshape(members, heads * outputs, inputs).mT.contiguous(), bias.reshape(members, 1, -1)
    return each.reshape(members * heads, outputs, inputs).mT.contiguous(), bias.reshape(members * heads, 1, -1)


def _by_step(told: Array, length: Whole) -> tuple[Array, list[int]]:
    """The tokens that are there, step by step (total, d), of sequences with falling lengths; how many in each step."""
    there = np.arange(int(length[0])) < length[:, None]
    return told[:, : int(length[0])].swapaxes(0, 1)[there.T], there.sum(axis=0).tolist()
