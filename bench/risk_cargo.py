"""Lateness on the rows after the training part, beside every challenger on the same as-of inputs, with intervals.

Every prefix is scored at its latest report, each shipment weighing the same. `streaming`: history and calibration as
of the row, outcomes of rows at least 400 earlier counting, test rows among them. `frozen`: nothing of the test part.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.risk_section import Asked, Section
from ml.arrays import Array
from ml.bootstrap import resamples
from ml.calibration import StageCalibration
from ml.challengers import challengers
from ml.datasets.cargo2000 import read as read_cargo
from ml.evaluate import odds, stage
from ml.examples import CHECKPOINTS, Examples, examples
from ml.lanes import LAG
from ml.metrics import auroc, average_precision, brier, ece, mcc
from ml.model_files import LATE, Model, read
from ml.train import Recipe, train

OURS = "trailseal"
NAMES = ("C0", "C1", "C3", "ALL", "AP", "MCC", "Brier", "ECE")
AIMS = {"ALL": 0.86, "AP": 0.755, "MCC": 0.51, "Brier": 0.126, "ECE": 0.03, "C0": 0.82, "C1": 0.905}
LESS = ("Brier", "ECE")
NEVER = 10**9
DRAWS = 200
REFIT = 50
"""Rows between two refits of the calibration."""
KEYS = {
    "ALL": "all_auroc",
    "AP": "ap",
    "MCC": "mcc",
    "Brier": "brier",
    "ECE": "ece",
    "C0": "c0_auroc",
    "C1": "c1_auroc",
}


@dataclass(frozen=True, slots=True)
class Told:
    """Probabilities (n,) and the threshold for flags."""

    probability: Array
    threshold: float


def section(asked: Asked) -> Section:
    """The section of `python -m bench.risk`."""
    model = scoring_model(asked)
    rows = [one for one in read_cargo(asked.cargo) if one.nr is not None]
    known = {name: examples(rows, freeze=freeze) for name, freeze in (("streaming", NEVER), ("frozen", asked.last))}
    tested = {name: one.beyond(asked.last) for name, one in known.items()}
    told = _told(model, known["streaming"].upto(asked.last), tested, asked.last)
    live = {name: _scattered(tested["streaming"], one, asked) for name, one in told["streaming"].items()}
    alone = {
        name: _figures(tested["frozen"], one, tested["frozen"].weight)[None] for name, one in told["frozen"].items()
    }
    best = max((name for name in live if name != OURS), key=lambda name: live[name][0][NAMES.index("ALL")])
    ours, theirs = live[OURS][0], live[best][0]
    shipments = len(np.unique(tested["streaming"].nr))
    text = [
        f"{shipments} shipments after row {asked.last}; model `{model.hash[:16]}`; 95 % intervals over",
        f"{asked.resamples} case resamples. History and calibration as of the row: outcomes of rows at least {LAG}",
        "earlier.",
        "",
        *_table(live),
        "",
        f"Paired difference to the best challenger ({best}):",
        "",
        *_differences(live, best),
        "",
        *_aims(ours),
        "",
        _by_chance(tested["streaming"], told["streaming"][OURS], asked),
        "",
        f"History and calibration frozen at row {asked.last}:",
        "",
        *_table(alone),
    ]
    figures = {}
    for name, key in KEYS.items():
        figures[key] = float(ours[NAMES.index(name)])
        figures[f"challenger_{key}"] = float(theirs[NAMES.index(name)])
    return Section("Late delivery (Cargo 2000)", "\n".join(text), figures)


def scoring_model(asked: Asked) -> Model:
    """The released head where it learnt from these rows; otherwise one that is trained now."""
    released = read(LATE)
    if released.description["learnt_from"]["rows"][1] == asked.last:
        return released
    with tempfile.TemporaryDirectory() as folder:
        recipe = Recipe(last=asked.last, validate_after=int(asked.last * 0.8))
        return train(asked.cargo, Path(folder), seed=asked.seed, recipe=recipe).model


def _told(
    model: Model,
    learning: Examples,
    tested: Mapping[str, Examples],
    last: int,
) -> dict[str, dict[str, Told]]:
    """By protocol and model. Challengers are trained once and asked about both protocols' inputs."""
    parts = list(tested.values())
    both = replace(
        parts[0],
        state=np.concatenate([part.state for part in parts]),
        overrun=np.concatenate([part.overrun for part in parts]),
    )
    told = {
        name: {OURS: Told(calibrated(model, part, last, streaming=name == "streaming"), model.bands.high)}
        for name, part in tested.items()
    }
    for one in challengers(learning, both, model.description["recipe"]["validate_after"]):
        for name, chances in zip(tested, np.split(one.probability, len(parts)), strict=True):
            told[name][one.name] = Told(chances, one.threshold)
    return told


