"""How long queries of EPCIS events take in stores of 10,000, 100,000 and 1,000,000 events, beside a rival.

    python -m bench.query --sizes 10000,100000,1000000

For each size a store of its own is filled with events of two years, told by sixty parties that see more or less of it
(`bench.query_load`); each event is indexed by the code that captures use, and the tables get the same indexes. Then
each of twelve kinds of query is asked many times with fresh parameters, in turn by an auditor, who sees all, by a
party that sees about a tenth and by one that sees about a hundredth. Measured is `Queries.events` with pages of 30
events: from the parsed query to the events in Python, one connection, nothing cached but by PostgreSQL. Times include
waiting for whatever else the machine does.

The rival, on the same rows of the largest store: the events as JSONB under a `jsonb_path_ops` index, with the same
filters, order, visibility and limit, in one statement; it gives up after `--patience` seconds, which then counts.

`growth` is the worse of two ratios between the largest and the smallest store: of the p99 over all queries together,
and the largest of the single kinds' p50 (a kind's p99 is the few slowest of some hundred, mostly noise).
"""

import argparse
import asyncio
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bench.query_cases import CASES, Asked, Case
from bench.query_store import Filling, build
from service.devstack import Postgres
from service.epcis.query.language import parse_query
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.queries import Queries
from service.store.conditions import SEEN
from service.store.database import Database

PAGE = 30
AUDITOR = 8
_SHARES = "SELECT party, count(*) FROM event_parties GROUP BY party ORDER BY 2"
_RIVAL = """
    CREATE UNLOGGED TABLE rival AS SELECT seq, seq AS event, event_time, record_time,
        convert_from(document, 'UTF8')::jsonb AS doc FROM events;
    ALTER TABLE rival ADD PRIMARY KEY (seq);
    CREATE INDEX ON rival USING gin (doc jsonb_path_ops);
    CREATE INDEX ON rival (event_time, seq);
    CREATE INDEX ON rival (record_time, seq);
"""


@dataclass
class Measured:
    """Milliseconds of each kind of query."""

    size: int
    times: dict[str, list[float]] = field(default_factory=dict)

    def p(self, share: float, name: str | None = None) -> float:
        """A quantile of one kind, or of all together."""
        times = sorted(one for kind, found in self.times.items() if name in (None, kind) for one in found)
        return times[min(len(times) - 1, int(share * len(times)))]


class Bench:
    """One store and who asks."""

    def __init__(self, url: str, size: int) -> None:
        self.size, self.database = size, Database(url, 1)
        self.queries = Queries(self.database)
        self.callers: list[Caller] = []

    async def meet(self) -> None:
        """Finds the parties that see about a tenth and about a hundredth of the store."""
        async with self.database.session() as session:
            rows = (await session.execute(text(_SHARES))).all()
        seen = [min(rows, key=lambda row: abs(row[1] - self.size * share))[0] for share in (0.1, 0.01)]
        scopes = frozenset({str(Scope.TRAILS_READ)})
        self.callers = [Caller(b"\xaa" * 32, "auditor", "auditor", AUDITOR, scopes)]
        self.callers += [Caller(party, "party", "party", 1, scopes) for party in seen]

    async def ours(self, case: Case, seconds: float, most: int) -> tuple[list[float], float]:
        """Times of one kind of query, and the share of them that found something."""
        draw, found = random.Random(f"{case.name} {self.size}"), 0
        times: list[float] = []
        until = time.perf_counter() + seconds
        while len(times) < most and (time.perf_counter() < until or len(times) < 30):
            caller = self.callers[2] if case.ordinary else self.callers[len(times) % 3]
            took, some = await self._ask(caller, case.ask(draw, self.size))
            times.append(took)
            found += some
        return times, found / len(times)

    async def _ask(self, caller: Caller, asked: Asked) -> tuple[float, bool]:
        query, token = parse_query(asked.parameters), None
        for _ in range(asked.depth):
            token = (await self.queries.events(caller, query, limit=PAGE, token=token)).following or token
        begin = time.perf_counter()
        page = await self.queries.events(caller, query, limit=PAGE, token=token)
        return (time.perf_counter() - begin) * 1000, bool(page.events)

    async def rival(self, case: Case, count: int, patience: float) -> list[float]:
        """Times of the same queries, asked of JSONB."""
        draw, times = random.Random(f"{case.name} {self.size}"), []
        for number in range(count):
            caller = self.callers[2] if case.ordinary else self.callers[number % 3]
            asked = case.ask(draw, self.size)
            seen = "" if caller.sees_all else f" AND {SEEN}"
            statement = (
                f"SELECT t.seq, t.doc FROM rival AS t WHERE {asked.rival}{seen}"  # noqa: S608
                f" ORDER BY {asked.order} OFFSET {asked.depth * PAGE} LIMIT {PAGE + 1}"
            )
            times.append(await self._rival(statement, caller, patience))
        return times

    async def _rival(self, statement: str, caller: Caller, patience: float) -> float:
        begin = time.perf_counter()
        try:
            async with self.database.session() as session:
                connection = await session.connection()
                await connection.exec_driver_sql(f"SET LOCAL statement_timeout = {int(patience * 1000)}")
                literal = f"'\\x{caller.party.hex()}'::bytea"
                await connection.exec_driver_sql(statement.replace(":viewer", literal))
        except DBAPIError as fault:
            if getattr(fault.orig, "sqlstate", None) != "57014":  # cancelled by the timeout
                raise
            return patience * 1000
        return (time.perf_counter() - begin) * 1000


