"""Anomalies of trails and excursions of conditions, on simulated shipments with planted faults.

Average precision for each kind of fault: trails with it against trails in order, all from seeds that nothing was
learned or chosen on. Beside the two heads run pyod's isolation forest (scikit-learn's, which pyod wraps, where pyod is
not installed), fitted on the same signals and context of the same unlabelled trails, and the rules alone, weighed by
hand as an audit weighs them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from bench.risk_section import Asked, Section
from ml.anomaly import Anomalies
from ml.anomaly_train import CONTAMINATED, end_of
from ml.bootstrap import Interval, interval
from ml.excursion import Excursion
from ml.excursion_features import NAMES as FEATURES
from ml.excursion_train import Moments, moments
from ml.metrics import average_precision, brier, ece
from ml.simulator.climate import MECHANISMS
from ml.simulator.faults import FAULTS
from ml.simulator.season import stories
from ml.simulator.story import Story
from ml.trail_rules.all import NAMES, context, signals, sizes
from ml.trail_rules.history import TrailHistory, history_of
from ml.trail_rules.told import told

Array = npt.NDArray[np.float64]
HISTORY_SEED, LEARN_SEED, TEST_SEED, WARM_LEARN_SEED, WARM_TEST_SEED = 11, 12, 31, 21, 41
TRAILS: Final = 1000
FAULTY: Final = 0.45
ALERT: Final = 0.99
LIGHT: Final = ("skipped", "late", "making untold", "party elsewhere", "unplanned place", "ahead", "not put away")
GRAVE: Final = (
    *(
        "diverted",
        "travel",
        "made twice elsewhere",
        "never made",
        "contents lost",
        "amount lost",
        "custody",
        "inverted",
    ),
    *("other place", "lost and confirmed", "at once together", "told twice"),
)
"""Severities of the rules alone: 1 for what is light, 3 for what is grave, 2 for the others."""
_SEVERITY: Final = np.array([1.0 if name in LIGHT else 3.0 if name in GRAVE else 2.0 for name in NAMES])


@dataclass(frozen=True, slots=True)
class Compared:
    """Scores of each rival for (n,) cases, the kind of fault of each ("none": in order), and what to resample."""

    kinds: npt.NDArray[np.str_]
    scores: dict[str, Array]
    case: npt.NDArray[np.int64]

    def precision(self, rival: str, kind: str, weight: Array) -> float:
        """Average precision of a rival for a kind, against cases in order."""
        chosen = (self.kinds == kind) | (self.kinds == "none")
        if weight[chosen & (self.kinds == kind)].sum() > 0:  # a resample without any such case counts as the whole
            chosen &= weight > 0
        else:
            weight = np.ones(len(weight))
        truth = (self.kinds[chosen] == kind).astype(np.float64)
        return average_precision(truth, self.scores[rival][chosen], weight[chosen])

    def mean(self, rival: str, kinds: Sequence[str], weight: Array) -> float:
        """The mean over kinds."""
        return float(np.mean([self.precision(rival, kind, weight) for kind in kinds]))


def section(args: Asked) -> Section:
    """Average precision by kind of fault, with bootstrap intervals; all on simulated shipments."""
    times = min(args.resamples, 300)
    trails, false, found = _trails()
    warm, told = _warm()
    kinds = sorted(FAULTS)
    anomaly = [*_table(trails, kinds, times), "", _alerts(false, found)]
    excursion = [*_table(warm, MECHANISMS, times), "", told]
    name = forest_name()
    text = "\n".join(
        [
            "All of **simulated** shipments with planted faults; average precision, 95 % bootstrap intervals.",
            f"The isolation forest is {name}. `chance` is what a random order would score.",
            "",
            "Anomaly of the trail, when all of it is known:",
            "",
            *anomaly,
            "",
            "Excursion (15 min out of range within 12 h), at moments when the box is still in range:",
            "",
            *excursion,
        ]
    )
    each = {"faults_ap": (trails, kinds), "excursion_ap": (warm, MECHANISMS)}
    figures = {
        f"{name}{suffix}": compared.mean(rival, among, np.ones(len(compared.kinds)))
        for name, (compared, among) in each.items()
        for rival, suffix in (("ours", ""), ("isolation forest", "_forest"), ("rules only", "_rules"))
    }
    return Section("Trails and conditions (simulated)", text, figures | {"faults_false_alarms": false})


def forest_name() -> str:
    """Which isolation forest runs."""
    try:
        return f"pyod {version('pyod')}"
    except PackageNotFoundError:
        return "scikit-learn's, which pyod wraps (pyod is not installed)"


def _forest(learn: Array) -> Callable[[Array], Array]:
    """A fitted isolation forest, as a function that scores; higher is odder."""
    try:
        forests = importlib.import_module("pyod.models.iforest")
    except ModuleNotFoundError:
        from sklearn.ensemble import IsolationForest

        plain = IsolationForest(n_estimators=300, random_state=0).fit(learn)
        return lambda rows: np.asarray(-plain.decision_function(rows))
    fitted = forests.IForest(n_estimators=300, random_state=0).fit(learn)
    return lambda rows: np.asarray(fitted.decision_function(rows), dtype=np.float64)


def _row(story: Story, history: TrailHistory) -> tuple[Array, Array]:
    trail = story.trail()
    known = told(trail, end_of(trail))
    return sizes(signals(known, history), with_history=True), context(known)


def _trails() -> tuple[Compared, float, dict[str, float]]:
    """Every rival on the test trails; the share of trails in order, and of each fault, that an alert would name."""
    head = Anomalies.load()
    history = history_of(one.trail() for one in stories(1200, HISTORY_SEED, CONTAMINATED))
    learn = [_row(one, history) for one in stories(700, LEARN_SEED, CONTAMINATED)]
    forest = _forest(np.array([_logs(row, given) for row, given in learn]))
    kinds, ours, rows = [], [], []
    for one in stories(TRAILS, TEST_SEED, FAULTY):
        trail = one.trail()
        kinds.append(one.kinds[0] if one.kinds else "none")
        ours.append(head.score(trail, None, end_of(trail), history).score or 0.0)
        rows.append(_row(one, history))
    scores = {
        "ours": np.array(ours),
        "isolation forest": forest(np.array([_logs(row, given) for row, given in rows])),
        "rules only": np.array([float(_SEVERITY @ (row > 0)) for row, _ in rows]),
    }
    compared = Compared(np.array(kinds), scores, np.arange(len(kinds)))
    flagged = {kind: float((scores["ours"][compared.kinds == kind] >= ALERT).mean()) for kind in ("none", *FAULTS)}
    return compared, flagged.pop("none"), flagged


def _logs(row: Array, given: Array) -> Array:
    return np.concatenate([np.log1p(np.nan_to_num(row)), given])


def _alerts(false: float, found: dict[str, float]) -> str:
    each = ", ".join(f"{kind} {share:.0%}" for kind, share in sorted(found.items()))
    return f"At a score of {ALERT} an alert is false for {false:.1%} of the trails in order, and finds: {each}."


def _warm() -> tuple[Compared, str]:
    """Every rival at moments of the test shipments when the box is in range; and how calibrated our chances are."""
    learn, test = moments(100, WARM_LEARN_SEED, 8), moments(280, WARM_TEST_SEED, 8)
    usual = moments(90, WARM_TEST_SEED + 1, 8, near=0.0)
    head = Excursion.load().odds
    chances = head.chances(test.rows)
    forest = _forest(learn.rows)
    calm = test.inside
    truth = test.truth[calm]
    kinds = np.where(truth > 0, np.array(test.kinds)[calm], "none")
    scores = {
        "ours": chances[calm],
        "isolation forest": forest(test.rows)[calm],
        "rules only": _trend(test)[calm],
    }
    fair, ones = head.chances(usual.rows), np.ones(len(usual.truth))
    rate = np.full(len(ones), usual.truth.mean())
    told = (
        f"At {len(ones)} moments as they come, in range or not, {rate[0]:.1%} have an excursion ahead: Brier"
        f" {brier(usual.truth, fair, ones):.3f} (the rate alone {brier(usual.truth, rate, ones):.3f}), ECE"
        f" {ece(usual.truth, fair, ones):.3f}. In the table moments lie near the onset of the mechanism, or of none;"
        " excursions that no mechanism was planted for (mild faults that add up) count for no kind."
    )
    spontaneous = (np.array(test.kinds)[calm] == "none") & (truth > 0)
    kinds = np.where(spontaneous, "spontaneous", kinds)
    return Compared(kinds, scores, test.shipment[calm]), told


def _trend(test: Moments) -> Array:
    """The rule of loggers that warn: how near the limit is in three hours if it goes on as it does; negative room."""
    names = list(FEATURES)
    ahead = test.rows[:, [names.index("in_3h_above"), names.index("in_3h_below"), names.index("room")]]
    return np.asarray(-ahead.min(1))


def _table(compared: Compared, kinds: Sequence[str], times: int) -> list[str]:
    rivals = list(compared.scores)
    lines = ["| Fault | cases | chance | " + " | ".join(rivals) + " |", "|---|---|---|" + "---|" * len(rivals)]
    ordered = int((compared.kinds == "none").sum())
    for kind in kinds:
        count = int((compared.kinds == kind).sum())
        cells = [_cell(interval(_figure(compared.precision, rival, kind), compared.case, times)) for rival in rivals]
        lines.append(f"| {kind} | {count} | {count / (count + ordered):.3f} | " + " | ".join(cells) + " |")
    cells = [_cell(interval(_figure(compared.mean, rival, kinds), compared.case, times)) for rival in rivals]
    lines.append(f"| **mean** | {ordered} in order | | " + " | ".join(cells) + " |")
    for rival in rivals[1:]:
        better = interval(
            lambda weight, rival=rival: (  # type: ignore[misc] # bound now
                compared.mean("ours", kinds, weight) - compared.mean(rival, kinds, weight)
            ),
            compared.case,
            times,
        )
        lines += ["", f"Ours less {rival}, mean over kinds, paired: {_cell(better)}"]
    return lines


def _figure(of: Callable[[str, Any, Array], float], rival: str, among: Any) -> Callable[[Array], float]:
    return lambda weight: of(rival, among, weight)


def _cell(found: Interval) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"
