"""How long until everything is in order again: what was accepted is on the chain, and the mirror says the same."""

import asyncio
import time
from collections.abc import Sequence

from sqlalchemy import text

from bench.faults.clients import Accepted
from bench.faults.stage import Stage
from service.errors import TrailsealError
from service.ledger.abi import calldata
from service.ledger.client import hexed, number, raw
from service.sealing.commitments import party_of
from service.store.database import unavailable

REACH_SECONDS = 40.0
"""What was accepted longer than this before a fault lies deeper than any fault of ours reaches."""
_BEHIND_BLOCKS = 2


async def until_converged(stage: Stage, accepted: Sequence[Accepted], limit_seconds: float) -> float | None:
    """Seconds until all that was accepted by now (and not long ago) is recorded and known to be; None: not in time."""
    begin = time.monotonic()
    recent = [
        (party_of(one.posting.supplier), part)
        for one in accepted
        if one.at > begin - REACH_SECONDS
        for part in one.parts
    ]
    while time.monotonic() - begin < limit_seconds:
        try:
            async with asyncio.timeout(10):
                if await _converged(stage, recent):
                    return time.monotonic() - begin
        except (TrailsealError, TimeoutError):
            pass  # the node or the database is not back yet
        except Exception as fault:
            if not unavailable(fault):
                raise
        await asyncio.sleep(0.2)
    return None


async def _converged(stage: Stage, recent: Sequence[tuple[bytes, bytes]]) -> bool:
    assert stage.deployed is not None
    async with stage.database.session() as session:
        sealed = await session.execute(
            text("SELECT count(*) FROM parts WHERE id = ANY(:ids) AND state = 2"), {"ids": [part for _, part in recent]}
        )
        if sealed.scalar_one() < len(recent):
            return False
        followed = await session.execute(text("SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1"))
        height, hash_ = followed.one()
    head = number(await stage.node.call("eth_blockNumber"))
    block = await stage.node.call("eth_getBlockByNumber", hex(height), False)
    if block is None or raw(block["hash"]) != hash_ or head - height > _BEHIND_BLOCKS:
        return False
    ledger = hexed(stage.deployed.provenance)
    calls = [
        ("eth_call", [{"to": ledger, "data": hexed(calldata("Provenance", "recordedIn", list(pair)))}, "latest"])
        for pair in recent
    ]
    return all(number(place) for place in await stage.node.all(calls))
