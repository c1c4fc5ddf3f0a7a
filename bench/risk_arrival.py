"""Time of arrival: errors of the median, coverage and width of 90 % intervals, beside challengers of the same run.

Every prefix is scored at its latest report; shipments weigh the same in ALL. History and the conformal state are as of
the row: outcomes of rows at least 400 earlier. The head that comes with the package is used where it learnt from the
rows that are asked for; otherwise one is trained.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.risk_arrival_figures import View, differences, table, weighted_median
from bench.risk_arrival_rivals import quantiles as rivals
from bench.risk_section import Asked, Section
from ml.abstention import Limits, strangeness, unknown_way
from ml.arrays import Array
from ml.arrival import Arrival, late_chance
from ml.arrival_train import PACKAGED, picked, train
from ml.conformal import Conformal, scaled
from ml.datasets.cargo2000 import read
from ml.examples import Examples, prefixes
from ml.features import unslog
from ml.lane_table import LaneRow, lane_row
from ml.lanes import LAG, as_of, known_by
from ml.metrics import auroc, brier
from ml.shipment import Shipment

OURS = "trailseal"
NEVER = 10**9
AIMS = {"eta_c0_h": 37.0, "eta_c1_h": 20.0, "width_c0_h": 286.0, "width_c1_h": 181.0}
COVERED = (0.89, 0.91)
PROMISED = 0.9
WINDOW = 105
"""Shipments of one window of the rolling coverage."""
KEPT = (1.0, 0.99, 0.95, 0.9, 0.8, 0.5)
FIGURES = {"eta_c0_h": ("C0", "error_h"), "eta_c1_h": ("C1", "error_h"), "coverage": ("ALL", "coverage")}
FIGURES |= {"width_c0_h": ("C0", "width_h"), "width_c1_h": ("C1", "width_h")}
"""What goes into the line of JSON: the checkpoint and the figure."""


def section(asked: Asked) -> Section:
    """The section of `python -m bench.risk`."""
    rows = [one for one in read(asked.cargo) if one.nr is not None]
    walked = Walked.of(rows, asked.last)
    learning, tested = walked.known.upto(asked.last), walked.known.beyond(asked.last)
    head = packaged(asked.last) or trained(learning, asked.seed)
    told = {OURS: replayed(head, tested)} | dict(rivals(learning, tested))
    views = {place: View.of(tested, place) for place in ("C0", "C1", "ALL")}
    best = min((name for name in told if name != OURS), key=lambda name: views["ALL"].figures(told[name])["pinball_h"])
    text = [
        f"{len(np.unique(tested.nr))} shipments after row {asked.last}; head `{head.hash[:16] or 'trained now'}`.",
        "",
        *table(told, views, asked),
        "",
        f"Difference to the best challenger ({best}), paired:",
        "",
        *differences(told, OURS, best, views, asked),
        "",
        *aims(told, views),
        "",
        *beaten(told, views),
        "",
        "Coverage of 90 % intervals in a row of windows, ALL:",
        "",
        *windows({**told, f"{OURS}, conformal state as learnt": still(head, tested)}, tested),
        "",
        *frozen(head, walked.frozen, views),
        "",
        *lateness(told[OURS], tested),
        "",
        *silence(head, walked.unknown, tested, told[OURS]),
    ]
    return Section("Arrival", "\n".join(text), figures(told, views))


@dataclass(frozen=True, slots=True)
class Walked:
    """What one walk through the rows tells: all prefixes with the history `known` at each; those of the tested rows
    with history `frozen` at the last training row; and the tested rows whose way is `unknown` (see `ml.abstention`).
    """

    known: Examples
    frozen: Examples
    unknown: frozenset[int]

    @classmethod
    def of(cls, rows: list[Shipment], last: int) -> Walked:
        known, still, unknown, least = list[LaneRow](), list[LaneRow](), list[int](), Limits().outcomes
        stopped = None
        for shipment, rates in as_of(rows, freeze=NEVER):
            nr = shipment.nr or 0
            known.append(lane_row(shipment, rates))
            if nr <= last:
                continue
            if stopped is None and nr > last + LAG:
                stopped = known_by(rows, last)
            still.append(known[-1] if stopped is None else lane_row(shipment, stopped))
            if unknown_way(shipment, rates, least):
                unknown.append(nr)
        tested = [one for one in rows if (one.nr or 0) > last]
        return cls(prefixes(rows, known), prefixes(tested, still), frozenset(unknown))


def packaged(last: int) -> Arrival | None:
    """The head that comes with the package, if it learnt from the rows up to `last` and no later ones."""
    if not (PACKAGED / "model.json").exists():
        return None
    head = Arrival.load(PACKAGED)
    return head if head.description["learnt_from"].get("rows", [0, -1])[1] == last else None


def trained(learning: Examples, seed: int) -> Arrival:
    """A head that learns now."""
    with tempfile.TemporaryDirectory() as folder:
        return train(learning, Path(folder), seed=seed)


def replayed(head: Arrival, tested: Examples, lag: int = LAG) -> Array:
    """Our quantiles (n, 5), the conformal state of each row as of the outcomes known by then."""
    plain = head.plain(tested.state, tested.minutes, tested.projected)
    waiting = picked(tested, scaled(tested.end, plain), seed=0)
    told, state = np.zeros_like(plain), head.conformal
    rows = np.unique(tested.nr)
    for nr in rows.tolist():
        due = [one for one in waiting if int(one.key) <= nr - lag]
        if due:
            state, waiting = state.updated(due), waiting[len(due) :]
        told[tested.nr == nr] = _told(head, tested.where(tested.nr == nr), state)
    return told


def still(head: Arrival, tested: Examples) -> Array:
    """Our quantiles with the conformal state as it was learnt."""
    return _told(head, tested, head.conformal)


def _told(head: Arrival, tested: Examples, state: Conformal) -> Array:
    return head.quantiles(tested.state, tested.minutes, tested.projected, state)


def figures(told: Mapping[str, Array], views: Mapping[str, View]) -> dict[str, float]:
    """What goes into the line of JSON; of the challengers, that of the best one by each figure."""
    found: dict[str, float] = {}
    for name, (place, figure) in FIGURES.items():
        found[name] = views[place].figures(told[OURS])[figure]
        found[f"challenger_{name}"] = foremost(told, views[place], figure)[1]
    return found


def foremost(told: Mapping[str, Array], view: View, figure: str) -> tuple[str, float]:
    """The best challenger by one figure, and what it reaches: the least, or the coverage nearest to 90 %."""
    at = {name: view.figures(quantiles)[figure] for name, quantiles in told.items() if name != OURS}
    name = min(at, key=lambda one: abs(at[one] - PROMISED) if figure == "coverage" else at[one])
    return name, at[name]


def beaten(told: Mapping[str, Array], views: Mapping[str, View]) -> Iterator[str]:
    """Where a challenger is better, or none is; widths count by the pinball loss only, which asks for coverage too."""
    for place, view in views.items():
        ours = view.figures(told[OURS])
        for figure in ("error_h", "coverage", "pinball_h"):
            name, theirs = foremost(told, view, figure)
            off = PROMISED if figure == "coverage" else 0.0
            better = abs(theirs - off) < abs(ours[figure] - off)
            digits = 3 if figure == "coverage" else 1
            verdict = "a challenger is BETTER" if better else "no challenger is better"
            yield f"- {figure} at {place}: {verdict} ({name} {theirs:.{digits}f}, ours {ours[figure]:.{digits}f})"


def aims(told: Mapping[str, Array], views: Mapping[str, View]) -> Iterator[str]:
    """Each aim, and whether it was reached."""
    measured = figures(told, views)
    for name, most in AIMS.items():
        yield f"- {name} ≤ {most:.0f}: {measured[name]:.1f}, {'reached' if measured[name] <= most else 'MISSED'}"
    for place, view in views.items():
        covered = view.figures(told[OURS])["coverage"]
        reached = COVERED[0] <= round(covered, 3) <= COVERED[1]
        yield f"- 90 % intervals cover 89 to 91 % at {place}: {covered:.1%}, {'reached' if reached else 'MISSED'}"


def windows(told: Mapping[str, Array], tested: Examples) -> Iterator[str]:
    """Coverage in a row of windows."""
    rows = np.unique(tested.nr)
    cuts = [rows[at : at + WINDOW] for at in range(0, len(rows), WINDOW)]
    cuts = [one for one in cuts if len(one) >= WINDOW // 2]
    yield "| Model | " + " | ".join(f"{one[0]} to {one[-1]}" for one in cuts) + " |"
    yield "|---|" + "---|" * len(cuts)
    for name, quantiles in told.items():
        inside = (quantiles[:, 0] <= tested.end) & (tested.end <= quantiles[:, 4])
        at = [np.isin(tested.nr, one) for one in cuts]
        shares = [np.average(inside[mask], weights=tested.weight[mask]) for mask in at]
        yield f"| {name} | " + " | ".join(f"{share:.3f}" for share in shares) + " |"


def frozen(head: Arrival, tested: Examples, views: Mapping[str, View]) -> Iterator[str]:
    """The same head with history and conformal state that stand still at the last training row."""
    quantiles = still(head, tested)
    told = {place: view.figures(quantiles) for place, view in views.items()}
    yield "History and conformal state frozen at the last training row: " + "; ".join(
        f"{place} error {one['error_h']:.1f} h, covers {one['coverage']:.3f}, width {one['width_h']:.0f} h"
        for place, one in told.items()
    )


def lateness(told: Array, tested: Examples) -> Iterator[str]:
    """How well the quantiles alone tell who is late."""
    plan = unplanned(tested)
    chance = np.where(tested.overrun > 0, 1.0, late_chance(told, plan))
    area, square = (of(tested.late, chance, tested.weight) for of in (auroc, brier))
    yield (
        f"Chance of being late read off the quantiles: AUROC {area:.3f}, Brier {square:.3f}"
        " (the head for lateness is measured in its own section)."
    )


def unplanned(tested: Examples) -> Array:
    """(n,) planned end in minutes since booking, from the features."""
    return unslog(tested.state[:, tested.names.index("plan_end")]) * 60.0


def silence(head: Arrival, unknown: frozenset[int], tested: Examples, told: Array) -> Iterator[str]:
    """How often we abstain, what the error would have been, and how error falls with what is kept."""
    unlike = head.disagreement(tested.state)
    mute = np.isin(tested.nr, list(unknown)) | (strangeness(head.scaling, tested.state) > head.limits.strangeness)
    error = np.abs(told[:, 2] - tested.end) / 60.0
    share, shipments = np.average(mute, weights=tested.weight), len(np.unique(tested.nr[mute]))
    yield (
        f"Abstains from {share:.2%} of prefixes ({shipments} shipments); median error"
        f" {weighted_median(error[~mute], tested.weight[~mute]):.1f} h where it does not"
        + (f", {weighted_median(error[mute], tested.weight[mute]):.1f} h where it does." if mute.any() else ".")
    )
    yield ""
    order = np.argsort(unlike, kind="stable")
    yield "| kept, least disagreement first | " + " | ".join(f"{share:.0%}" for share in KEPT) + " |"
    yield "|---|" + "---|" * len(KEPT)
    parts = [order[: int(len(order) * share)] for share in KEPT]
    yield "| median error h | " + " | ".join(f"{weighted_median(error[p], tested.weight[p]):.1f}" for p in parts) + " |"
    yield (
        "| mean error h | " + " | ".join(f"{np.average(error[p], weights=tested.weight[p]):.1f}" for p in parts) + " |"
    )
