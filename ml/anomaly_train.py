"""Trains the anomaly head on simulated trails, or on trails of one's own: `python -m ml.anomaly_train --to FOLDER`.

No label is used: it learns from trails as they come, of which a few have faults. Seeds of the simulator: 11 past trails
that make the history, 12 trails to learn from, 14 clean ones for the scale. What the head's form should be was chosen
on seed 13; seed 15 and above are for tests (`bench.risk_faults`).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from ml.anomaly import PACKAGED, Anomalies, Scale, described, total
from ml.anomaly_model import Array, Steps, Surprise
from ml.model_files import write
from ml.simulator.season import stories
from ml.trail import Trail
from ml.trail_rules.all import NAMES, OF_HISTORY, context, signals, sizes
from ml.trail_rules.history import TrailHistory, history_of
from ml.trail_rules.told import told

CONTAMINATED: Final = 0.005
"""Share of trails with a fault among those learned from: nobody has only clean ones."""
EPOCHS: Final = 20
MEMBERS: Final = 2


def described_at(
    trail: Trail, history: TrailHistory | None, rng: random.Random, moments: int
) -> Iterable[tuple[Array, Array, int]]:
    """Sizes, context and number of events of a trail at its end and at moments drawn from its course."""
    end = end_of(trail)
    begin = trail.events[0].event_time
    drawn = [begin + (end - begin) * rng.random() for _ in range(moments - 1)]
    for moment in (end, *drawn):
        known = told(trail, moment)
        if known.events:
            with_history = history is not None
            row = sizes(signals(known, history), with_history=with_history)
            yield row, context(known), len(known.events)


def end_of(trail: Trail) -> datetime:
    """When all of a trail is known."""
    return max(max(seen.event_time, seen.record_time) for seen in trail.events)


def train(
    learn: Iterable[Trail],
    clean: Iterable[Trail],
    history: TrailHistory,
    folder: Path,
    *,
    seed: int = 1,
    epochs: int = EPOCHS,
    simulated: bool = True,
    say: Callable[[str], None] = lambda _line: None,
) -> Anomalies:
    """Learns from `learn`, scales by `clean`, writes the head to `folder` and gives it back.

    A run that was cut off goes on from `folder`/member-N.pt; these are removed at the end. Raises ValueError without
    trails.
    """
    from ml.anomaly_fit import fit

    rng = random.Random(seed)
    rows = [row for trail in learn if trail.events for row in described_at(trail, history, rng, 2)]
    if not rows:
        raise ValueError("there are no trails to learn from")
    found, contexts = np.array([row for row, _, _ in rows]), np.array([given for _, given, _ in rows])
    say(f"{len(rows)} moments of trails to learn from")
    steps = Steps.of(found)
    folder.mkdir(parents=True, exist_ok=True)
    weights = []
    for member in range(MEMBERS):
        kept = folder / f"member-{member}.pt"
        weights.append(fit(steps.levels(found), contexts, seed + member, epochs, checkpoint=kept))
        say(f"member {member + 1} of {MEMBERS}")
    scales = _scales(Surprise(steps, weights), [trail for trail in clean if trail.events], history, rng)
    made = {"trained_on": {"simulated": simulated, "moments": len(rows)}, "seed": seed, "epochs": epochs}
    write(folder, described(steps, scales, MEMBERS, made), weights)
    for old in folder.glob("member-*.pt"):
        old.unlink()
    return Anomalies.load(folder)


def _scales(surprise: Surprise, clean: list[Trail], history: TrailHistory, rng: random.Random) -> dict[str, Scale]:
    """How surprising clean trails are, with a history and without one."""
    rows = [row for trail in clean for row in described_at(trail, history, rng, 3)]
    events = np.array([count for _, _, count in rows], dtype=np.float64)
    hidden = np.array([name in OF_HISTORY for name in NAMES])
    found = {}
    for name in ("history", "bare"):
        blind = hidden if name == "bare" else np.zeros(len(NAMES), dtype=bool)
        totals = [total(surprise.surprises(np.where(blind, np.nan, row), given)) for row, given, _ in rows]
        found[name] = Scale.of(np.array(totals), events)
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Trains the anomaly head on simulated trails.")
    parser.add_argument("--to", type=Path, default=PACKAGED, help="folder of the head")
    parser.add_argument("--trails", type=int, default=2000, help="trails to learn from")
    asked = parser.parse_args()
    history = history_of(one.trail() for one in stories(1200, 11, CONTAMINATED))
    learn = (one.trail() for one in stories(asked.trails, 12, CONTAMINATED))
    clean = (one.trail() for one in stories(max(100, asked.trails * 3 // 5), 14, 0.0))
    say: Callable[[str], None] = print
    head = train(learn, clean, history, asked.to, say=say)
    say(f"{asked.to}: {head.hash}")


if __name__ == "__main__":
    main()
