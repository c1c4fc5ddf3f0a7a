"""The worker that sends what subscriptions are owed; any number may run at once.

A delivery is kept before it is sent, and forgotten in the transaction that moves its subscription's place, once the
receiver answered 2xx. A worker that dies in between leaves it kept: whoever comes next sends the same bytes under the
same id.
"""

from uuid import UUID

import structlog

from service.store import subscriptions as stored
from service.store.database import Session
from service.subscriptions.leased import LEASE_SECONDS, Leased, why
from service.subscriptions.preparing import Outgoing, prepare
from service.subscriptions.retries import pause
from service.subscriptions.sending import Answer
from service.subscriptions.webhooks import BATCH

_log = structlog.get_logger(__name__)

EACH_PARTY = 16
"""Subscriptions of one party that are sent for at once, over all workers."""
_TOO_LARGE = 413


class Deliverer(Leased):
    """Sends what subscriptions are owed."""

    kind = "subscription"

    async def _claim(self, session: Session, lease: UUID, seconds: float, most: int) -> list[UUID]:
        return await stored.claim(session, lease, seconds, most, EACH_PARTY)

    async def _renew(self, session: Session, leased: UUID, lease: UUID, seconds: float) -> None:
        await stored.renew(session, leased, lease, seconds)

    async def _release(self, session: Session, leased: UUID, lease: UUID) -> None:
        await stored.release(session, leased, lease)

    async def _send_next(self, leased: UUID, lease: UUID) -> bool:
        outgoing = await prepare(self._database, leased, lease)
        if outgoing is None:
            return False
        answer = await self._deliver(outgoing)
        _log.info(
            "delivered" if answer.taken else "not delivered",
            subscription=str(leased),
            delivery=str(outgoing.id),
            events=outgoing.events,
            status=answer.status,
            fault=answer.fault,
        )
        if answer.taken:
            await self._taken(outgoing)
            return not outgoing.last
        if answer.status == _TOO_LARGE and outgoing.events > 1:
            await self._make_smaller(outgoing)
            return True
        await self._not_taken(outgoing, answer)
        return False

    async def _deliver(self, outgoing: Outgoing) -> Answer:
        headers = {
            "Content-Type": outgoing.media_type,
            "GS1-EPCIS-Version": "2.0.0",
            "GS1-CBV-Version": "2.0.0",
        }
        owner = outgoing.subscription
        return await self._send(outgoing.dest, outgoing.id, headers, outgoing.body, token=outgoing.token, owner=owner)

    async def _taken(self, outgoing: Outgoing) -> None:
        async with self._database.session() as session:
            await stored.taken(session, outgoing.subscription, outgoing.id, BATCH)

    async def _make_smaller(self, outgoing: Outgoing) -> None:
        async with self._database.session() as session:
            if await stored.drop_delivery(session, outgoing.id):
                await stored.change(session, outgoing.subscription, batch=max(1, outgoing.events // 2))

    async def _not_taken(self, outgoing: Outgoing, answer: Answer) -> None:
        fault = why(answer, "subscribe with the URL that it leads to")
        async with self._database.session() as session:
            failed = await stored.failed(session, outgoing.subscription, outgoing.id, fault)
            if failed is None:
                return
            seconds = self._pause(answer, failed.failures, failed.lasting)
            if seconds is None:
                await stored.end(session, outgoing.subscription)
            else:
                await stored.wait(session, outgoing.subscription, seconds)

    async def _put_off(self, session: Session, leased: UUID, lease: UUID, fault: str) -> None:
        if await stored.leased(session, leased, lease, LEASE_SECONDS) is None:
            return
        failed = await stored.failed(session, leased, None, fault)
        if failed is not None:
            await stored.wait(session, leased, pause(failed.failures, self._chance()))
