"""A witness process: its folder and key are locked, it follows its node, and serves what it signed."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from aiohttp import web

from service.ledger.client import Node, NodeRefused, NodeUnavailable
from service.ledger.header import HeaderNotUnderstood
from service.witness.alarms import Alarms
from service.witness.blocks import Blocks
from service.witness.errors import Alarmed, NodeIncoherent
from service.witness.figures import Figures
from service.witness.journal import Journal, lock
from service.witness.key import read_key
from service.witness.server import app
from service.witness.witness import Terms, Witness

_log = structlog.get_logger(__name__)

_ANSWER_BYTES = 64 * 1024 * 1024
_NODE_SECONDS = 30.0
_PAUSE_AFTER_FAULT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a witness finds what it needs; `port` None: nothing is served."""

    rpc_url: str
    key_file: Path
    folder: Path
    host: str = "127.0.0.1"
    port: int | None = None
    poll_seconds: float = 1.0
    terms: Terms = field(default_factory=Terms)


async def run(place: Place, stop: asyncio.Event) -> None:
    """Follows the node and signs, until `stop` is set.

    Raises:
        Alarmed: an alarm stands. A witness that serves goes on serving, without signing, until it is stopped.
        KeyRefused, FolderRefused: at the start.
    """
    key = read_key(place.key_file)
    held = lock(place.key_file, f"{place.key_file} is in use by another witness: stop that one first")
    try:
        journal = Journal(place.folder, key)
        try:
            await _run(place, journal, Alarms(place.folder), stop)
        finally:
            journal.close()
    finally:
        os.close(held)


async def _run(place: Place, journal: Journal, alarms: Alarms, stop: asyncio.Event) -> None:
    figures, node = Figures(), Node(place.rpc_url, _NODE_SECONDS, _ANSWER_BYTES)
    witness = Witness(Blocks(node), journal, alarms, place.terms)
    try:
        async with _serving(place, app(journal, alarms, figures)):
            try:
                await _follow(witness, journal, figures, place.poll_seconds, stop)
            except Alarmed:
                figures.alarm.set(1)
                if place.port is not None:
                    _log.error("an alarm stands: nothing is signed, checkpoints and alarms are served")
                    await stop.wait()
                raise
    finally:
        await node.close()


async def _follow(
    witness: Witness, journal: Journal, figures: Figures, pause_seconds: float, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        pause = pause_seconds
        try:
            pause = 0 if await witness.step() else pause
        except (NodeUnavailable, NodeRefused, NodeIncoherent, HeaderNotUnderstood) as fault:
            figures.faults.inc()
            _log.warning("waiting for the node", reason=fault.detail[:500])
            pause = max(pause, _PAUSE_AFTER_FAULT_SECONDS)
        last = journal.last
        figures.newest.set(witness.newest)
        figures.signed.set(last.checkpoint.number if last else -1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


@asynccontextmanager
async def _serving(place: Place, served: web.Application) -> AsyncIterator[None]:
    if place.port is None:
        yield
        return
    runner = web.AppRunner(served, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, place.host, place.port).start()
        (address, *_) = runner.addresses
        _log.info("serving checkpoints", host=address[0], port=address[1])
        yield
    finally:
        await runner.cleanup()
