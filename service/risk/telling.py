"""The worker that sends alerts to webhooks, one after the other, each until it was taken; any number may run at once.

An alert's body follows from what never changes of it, and is sent under the alert's own id (`Trailseal-Delivery`,
`Idempotency-Key`): a worker that dies before it noted that the receiver took it sends the same bytes under the same id.
"""

from datetime import timedelta
from uuid import UUID

import orjson
import structlog

from service.risk.reading import told_alert
from service.store import alert_hooks as stored
from service.store.alert_hooks import HookRow
from service.store.alerts import AlertRow, alert_at
from service.store.database import Session
from service.subscriptions.leased import LEASE_SECONDS, Leased, why
from service.subscriptions.retries import pause
from service.subscriptions.sending import Answer

_log = structlog.get_logger(__name__)


class AlertSender(Leased):
    """Sends alerts to the webhooks that parties set for them."""

    kind = "webhook"

    async def _claim(self, session: Session, lease: UUID, seconds: float, most: int) -> list[UUID]:
        return await stored.claim(session, lease, seconds, most)

    async def _renew(self, session: Session, leased: UUID, lease: UUID, seconds: float) -> None:
        await stored.renew(session, leased, lease, seconds)

    async def _release(self, session: Session, leased: UUID, lease: UUID) -> None:
        await stored.release(session, leased, lease)

    async def _send_next(self, leased: UUID, lease: UUID) -> bool:
        async with self._database.session() as session:
            owed = await stored.owed(session, leased, lease, LEASE_SECONDS)
            alert = None if owed is None else await alert_at(session, owed.seq)
        if owed is None or alert is None:
            return False
        answer = await self._alert(owed.hook, alert)
        _log.info(
            "alerted" if answer.taken else "not alerted",
            webhook=str(leased),
            alert=str(alert.id),
            status=answer.status,
            fault=answer.fault,
        )
        async with self._database.session() as session:
            if answer.taken:
                await stored.taken(session, leased, owed.seq)
            else:
                await self._not_taken(session, leased, answer)
        return answer.taken

    async def _alert(self, hook: HookRow, alert: AlertRow) -> Answer:
        body = orjson.dumps({"kind": "alert", **told_alert(alert)})
        headers = {"Content-Type": "application/json"}
        return await self._send(hook.dest, alert.id, headers, body, token=hook.token, owner=hook.id)

    async def _not_taken(self, session: Session, leased: UUID, answer: Answer) -> None:
        failed = await stored.failed(session, leased, why(answer, "set the URL that it leads to"))
        if failed is None:
            return
        seconds = self._pause(answer, failed.failures, timedelta(seconds=failed.seconds))
        if seconds is None:
            await stored.end(session, leased)
        else:
            await stored.wait(session, leased, seconds)

    async def _put_off(self, session: Session, leased: UUID, lease: UUID, fault: str) -> None:  # noqa: ARG002
        failed = await stored.failed(session, leased, fault)
        if failed is not None:
            await stored.wait(session, leased, pause(failed.failures, self._chance()))
