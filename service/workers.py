"""The processes behind the API: relay and signer of stale captures, watcher, indexer, deliverer, who keeps recalls, and
the scorer; any number may run.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from typing import Literal, get_args

import structlog

from service.capture.resign import Resigner
from service.config import Settings
from service.erasure.erasures import Erasures
from service.ledger.client import Node, NodeRefused, NodeUnavailable
from service.ledger.deploy import check_chain, deploy
from service.ledger.relay import Relay
from service.ledger.watch import Watcher
from service.queries.reindexing import Reindexer
from service.recall import Grower, Holder
from service.risk.calibrating import Calibrator
from service.risk.following import Follower
from service.risk.scoring import Scoring
from service.risk.sealing import Sealer
from service.risk.telling import AlertSender
from service.store.chain import Deployed, deployed
from service.store.database import Database, unavailable
from service.subscriptions import Deliverer

_log = structlog.get_logger(__name__)

Role = Literal["relay", "watch", "index", "deliver", "recall", "score"]
ROLES: tuple[Role, ...] = get_args(Role)
_PAUSE_AFTER_FAULT_SECONDS = 1.0


async def work(settings: Settings, roles: Collection[Role] = ROLES, stop: asyncio.Event | None = None) -> None:
    """Does the work of these roles until `stop` is set (or for good).

    A database or node that does not answer is waited for; everything else that goes wrong ends the process, loudly.
    """
    stop = stop or asyncio.Event()
    database = Database(settings.database_url, settings.database_connections)
    node = Node(settings.rpc_url)
    deliverer, alert_sender = Deliverer(database, settings), AlertSender(database, settings)
    try:
        async with asyncio.TaskGroup() as group:
            if "index" in roles:
                group.create_task(_repeat(Reindexer(database).step, settings.poll_seconds, stop))
            if "recall" in roles:
                group.create_task(_repeat(Grower(database).step, settings.poll_seconds, stop))
                group.create_task(_repeat(Holder(database, settings).step, settings.poll_seconds, stop))
            if "score" in roles:
                for step in (
                    Follower(database).step,
                    Scoring(database, settings).step,
                    Sealer(database, settings).step,
                    Calibrator(database, settings).step,
                ):
                    group.create_task(_repeat(step, settings.poll_seconds, stop))
            if "deliver" in roles:
                group.create_task(_repeat(deliverer.step, settings.poll_seconds, stop))
                group.create_task(_repeat(alert_sender.step, settings.poll_seconds, stop))
            if {"relay", "watch"} & set(roles):
                group.create_task(_with_the_chain(database, node, settings, roles, stop))
    finally:
        await deliverer.close()
        await alert_sender.close()
        await node.close()
        await database.close()


async def _with_the_chain(
    database: Database, node: Node, settings: Settings, roles: Collection[Role], stop: asyncio.Event
) -> None:
    deployment = await _deployment(database, node, settings, stop)
    if deployment is None:
        return
    steps: list[Callable[[], Awaitable[bool]]] = []
    if "relay" in roles:
        steps += [Relay(database, node, deployment, settings).step, Resigner(database, settings).step]
        steps.append(Erasures(database, settings).step)
    if "watch" in roles:
        steps.append(Watcher(database, node, deployment).step)
    async with asyncio.TaskGroup() as group:
        for step in steps:
            group.create_task(_repeat(step, settings.poll_seconds, stop))


async def _repeat(
    step: Callable[[], Awaitable[bool]], pause_seconds: float, stop: asyncio.Event, enough: asyncio.Event | None = None
) -> None:
    """Takes steps until it is to stop, or has done enough."""
    while not stop.is_set() and not (enough and enough.is_set()):
        try:
            busy = await step()
        except (NodeUnavailable, NodeRefused) as fault:
            _log.warning("waiting for the node", reason=fault.detail)
            await _pause(stop, _PAUSE_AFTER_FAULT_SECONDS)
        except Exception as fault:
            if not unavailable(fault):
                raise
            _log.warning("waiting for the database", reason=type(fault).__name__)
            await _pause(stop, _PAUSE_AFTER_FAULT_SECONDS)
        else:
            if not busy:
                await _pause(stop, pause_seconds)


async def _deployment(database: Database, node: Node, settings: Settings, stop: asyncio.Event) -> Deployed | None:
    """The deployment: made here by who has the admin key, awaited by everybody else; None when stopped before."""
    found: list[Deployed] = []
    enough = asyncio.Event()

    async def look() -> bool:
        if settings.admin_key is not None:
            found.append(await deploy(database, node, settings.admin_key.get_secret_value()))
        else:
            async with database.session() as session:
                known = await deployed(session)
            if known is not None:
                await check_chain(node, known)
                found.append(known)
        if found:
            enough.set()
        return bool(found)

    await _repeat(look, settings.poll_seconds, stop, enough)
    return found[0] if found else None


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
