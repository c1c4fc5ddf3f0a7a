"""The use: reading one's alerts and inspections, and saying that one has seen an alert."""

from datetime import date
from typing import Any
from uuid import UUID

from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk.errors import AlertNotFound
from service.store import alerts as store
from service.store.alerts import AlertRow, DispositionRow, InspectionRow
from service.store.database import Database, Session
from service.store.risk_trust import shown
from service.store.trails import Viewer


class Alerts:
    """The alerts and inspections of the caller's party, as far as it sees their shipments still."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def listed(
        self, caller: Caller, before: int | None, limit: int, *, day: date | None = None, undisposed: bool = False
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Up to `limit` alerts, the newest first; and where the next page begins, if any."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            rows = await store.alerts_of(session, viewer_of(caller), before, limit + 1, day=day, undisposed=undisposed)
            told = await _told(session, caller, rows[:limit])
        return told, rows[limit - 1].seq if len(rows) > limit else None

    async def read(self, caller: Caller, alert: UUID) -> dict[str, Any]:
        """One alert; raises AlertNotFound."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            return (await _told(session, caller, [await alert_row(session, caller, alert)]))[0]

    async def acknowledge(self, caller: Caller, alert: UUID) -> dict[str, Any]:
        """The party has seen it; again is as once. Raises AlertNotFound."""
        caller.require(Scope.RISK_READ)
        caller.require(Scope.RISK_WRITE)
        async with self._database.session() as session:
            await alert_row(session, caller, alert)
            await store.acknowledge(session, caller.party, alert, caller.key_id)
            return (await _told(session, caller, [await alert_row(session, caller, alert)]))[0]

    async def inspections(
        self, caller: Caller, day: date | None, after: int | None, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Up to `limit` shipments that the draw put on the list of a day (None: of all), in the order of the draws."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            rows = await store.inspections(session, viewer_of(caller), day, after or 0, limit + 1)
            given = [row.assessment for row in rows[:limit]]
            said = await store.latest_dispositions(session, caller.party, given)
            await shown(session, caller.party, given)
        told = [_inspection(row, said.get(row.assessment)) for row in rows[:limit]]
        return told, rows[limit - 1].seq if len(rows) > limit else None


async def alerts_between(
    session: Session, caller: Caller, after: int, until: int, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """The caller's alerts after one number up to another, each with its own, in the order of their commits.

    None for an API key that may not read risk.
    """
    if after >= until or not caller.allows(Scope.RISK_READ):
        return []
    rows = await store.alerts_after(session, viewer_of(caller), after, until, limit)
    return [(row.seq, told_alert(row)) for row in rows]


def viewer_of(caller: Caller) -> Viewer:
    """The caller as visibility asks for it."""
    return Viewer(caller.party, caller.sees_all)


async def alert_row(session: Session, caller: Caller, alert: UUID) -> AlertRow:
    """The caller's alert with this id; raises AlertNotFound."""
    row = await store.alert(session, viewer_of(caller), alert)
    if row is None:
        raise AlertNotFound(f"there is no alert {alert} to you")
    return row


def told_alert(row: AlertRow) -> dict[str, Any]:
    """What never changes of an alert, as the API, the stream and webhooks tell it."""
    return {
        "alertID": str(row.id),
        "assessmentID": str(row.assessment),
        "shipment": row.identifier,
        "day": row.day.isoformat(),
        "asOf": row.as_of.isoformat(),
        "createdAt": row.created_at.isoformat(),
        "stage": row.stage,
        "probability": row.probability,
        "band": row.band,
        "benefit": row.benefit,
        "threshold": row.threshold,
        "why": row.why,
        "expectedEnd": row.expected_end.isoformat() if row.expected_end else None,
        "plannedEnd": row.planned_end.isoformat() if row.planned_end else None,
        "reasons": row.reasons,
    }


def told_disposition(row: DispositionRow) -> dict[str, Any]:
    """A disposition, as the API tells it."""
    return {
        "dispositionID": str(row.id),
        "assessmentID": str(row.assessment),
        "number": row.number,
        "verdict": row.verdict,
        "note": row.note,
        "at": row.at.isoformat(),
        "byKey": row.by_key,
    }


async def _told(session: Session, caller: Caller, rows: list[AlertRow]) -> list[dict[str, Any]]:
    said = await store.latest_dispositions(session, caller.party, [row.assessment for row in rows])
    return [
        told_alert(row)
        | {
            "acknowledgedAt": row.acknowledged_at,
            "disposition": told_disposition(said[row.assessment]) if row.assessment in said else None,
        }
        for row in rows
    ]


def _inspection(row: InspectionRow, said: DispositionRow | None) -> dict[str, Any]:
    return {
        "assessmentID": str(row.assessment),
        "shipment": row.identifier,
        "day": row.day.isoformat(),
        "drawnAt": row.created_at,
        "draw": f"0x{row.draw.hex()}",
        "propensity": row.propensity,
        "asOf": row.as_of,
        "stage": row.stage,
        "probability": row.probability,
        "reasons": row.reasons,
        "disposition": told_disposition(said) if said else None,
    }
