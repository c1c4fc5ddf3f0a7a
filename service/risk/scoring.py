"""The worker that scores what is due: shipments of which events came, and those that were silent for long enough.

A score is stored only where it tells something: the first of a shipment, another band or stage, two hundredths of
probability, a reason that was not there before, or one a day. What is stored is kept, for it is what a backtest judges.
"""

import asyncio
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import orjson
import structlog

from ml.projection import outlook
from ml.shipment import Shipment, effective_end, known_at, planned_end
from service.config import Settings
from service.risk import alerts
from service.risk.knowing import Known, Wanted, known
from service.risk.scorers import Scorers, basis_of
from service.risk.trust_errors import ModelMissing
from service.store import risk as store
from service.store import risk_due
from service.store.database import Database, Session
from service.store.risk import AssessmentRow
from service.store.risk_due import DueShipment, Former, LatestRow

if TYPE_CHECKING:
    from ml.assessment import Assessment
    from ml.reasons import Reason

_log = structlog.get_logger(__name__)
NOBODY = bytes(32)
"""Who asked for the scores that the worker gives."""
_AT_ONCE = 200
MOVED = 0.02
"""A probability that moved by less is no news."""
DAILY = timedelta(days=1)
_SOONEST, _LATEST = timedelta(minutes=10), timedelta(hours=6)
_GIVEN_UP = timedelta(days=60)
"""So long after its planned end a silent shipment is not scored any more until an event comes."""


class Scoring:
    """Scores what is due; any number may run at once. `step` does what there is to do.

    `clock` None: the database's, which no event that was recorded is ahead of.
    """

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._clock = database, clock
        self._secret = settings.consortium_secret.get_secret_value()
        self._scorers = Scorers(settings)
        self._told: str | None = None

    async def step(self) -> bool:
        """Scores some shipments; whether any was due. Without a model nothing is scored, and the log says so."""
        try:
            return await self._step()
        except ModelMissing as fault:
            if self._told != fault.detail:
                _log.error("nothing can be scored", reason=fault.detail)
            self._told = fault.detail
            return False

    async def _step(self) -> bool:
        async with self._database.session() as session:
            due = await risk_due.take_due(session, await self._now(session), _AT_ONCE)
            if not due:
                return False
            now = await self._now(session)
            gone = [one.booked.booking for one in due if not one.stands]
            await risk_due.forget_latest(session, gone)
            await risk_due.set_due(session, [(booking, None) for booking in gone])
            stored = await self._score(session, [one for one in due if one.stands], now)
        _log.info("scored shipments", shipments=len(due), stored=stored)
        return True

    async def _now(self, session: Session) -> datetime:
        return await risk_due.clock(session) if self._clock is None else self._clock()

    async def _score(self, session: Session, due: Sequence[DueShipment], now: datetime) -> int:
        """Scores and stores; how many scores were worth it."""
        scorer = await self._scorers.active(session)
        wanted = [Wanted(one.booked, now, live=True) for one in due]
        told = await known(session, wanted, await basis_of(session, scorer))
        given = await asyncio.to_thread(lambda: scorer.score([one.case() for one in told]))
        rows, latest = list[AssessmentRow](), list[LatestRow]()
        for one, what, assessment in zip(due, told, given, strict=True):
            if material(one.former, assessment):
                row = row_of(what, assessment, NOBODY)
                rows.append(row)
                latest.append(latest_of(what, row, assessment))
        await store.save_assessments(session, rows)
        await risk_due.save_latest(session, latest)
        moments = [next_moment(one.shipment, now) for one in told]
        await risk_due.set_due(
            session, [(one.booked.booking, moment) for one, moment in zip(due, moments, strict=True)]
        )
        if rows:
            await alerts.noticed(session, rows, self._secret, now=now)
        return len(rows)


def material(former: Former | None, given: "Assessment") -> bool:
    """Whether a score says something that the one before did not."""
    if former is None or given.as_of - former.as_of >= DAILY:
        return True
    if (former.probability is None) != (given.probability is None) or former.band != given.band:
        return True
    moved = abs((given.probability or 0.0) - (former.probability or 0.0))
    return moved >= MOVED or bool({reason.code for reason in reasons_of(given)} - set(former.codes))


def next_moment(shipment: Shipment, now: datetime) -> datetime | None:
    """When silence changes the score: at the next report that is due, in some hours at the latest; None: never."""
    planned = planned_end(shipment)
    if shipment.booked is None or planned is None:
        return None
    minutes = (now - shipment.booked) / timedelta(minutes=1)
    if minutes < 0:
        return shipment.booked
    seen = known_at(shipment, minutes)
    if effective_end(seen) is not None or minutes - planned > _GIVEN_UP / timedelta(minutes=1):
        return None
    coming = [*(leg.due for leg in outlook(seen, minutes).legs if leg.due is not None), planned]
    awaited = [shipment.booked + timedelta(minutes=due) for due in coming if due > minutes]
    return max(now + _SOONEST, min([*awaited, now + _LATEST]))


def reasons_of(given: "Assessment") -> "tuple[Reason, ...]":
    """The reasons; of an abstention, why there is no score."""
    return (given.abstained,) if given.abstained else given.reasons


def row_of(what: Known, given: "Assessment", party: bytes) -> AssessmentRow:
    """The score as it is stored."""
    return AssessmentRow(
        uuid4(),
        what.wanted.booked.trail,
        given.as_of,
        given.probability,
        given.band,
        given.stage,
        given.expected_end,
        given.planned_end,
        orjson.dumps([asdict(reason) for reason in reasons_of(given)]).decode(),
        given.model_hash,
        given.input_hash,
        party,
        what.wanted.recorded,
        what.seq,
        list(given.arrival) if given.arrival else None,
        given.excursion,
        given.anomaly,
        given.calibration,
        zlib.compress(given.inputs, 1) if given.inputs else None,
    )


def latest_of(what: Known, row: AssessmentRow, given: "Assessment") -> LatestRow:
    """The score as lists are read from."""
    return LatestRow(
        what.wanted.booked.booking,
        row.trail,
        row.id,
        row.as_of,
        row.probability,
        row.band,
        -1.0 if row.probability is None else row.probability,
        [reason.code for reason in reasons_of(given)],
        given.planned_end is not None and given.planned_end <= given.as_of,
        given.stage != "delivered",
    )
