"""Training of the arrival head: members, and the conformal state that they start with. Seeded and resumable.

1. Rolling origin: members learn from the first part of the rows and are asked about the next part, three times over.
   What they miss there, oldest first, is what the conformal state starts with, at half strength: the head errs less.
2. The members of the head learn from all rows.

The number of passes and the size of the network are fixed; they were chosen by the same rolling validation. How much of
the correction the head starts with was chosen by `python -m bench.arrival_start`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from ml.abstention import Limits, limits, strangeness
from ml.arrays import Array, Mask
from ml.arrival import SOFT, Arrival, layers, reference, softened, stages
from ml.conformal import Conformal, Outcome, scaled
from ml.datasets.cargo2000 import read
from ml.examples import Examples, examples
from ml.features import unslog
from ml.lanes import FREEZE, LAG
from ml.model_files import Weights, write
from ml.scaling import Scaling

Progress = Callable[[str, int, int], None]
"""Hears of (stage, done, of)."""
PACKAGED = Path(__file__).parent / "models" / "freight" / "arrival"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`first` rows are too early to have history and are not learnt from; `origins` are the shares of the rows after
    which validation parts begin. `silence` is the weight of descriptions in the silence after a report,
    `carried` how much of the conformal correction of the validated heads the head starts with.
    """

    members: int = 5
    validators: int = 3
    epochs: int = 10
    width: int = 96
    dropout: float = 0.35
    silence: float = 0.5
    first: float = 0.12
    origins: tuple[float, ...] = (0.4, 0.6, 0.8)
    carried: float = 0.5


def train(
    prefixes: Examples,
    out: Path,
    *,
    seed: int = 0,
    recipe: Recipe | None = None,
    about: dict[str, Any] | None = None,
    checkpoints: Path | None = None,
    progress: Progress = lambda _stage, _done, _of: None,
) -> Arrival:
    """Trains on all of `prefixes` and writes the head into the folder `out`.

    The same seed, prefixes and machine give the same weights. Members that lie in `checkpoints` already are not
    trained again. `about` goes into the description (what was learnt from).
    """
    import torch

    torch.set_num_threads(1)
    recipe = recipe or Recipe()
    smith = _Smith(recipe, seed, checkpoints, progress)
    conformal, bounds, figures = _validated(prefixes, recipe, smith)
    conformal = conformal.eased(recipe.carried)
    scaling, weights = smith.members("fit", prefixes.nr >= _first(prefixes, recipe), prefixes, recipe.members)
    names = scaling.names
    description = {
        "name": "freight-arrival-v1",
        "learnt_from": about or {},
        "seed": seed,
        "recipe": asdict(recipe),
        "members": recipe.members,
        "shape": {"features": len(names), "width": recipe.width, "soft_hours": SOFT},
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__},
        "metrics": {"validation": figures},
        "abstention": asdict(bounds),
        "scaling": {"names": list(names), "mean": scaling.mean.tolist(), "deviation": scaling.deviation.tolist()},
        "conformal": conformal.to_json(),
    }
    return Arrival.of(write(out, description, weights))


def _first(prefixes: Examples, recipe: Recipe) -> int:
    return int(np.quantile(np.unique(prefixes.nr), recipe.first, method="lower"))


@dataclass(frozen=True, slots=True)
class _Smith:
    """Fits members, or takes them from where they were put down before."""

    recipe: Recipe
    seed: int
    checkpoints: Path | None
    progress: Progress

    def members(self, stage: str, rows: Mask, prefixes: Examples, count: int) -> tuple[Scaling, list[Weights]]:
        """`count` members that learnt from the `rows` of the prefixes, and the scaling of their inputs."""
        from ml.arrival_fit import Taught

        learning = prefixes.where(rows)
        scaling = Scaling.of(learning)
        taught = Taught.of(*_told(learning, scaling, self.recipe, self.seed))
        told = hashlib.sha256(taught.inputs.numpy().tobytes() + taught.target.numpy().tobytes()).hexdigest()
        found = []
        for at in range(count):
            found.append(self._member(taught, told, at))
            self.progress(stage, at + 1, count)
        return scaling, found

    def _member(self, taught: Any, told: str, at: int) -> Weights:
        from ml.arrival_fit import fit

        recipe = self.recipe
        how: dict[str, Any] = {
            "width": recipe.width,
            "dropout": recipe.dropout,
            "epochs": recipe.epochs,
            "seed": self.seed * 1000 + at,
        }
        name = hashlib.sha256(json.dumps([told, how], sort_keys=True).encode()).hexdigest()[:24]
        kept = self.checkpoints / f"{name}.safetensors" if self.checkpoints else None
        if kept and kept.exists():
            return load_file(kept)
        weights = fit(taught, **how)
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            half = kept.with_suffix(".part")
            save_file(weights, half)
            half.rename(kept)
        return weights


