"""What workers that send to webhooks have in common: they lease what has something to send, and send in the background.

A lease is renewed while its work lasts, whatever the receiver's time. A worker that dies lets its leases run out, and
whoever comes next goes on. What is sent, and what follows from an answer, is the subclasses'.
"""

import asyncio
import contextlib
import random
import ssl
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import structlog

from service.config import Settings
from service.errors import TrailsealError
from service.logs import told_safely
from service.parties.keyring import Keyring
from service.store.database import Database, Session, unavailable
from service.subscriptions.destination import Destination
from service.subscriptions.retries import pause
from service.subscriptions.sending import TOTAL_SECONDS, Answer, Resolver, Sender
from service.subscriptions.signature import HEADER, signature
from service.subscriptions.tokens import unwrap

_log = structlog.get_logger(__name__)

AT_ONCE = 32
"""Leases that one worker holds at once."""
LEASE_SECONDS = 9.0
"""What a killed worker had leased waits for the end of it; who lives renews it (`RENEW_SECONDS`)."""
RENEW_SECONDS = 3.0
_IN_A_ROW = 50
"""Deliveries under one lease before it makes room for others."""
_LOOK_SECONDS = 0.25
_GONE = 410


class Leased(ABC):
    """A worker's step: leases what is due and sends for it in the background. `kind` is what it leases, for logs.

    `resolve` and `tls` replace the system's name resolution and certificates; `chance` draws the jitter of retries.
    """

    kind: ClassVar[str]

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
            claimed = await self._claim(session, lease, LEASE_SECONDS, free)
        for leased in claimed:
            task = asyncio.create_task(self._work(leased, lease))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if not claimed and self._tasks:  # one that ends may make room for the next of its party
            await asyncio.wait(self._tasks, timeout=_LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            return True
        return bool(claimed)

    async def finish(self) -> None:
        """Waits until all that is due under the leases is sent."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Waits for the deliveries that are on their way, begins no other, and lets go of connections."""
        self._closing = True
        await self.finish()
        await self._sender.close()

    @abstractmethod
    async def _claim(self, session: Session, lease: UUID, seconds: float, most: int) -> list[UUID]:
        """Leases what is due."""

    @abstractmethod
    async def _renew(self, session: Session, leased: UUID, lease: UUID, seconds: float) -> None:
        """Lengthens a lease, where it is still held."""

    @abstractmethod
    async def _release(self, session: Session, leased: UUID, lease: UUID) -> None:
        """Gives a lease back, where it is still held."""

    @abstractmethod
    async def _send_next(self, leased: UUID, lease: UUID) -> bool:
        """Sends one delivery and notes what came of it; whether there may be more to send."""

    @abstractmethod
    async def _put_off(self, session: Session, leased: UUID, lease: UUID, fault: str) -> None:
        """Counts a failure of ours, which ends nothing, and lets what is leased wait."""

    async def _send(
        self, dest: str, delivery: UUID, headers: Mapping[str, str], body: bytes, *, token: bytes | None, owner: UUID
    ) -> Answer:
        """One attempt; with a signature `token` (wrapped, as its owner's) it is signed anew."""
        told = {
            "User-Agent": "Trailseal",
            "Trailseal-Delivery": str(delivery),
            "Idempotency-Key": str(delivery),
            **headers,
        }
        if token is not None:
            told[HEADER] = signature(unwrap(token, owner, self._keyring), int(time.time()), delivery, body)
        return await self._sender.send(Destination.read(dest), told, body)

    def _pause(self, answer: Answer, failures: int, lasting: timedelta) -> float | None:
        """Seconds until the next attempt after so many failures in a row, for so long; None: there is none."""
        if answer.status == _GONE or lasting > self._patience:
            return None
        return pause(failures, self._chance(), answer.wait)

    async def _work(self, leased: UUID, lease: UUID) -> None:
        """Never raises: the trouble of one is not the others'."""
        try:
            async with self._renewed(leased, lease):
                try:
                    await self._send_what_is_due(leased, lease)
                except Exception as fault:
                    if unavailable(fault):
                        raise
                    await self._note_own_fault(leased, lease, fault)
                async with self._database.session() as session:
                    await self._release(session, leased, lease)
        except Exception as fault:  # noqa: BLE001  # the lease runs out, and is taken again
            _log.warning(f"a {self.kind} waits for the database", **{self.kind: str(leased)}, **told_safely(fault))

    async def _send_what_is_due(self, leased: UUID, lease: UUID) -> None:
        for _ in range(_IN_A_ROW):
            if self._closing or not await self._send_next(leased, lease):
                return

    @contextlib.asynccontextmanager
    async def _renewed(self, leased: UUID, lease: UUID) -> AsyncIterator[None]:
        """Keeps the lease while the work takes longer than it lasts."""
        done = asyncio.Event()
        renewing = asyncio.create_task(self._renew_until(done, leased, lease))
        try:
            yield
        finally:
            done.set()
            await renewing

    async def _renew_until(self, done: asyncio.Event, leased: UUID, lease: UUID) -> None:
        while not done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), RENEW_SECONDS)
                return
            try:
                async with self._database.session() as session:
                    await self._renew(session, leased, lease, LEASE_SECONDS)
            except Exception as fault:  # noqa: BLE001  # it may run out: another worker then sends the same again
                _log.warning("a lease could not be renewed", **{self.kind: str(leased)}, **told_safely(fault))

    async def _note_own_fault(self, leased: UUID, lease: UUID, fault: Exception) -> None:
        """What is wrong on our side is told in our own words; a refusal's message is for its receiver."""
        _log.error(f"a {self.kind} cannot be served", **{self.kind: str(leased)}, **told_safely(fault))
        told = fault.detail if isinstance(fault, TrailsealError) else "the service could not make the delivery"
        async with self._database.session() as session:
            await self._put_off(session, leased, lease, told)


def why(answer: Answer, remedy: str) -> str:
    """What a receiver answered that did not take a delivery; `remedy` is for one that redirects."""
    fault = answer.fault or f"the receiver answered {answer.status}"
    if answer.status is not None and 300 <= answer.status < 400:
        fault += f"; redirects are not followed: {remedy}"
    return fault
