"""Captures under a storm: processes killed at random points, the chain rolled back, nonces spent elsewhere, and more.

    python -m bench.faults --captures 5000

Two API processes, two relays with accounts of their own, two watchers, indexer and deliverer, an embedded PostgreSQL
and an Anvil run as they do in production. Suppliers post captures over HTTP all the time and repeat each, with its
Idempotency-Key, until they get a 2xx. Meanwhile one fault after another strikes, drawn at random but each kind before
any comes again; after each, the time is taken until all that was accepted by then is recorded on the chain and the
mirror says so. At the end, when nothing moves any more, the chain's own logs are held against what the clients were
promised. The judge is tried last: a loss and a double are injected, and it has to count both.

The last line is JSON: captures `accepted`, `sealed`, `lost` and `doubled`, then what else was counted.
"""

import argparse
import asyncio
import contextlib
import json
import random
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.faults.clients import Suppliers
from bench.faults.selftest import judge_fails_when_it_should
from bench.faults.stage import Stage, staged
from bench.faults.storm import FAULTS, Storm
from bench.faults.verdict import WAITING, Verdict, found, rows
from service.errors import TrailsealError

_SETTLE_SECONDS = 300.0
_CALM_SECONDS = 5.0


async def run(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """The whole play; what the last line says."""
    begin = time.monotonic()

    def tell(words: str) -> None:
        print(f"{time.monotonic() - begin:7.1f} s  {words}", flush=True)

    stage = await staged(folder)
    try:
        seconds = given.minutes * 60
        tell(f"on stage: two APIs, two relays, two watchers, indexer, PostgreSQL, chain; seed {given.seed}")
        suppliers = Suppliers(stage, given.captures, given.captures / seconds, random.Random(given.seed))
        storm = Storm(stage, suppliers, random.Random(given.seed + 1), given.outage, tell)
        posting = asyncio.create_task(suppliers.run())
        await asyncio.sleep(1)
        if given.only:
            while not posting.done():
                for kind in given.only:
                    await storm.strike([kind])
        else:
            await storm.rage(seconds)
        await stage.mend()
        tell(f"the storm is over: {len(suppliers.accepted)} captures accepted, clients repeated {suppliers.repeated}")
        await posting
        settled = await _settled(stage)
        tell("everything is settled" if settled else "not everything is settled")
        verdict = await found(stage, suppliers.accepted, suppliers.abandoned)
        tried = await judge_fails_when_it_should(stage, suppliers)
        _print_times(storm.times)
        return _result(given, stage, suppliers, storm, verdict, settled=settled, tried=tried, begin=begin)
    finally:
        await stage.close()


async def _settled(stage: Stage) -> bool:
    """Whether nothing waits any more, and for a while."""
    until, calm = time.monotonic() + _SETTLE_SECONDS, 0.0
    while time.monotonic() < until:
        with contextlib.suppress(TrailsealError):
            if (await rows(stage, WAITING))[0][0] != 0:
                calm = 0.0
            elif calm == 0.0:
                calm = time.monotonic()
            elif time.monotonic() - calm > _CALM_SECONDS:
                return True
        await asyncio.sleep(0.3)
    return False


def _print_times(times: Mapping[str, Sequence[float | None]]) -> None:
    print(f"\n{'fault':<24} {'times':>5} {'p50 s':>7} {'max s':>7}   until all accepted was sealed, and known to be")
    for kind in (*FAULTS, "two at once"):
        if found_ := times.get(kind):
            taken = [one if one is not None else float("inf") for one in found_]
            print(f"{kind:<24} {len(taken):>5} {statistics.median(taken):>7.1f} {max(taken):>7.1f}")
    print()


def _result(
    given: argparse.Namespace,
    stage: Stage,
    suppliers: Suppliers,
    storm: Storm,
    verdict: Verdict,
    *,
    settled: bool,
    tried: bool,
    begin: float,
) -> dict[str, Any]:
    doubled = set(verdict.doubled) | set(suppliers.conflicting)
    for what in (
        *verdict.half_stored,
        *verdict.mirror,
        *verdict.heads,
        *list(suppliers.refused.values())[:10],
        *stage.crashes,
    ):
        print(f"! {what}")
    taken = [one for kind in storm.times.values() for one in kind]
    middle = statistics.median(one if one is not None else float("inf") for one in taken)
    return {
        "accepted": verdict.accepted,
        "sealed": verdict.sealed,
        "lost": len(verdict.lost),
        "doubled": len(doubled),
        "half_stored": len(verdict.half_stored),
        "mirror_differs": len(verdict.mirror),
        "heads_differ": len(verdict.heads),
        "settled": settled,
        "refused": len(suppliers.refused),
        "ended_by_themselves": len(stage.crashes),
        "judge_tried": tried,
        "given_up_by_clients": len(suppliers.abandoned),
        "repeated_by_clients": suppliers.repeated,
        "faults": len(taken),
        "converged_p50_s": round(middle, 1) if middle < float("inf") else None,
        "converged_max_s": None if None in taken else round(max(one for one in taken if one is not None), 1),
        "seconds": round(time.monotonic() - begin),
        "seed": given.seed,
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Runs and prints; 1 where anything was lost or doubled, or something else is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, default=5_000)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long the storm lasts")
    parser.add_argument("--seed", type=int, default=None, help="what is drawn; when it strikes is up to the machine")
    parser.add_argument("--outage", type=float, default=65.0, help="seconds that the longest outage lasts")
    parser.add_argument("--small", action="store_true", help="300 captures, 45 s, outages of 6 s")
    parser.add_argument(
        "--only", action="append", choices=list(FAULTS), help="only this kind of fault, again and again"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs of all processes")
    given = parser.parse_args(argv)
    given.seed = secrets.randbits(31) if given.seed is None else given.seed
    if given.small:
        given.captures, given.minutes, given.outage = min(given.captures, 300), min(given.minutes, 0.75), 6.0
    folder = Path(tempfile.mkdtemp(prefix="trailseal-faults-"))
    try:
        result = asyncio.run(run(given, folder))
    except BaseException:
        print(f"the logs are in {folder}", file=sys.stderr)
        raise
    wrong = ("lost", "doubled", "half_stored", "mirror_differs", "heads_differ", "refused", "ended_by_themselves")
    good = not any(result[name] for name in wrong) and result["settled"] and result["judge_tried"]
    if good and not given.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"the logs are in {folder}", file=sys.stderr)
    print(json.dumps(result))
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
