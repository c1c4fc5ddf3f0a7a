"""How good the risk scores are, beside challengers trained in the same run on the same inputs.

    python -m bench.risk
    python -m bench.risk --cargo FILE --last 2628 --scms FILE --only cargo

Prints one section for each head (lateness, arrival, SCMS, faults, costs), then one line of JSON with the figures that
the sections give. Everything after row `last` of the freight file is tested, however far the file goes; nothing is
chosen on those rows.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from bench.risk_section import Asked, Section

SECTIONS = ("cargo", "arrival", "scms", "faults", "costs")
NAMED = ("all_auroc", "ap", "mcc", "brier", "ece", "c0_auroc", "c1_auroc", "eta_c0_h", "eta_c1_h", "coverage")
"""What the line of JSON holds first, each followed by `challenger_` and the same name."""

CORES = 2
"""Sections that are worked on at once."""


def measured(name: str, asked: Asked) -> Section:
    """The section `bench.risk_{name}`."""
    section: Section = importlib.import_module(f"bench.risk_{name}").section(asked)
    return section


def timed(name: str, asked: Asked) -> tuple[Section, float]:
    """The section, and the seconds that it took."""
    began = time.perf_counter()
    return measured(name, asked), time.perf_counter() - began


def worked(names: Sequence[str], asked: Asked) -> Iterator[tuple[Section, float]]:
    """The sections in their order; of several, CORES are worked on at once."""
    if len(names) == 1:
        yield timed(names[0], asked)
        return
    with ProcessPoolExecutor(CORES, multiprocessing.get_context("spawn")) as cores:
        running = [cores.submit(timed, name, asked) for name in names]
        yield from (one.result() for one in running)


def line(figures: dict[str, float]) -> str:
    """One line of JSON: the named figures first (null where none was measured), then whatever else there is."""
    names = [full for name in NAMED for full in (name, f"challenger_{name}")]
    listed = {name: figures.get(name, math.nan) for name in (*names, *sorted(figures.keys() - set(names)))}
    return json.dumps({name: None if math.isnan(value) else round(value, 4) for name, value in listed.items()})


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the sections asked for (default: all), then the line of JSON."""
    given = Asked()
    parser = argparse.ArgumentParser(
        prog="bench.risk", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--cargo", type=Path, default=given.cargo, help="the Cargo 2000 table")
    parser.add_argument("--last", type=int, default=given.last, help="the last row that trains")
    parser.add_argument("--scms", type=Path, default=given.scms, help="the SCMS delivery history")
    parser.add_argument("--resamples", type=int, default=given.resamples, help="of the case bootstrap")
    parser.add_argument("--seed", type=int, default=given.seed)
    parser.add_argument("--only", choices=SECTIONS, action="append", help="just this section (may be repeated)")
    options = vars(parser.parse_args(argv))
    chosen = options.pop("only") or SECTIONS
    figures: dict[str, float] = {}
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # sections would wait for each other's threads
    for found, took in worked(chosen, Asked(**options)):
        figures |= found.figures
        sys.stdout.write(f"## {found.title}\n\n{found.text.rstrip()}\n\n({took:.0f} s)\n\n")
        sys.stdout.flush()
    sys.stdout.write(line(figures) + "\n")


if __name__ == "__main__":
    main()