def _told(learning: Examples, scaling: Scaling, recipe: Recipe, seed: int) -> tuple[Array, Array, Array]:
    """Inputs, targets and weights: every prefix at its latest report, and every second one in the silence after it."""
    quiet = np.random.default_rng(seed).random(len(learning.nr)) < 0.5
    states = np.vstack([learning.state, learning.silence[quiet]])
    rest = learning.silence[quiet, learning.names.index("rest")]
    ahead = np.concatenate([learning.projected, learning.silent_minutes[quiet] + unslog(rest) * 60.0])
    end = np.concatenate([learning.end, learning.end[quiet]])
    weight = np.concatenate([learning.weight, 2.0 * recipe.silence * learning.weight[quiet]])
    return scaling.apply(states), softened(end - reference(learning.names, states, ahead)), weight


def _validated(prefixes: Examples, recipe: Recipe, smith: _Smith) -> tuple[Conformal, Limits, dict[str, float]]:
    """What rolling origin taught: the conformal state, when to abstain, and the figures."""
    outcomes, asked = list[Outcome](), list[Examples]()
    told, strange = list[Array](), list[Array]()
    for arrival, part in rolled(prefixes, recipe, smith):
        told.append(arrival.plain(part.state, part.minutes, part.projected))
        strange += [strangeness(arrival.scaling, states) for states in (part.state, part.silence)]
        outcomes += picked(part, scaled(part.end, told[-1]), smith.seed)
        asked.append(part)
    state = Conformal()
    for key in sorted({one.key for one in outcomes}):
        state = state.updated([one for one in outcomes if one.key == key])
    return state, limits(np.concatenate(strange)), _figures(asked, told)


def rolled(prefixes: Examples, recipe: Recipe, smith: _Smith) -> Iterator[tuple[Arrival, Examples]]:
    """Each head that knows only rows before an origin, with the prefixes up to the next origin."""
    rows = np.unique(prefixes.nr)
    cuts = [int(rows[int(len(rows) * share) - 1]) for share in recipe.origins] + [int(rows[-1])]
    for at, last in enumerate(cuts[:-1]):
        known = (prefixes.nr >= _first(prefixes, recipe)) & (prefixes.nr <= last)
        scaling, weights = smith.members(f"validate {at + 1}", known, prefixes, recipe.validators)
        yield Arrival(scaling, layers(weights)), prefixes.where((prefixes.nr > last) & (prefixes.nr <= cuts[at + 1]))


def picked(part: Examples, scores: Array, seed: int) -> list[Outcome]:
    """One prefix, drawn by chance, for each shipment and stage: those of one shipment resemble each other too much."""
    drawn = np.random.default_rng(seed).permutation(len(part.nr))
    at = stages(part.names, part.state)
    chosen = {(int(part.nr[one]), at[one]): int(one) for one in drawn}
    return [Outcome(f"{nr:08d}", stage, tuple(scores[one].tolist())) for (nr, stage), one in sorted(chosen.items())]


def _figures(asked: Sequence[Examples], told: Sequence[Array]) -> dict[str, float]:
    """Of the members' own quantiles, before any correction."""
    quantiles = np.vstack(told) / 60.0
    end, place = (np.concatenate([getattr(one, name) for one in asked]) for name in ("end", "checkpoint"))
    found = {}
    for name, of in (("C0", 0), ("C1", 1)):
        at = place == of
        error, inside = np.abs(quantiles[at, 2] - end[at] / 60.0), (quantiles[at, 0] <= end[at] / 60.0)
        inside &= end[at] / 60.0 <= quantiles[at, 4]
        found[f"{name} median error h"] = round(float(np.median(error)), 2)
        found[f"{name} plain coverage"] = round(float(inside.mean()), 4)
    return found


def from_cargo(csv: Path, out: Path, *, last: int = FREEZE, **how: Any) -> Arrival:
    """Trains on the rows up to `last` of a Cargo 2000 table; nothing of later rows is read."""
    rows = [one for one in read(csv) if one.nr is not None and one.nr <= last]
    about = {
        "set": "Cargo 2000 Freight Tracking and Tracing (A. Metzger et al., UCI, CC BY 4.0)",
        "rows": [rows[0].nr, rows[-1].nr],
    }
    return train(examples(rows, freeze=last, lag=LAG), out, about=about, **how)


def main(argv: Sequence[str] | None = None) -> None:
    """`python -m ml.arrival_train CSV [--out FOLDER] [--last ROW] [--seed N] [--checkpoints FOLDER]`."""
    parser = argparse.ArgumentParser(prog="ml.arrival_train", description=__doc__)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--out", type=Path, default=PACKAGED)
    parser.add_argument("--last", type=int, default=FREEZE)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--checkpoints", type=Path, help="where members are put down, to go on from after a stop")
    asked = parser.parse_args(argv)

    def show(stage: str, done: int, of: int) -> None:
        sys.stderr.write(f"{stage}: member {done} of {of}\n")

    head = from_cargo(
        asked.csv, asked.out, last=asked.last, seed=asked.seed, checkpoints=asked.checkpoints, progress=show
    )
    sys.stdout.write(json.dumps(head.description["metrics"]) + f"\nmodel {head.hash}\n")


if __name__ == "__main__":
    main()
