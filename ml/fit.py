"""Fitting a member of the ensemble to examples. Seeded: the same seed on the same machine gives the same weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ml.arrays import Array
from ml.examples import Examples
from ml.network import Network, Shape
from ml.scaling import Scaling
from ml.usual_features import OFFSET


@dataclass(frozen=True, slots=True)
class Schedule:
    """How members learn: each pass draws `looks` prefixes of every shipment, a share `silence` of them described in the
    silence that followed.
    """

    epochs: int = 16
    rate: float = 2e-3
    decay: float = 3e-2
    batch: int = 64
    looks: int = 6
    silence: float = 0.25
    averaging: float = 0.98


@dataclass(frozen=True, slots=True)
class Sequences:
    """Shipments padded to one length: `told` (s, t, d), `state`, `silence` (s, t, f); `late` and `length` (s,).

    `row` (n,) says for each prefix of the examples which of the s · t cells is its own.
    """

    told: Tensor
    state: Tensor
    silence: Tensor
    late: Tensor
    length: Tensor
    row: Tensor

    def on(self, device: torch.device) -> Sequences:
        """The same in the memory of `device`."""
        return Sequences(*(getattr(self, one.name).to(device) for one in fields(self)))


def sequences(prefixes: Examples, scaling: Scaling) -> Sequences:
    """The prefixes of `prefixes`, normalised and padded. All prefixes of a shipment must be there."""
    shipments, first, shipment = np.unique(prefixes.shipment, return_index=True, return_inverse=True)
    count, length = len(shipments), int(prefixes.count.max()) + 1
    row = shipment * length + prefixes.count

    def spread(values: Array) -> Tensor:
        cells = np.zeros((count * length, *values.shape[1:]), dtype=np.float32)
        cells[row] = values
        return torch.from_numpy(cells.reshape(count, length, *values.shape[1:]))

    return Sequences(
        torch.from_numpy(prefixes.tokens.values[shipments, :length].astype(np.float32)),
        spread(scaling.apply(prefixes.state)),
        spread(scaling.apply(prefixes.silence)),
        torch.from_numpy(prefixes.late[first].astype(np.float32)),
        torch.from_numpy(np.bincount(shipment)),
        torch.from_numpy(row),
    )


def device() -> torch.device:
    """The GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def started(shape: Shape, scaling: Scaling, seed: int) -> Network:
    """A network whose odds are those of usual times."""
    torch.manual_seed(seed)
    network = Network(shape)
    at = [scaling.names.index(name) for name in OFFSET if name in scaling.names]
    network.offset[at] = torch.tensor(scaling.deviation[at], dtype=torch.float32)
    network.offset_bias.fill_(float(scaling.mean[at].sum()))
    return network


def fit(
    learning: Sequences, network: Network, schedule: Schedule, seed: int, each: Callable[[int, nn.Module], None]
) -> dict[str, Tensor]:
    """One member after `epochs` passes, as a state dict on the CPU: the exponential average of its weights.

    `each(epoch, averaged network)` is called after every pass, with the network in evaluation mode.
    """
    where = device()
    network, learning = network.to(where), learning.on(where)
    torch.manual_seed(seed)
    averaged = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(schedule.averaging))  # type: ignore[no-untyped-call] # torch's own
    optimiser = torch.optim.AdamW(network.parameters(), lr=schedule.rate, weight_decay=schedule.decay)
    for epoch in range(schedule.epochs):
        network.train()
        for batch in torch.split(torch.randperm(len(learning.late)), schedule.batch):
            _step(network, optimiser, learning, batch.to(where), schedule)
            averaged.update_parameters(network)
        each(epoch, averaged.module.eval())
    return {name: value.detach().cpu().clone() for name, value in averaged.module.state_dict().items()}


def _step(
    network: Network, optimiser: torch.optim.Optimizer, learning: Sequences, batch: Tensor, schedule: Schedule
) -> None:
    shape, where = (len(batch), schedule.looks), batch.device
    drawn, quiet = torch.rand(shape).to(where), (torch.rand(shape) < schedule.silence).to(where)
    at = (drawn * learning.length[batch][:, None]).long()
    rows, picked = torch.arange(len(batch), device=where)[:, None], batch[:, None]
    state = torch.where(quiet[..., None], learning.silence[picked, at], learning.state[picked, at])
    odds = network.variants(network.remember(learning.told[batch])[rows, at], state)
    late = learning.late[batch][:, None, None].expand_as(odds)
    optimiser.zero_grad()
    nn.functional.binary_cross_entropy_with_logits(odds, late).backward()  # type: ignore[no-untyped-call] # torch's own
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()


def odds(network: nn.Module, of: Sequences) -> Array:
    """Log-odds (n,) for each prefix at its latest report."""
    with torch.inference_mode():
        where = next(network.parameters()).device
        cells: Tensor = network(of.told.to(where), of.state.to(where)).cpu()
    return cells.reshape(-1)[of.row].numpy().astype(np.float64)