def calibrated(model: Model, tested: Examples, last: int, *, streaming: bool) -> Array:
    """Our probabilities: the released calibration, refitted by stage as outcomes become known."""
    raw, stages = odds(model, tested), stage(tested)
    chances = model.calibration.apply(raw)
    begin = last + LAG + 1
    for at in range(begin, int(tested.nr.max()) + 1, REFIT) if streaming else ():
        known = tested.nr <= at - LAG
        now = (tested.nr >= at) & (tested.nr < at + REFIT)
        if len(np.unique(tested.nr[known])) < 2 * REFIT or not now.any():
            continue
        state = StageCalibration.refitted(
            stages[known], raw[known], tested.late[known], tested.weight[known], start=model.calibration
        )
        chances[now] = state.apply(stages[now], raw[now])
    return np.asarray(np.where(tested.overrun > 0, 1.0, chances), dtype=np.float64)


def _figures(tested: Examples, told: Told, weight: Array) -> Array:
    at = {name: (tested.checkpoint == place) & (weight > 0) for name, place in CHECKPOINTS.items()}
    areas = [auroc(tested.late[m], told.probability[m], weight[m]) for m in at.values()]
    kept = weight > 0
    late, chance, heavy = tested.late[kept], told.probability[kept], weight[kept]
    flagged = (chance >= told.threshold).astype(np.float64)
    rest = auroc(late, chance, heavy), average_precision(late, chance, heavy), mcc(late, flagged, heavy)
    return np.array([*areas, *rest, brier(late, chance, heavy), ece(late, chance, heavy)])


def _scattered(tested: Examples, told: Told, asked: Asked) -> Array:
    """(1 + resamples, figures): on all shipments, then on each resample; the same draws for every model."""
    drawn = resamples(tested.nr, asked.resamples, asked.seed)
    return np.array([_figures(tested, told, tested.weight * times) for times in (np.ones(len(tested.nr)), *drawn)])


def _by_chance(tested: Examples, told: Told, asked: Asked) -> str:
    """What chance alone makes of the ECE: outcomes drawn as our last word on each shipment says, DRAWS times."""
    last = np.flatnonzero(np.diff(tested.nr, append=-1))
    reports = np.diff(last, prepend=-1)
    rng, chance = np.random.default_rng(asked.seed), told.probability
    drawn = [rng.random(len(last)) < chance[last] for _ in range(DRAWS)]
    found = [ece(np.repeat(one.astype(np.float64), reports), chance, tested.weight) for one in drawn]
    low, high = np.quantile(found, [0.025, 0.975])
    return (
        f"Chance alone: were our last word on each shipment exactly right, the ECE on as many shipments would still be"
        f" {np.mean(found):.3f} on average, and between {low:.3f} and {high:.3f} in 95 of 100 draws of the outcomes."
    )


def _span(values: Array) -> str:
    if len(values) == 1:
        return f"{values[0]:.3f}"
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return f"{values[0]:.3f} [{low:.3f}, {high:.3f}]"


def _table(found: Mapping[str, Array]) -> list[str]:
    head = ["| Model | " + " | ".join(NAMES) + " |", "|---|" + "---|" * len(NAMES)]
    rows = [
        f"| {name} | " + " | ".join(_span(values[:, at]) for at in range(len(NAMES))) + " |"
        for name, values in found.items()
    ]
    return head + rows


def _differences(found: Mapping[str, Array], best: str) -> list[str]:
    gaps = found[OURS] - found[best]
    head = ["| | " + " | ".join(NAMES) + " |", "|---|" + "---|" * len(NAMES)]
    return [*head, f"| {OURS} - {best} | " + " | ".join(_span(gaps[:, at]) for at in range(len(NAMES))) + " |"]


def _aims(ours: Array) -> list[str]:
    told = []
    for name, aim in AIMS.items():
        value = ours[NAMES.index(name)]
        reached = value <= aim if name in LESS else value >= aim
        word = "at most" if name in LESS else "at least"
        told.append(f"- {name} {value:.3f}, aim {word} {aim}: {'reached' if reached else '**not reached**'}")
    return told
