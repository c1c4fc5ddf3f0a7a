"""Trains the excursion head on simulated shipments: `python -m ml.excursion_train --to FOLDER`.

Seeds of the simulator: 21 to learn from, 22 to calibrate; 23 was for choices, 24 and above are for tests
(`bench.risk_faults`). What is to be foretold is the true temperature in the box, not what its logger says.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ml.calibration import platt
from ml.conditions import PROFILES
from ml.excursion import PACKAGED, Excursion, Odds, standardised, written
from ml.excursion_features import HORIZON, NAMES, Array, described
from ml.model_files import write
from ml.sensors import sensors
from ml.simulator.climate import MECHANISMS, warm
from ml.simulator.season import stories
from ml.simulator.story import Story

UNITS: Final = 32
EPOCHS: Final = 30
MEMBERS: Final = 3
BATCH: Final = 128
FAULTY: Final = 0.35
NO_PRIOR: Final = 1e-6
"""Just enough of a ridge that the calibration stays finite."""


@dataclass(frozen=True, slots=True)
class Moments:
    """(n, f) features, (n,) whether an excursion follows within the horizon, and which mechanism the shipment has.

    `inside` says whether the box is within its range at the moment; `shipment` numbers the shipments.
    """

    rows: Array
    truth: Array
    inside: np.ndarray[Any, np.dtype[np.bool_]]
    kinds: list[str]
    shipment: np.ndarray[Any, np.dtype[np.int64]]


def moments(count: int, seed: int, each: int = 8, near: float = 0.6) -> Moments:
    """Moments drawn from the courses of `count` simulated shipments with loggers, some with a planted mechanism.

    A share `near` of them lies between three hours before and nine after the onset of the mechanism, or of none: at a
    random instant of shipments without one. 0 gives moments as they come.
    """
    rng = random.Random(seed * 31 + 7)
    told_of = enumerate(stories(count, seed, 0.0))
    drawn = [(number, *moment) for number, told in told_of for moment in _of(told, rng, each, near)]
    return Moments(
        np.array([row for _, row, _, _, _ in drawn]),
        np.array([truth for _, _, truth, _, _ in drawn], dtype=np.float64),
        np.array([inside for _, _, _, inside, _ in drawn]),
        [kind for _, _, _, _, kind in drawn],
        np.array([number for number, *_ in drawn]),
    )


def _of(told: Story, rng: random.Random, each: int, near: float) -> Iterator[tuple[Array, bool, bool, str]]:
    kind = rng.choice(MECHANISMS) if rng.random() < FAULTY else None
    course = warm(told, rng, kind)
    trail, limits = told.trail(), PROFILES[told.profile or "2-8"]
    hours = (told.end - course.begin) / timedelta(hours=1)
    sham = course.begin + timedelta(hours=rng.uniform(0.125, 0.9) * hours)
    for _ in range(each):
        moment = course.begin + timedelta(hours=rng.uniform(2, max(3.0, hours - 2)))
        if rng.random() < near:
            moment = (told.onset or sham) + timedelta(hours=rng.uniform(-3, 9))
        known = trail.known_at(moment)
        said = sensors(known, moment, limits)
        if said is not None and not np.isnan(said.last):
            truth = course.excursion(moment, HORIZON / timedelta(hours=1), limits)
            inside = limits.low <= course.true[course.at(moment)] <= limits.high
            yield described(known, moment, said, limits), truth, inside, kind or "none"


class Net(nn.Module):
    """(b, f) -> (b,) log-odds: a perceptron beside a straight path."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(len(NAMES), UNITS), nn.Linear(UNITS, UNITS)
        self.third, self.wide = nn.Linear(UNITS, 1), nn.Linear(len(NAMES), 1, bias=False)

    def forward(self, rows: Tensor) -> Tensor:
        hidden = torch.tanh(self.second(torch.tanh(self.first(rows))))
        out: Tensor = (self.third(hidden) + self.wide(rows)).squeeze(-1)
        return out


def fit(rows: Array, truth: Array, seed: int, epochs: int, checkpoint: Path | None = None) -> dict[str, Any]:
    """One member's weights after `epochs` passes; with `checkpoint` a run that was cut off goes on, to the same end."""
    torch.manual_seed(seed)
    network, done = Net(), 0
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    if checkpoint is not None and checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        network.load_state_dict(kept["network"])
        optimiser.load_state_dict(kept["optimiser"])
        done = int(kept["epoch"])
    given, asked = torch.from_numpy(rows.astype(np.float32)), torch.from_numpy(truth.astype(np.float32))
    for epoch in range(done, epochs):
        order = np.random.default_rng((seed, epoch)).permutation(len(rows))
        for batch in torch.split(torch.from_numpy(order), BATCH):
            loss = nn.functional.binary_cross_entropy_with_logits(network(given[batch]), asked[batch])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call] # torch's own
            optimiser.step()
        if checkpoint is not None:
            kept = {"epoch": epoch + 1, "network": network.state_dict(), "optimiser": optimiser.state_dict()}
            torch.save(kept, checkpoint)
    return {name: value.detach().numpy() for name, value in network.state_dict().items()}


def train(
    learn: Moments,
    calibrate: Moments,
    folder: Path,
    *,
    seed: int = 1,
    epochs: int = EPOCHS,
    simulated: bool = True,
    say: Callable[[str], None] = lambda _line: None,
) -> Excursion:
    """Learns, calibrates on other shipments, writes the head to `folder` and gives it back."""
    mean, deviation = learn.rows.mean(0), np.maximum(learn.rows.std(0), 1e-3)
    scaled = standardised(learn.rows, mean, deviation)
    folder.mkdir(parents=True, exist_ok=True)
    weights = []
    for member in range(MEMBERS):
        kept = folder / f"member-{member}.pt"
        weights.append(fit(scaled, learn.truth, seed + member, epochs, kept))
        say(f"member {member + 1} of {MEMBERS}")
    doubles = [{name: value.astype(np.float64) for name, value in member.items()} for member in weights]
    odds = Odds(mean, deviation, doubles, 1.0, 0.0)
    fitted = platt(calibrate.truth, odds.raw(calibrate.rows), np.ones(len(calibrate.rows)), ridge=NO_PRIOR)
    made = {"trained_on": {"simulated": simulated, "moments": len(learn.rows)}, "seed": seed, "epochs": epochs}
    write(folder, written(Odds(mean, deviation, doubles, fitted.slope, fitted.shift), made), weights)
    for old in folder.glob("member-*.pt"):
        old.unlink()
    return Excursion.load(folder)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Trains the excursion head on simulated shipments.")
    parser.add_argument("--to", type=Path, default=PACKAGED, help="folder of the head")
    parser.add_argument("--shipments", type=int, default=600, help="shipments to learn from")
    asked = parser.parse_args()
    say: Callable[[str], None] = print
    learn = moments(asked.shipments, 21)
    calibrate = moments(max(50, asked.shipments // 2), 22, near=0.0)
    head = train(learn, calibrate, asked.to, say=say)
    say(f"{asked.to}: {head.hash}")


if __name__ == "__main__":
    main()
