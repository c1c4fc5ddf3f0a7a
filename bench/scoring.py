"""Shipments scored per second, and how long one live score takes, beside LightGBM doing the same work.

    python -m bench.scoring [--cargo FILE] [--seconds 5] [--model FOLDER]

Shipments: the rows of the Cargo 2000 table after 2628 (`--cargo`; ../shared/data/cargo2000/cargo2000.csv is found by
itself), else a simulated season; each on its way, every other one in the silence after a report.

- Batch, on two cores: two processes of one thread each, as two workers would run, score at the same time again and
  again; rates count the shipments that both finished. From shipments in memory: arrays, lane history, features, tokens,
  the members of the head `late`, the head `arrival`, abstention, inputs packed and hashed; without reasons, and with
  them (16 coalitions each).
- Live: one shipment at a time in one thread, always with reasons; from a shipment in memory, and from its EPCIS
  documents (read, bounded and ordered by `ml.from_epcis`).
- LightGBM: two boosters of 300 rounds as in `ml.challengers` that read the very same features, computed by the same
  vectorised code, without hashes; as its reasons its own SHAP values (`pred_contrib`). Beside it, for scale, the same
  two boosters fed one shipment at a time, as scripts around LightGBM usually do.

Timed in seconds of processor time (`bench.scoring_clock`): everything computes in one thread, so that is what a core of
its own takes. `wall_` figures are by the clock. Memory is the resident set of one scoring process.
Ends with one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.scoring_clock import LIVE, Score, both, live

CARGO = Path(__file__).resolve().parents[2] / "shared" / "data" / "cargo2000" / "cargo2000.csv"
LAST = 2628
BATCH = 2048
START = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is measured: the table (None: a simulated season), the release, seconds for each rate."""

    cargo: Path | None
    model: Path | None
    seconds: float


def _shipments(asked: Asked) -> tuple[list[Any], list[Any]]:
    """Shipments to learn from, and those to score."""
    from ml.datasets.cargo2000 import read
    from ml.simulate import season

    if asked.cargo is None:
        rows = [replace(one.shipment, nr=nr) for nr, one in enumerate(season(2000, 3, START))]
        return rows[:1400], rows[1400:]
    rows = read(asked.cargo)
    return [row for row in rows if (row.nr or 0) <= LAST], [row for row in rows if (row.nr or 0) > LAST]


