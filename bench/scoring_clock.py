"""How fast something scores: two processes of one thread each at the same time, or one case after the other.

Seconds are those of processor time, as other programs may be running; those by the clock are told beside them.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier
from typing import Any

import numpy as np

LIVE = 400
"""Cases that are scored one after the other."""
Score = Callable[[Sequence[Any]], Any]
Prepared = Callable[[], tuple[list[Any], Score]]
"""Gives cases, and what scores them; called in the process that is measured."""
_barrier: Barrier | None = None


def join(barrier: Barrier) -> None:
    """Has this process begin with whoever else waits at the barrier."""
    global _barrier  # noqa: PLW0603 # handed to a process when it starts, the only way there is
    _barrier = barrier


def rate(prepare: Prepared, seconds: float) -> list[float]:
    """[shipments, processor seconds, begin, end, MiB] of scoring for some seconds, beginning with the other process."""
    cases, score = prepare()
    score(cases[:64])
    assert _barrier is not None
    _barrier.wait(timeout=600)
    begin, used, done = time.monotonic(), time.process_time(), 0
    while time.monotonic() - begin < seconds:
        score(cases)
        done += len(cases)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [done, time.process_time() - used, begin, time.monotonic(), memory]


def both(prepare: Prepared, seconds: float) -> tuple[float, float, float]:
    """Shipments per second of two processes, by processor time and by the clock, and the MiB of the larger one."""
    context = get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=join, initargs=(context.Barrier(2),)) as pool:
        told = [one.result() for one in [pool.submit(rate, prepare, seconds) for _ in range(2)]]
    took = max(one[3] for one in told) - min(one[2] for one in told)
    return sum(done / used for done, used, *_ in told), sum(one[0] for one in told) / took, max(one[4] for one in told)


def live(score: Score, cases: Sequence[Any], prefix: str = "") -> dict[str, float]:
    """p50 and p99 in milliseconds of scoring one after the other."""
    score(cases[:1])
    taken = []
    for case in cases[:LIVE]:
        begin, used = time.perf_counter(), time.process_time()
        score([case])
        taken.append([(time.process_time() - used) * 1e3, (time.perf_counter() - begin) * 1e3])
    told = np.percentile(np.array(taken), [50, 99], axis=0).tolist()
    names = (f"{prefix}p50_ms", f"wall_{prefix}p50_ms", f"{prefix}p99_ms", f"wall_{prefix}p99_ms")
    return dict(zip(names, [*told[0], *told[1]], strict=True))
