"""The use: which shipments need an analyst, and why.

Lists read the latest scores that the worker stored (`service.risk.scoring`). Who names shipments, or a moment, gets
them scored then and there, from what was known at the moment; what is told is stored.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from ml.shipment import effective_end, known_at, planned_end
from service.config import Settings
from service.epcis.identifiers import InvalidIdentifier, canonical
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk import errors
from service.risk.answers import Given, events_in, told
from service.risk.knowing import Known, Wanted, known
from service.risk.scorers import Scorers, basis_of
from service.risk.scoring import row_of
from service.sealing.commitments import salt_of, trail_of
from service.store import risk as store
from service.store import risk_due
from service.store.database import Database, Session
from service.store.risk import BookedShipment
from service.store.risk_due import Place
from service.store.risk_trust import shown

MOST_AT_ONCE = 2_000
EDITED = ("stage", "probability", "band", "expectedEnd", "plannedEnd", "arrival", "excursion", "anomaly", "reasons")
"""What is told of a score with an edited plan."""
BOOKED_WITHIN = timedelta(days=120)
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_AT_ONCE = 100
"""Shipments whose events are in memory at once."""


class Risk:
    """Scoring what the caller may see. `clock` None: the database's, which no recorded event is ahead of."""

    def __init__(self, database: Database, settings: Settings, clock: Callable[[], datetime] | None = None) -> None:
        self._database, self._clock = database, clock
        self._secret = settings.consortium_secret.get_secret_value()
        self._scorers = Scorers(settings)

    async def assess(
        self, caller: Caller, asked: Sequence[tuple[str, datetime | None]], recorded_by: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Scores shipments by any of their units, each as of its own moment (None: now), from what was known then.

        Known is what had happened by the moment and was recorded by then, or by `recorded_by`.

        Raises:
            ShipmentNotFound: names the first unit with which no visible shipment was booked.
            TooManyShipments, BadUnit, BadMoment.
        """
        caller.require(Scope.RISK_READ)
        if len(asked) > MOST_AT_ONCE:
            raise errors.TooManyShipments(f"ask for at most {MOST_AT_ONCE} shipments at once, not {len(asked)}")
        recorded = _moment(recorded_by)
        units = [(unit_of(identifier), _moment(moment)) for identifier, moment in asked]
        async with self._database.session() as session:
            booked = await self._booked(session, caller, [unit for unit, _ in units], hold=True)
            now = await self._now(session)
            wanted = [
                Wanted(shipment, moment or now, recorded, live=moment is None and recorded is None)
                for shipment, (_, moment) in zip(booked, units, strict=True)
            ]
            return await self._tell(session, caller, await self._score(session, caller, wanted))

    async def riskiest(
        self,
        caller: Caller,
        limit: int = 10,
        after: tuple[bool, float, int] | None = None,
        *,
        late_too: bool = False,
    ) -> tuple[list[dict[str, Any]], tuple[bool, float, int] | None]:
        """The shipments under way that are likeliest to be late, the likeliest first, as they were scored last; and
        after what the next page begins, if there is one. Those that abstain come last.

        Those whose planned end has passed are late for certain, and no longer a question of risk: they are left out
        unless `late_too`.
        """
        caller.require(Scope.RISK_READ)
        place = None if after is None else Place(*after)
        async with self._database.session() as session:
            rows = await risk_due.riskiest(
                session,
                caller.party,
                caller.sees_all,
                place,
                limit + 1,
                now=await self._now(session),
                late_too=late_too,
            )
            given = [Given(row.identifier, row.booked_at, row.given) for row in rows[:limit]]
            items = await self._tell(session, caller, given, ranked=True)
        return items, rows[limit - 1].place if len(rows) > limit else None

    async def riskiest_as_of(
        self,
        caller: Caller,
        limit: int,
        as_of: datetime,
        recorded_by: datetime | None = None,
        *,
        late_too: bool = False,
    ) -> list[dict[str, Any]]:
        """As `riskiest`, scored now for a moment: of the `MOST_AT_ONCE` shipments booked last before it.

        Raises:
            BadMoment.
        """
        caller.require(Scope.RISK_READ)
        moment, recorded = _moment(as_of) or as_of, _moment(recorded_by)
        async with self._database.session() as session:
            between = (moment - BOOKED_WITHIN, moment)
            booked = await store.shipments_booked(
                session, caller.party, caller.sees_all, between, MOST_AT_ONCE, hold=True
            )
            wanted = [Wanted(one, moment, recorded) for one in booked]
            scored = await self._score(session, caller, wanted, keep=_under_way if late_too else _open, best=limit)
            return await self._tell(session, caller, scored, ranked=True)

    async def history(self, caller: Caller, identifier: str, limit: int = 50) -> list[dict[str, Any]]:
        """The scores that were given for a shipment, the latest first.

        Raises:
            ShipmentNotFound, BadUnit.
        """
        caller.require(Scope.RISK_READ)
        unit = unit_of(identifier)
        async with self._database.session() as session:
            booked = (await self._booked(session, caller, [unit]))[0]
            rows = await store.assessments_of(session, booked.trail, limit)
            given = [Given(booked.identifier, booked.booked_at, row) for row in rows]
            visible = await store.visible_events(session, caller.party, caller.sees_all, events_in(given))
        return [told(one, visible) for one in given]

    async def what_if(
        self,
        caller: Caller,
        identifier: str,
        edits: Sequence[Mapping[str, Any]],
        as_of: datetime | None = None,
        recorded_by: datetime | None = None,
    ) -> dict[str, Any]:
        """The score of a shipment as it is, and what it would be with its plan edited (`ml.whatif`).

        The score as it is is stored as every other; the other one is of no shipment that there is.

        Raises:
            ShipmentNotFound, BadUnit, BadMoment.
            BadEdit: says which edit cannot be made, and why.
        """
        from ml.edits import BadEdit, read_edits
        from ml.whatif import whatif

        caller.require(Scope.RISK_READ)
        unit, moment, recorded = unit_of(identifier), _moment(as_of), _moment(recorded_by)
        async with self._database.session() as session:
            booked = (await self._booked(session, caller, [unit], hold=True))[0]
            live = moment is None and recorded is None
            wanted = Wanted(booked, moment or await self._now(session), recorded, live=live)
            scorer = await self._scorers.active(session)
            what = (await known(session, [wanted], await basis_of(session, scorer)))[0]
            try:
                changes = read_edits(list(edits))
                pair = await asyncio.to_thread(lambda: whatif(scorer, what.case(), changes))
            except BadEdit as fault:
                raise errors.BadEdit(str(fault), {"edit": fault.at}) from None
            rows = [row_of(what, one, caller.party) for one in pair]
            await store.save_assessments(session, rows[:1])
            await shown(session, caller.party, [rows[0].id])
            given = [_given(booked, row) for row in rows]
            visible = await store.visible_events(session, caller.party, caller.sees_all, events_in(given))
        as_is, edited = (told(one, visible) for one in given)
        return {"asIs": as_is, "edited": {name: edited[name] for name in EDITED}}

    async def _booked(
        self, session: Session, caller: Caller, units: Sequence[str], *, hold: bool = False
    ) -> list[BookedShipment]:
        trails = [trail_of(unit, salt_of(unit, self._secret)) for unit in units]
        found: dict[bytes, BookedShipment] = {}
        visible = await store.shipments_of(session, caller.party, caller.sees_all, sorted(set(trails)), hold=hold)
        for trail, shipment in visible:
            found.setdefault(trail, shipment)
        missing = next((unit for unit, trail in zip(units, trails, strict=True) if trail not in found), None)
        if missing is not None:
            raise errors.ShipmentNotFound(f"no shipment that you may see was booked with {missing}")
        return [found[trail] for trail in trails]

    async def _score(
        self,
        session: Session,
        caller: Caller,
        wanted: Sequence[Wanted],
        keep: Callable[[Known], bool] = lambda _: True,
        best: int | None = None,
    ) -> list[Given]:
        """Scores, and stores: all that are to be kept, or the `best` so many of them."""
        scorer = await self._scorers.active(session)
        basis = await basis_of(session, scorer)
        rows = list[tuple[BookedShipment, store.AssessmentRow]]()
        for start in range(0, len(wanted), _AT_ONCE):
            some = await known(session, wanted[start : start + _AT_ONCE], basis)
            kept = [one for one in some if keep(one)]
            given = await asyncio.to_thread(lambda kept=kept: scorer.score([one.case() for one in kept]))  # type: ignore[misc]
            rows += [
                (one.wanted.booked, row_of(one, assessment, caller.party))
                for one, assessment in zip(kept, given, strict=True)
            ]
        if best is not None:
            # An abstention is no low risk, but there is no probability to rank it by.
            rows.sort(key=lambda one: -1.0 if one[1].probability is None else one[1].probability, reverse=True)
            rows = rows[:best]
        await store.save_assessments(session, [row for _, row in rows])
        return [_given(booked, row) for booked, row in rows]

    async def _tell(
        self, session: Session, caller: Caller, given: Sequence[Given], *, ranked: bool = False
    ) -> list[dict[str, Any]]:
        """The scores as the caller is shown them, which is noted."""
        await shown(session, caller.party, [one.score["id"] for one in given], ranked=ranked)
        visible = await store.visible_events(session, caller.party, caller.sees_all, events_in(given))
        return [told(one, visible) for one in given]

    async def _now(self, session: Session) -> datetime:
        return await risk_due.clock(session) if self._clock is None else self._clock()


def _given(booked: BookedShipment, row: store.AssessmentRow) -> Given:
    return Given(booked.identifier, booked.booked_at, row._asdict() | {"reasons": orjson.loads(row.reasons)})


def unit_of(identifier: str) -> str:
    """The canonical identifier; raises `BadUnit`."""
    try:
        return canonical(identifier)
    except InvalidIdentifier as fault:
        raise errors.BadUnit(str(fault)) from None


def _under_way(what: Known) -> bool:
    shipment = what.shipment
    if shipment.booked is None:
        return True
    minutes = (what.wanted.as_of - shipment.booked).total_seconds() / 60
    return effective_end(known_at(shipment, minutes)) is None


def _open(what: Known) -> bool:
    """Under way, and its planned end has not passed."""
    planned, shipment = planned_end(what.shipment), what.shipment
    if planned is None or shipment.booked is None:
        return _under_way(what)
    return what.wanted.as_of < shipment.booked + timedelta(minutes=planned) and _under_way(what)


def _moment(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    if moment.utcoffset() is None:
        raise errors.BadMoment(f"the time {moment.isoformat()} needs an offset from UTC, for example a Z at its end")
    if not _EARLIEST <= moment <= _LATEST:
        raise errors.BadMoment(f"{moment.isoformat()} is no time of a shipment: give one from 1970 to 2199")
    return moment
