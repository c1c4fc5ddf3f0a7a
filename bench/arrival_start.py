"""How much of the conformal correction of its rolling validation the arrival head had better start with.

    python -m bench.arrival_start [--cargo FILE] [--checkpoints FOLDER]

Heads that know only the rows up to an origin are asked about the training rows after it, outcomes coming 400 rows late.
Nothing after row 2628 is read. Prints coverage, width and interval score (Gneiting and Raftery 2007) of 90 % intervals,
and the error of the shipments on which the members agree most.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.risk_arrival import replayed
from bench.risk_arrival_figures import View, weighted_median
from bench.risk_section import Asked
from ml.arrays import Array
from ml.arrival import Arrival
from ml.arrival_train import Recipe, train
from ml.conformal import Conformal
from ml.datasets.cargo2000 import read
from ml.examples import Examples, examples
from ml.lanes import FREEZE

ORIGINS = (1600, 2100)
SHARES = (0.0, 0.25, 0.5, 1.0)
KEPT = (1.0, 0.9, 0.8, 0.5)


def starts(head: Arrival) -> Iterator[tuple[str, Conformal]]:
    """Each start and its name."""
    yield "no state", Conformal()
    for share in SHARES:
        yield f"{share:.0%} of the correction", head.conformal.eased(share)


def judged(view: View, told: Array) -> str:
    """Coverage, mean width and mean interval score of the 90 % intervals of quantiles (n, 5)."""
    low, high = told[view.at, 0] / 60.0, told[view.at, 4] / 60.0
    beyond = np.maximum(low - view.end, 0.0) + np.maximum(view.end - high, 0.0)
    told_of = (beyond == 0, high - low, high - low + 20.0 * beyond)
    inside, width, score = (float(np.average(one, weights=view.weight)) for one in told_of)
    return f"{inside:.3f}, {width:.0f} h, {score:.1f}"


def compared(head: Arrival, asked: Examples) -> Iterator[str]:
    """Lines of the table of one origin, then how the error falls with what is kept."""
    for name, state in starts(head):
        told = replayed(replace(head, conformal=state), asked)
        yield f"| {name} | " + " | ".join(judged(View.of(asked, place), told) for place in ("C0", "C1", "ALL")) + " |"
    order = np.argsort(head.disagreement(asked.state), kind="stable")
    error = np.abs(head.plain(asked.state, asked.minutes, asked.projected)[:, 2] - asked.end) / 60.0
    parts = [(share, order[: int(len(order) * share)]) for share in KEPT]
    kept = (f"{share:.0%} kept {weighted_median(error[at], asked.weight[at]):.1f} h" for share, at in parts)
    yield "\nMedian error, least disagreement of the members first: " + ", ".join(kept)


def main() -> None:
    """Prints one table for each origin."""
    parser = argparse.ArgumentParser(prog="bench.arrival_start", description=__doc__)
    parser.add_argument("--cargo", type=Path, default=Asked().cargo)
    parser.add_argument("--checkpoints", type=Path, help="where members are put down, to go on from after a stop")
    options = parser.parse_args()
    known = examples([one for one in read(options.cargo) if one.nr is not None and one.nr <= FREEZE])
    for origin in ORIGINS:
        with TemporaryDirectory() as folder:
            learning = known.upto(origin)
            head = train(learning, Path(folder), recipe=Recipe(carried=1.0), checkpoints=options.checkpoints)
        sys.stdout.write(f"\nRows {origin + 1} to {FREEZE}: 90 % intervals cover, mean width, interval score\n\n")
        sys.stdout.write("| start | C0 | C1 | ALL |\n|---|---|---|---|\n")
        sys.stdout.write("\n".join(compared(head, known.beyond(origin))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
