"""The use: an analyst says what a score turned out to be; and the labels that follow from it.

A disposition is appended, never changed: who was wrong says so in another one. Of two analysts who speak at once, one
is told what the other said (`replaces`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import orjson

from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk.errors import AssessmentNotFound, DisposedMeanwhile, WorkKeyReused
from service.risk.reading import alert_row, told_disposition, viewer_of
from service.sealing.hashing import sha256
from service.store import alerts as store
from service.store.alerts import DispositionRow, LabelRow
from service.store.database import Database, Session
from service.store.idempotency import claim

Verdict = Literal["confirmed", "dismissed", "acted"]
LabelRows = Sequence[LabelRow]
_USE = "disposition"


class Dispositions:
    """What a party's analysts say about assessments of shipments that they see; other parties never read it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def dispose_of_alert(self, caller: Caller, alert: UUID, verdict: Verdict, **said: Any) -> dict[str, Any]:
        """As `dispose`, of the assessment that an alert was raised by; raises AlertNotFound."""
        caller.require(Scope.RISK_WRITE)
        async with self._database.session() as session:
            assessment = (await alert_row(session, caller, alert)).assessment
        return await self.dispose(caller, assessment, verdict, **said)

    async def dispose(
        self,
        caller: Caller,
        assessment: UUID,
        verdict: Verdict,
        *,
        note: str = "",
        replaces: UUID | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Appends a disposition in place of the one that stands: `replaces`, None where there is none yet.

        Raises:
            AssessmentNotFound; DisposedMeanwhile: another one stands; WorkKeyReused, PartyIsSuspended.
        """
        caller.require(Scope.RISK_WRITE)
        caller.require_active()
        new = DispositionRow(
            uuid4(), 0, caller.party, assessment, b"", 0, verdict, note, datetime.now(UTC), caller.key_id
        )
        async with self._database.session() as session:
            found = await store.judged(session, viewer_of(caller), assessment)
            if found is None:
                raise _no_assessment(assessment)
            before = await _made_before(session, new, replaces, idempotency_key)
            if before is not None:
                return told_disposition(before)
            await store.lock_dispositions(session, caller.party, assessment)
            standing = (await store.latest_dispositions(session, caller.party, [assessment])).get(assessment)
            if (standing.id if standing else None) != replaces:
                raise _meanwhile(standing)
            return told_disposition(await store.add_disposition(session, new._replace(trail=found.trail)))

    async def of_alert(
        self, caller: Caller, alert: UUID, after: int | None, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """As `of_assessment`; raises AlertNotFound."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            assessment = (await alert_row(session, caller, alert)).assessment
        return await self.of_assessment(caller, assessment, after, limit)

    async def of_assessment(
        self, caller: Caller, assessment: UUID, after: int | None, limit: int
    ) -> tuple[list[dict[str, Any]], int | None]:
        """What the party said about an assessment, the first first; raises AssessmentNotFound."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            if await store.judged(session, viewer_of(caller), assessment) is None:
                raise _no_assessment(assessment)
            rows = await store.dispositions(session, caller.party, assessment, after or 0, limit + 1)
        return [told_disposition(row) for row in rows[:limit]], rows[limit - 1].number if len(rows) > limit else None


async def labels(
    session: Session,
    since: datetime,
    until: datetime,
    *,
    known_by: datetime | None = None,
    party: bytes | None = None,
) -> LabelRows:
    """Assessments as of the period that somebody looked at, with what was known of them by `known_by` (default: now).

    `source` is how it came to be looked at, and `propensity` the probability with which it was, given its score:

    - `alert`: 1; among scores like this one, everything was looked at while the budget lasted.
    - `inspection`: the share of the draw. Whoever estimates from dispositions weighs these rows by 1 / propensity and
      leaves the others out, or weighs both within strata of the score.
    - `chosen`: None; an analyst picked it, nobody knows with what probability. It trains nothing by itself.

    `late` is the outcome (None: not known). After `acted` it is the outcome of the intervention as much as of the risk:
    an acted-upon shipment that came in time is no evidence that the score was too high.
    """
    return await store.labels(session, party, since, until, known_by or datetime.now(UTC))


async def _made_before(
    session: Session, new: DispositionRow, replaces: UUID | None, key: str | None
) -> DispositionRow | None:
    """What a former request with this key said."""
    if key is None:
        return None
    said = sha256(orjson.dumps([str(new.assessment), new.verdict, new.note, str(replaces)]))
    before = await claim(session, new.party, use=_USE, key=key, request_hash=said, made=str(new.id))
    if before is None:
        return None
    if before.request_hash != said:
        raise WorkKeyReused("the Idempotency-Key came with another disposition before: use a fresh key for each")
    return await store.disposition(session, new.party, UUID(before.made))


def _no_assessment(assessment: UUID) -> AssessmentNotFound:
    return AssessmentNotFound(f"no assessment {assessment} was made of a shipment that you see")


def _meanwhile(standing: DispositionRow | None) -> DisposedMeanwhile:
    if standing is None:
        return DisposedMeanwhile("there is no disposition to replace: leave replaces out", {"latest": None})
    return DisposedMeanwhile(
        f"{standing.by_key} said {standing.verdict} at {standing.at.isoformat()}: read it, and send its dispositionID"
        " as replaces to put yours in its place",
        {"latest": told_disposition(standing)},
    )
