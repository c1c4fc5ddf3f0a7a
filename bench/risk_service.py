"""How fast the service scores: a store of open shipments, the worker's throughput, and reading the riskiest of them.

`python -m bench.risk_service [--shipments 10000]` makes its own database and takes some minutes; the last line is JSON.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psutil

from ml.simulate import MOST, season
from ml.to_epcis import to_epcis
from service.capture import Captures
from service.config import Settings
from service.devstack import Postgres
from service.parties.caller import Caller
from service.parties.registration import add
from service.parties.scopes import Scope
from service.parties.signing_keys import SigningKeys
from service.risk.assessing import Risk
from service.risk.following import Follower
from service.risk.scoring import Scoring
from service.store.chain import Deployed, save_deployment
from service.store.database import Database
from service.store.migrate import migrate

IN_A_DOCUMENT = 40
READS = 200


async def run(shipments: int, url: str) -> dict[str, Any]:
    """Captures, follows, scores, reads; what it measured."""
    settings = Settings.from_environment(
        {
            "TRAILSEAL_DATABASE_URL": url,
            "TRAILSEAL_CONSORTIUM_SECRET": secrets.token_hex(32),
            "TRAILSEAL_KEY_ENCRYPTION_KEY": secrets.token_hex(32),
        }
    )
    await migrate(url)
    database = Database(url, 4)
    async with database.session() as session:
        await save_deployment(session, Deployed(b"\x51" * 20, b"\x52" * 20, 31337, 0))
    callers = [await member(database, settings, name) for name in ("acme", "bolt")]
    told: dict[str, Any] = {"shipments": shipments, "events": await capture(database, settings, callers[0], shipments)}
    told["follow_per_s"] = round(shipments / await timed(Follower(database)))
    scoring = Scoring(database, settings)
    told["score_per_s"] = round(shipments / await timed(scoring), 1)
    risk = Risk(database, settings)
    told |= await reading(risk, callers[0], "list")
    told |= await reading(risk, callers[1], "list_of_nothing")
    told["memory_mb"] = round(psutil.Process().memory_info().rss / 2**20)
    await database.close()
    return told


async def member(database: Database, settings: Settings, name: str) -> Caller:
    """A party whose key the service keeps."""
    async with database.session() as session:
        party = await add(session, f"did:example:{name}", name, [])
    scopes = frozenset(scope for scope in Scope if scope != Scope.CONSORTIUM_ADMIN)
    caller = Caller(party.id, party.identifier, party.name, 0, scopes, key_id=name)
    await SigningKeys(database, settings).create(caller)
    return caller


async def capture(database: Database, settings: Settings, caller: Caller, count: int) -> int:
    """Shipments under way: booked within the last three days, with what has happened by now; how many events."""
    captures, now, events = Captures(database, settings), datetime.now(UTC), 0
    waiting: list[dict[str, Any]] = []
    for number in range(count):
        one = season(1, number % 5000, now - timedelta(minutes=number % 4320))[0]
        shipment = replace(one.shipment, nr=(one.shipment.nr or 0) + number // 5000 % MOST)
        document = to_epcis(shipment, one.booked)
        listed = document["epcisBody"]["eventList"]
        waiting += [event for event in listed if datetime.fromisoformat(event["eventTime"]) <= now]
        if number % IN_A_DOCUMENT == IN_A_DOCUMENT - 1 or number == count - 1:
            body = orjson.dumps(document | {"epcisBody": {"eventList": waiting}})
            await captures.accept(caller, body)
            events, waiting = events + len(waiting), []
    return events


async def timed(worker: Any) -> float:
    """Seconds until a worker finds nothing more to do."""
    begin = time.monotonic()
    while await worker.step():
        pass
    return time.monotonic() - begin


async def reading(risk: Risk, caller: Caller, name: str) -> dict[str, float]:
    """Milliseconds of reading the ten riskiest shipments that a caller sees."""
    took = []
    for _ in range(READS):
        begin = time.perf_counter()
        await risk.riskiest(caller, 10, late_too=True)
        took.append((time.perf_counter() - begin) * 1000)
    cut = statistics.quantiles(took, n=100)
    return {f"{name}_p50_ms": round(cut[49], 1), f"{name}_p99_ms": round(cut[98], 1)}


def main() -> None:
    """Measures, and prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shipments", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Path(folder), settings={"fsync": "off"})
        server.start()
        try:
            print(json.dumps(asyncio.run(run(asked.shipments, server.url()))))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
