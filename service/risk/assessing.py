"""The use: which shipments need an analyst, and why."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import orjson

from ml.from_epcis import from_events
from ml.shipment import Shipment, known_at
from service.config import Settings
from service.epcis.identifiers import InvalidIdentifier, canonical
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk import errors
from service.sealing.commitments import salt_of, trail_of
from service.store import risk as store
from service.store.database import Database, Session
from service.store.risk import AssessmentRow, BookedShipment

if TYPE_CHECKING:
    from ml.reasons import Reason
    from ml.scorer import Assessment, Scorer

MOST_AT_ONCE = 2_000
BOOKED_WITHIN = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Assessed:
    """A shipment's risk as of a moment; `unit` is what is to be delivered. Scores are stored as they are given."""

    id: UUID
    unit: str
    booked_at: datetime
    assessment: "Assessment"

    def told(self) -> dict[str, Any]:
        """The score as the API tells it."""
        given = self.assessment
        return {
            "assessmentID": str(self.id),
            "shipment": self.unit,
            "bookedAt": self.booked_at.isoformat(),
            "asOf": given.as_of.isoformat(),
            "stage": given.stage,
            "probability": given.probability,
            "band": given.band,
            "expectedEnd": given.expected_end.isoformat() if given.expected_end else None,
            "plannedEnd": given.planned_end.isoformat() if given.planned_end else None,
            "reasons": [asdict(reason) for reason in _reasons(given)],
            "modelHash": given.model_hash,
            "inputHash": given.input_hash,
        }


class Risk:
    """Scoring what the caller may see."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._settings, self._clock = database, settings, clock
        self._secret = settings.consortium_secret.get_secret_value()

    @cached_property
    def scorer(self) -> "Scorer":
        """The model, loaded when it is first asked: torch takes seconds and half a gigabyte."""
        from ml.scorer import Scorer

        return Scorer.load(self._settings.model_folder)

    async def assess(self, caller: Caller, asked: Sequence[tuple[str, datetime | None]]) -> list[Assessed]:
        """Scores shipments by any of their units, each as of its own moment (None: now), from what was known then.

        Raises:
            ShipmentNotFound: names the first unit with which no visible shipment was booked.
            TooManyShipments, BadUnit, BadMoment.
        """
        caller.require(Scope.RISK_READ)
        if len(asked) > MOST_AT_ONCE:
            raise errors.TooManyShipments(f"ask for at most {MOST_AT_ONCE} shipments at once, not {len(asked)}")
        units = [_unit(identifier) for identifier, _ in asked]
        trails = [trail_of(unit, salt_of(unit, self._secret)) for unit in units]
        async with self._database.session() as session:
            found: dict[bytes, BookedShipment] = {}
            for trail, shipment in await store.shipments_of(session, caller.party, caller.sees_all, trails):
                found.setdefault(trail, shipment)
            missing = next((unit for unit, trail in zip(units, trails, strict=True) if trail not in found), None)
            if missing is not None:
                raise errors.ShipmentNotFound(f"no shipment that you may see was booked with {missing}")
            booked = [found[trail] for trail in trails]
            told = await self._told(session, booked)
        now = self._clock()
        wanted = [
            (shipment, told[shipment.booking], _moment(moment) or now)
            for shipment, (_, moment) in zip(booked, asked, strict=True)
        ]
        return await self._score(caller, wanted)

    async def riskiest(
        self, caller: Caller, limit: int = 10, as_of: datetime | None = None, *, late_too: bool = False
    ) -> list[Assessed]:
        """The shipments under way that are likeliest to be late, the likeliest first; those that abstain come last.

        Those whose planned end has passed are late for certain, and no longer a question of risk: they are left out
        unless `late_too`.
        """
        caller.require(Scope.RISK_READ)
        moment = _moment(as_of) or self._clock()
        async with self._database.session() as session:
            booked = await store.shipments_booked(
                session, caller.party, caller.sees_all, (moment - BOOKED_WITHIN, moment), MOST_AT_ONCE
            )
            told = await self._told(session, booked)
        under_way = [(one, told[one.booking], moment) for one in booked if _under_way(told[one.booking], moment)]
        scored = await self._score(caller, under_way)
        if not late_too:
            scored = [one for one in scored if not _past(one.assessment)]
        # An abstention is no low risk, but there is no probability to rank it by.
        scored.sort(key=lambda one: -1.0 if one.assessment.probability is None else one.assessment.probability)
        return scored[::-1][:limit]

    async def history(self, caller: Caller, identifier: str, limit: int = 50) -> list[dict[str, Any]]:
        """The scores that were given for a shipment, the latest first.

        Raises:
            ShipmentNotFound, BadUnit.
        """
        caller.require(Scope.RISK_READ)
        unit = _unit(identifier)
        trail = trail_of(unit, salt_of(unit, self._secret))
        async with self._database.session() as session:
            found = await store.shipments_of(session, caller.party, caller.sees_all, [trail])
            if not found:
                raise errors.ShipmentNotFound(f"no shipment that you may see was booked with {unit}")
            booked = found[0][1]
            given = await store.assessments_of(session, booked.trail, limit)
        return [
            {
                "assessmentID": str(one["id"]),
                "shipment": booked.identifier,
                "bookedAt": booked.booked_at.isoformat(),
                "asOf": one["as_of"].isoformat(),
                "stage": one["stage"],
                "probability": one["probability"],
                "band": one["band"],
                "expectedEnd": one["expected_end"].isoformat() if one["expected_end"] else None,
                "plannedEnd": one["planned_end"].isoformat() if one["planned_end"] else None,
                "reasons": one["reasons"],
                "modelHash": one["model_hash"],
                "inputHash": one["input_hash"],
            }
            for one in given
        ]

    async def _told(self, session: Session, booked: Iterable[BookedShipment]) -> Mapping[int, Shipment]:
        """Each booking's shipment as all its events tell it."""
        rows = await store.shipment_events(session, sorted({one.booking for one in booked}))
        return await asyncio.to_thread(_assembled, rows)

    async def _score(
        self, caller: Caller, wanted: Sequence[tuple[BookedShipment, Shipment, datetime]]
    ) -> list[Assessed]:
        if not wanted:
            return []
        from ml.scorer import Case

        given = await asyncio.to_thread(
            lambda: self.scorer.score([Case(shipment, moment) for _, shipment, moment in wanted])
        )
        assessed = [
            Assessed(uuid4(), booked.identifier, booked.booked_at, assessment)
            for (booked, _, _), assessment in zip(wanted, given, strict=True)
        ]
        rows = [_row(booked.trail, one, caller) for (booked, _, _), one in zip(wanted, assessed, strict=True)]
        async with self._database.session() as session:
            await store.save_assessments(session, rows)
        return assessed