async def measure(url: str, size: int, given: argparse.Namespace, console: Console) -> Measured:
    """All kinds of queries on one store."""
    bench = Bench(url, size)
    await bench.meet()
    measured = Measured(size)
    for case in CASES:
        await bench.ours(case, given.seconds / 10, 30)
        times, found = await bench.ours(case, given.seconds, given.most)
        measured.times[case.name] = times
        console.print(f"{size:>9,}  {case.name:<28} {len(times):>5} times, {found:.0%} found something")
    await bench.database.close()
    return measured


async def measure_rival(postgres: Postgres, name: str, size: int, given: argparse.Namespace) -> Measured:
    """The rival on the same store."""
    for statement in _RIVAL.strip().rstrip(";").split(";"):
        postgres.execute(f"SET maintenance_work_mem = '1GB'; {statement}", name)
    postgres.execute("VACUUM ANALYZE rival", name)
    bench = Bench(postgres.url(name), size)
    await bench.meet()
    measured = Measured(size)
    for case in CASES:
        measured.times[case.name] = await bench.rival(case, given.rival_times, given.patience)
    await bench.database.close()
    return measured


def report(measured: Sequence[Measured], rival: Measured | None, console: Console) -> dict[str, object]:
    """Prints the table; returns what the last line says."""
    table = Table(title="milliseconds, p50 / p99")
    table.add_column("query")
    for one in measured:
        table.add_column(f"{one.size:,}", justify="right")
    table.add_column("rival p50" if rival else "", justify="right")
    names: list[str | None] = [*(case.name for case in CASES), None]
    for name in names:
        cells = [f"{one.p(0.5, name):.1f} / {one.p(0.99, name):.1f}" for one in measured]
        table.add_row(name or "all", *cells, f"{rival.p(0.5, name):.0f}" if rival else "")
    console.print(table)
    first, last = measured[0], measured[-1]
    pooled = last.p(0.99) / first.p(0.99)
    single = {case.name: last.p(0.5, case.name) / first.p(0.5, case.name) for case in CASES}
    worst = max(single, key=lambda name: single[name])
    result: dict[str, object] = {
        "sizes": [one.size for one in measured],
        f"p50_ms_{last.size:.0e}".replace("+0", ""): round(last.p(0.5), 2),
        f"p99_ms_{last.size:.0e}".replace("+0", ""): round(last.p(0.99), 2),
        "growth": round(max(pooled, single[worst]), 2),
        "growth_p99_of_all": round(pooled, 2),
        "growth_p50_of_worst": [worst, round(single[worst], 2)],
        "queries": {
            case.name: {f"{one.size}": [round(one.p(share, case.name), 2) for share in (0.5, 0.99)] for one in measured}
            for case in CASES
        },
    }
    if rival:
        result["rival_p50_ms"] = {case.name: round(rival.p(0.5, case.name), 1) for case in CASES}
        result["ratio_p50"] = round(rival.p(0.5) / last.p(0.5), 1)
        result["ratio_p99"] = round(rival.p(0.99) / last.p(0.99), 1)
    return result


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000", help="events in each store, ascending")
    parser.add_argument("--seconds", type=float, default=8.0, help="at most, for each kind of query")
    parser.add_argument("--most", type=int, default=300, help="queries of each kind, at most")
    parser.add_argument(
        "--rival-times", type=int, default=12, help="queries of each kind for the rival; 0 leaves it out"
    )
    parser.add_argument("--patience", type=float, default=5.0, help="seconds for one query of the rival")
    parser.add_argument("--processes", type=int, default=2, help="that fill the stores")
    parser.add_argument("--folder", type=Path, help="keep the stores here, or use those that are here")
    given = parser.parse_args(argv)
    console = Console(file=sys.stderr)
    folder = given.folder or Path(tempfile.mkdtemp(prefix="trailseal-bench-"))
    sizes = sorted(int(size) for size in given.sizes.split(","))
    postgres = Postgres(folder, settings={"fsync": "off"})
    postgres.start()
    try:
        for size in sizes:
            begin = time.perf_counter()
            if f"bench_{size}" not in postgres.execute("SELECT datname FROM pg_database", "postgres").split():
                postgres.execute(f"CREATE DATABASE bench_{size}", "postgres")
                asyncio.run(build(Filling(postgres.url(f"bench_{size}"), size), given.processes))
                postgres.execute("VACUUM ANALYZE", f"bench_{size}")
                console.print(f"{size:,} events in {time.perf_counter() - begin:.0f} s")
        measured = [asyncio.run(measure(postgres.url(f"bench_{size}"), size, given, console)) for size in sizes]
        rival = None
        if given.rival_times:
            rival = asyncio.run(measure_rival(postgres, f"bench_{sizes[-1]}", sizes[-1], given))
        result = report(measured, rival, console)
    finally:
        postgres.stop()
        if given.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