def _cases(asked: Asked) -> list[Any]:
    """BATCH cases: what was known of a shipment after some of its reports, there and some hours later in turn."""
    from ml.assessment import Case
    from ml.shipment import first, milestones

    _, rows = _shipments(asked)
    found = []
    for number in range(BATCH):
        row = rows[number % len(rows)]
        count = (number * 7 + number // len(rows)) % len(milestones(row))
        known = replace(first(row, count), booked=START)
        seen = milestones(known)
        minutes = (seen[-1].completed if seen else 0) + (number % 2) * 90
        found.append(Case(known, START + timedelta(minutes=minutes)))
    return found


def _boosters(asked: Asked) -> list[Any]:
    import lightgbm

    from ml.challengers import ROUNDS, SEEDS, TREES
    from ml.examples import examples

    learning = examples(_shipments(asked)[0])
    rows = lightgbm.Dataset(learning.state, learning.late, weight=learning.weight, free_raw_data=False)
    return [lightgbm.train({**TREES, "num_threads": 1, "seed": seed}, rows, ROUNDS) for seed in range(SEEDS)]


def _states(cases: Sequence[Any], rates: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    from ml.arrays import at_minutes, pack
    from ml.features import describe
    from ml.lane_table import lane_rows, lane_table

    shipments = [case.shipment for case in cases]
    arrays = pack(shipments)
    minutes = np.array([(case.moment - START) / timedelta(minutes=1) for case in cases])
    moments = at_minutes(arrays, np.arange(len(cases)), minutes)
    return describe(arrays, moments, lane_table(lane_rows(shipments, rates), arrays.there.shape))[1]


def _ours(asked: Asked, *, reasons: bool) -> tuple[list[Any], Score]:
    import torch

    from ml.scorer import Scorer

    torch.set_num_threads(1)
    scorer = Scorer.load(asked.model)
    return _cases(asked), partial(scorer.score, reasons=reasons)


def _theirs(asked: Asked, texts: Sequence[str], *, reasons: bool) -> tuple[list[Any], Score]:
    import lightgbm

    from ml.scorer import Scorer

    boosters = [lightgbm.Booster(params={"num_threads": 1}, model_str=text) for text in texts]
    rates = Scorer.load(asked.model).model.rates

    def score(cases: Sequence[Any]) -> Any:
        states = [_states(cases[at : at + 512], rates) for at in range(0, len(cases), 512)]
        table = np.concatenate(states)
        return [booster.predict(table, num_threads=1, pred_contrib=reasons) for booster in boosters]

    return _cases(asked), score


def _from_documents(score: Score, cases: Sequence[Any]) -> dict[str, float]:
    from ml.assessment import Case
    from ml.from_epcis import from_events
    from ml.to_epcis import to_epcis

    told = [(to_epcis(case.shipment, START)["epcisBody"]["eventList"], case.moment) for case in cases[:LIVE]]
    return live(lambda some: score([Case(from_events(events), moment) for events, moment in some]), told, "documents_")


def _lives(asked: Asked, texts: Sequence[str]) -> dict[str, float]:
    """All figures of live scores."""
    cases, score = _ours(asked, reasons=True)
    found = live(score, cases) | _from_documents(score, cases)
    for name, reasons in (("challenger", False), ("challenger_with_reasons", True)):
        _, rival = _theirs(asked, texts, reasons=reasons)
        found |= live(rival, cases, f"{name}_")
    return found


def measure(asked: Asked) -> dict[str, float]:
    """All figures by name."""
    texts = [booster.model_to_string() for booster in _boosters(asked)]
    found: dict[str, float] = {}
    for name, reasons in (("batch_per_s", False), ("batch_with_reasons_per_s", True)):
        ours = partial(_ours, asked, reasons=reasons)
        found[name], found[f"wall_{name}"], memory = both(ours, asked.seconds)
        found["memory_mib"] = max(memory, found.get("memory_mib", 0.0))
        theirs = partial(_theirs, asked, texts, reasons=reasons)
        rate, wall, found["challenger_memory_mib"] = both(theirs, asked.seconds)
        found |= {f"challenger_{name}": rate, f"wall_challenger_{name}": wall}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found |= pool.submit(_lives, asked, texts).result()
    found["challenger_one_by_one_per_s"] = 1000.0 / found["challenger_p50_ms"]
    return {name: round(value, 1) for name, value in found.items()}


def table(found: dict[str, float]) -> Table:
    """The figures beside one another."""
    rows = [
        ("batch, two cores, shipments/s", "batch_per_s"),
        ("batch with reasons, two cores, shipments/s", "batch_with_reasons_per_s"),
        ("resident memory of one process, MiB", "memory_mib"),
    ]
    told = Table("", "Trailseal", "LightGBM, same features")
    for label, name in rows:
        told.add_row(label, f"{found[name]:,.0f}", f"{found[f'challenger_{name}']:,.0f}")
    for label, ours, theirs in (
        ("live, without reasons, p50 / p99 ms", None, "challenger"),
        ("live with reasons, p50 / p99 ms", "", "challenger_with_reasons"),
        ("live with reasons from EPCIS documents, p50 / p99 ms", "documents_", None),
    ):
        told.add_row(label, _pair(found, None if ours is None else ours), _pair(found, theirs and f"{theirs}_"))
    told.add_row("one at a time, one core, shipments/s", "", f"{found['challenger_one_by_one_per_s']:,.0f}")
    return told


def _pair(found: dict[str, float], prefix: str | None) -> str:
    return "" if prefix is None else f"{found[f'{prefix}p50_ms']:.1f} / {found[f'{prefix}p99_ms']:.1f}"


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the table, then one line of JSON."""
    parser = argparse.ArgumentParser(prog="bench.scoring", description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--cargo", type=Path, default=CARGO if CARGO.is_file() else None)
    parser.add_argument("--model", type=Path, help="folder of a release; the packaged one without")
    parser.add_argument("--seconds", type=float, default=5.0)
    given = parser.parse_args(argv)
    # Processes that measure are started anew, and read this before they load anything that computes.
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    found = measure(Asked(given.cargo, given.model, given.seconds))
    Console(width=110).print(table(found))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
