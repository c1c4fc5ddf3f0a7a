# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""The webhooks of alerts, with what they still have to send."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session
from service.store.trails import VISIBLE


class HookRow(NamedTuple):
    """In the columns of `alert_hooks` that readers need."""

    id: UUID
    party: bytes
    dest: str
    token: bytes | None
    created_at: datetime
    notified_at: datetime | None
    failures: int
    fault: str | None
    ended_at: datetime | None


class Owed(NamedTuple):
    """The number of the next alert that a webhook is to be sent."""

    hook: HookRow
    seq: int


class Failed(NamedTuple):
    """How often in a row, and for how many seconds."""

    failures: int
    seconds: float


_HOOK = ", ".join(f"alert_hooks.{name}" for name in HookRow._fields)


async def hook(session: Session, party: bytes, *, locked: bool = False) -> HookRow | None:
    """The party's webhook for alerts."""
    lock = " FOR UPDATE" if locked else ""
    statement = text(f"SELECT {_HOOK} FROM alert_hooks WHERE party = :party{lock}")
    row = (await session.execute(statement, {"party": party})).one_or_none()
    return HookRow(*row) if row else None


async def put_hook(session: Session, party: bytes, hook_id: UUID, dest: str, token: bytes | None) -> None:
    """Sends the party's alerts there from now on; what was owed to a former destination is not sent any more."""
    await drop_hook(session, party)
    statement = text(
        "INSERT INTO alert_hooks (party, id, dest, token, seq) VALUES (:party, :id, :dest, :token,"
        " (SELECT coalesce(max(seq), 0) FROM alerts WHERE party = :party))"
    )
    await session.execute(statement, {"party": party, "id": hook_id, "dest": dest, "token": token})


async def drop_hook(session: Session, party: bytes) -> None:
    """Sends the party's alerts nowhere."""
    await session.execute(text("DELETE FROM alert_hooks WHERE party = :party"), {"party": party})


async def claim(session: Session, lease: UUID, seconds: float, limit: int) -> list[UUID]:
    """Leases up to `limit` webhooks that have something to send, those that waited longest first."""
    statement = text(
        "UPDATE alert_hooks SET lease = :lease, leased_until = now() + :seconds * interval '1 second' FROM ("
        " SELECT alert_hooks.id FROM alert_hooks JOIN parties ON parties.id = alert_hooks.party"
        " WHERE ended_at IS NULL AND next_at <= now() AND leased_until <= now() AND NOT parties.suspended"
        " AND EXISTS (SELECT FROM alerts WHERE alerts.party = alert_hooks.party AND alerts.seq > alert_hooks.seq)"
        " ORDER BY leased_until LIMIT :limit FOR UPDATE OF alert_hooks SKIP LOCKED"
        ") AS due WHERE alert_hooks.id = due.id RETURNING alert_hooks.id"
    )
    return list((await session.scalars(statement, {"lease": lease, "seconds": seconds, "limit": limit})).all())


async def owed(session: Session, hook_id: UUID, lease: UUID, seconds: float) -> Owed | None:
    """The next alert that the webhook is to be sent, of a shipment that its party sees still; others are passed over.

    The lease is renewed. None where there is none, or the lease is another's.
    """
    values = {"id": hook_id, "lease": lease, "seconds": seconds}
    renewed = text(
        "UPDATE alert_hooks SET leased_until = now() + :seconds * interval '1 second'"
        f" WHERE id = :id AND lease = :lease AND ended_at IS NULL RETURNING {_HOOK}"
    )
    row = (await session.execute(renewed, values)).one_or_none()
    if row is None:
        return None
    found = HookRow(*row)
    top = await session.scalar(text("SELECT max(seq) FROM alerts WHERE party = :party"), {"party": found.party})
    statement = text(
        "SELECT min(alerts.seq) FROM alerts JOIN alert_hooks USING (party) WHERE alert_hooks.id = :id"
        f" AND alerts.seq > alert_hooks.seq AND alerts.seq <= :top AND {VISIBLE.format(trail='alerts.trail')}"
    )
    sees_all = await session.scalar(
        text("SELECT roles & 40 <> 0 FROM parties WHERE id = :party"), {"party": found.party}
    )
    seq = await session.scalar(statement, {"id": hook_id, "top": top, "viewer": found.party, "sees_all": sees_all})
    if seq is None and top is not None:
        await session.execute(
            text("UPDATE alert_hooks SET seq = greatest(seq, :top) WHERE id = :id"), {"id": hook_id, "top": top}
        )
    return None if seq is None else Owed(found, seq)


async def taken(session: Session, hook_id: UUID, seq: int) -> None:
    """The receiver has every alert up to this one."""
    statement = text(
        "UPDATE alert_hooks SET seq = greatest(seq, :seq), notified_at = now(), failures = 0, failing_since = NULL,"
        " fault = NULL WHERE id = :id"
    )
    await session.execute(statement, {"id": hook_id, "seq": seq})


async def failed(session: Session, hook_id: UUID, fault: str) -> Failed | None:
    """Counts a failure; None where the webhook is gone."""
    statement = text(
        "UPDATE alert_hooks SET failures = failures + 1, failing_since = coalesce(failing_since, now()),"
        " fault = :fault WHERE id = :id RETURNING failures, extract(epoch FROM now() - failing_since)::float8"
    )
    row = (await session.execute(statement, {"id": hook_id, "fault": fault})).one_or_none()
    return Failed(*row) if row else None


async def wait(session: Session, hook_id: UUID, seconds: float) -> None:
    """Lets the webhook alone for so long."""
    statement = text("UPDATE alert_hooks SET next_at = now() + :seconds * interval '1 second' WHERE id = :id")
    await session.execute(statement, {"id": hook_id, "seconds": seconds})


async def end(session: Session, hook_id: UUID) -> None:
    """Sends nothing there any more; the webhook stays to be read."""
    await session.execute(text("UPDATE alert_hooks SET ended_at = now() WHERE id = :id"), {"id": hook_id})


async def release(session: Session, hook_id: UUID, lease: UUID) -> None:
    """Gives the lease back, where it is still held."""
    statement = text("UPDATE alert_hooks SET lease = NULL, leased_until = now() WHERE id = :id AND lease = :lease")
    await session.execute(statement, {"id": hook_id, "lease": lease})


async def renew(session: Session, hook_id: UUID, lease: UUID, seconds: float) -> None:
    """Lengthens the lease, where it is still held."""
    statement = text(
        "UPDATE alert_hooks SET leased_until = now() + :seconds * interval '1 second' WHERE id = :id AND lease = :lease"
    )
    await session.execute(statement, {"id": hook_id, "lease": lease, "seconds": seconds})
