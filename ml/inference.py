"""The ensemble at work: all members at once, many cases in one pass, in double precision.

The members' weights lie stacked, so that one live case costs few operations; sequences lie by length, so that none is
padded. Log-odds are rounded to millionths: a score does not depend on who else was in its batch.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ml.arrays import Array, Whole
from ml.attribution import Variants
from ml.inputs import MICRO, Inputs
from ml.model_files import Model


class Ensemble:
    """All members of a model, stacked along the first axis of their weights."""

    def __init__(self, model: Model) -> None:
        self._scaling = model.scaling
        self._weights = {
            name: torch.from_numpy(np.stack([member[name] for member in model.weights])).double()
            for name in model.weights[0]
        }

    def odds(self, of: Inputs) -> Array:
        """Mean log-odds (n,) of the members."""
        with torch.inference_mode():
            memory = self._remember(of.told, of.length)
            return self._mean(self._read(memory, of.state))

    def variants(self, of: Variants) -> Array:
        """Mean log-odds (n, coalitions) of the members."""
        with torch.inference_mode():
            many = len(of.told)
            memory = self._remember(np.concatenate(of.told), np.tile(of.length, many))
            members, cases = memory.shape[0], len(of.length)
            of_variant = memory.view(members, many, cases, -1)[:, list(of.which)].flatten(1, 2)
            odds = self._mean(self._read(of_variant, of.state.reshape(-1, of.state.shape[-1])))
        return odds.reshape(len(of.which), cases).T

    def _mean(self, odds: Tensor) -> Array:
        return np.asarray(np.rint(odds.mean(dim=0).numpy() * MICRO) / MICRO, dtype=np.float64)

    def _remember(self, told: Array, length: Whole) -> Tensor:
        """(N, T, d) and lengths (N,) -> (members, N, hidden): a GRU's state (Cho et al. 2014) at the last token."""
        order = np.argsort(-length, kind="stable")
        steps, running = _by_step(told[order], length[order])
        weight, bias = self._weights["memory.weight_ih_l0"], self._weights["memory.bias_ih_l0"]
        inner, inner_bias = self._weights["memory.weight_hh_l0"].mT, self._weights["memory.bias_hh_l0"][:, None]
        members, gates, _ = weight.shape
        scaled = torch.from_numpy(self._scaling.apply(steps))
        driven = torch.addmm(bias.reshape(-1), scaled, weight.reshape(members * gates, -1).T)
        parts = torch.split(driven.view(-1, members, gates).transpose(0, 1), running, dim=1)
        state = torch.zeros(members, len(length), gates // 3, dtype=torch.float64)
        for given in parts:
            count = given.shape[1]
            before = state[:, :count]
            told_r, told_z, told_n = given.chunk(3, -1)
            kept_r, kept_z, kept_n = torch.baddbmm(inner_bias, before, inner).chunk(3, -1)
            fresh = torch.tanh(torch.addcmul(told_n, torch.sigmoid(told_r + kept_r), kept_n))
            state[:, :count] = torch.lerp(fresh, before, torch.sigmoid(told_z + kept_z))
        return state[:, np.argsort(order)]

    def _read(self, memory: Tensor, state: Array) -> Tensor:
        """(members, N, hidden) and (N, f) -> (members, N) log-odds."""
        moment = torch.from_numpy(self._scaling.apply(state))
        broad = moment.expand(memory.shape[0], *moment.shape)
        told = torch.cat([memory, broad], -1)
        for layer in ("head.0", "head.3"):
            told = torch.nn.functional.silu(self._linear(layer, told))
        return (self._linear("head.6", told) + self._linear("wide", broad)).squeeze(-1)

    def _linear(self, layer: str, values: Tensor) -> Tensor:
        return torch.baddbmm(self._weights[f"{layer}.bias"][:, None], values, self._weights[f"{layer}.weight"].mT)


def _by_step(told: Array, length: Whole) -> tuple[Array, list[int]]:
    """The tokens that are there, step by step (total, d), of sequences with falling lengths; how many in each step."""
    there = np.arange(int(length[0])) < length[:, None]
    return told[:, : int(length[0])].swapaxes(0, 1)[there.T], there.sum(axis=0).tolist()
