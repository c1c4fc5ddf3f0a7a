"""The worker that sends alerts to webhooks, one after the other, each until it was taken; any number may run at once.

An alert's body follows from what never changes of it, and is sent under the alert's own id (`Trailseal-Delivery`,
`Idempotency-Key`): a worker that dies before it noted that the receiver took it sends the same bytes under the same id.
"""

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import orjson
import structlog

from service.config import Settings
from service.errors import TrailsealError
from service.logs import told_safely
from service.parties.keyring import Keyring
from service.risk.reading import told_alert
from service.store import risk_policies as stored
from service.store.alerts import AlertRow, alert_at
from service.store.database import Database, unavailable
from service.store.risk_policies import HookRow
from service.subscriptions.destination import Destination
from service.subscriptions.preparing import LEASE_SECONDS, RENEW_SECONDS
from service.subscriptions.retries import pause
from service.subscriptions.sending import TOTAL_SECONDS, Answer, Resolver, Sender
from service.subscriptions.signature import HEADER, signature
from service.subscriptions.tokens import unwrap

_log = structlog.get_logger(__name__)

AT_ONCE = 32
"""Webhooks that one worker sends for at once."""
_IN_A_ROW = 50
_LOOK_SECONDS = 0.25
_GONE = 410


class AlertSender:
    """A worker's step: claims webhooks that have alerts to send and sends them in the background.

    `resolve`, `tls`, `chance` and `total_seconds` are as in `service.subscriptions.deliverer.Deliverer`.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        *,
        resolve: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        chance: Callable[[], float] = random.random,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._database, self._keyring = database, Keyring.of(settings)
        self._patience = timedelta(days=settings.webhook_days).total_seconds()
        self._sender = Sender(settings.webhook_networks, resolve, tls, total_seconds)
        self._chance = chance
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    async def step(self) -> bool:
        """Begins what is due, and waits for some of it where there is no more; False where nothing is under way."""
        free = AT_ONCE - len(self._tasks)
        if not free:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
            return True
        lease = uuid4()
        async with self._database.session() as session:
            claimed = await stored.claim(session, lease, LEASE_SECONDS, free)
        for hook in claimed:
            task = asyncio.create_task(self._work(hook, lease))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not claimed and self._tasks:
            await asyncio.wait(self._tasks, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            return True
        return bool(claimed)

    async def finish(self) -> None:
        """Waits until what was begun is sent."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Waits for what is on its way, begins nothing else, and lets go of connections."""
        self._closing = True
        await self.finish()
        await self._sender.close()

    async def _work(self, hook: UUID, lease: UUID) -> None:
        """Never raises: one webhook's trouble is not the others'."""
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew(hook, lease, done))
        try:
            for _ in range(_IN_A_ROW):
                if self._closing or not await self._send_next(hook, lease):
                    break
            async with self._database.session() as session:
                await stored.release(session, hook, lease)
        except Exception as fault:  # noqa: BLE001  # the lease runs out, and the webhook is claimed again
            _log.warning("a webhook for alerts waits", webhook=str(hook), **told_safely(fault))
            if not unavailable(fault):
                await self._note_own_fault(hook, fault)
        finally:
            done.set()
            await renewing

    async def _renew(self, hook: UUID, lease: UUID, done: asyncio.Event) -> None:
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), RENEW_SECONDS)
                return
            try:
                async with self._database.session() as session:
                    await stored.renew(session, hook, lease, LEASE_SECONDS)
            except Exception as fault:  # noqa: BLE001  # it may run out: another worker then sends the same again
                _log.warning("a lease could not be renewed", webhook=str(hook), **told_safely(fault))

    async def _send_next(self, hook: UUID, lease: UUID) -> bool:
        """Whether there may be more to send."""
        async with self._database.session() as session:
            owed = await stored.owed(session, hook, lease, LEASE_SECONDS)
            alert = None if owed is None else await alert_at(session, owed.seq)
        if owed is None or alert is None:
            return False
        answer = await self._send(owed.hook, alert)
        _log.info(
            "alerted" if answer.taken else "not alerted",
            webhook=str(hook),
            alert=str(alert.id),
            status=answer.status,
            fault=answer.fault,
        )
        async with self._database.session() as session:
            if answer.taken:
                await stored.taken(session, hook, owed.seq)
                return True
            failed = await stored.failed(session, hook, _fault(answer))
            if failed is not None and (answer.status == _GONE or failed.seconds > self._patience):
                await stored.end(session, hook)
            elif failed is not None:
                await stored.wait(session, hook, pause(failed.failures, self._chance(), answer.wait))
        return False

    async def _send(self, hook: HookRow, alert: AlertRow) -> Answer:
        body = orjson.dumps({"kind": "alert", **told_alert(alert)})
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Trailseal",
            "Trailseal-Delivery": str(alert.id),
            "Idempotency-Key": str(alert.id),
        }
        if hook.token is not None:
            token = unwrap(hook.token, hook.id, self._keyring)
            headers[HEADER] = signature(token, int(time.time()), alert.id, body)
        return await self._sender.send(Destination.read(hook.dest), headers, body)

    async def _note_own_fault(self, hook: UUID, fault: Exception) -> None:
        """What is wrong on our side is told in our own words, and tried again later."""
        told = fault.detail if isinstance(fault, TrailsealError) else "the service could not make the delivery"
        with contextlib.suppress(Exception):  # the lease runs out
            async with self._database.session() as session:
                failed = await stored.failed(session, hook, told)
                if failed is not None:
                    await stored.wait(session, hook, pause(failed.failures, self._chance()))


def _fault(answer: Answer) -> str:
    fault = answer.fault or f"the receiver answered {answer.status}"
    if answer.status is not None and 300 <= answer.status < 400:
        fault += "; redirects are not followed: set the URL that it leads to"
    return fault
