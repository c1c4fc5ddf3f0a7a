"""The worker that sends what subscriptions are owed; any number may run at once.

A delivery is kept before it is sent, and forgotten in the transaction that moves its subscription's place, once the
receiver answered 2xx. A worker that dies in between leaves it kept: whoever comes next sends the same bytes under the
same id.
"""

import asyncio
import contextlib
import random
import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import structlog

from service.config import Settings
from service.errors import TrailsealError
from service.logs import told_safely
from service.parties.keyring import Keyring
from service.store import subscriptions as stored
from service.store.database import Database, unavailable
from service.subscriptions.destination import Destination
from service.subscriptions.preparing import LEASE_SECONDS, RENEW_SECONDS, Outgoing, prepare
from service.subscriptions.retries import pause
from service.subscriptions.sending import TOTAL_SECONDS, Answer, Resolver, Sender
from service.subscriptions.signature import HEADER, signature
from service.subscriptions.tokens import unwrap
from service.subscriptions.webhooks import BATCH

_log = structlog.get_logger(__name__)

AT_ONCE = 32
"""Subscriptions that one worker sends for at once."""
EACH_PARTY = 16
"""Of them for one party, over all workers."""
_IN_A_ROW = 50
"""Deliveries of one subscription before it makes room for others."""
_LOOK_SECONDS = 0.25
_GONE, _TOO_LARGE = 410, 413


class Deliverer:
    """A worker's step: claims subscriptions that are due and sends for them in the background.

    `resolve` and `tls` replace the system's name resolution and certificates; `chance` draws the jitter of retries.
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
        self._database = database
        self._keyring = Keyring.of(settings)
        self._patience = timedelta(days=settings.webhook_days)
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
            claimed = await stored.claim(session, lease, LEASE_SECONDS, free, EACH_PARTY)
        for subscription in claimed:
            task = asyncio.create_task(self._work(subscription, lease))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not claimed and self._tasks:  # one that ends may make room for the next of its party
            await asyncio.wait(self._tasks, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            return True
        return bool(claimed)

    async def finish(self) -> None:
        """Waits until all that is due of the claimed subscriptions is sent."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Waits for the deliveries that are on their way, begins no other, and lets go of connections."""
        self._closing = True
        await self.finish()
        await self._sender.close()

    async def _work(self, subscription: UUID, lease: UUID) -> None:
        """Never raises: one subscription's trouble is not the others'."""
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew(subscription, lease, done))
        try:
            try:
                await self._send_what_is_due(subscription, lease)
            except Exception as fault:
                if unavailable(fault):
                    raise
                await self._note_own_fault(subscription, lease, fault)
            async with self._database.session() as session:
                await stored.release(session, subscription, lease)
        except Exception as fault:  # noqa: BLE001  # the lease runs out, and the subscription is claimed again
            _log.warning("a subscription waits for the database", subscription=str(subscription), **told_safely(fault))
        finally:
            done.set()
            await renewing

    async def _renew(self, subscription: UUID, lease: UUID, done: asyncio.Event) -> None:
        """Keeps the lease while an attempt takes longer than it lasts, until the work is done."""
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), RENEW_SECONDS)
                return
            try:
                async with self._database.session() as session:
                    await stored.renew(session, subscription, lease, LEASE_SECONDS)
            except Exception as fault:  # noqa: BLE001  # it may run out: another worker then sends the same again
                _log.warning("a lease could not be renewed", subscription=str(subscription), **told_safely(fault))

    async def _send_what_is_due(self, subscription: UUID, lease: UUID) -> None:
        for _ in range(_IN_A_ROW):
            if self._closing:
                return
            outgoing = await prepare(self._database, subscription, lease)
            if outgoing is None:
                return
            answer = await self._send(outgoing)
            _log.info(
                "delivered" if answer.taken else "not delivered",
                subscription=str(subscription),
                delivery=str(outgoing.id),
                events=outgoing.events,
                status=answer.status,
                fault=answer.fault,
            )
            if answer.taken:
                await self._taken(outgoing)
                if outgoing.last:
                    return
            elif answer.status == _TOO_LARGE and outgoing.events > 1:
                await self._make_smaller(outgoing)
            else:
                await self._not_taken(outgoing, answer)
                return

    async def _send(self, outgoing: Outgoing) -> Answer:
        headers = {
            "Content-Type": outgoing.media_type,
            "User-Agent": "Trailseal",
            "GS1-EPCIS-Version": "2.0.0",
            "GS1-CBV-Version": "2.0.0",
            "Trailseal-Delivery": str(outgoing.id),
            "Idempotency-Key": str(outgoing.id),
        }
        if outgoing.token is not None:
            token = unwrap(outgoing.token, outgoing.subscription, self._keyring)
            headers[HEADER] = signature(token, int(time.time()), outgoing.id, outgoing.body)
        return await self._sender.send(Destination.read(outgoing.dest), headers, outgoing.body)

    async def _taken(self, outgoing: Outgoing) -> None:
        async with self._database.session() as session:
            await stored.taken(session, outgoing.subscription, outgoing.id, BATCH)

    async def _make_smaller(self, outgoing: Outgoing) -> None:
        async with self._database.session() as session:
            if await stored.drop_delivery(session, outgoing.id):
                await stored.change(session, outgoing.subscription, batch=max(1, outgoing.events // 2))

    async def _not_taken(self, outgoing: Outgoing, answer: Answer) -> None:
        fault = answer.fault or f"the receiver answered {answer.status}"
        if answer.status is not None and 300 <= answer.status < 400:
            fault += "; redirects are not followed: subscribe with the URL that it leads to"
        async with self._database.session() as session:
            failed = await stored.failed(session, outgoing.subscription, outgoing.id, fault)
            if failed is None:
                return
            if answer.status == _GONE or failed.lasting > self._patience:
                await stored.end(session, outgoing.subscription)
            else:
                await stored.wait(session, outgoing.subscription, pause(failed.failures, self._chance(), answer.wait))

    async def _note_own_fault(self, subscription: UUID, lease: UUID, fault: Exception) -> None:
        """What is wrong on our side is told in our own words; a refusal's message is for its receiver."""
        known = isinstance(fault, TrailsealError)
        _log.error("a subscription cannot be served", subscription=str(subscription), **told_safely(fault))
        async with self._database.session() as session:
            if await stored.leased(session, subscription, lease, LEASE_SECONDS) is None:
                return
            told = fault.detail if known else "the service could not make the delivery"  # type: ignore[attr-defined]
            failed = await stored.failed(session, subscription, None, told)
            if failed is not None:
                await stored.wait(session, subscription, pause(failed.failures, self._chance()))