def _assembled(rows: Sequence[store.ShipmentEvent]) -> dict[int, Shipment]:
    return {
        booking: from_events([orjson.loads(row.document) for row in group])
        for booking, group in groupby(rows, key=lambda row: row.booking)
    }


def _reasons(given: "Assessment") -> "tuple[Reason, ...]":
    """The reasons; of an abstention, why there is no score."""
    return (given.abstained,) if given.abstained else given.reasons


def _under_way(shipment: Shipment, moment: datetime) -> bool:
    if shipment.booked is None:
        return True
    return not known_at(shipment, (moment - shipment.booked).total_seconds() / 60).outbound.complete


def _past(given: "Assessment") -> bool:
    return given.planned_end is not None and given.planned_end <= given.as_of


def _unit(identifier: str) -> str:
    try:
        return canonical(identifier)
    except InvalidIdentifier as fault:
        raise errors.BadUnit(str(fault)) from None


def _moment(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.utcoffset() is None:
        raise errors.BadMoment(f"the time {moment.isoformat()} needs an offset from UTC, for example a Z at its end")
    return moment


def _row(trail: bytes, assessed: Assessed, caller: Caller) -> AssessmentRow:
    given = assessed.assessment
    return AssessmentRow(
        assessed.id,
        trail,
        given.as_of,
        given.probability,
        given.band,
        given.stage,
        given.expected_end,
        given.planned_end,
        orjson.dumps([asdict(reason) for reason in _reasons(given)]).decode(),
        given.model_hash,
        given.input_hash,
        caller.party,
    )
