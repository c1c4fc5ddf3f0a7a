"""Time of arrival: errors of the median, coverage and width of 90 % intervals, beside challengers of the same run.

Every prefix is scored at its latest report; shipments weigh the same in ALL. History and the conformal state are as of
the row: outcomes of rows at least 400 earlier. The head that comes with the package is used where it learnt from the
rows that are asked for; otherwise one is trained.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from bench.risk_arrival_figures import View, differences, table, weighted_median
from bench.risk_arrival_rivals import quantiles as rivals
from bench.risk_section import Asked, Section
from ml.abstention import abstains, strangeness
from ml.arrays import Array
from ml.arrival import Arrival, late_chance
from ml.arrival_train import PACKAGED, picked, train
from ml.conformal import Conformal, scaled
from ml.datasets.cargo2000 import read
from ml.examples import Examples, prefixes
from ml.features import unslog
from ml.lane_table import lane_row
from ml.lanes import LAG, as_of
from ml.metrics import auroc, brier
from ml.shipment import Shipment

OURS = "trailseal"
NEVER = 10**9
AIMS = {"eta_c0_h": 37.0, "eta_c1_h": 20.0, "width_c0_h": 286.0, "width_c1_h": 181.0}
COVERED = (0.89, 0.91)
WINDOW = 105
"""Shipments of one window of the rolling coverage."""
KEPT = (1.0, 0.99, 0.95, 0.9, 0.8, 0.5)


def section(asked: Asked) -> Section:
    """The section of `python -m bench.risk`."""
    rows = [one for one in read(asked.cargo) if one.nr is not None]
    known = described(rows, NEVER)
    learning, tested = known.upto(asked.last), known.beyond(asked.last)
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
        "Coverage of 90 % intervals in a row of windows, ALL:",
        "",
        *windows({**told, f"{OURS}, conformal state as learnt": still(head, tested)}, tested),
        "",
        *frozen(head, rows, asked, views),
        "",
        *lateness(told[OURS], tested),
        "",
        *silence(head, rows, tested, told[OURS]),
    ]
    return Section("Arrival", "\n".join(text), figures(told, best, views))


def described(rows: list[Shipment], freeze: int, beyond: int = -1) -> Examples:
    """Prefixes of the rows after `beyond`, with history that stands still at row `freeze`."""
    kept = [(one, lane_row(one, rates)) for one, rates in as_of(rows, freeze=freeze) if (one.nr or 0) > beyond]
    return prefixes([one for one, _ in kept], [row for _, row in kept])


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


def figures(told: Mapping[str, Array], best: str, views: Mapping[str, View]) -> dict[str, float]:
    """What goes into the line of JSON."""
    found: dict[str, float] = {}
    for prefix, name in (("", OURS), ("challenger_", best)):
        at = {place: view.figures(told[name]) for place, view in views.items()}
        found |= {
            f"{prefix}eta_c0_h": at["C0"]["error_h"],
            f"{prefix}eta_c1_h": at["C1"]["error_h"],
            f"{prefix}coverage": at["ALL"]["coverage"],
            f"{prefix}width_c0_h": at["C0"]["width_h"],
            f"{prefix}width_c1_h": at["C1"]["width_h"],
        }
    return found


def aims(told: Mapping[str, Array], views: Mapping[str, View]) -> Iterator[str]:
    """Each aim, and whether it was reached."""
    measured = figures(told, OURS, views)
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


def frozen(head: Arrival, rows: list[Shipment], asked: Asked, views: Mapping[str, View]) -> Iterator[str]:
    """The same head with history and conformal state that stand still at the last training row."""
    tested = described(rows, asked.last, asked.last)
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


def silence(head: Arrival, rows: list[Shipment], tested: Examples, told: Array) -> Iterator[str]:
    """How often we abstain, what the error would have been, and how error falls with what is kept."""
    unlike = head.disagreement(tested.state)
    strange = strangeness(head.scaling, tested.state)
    mute = np.zeros(len(tested.nr), dtype=np.bool_)
    first = int(tested.nr[0])
    for shipment, rates in as_of(rows, freeze=NEVER):
        if (shipment.nr or 0) >= first:
            for at in np.flatnonzero(tested.nr == shipment.nr):
                mute[at] = abstains(shipment, rates, float(strange[at]), float(unlike[at]), head.limits) is not None
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
