"""The use: auditing a thing, as far as a party may see it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from service.audit import gathering
from service.audit.gathering import Gathered, Way
from service.config import Settings
from service.epcis.events import TransformationEvent
from service.epcis.query.terms import hashed
from service.findings import Limits
from service.findings.case import Case
from service.findings.find import found_in, gathered
from service.findings.fsma.sheets import Spreadsheet
from service.findings.masterdata import attributes_of, wanted, with_master_data
from service.findings.report import Report
from service.findings.statements import MasterData
from service.findings.told import moment
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.sealing.commitments import salt_of, trail_of
from service.store import audit as store
from service.store import masterdata as masterdata_store
from service.store.database import Database, Session
from service.store.masterdata import ElementQuery

_AT_ONCE = 1000
"""Identifiers whose master data is asked for in one statement."""
_MOST_ELEMENTS = 20_000
_JUDGING = 2


class Audits:
    """Audits as one party sees them. What it may not see is told like what does not exist (DESIGN, G5)."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        # Judging takes the interpreter for itself: a few at once, however many ask, so that other requests get on.
        self._judging = asyncio.Semaphore(_JUDGING)

    async def audit(
        self, caller: Caller, identifier: str, *, journey: bool = True, limits: Limits | None = None
    ) -> Report:
        """What the rules find on the thing's trail, and with `journey` on the trails of what lies on its way.

        Raises:
            ScopeMissing, TrailNotFound, NotAnIdentifier; AuditTooLarge: the trail has too many statements.
        """
        async with self._judging:
            case, found, way = await self.case(caller, identifier, journey=journey, limits=limits)
            findings = await asyncio.to_thread(found_in, case)
        return Report(
            way.trails[0][0].identifier,
            case.as_of or datetime.now(UTC),
            found.block[0] if found.block else None,
            case,
            findings,
            found.looked,
            dict(found.names),
            way.hidden,
            way.complete,
        )

    async def fsma204(self, caller: Caller, identifier: str) -> Spreadsheet:
        """The FDA's spreadsheet of a food, of what it was made of and what was made of it.

        Raises:
            ScopeMissing, TrailNotFound, NotAnIdentifier; AuditTooLarge: the trail has too many statements.
        """
        async with self._judging:
            case, _, way = await self.case(caller, identifier, of_all=True)
            spreadsheet = await asyncio.to_thread(Spreadsheet.of, case)
        return replace(spreadsheet, hidden=way.hidden, complete=way.complete)

    async def case(
        self,
        caller: Caller,
        identifier: str,
        *,
        journey: bool = True,
        of_all: bool = False,
        limits: Limits | None = None,
    ) -> tuple[Case, Gathered, Way]:
        """The statements with their master data, where they come from, and which trails they stand on."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            trail = await gathering.subject(session, caller, identifier)
            way = Way([(trail, "subject", 0)], 0, complete=True)
            if journey:
                way = await gathering.way_of(session, caller, trail, of_all=of_all)
            way = await gathering.bounded(session, way)
            found = await gathering.gather(session, way)
        as_of = moment(found.block[1]) if found.block else None
        # Reading thousands of documents takes a while: in a thread, other requests are served meanwhile.
        case = await asyncio.to_thread(gathered, found.statements, limits=limits, as_of=as_of)
        names = await asyncio.to_thread(wanted, case)
        async with self._database.session() as session:
            masterdata = await _master_data(session, caller, sorted(names))
            whole = await self._whole_processes(session, case)
        return replace(with_master_data(case, masterdata), processes=whole), found, way

    async def _whole_processes(self, session: Session, case: Case) -> frozenset[str]:
        """The transformationIDs of which the case has every event that the service knows."""
        seals: dict[str, set[bytes]] = {}
        for trail in case.trails.values():
            for one in trail.told:
                model = one.event.model if one.event else None
                if isinstance(model, TransformationEvent) and model.transformationID is not None:
                    seals.setdefault(one.name_of(model.transformationID), set()).add(one.statement.seal)
        if not seals:
            return frozenset()
        secret = self._settings.consortium_secret.get_secret_value()
        ids = {trail_of(process, salt_of(process, secret)): process for process in seals}
        all_seals = await store.seals_of_processes(session, sorted(ids))
        return frozenset(ids[id_] for id_, known in all_seals.items() if known <= seals[ids[id_]])


async def _master_data(session: Session, caller: Caller, names: Sequence[str]) -> MasterData:
    """What the caller may see of master data; its own word comes before that of others."""
    found = []
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        query = ElementQuery(names=tuple(map(hashed, some)))
        found += await masterdata_store.elements(
            session, query, caller.party, sees_all=caller.sees_all, limit=_MOST_ELEMENTS
        )
    found.sort(key=lambda one: (one.owner != caller.identifier, one.told_at))
    return attributes_of((one.id, one.attributes) for one in found)
