"""Shipments of a few parties without a chain, and scores for them as the scoring worker would store them."""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import text

from ml.gs1_keys import sscc
from ml.shipment import first
from ml.simulate import season
from ml.to_epcis import to_epcis
from service.capture import Captures
from service.config import Settings
from service.parties.caller import Caller
from service.parties.registration import add
from service.parties.scopes import Scope
from service.parties.signing_keys import SigningKeys
from service.risk.alerts import noticed
from service.sealing.commitments import salt_of, trail_of
from service.store.chain import Deployed, save_deployment
from service.store.database import Database
from service.store.risk import AssessmentRow, save_assessments
from tests.subscriptions.conftest import settings_of

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
"""Midnight of the first day, UTC."""
SCOPES = frozenset(scope for scope in Scope if scope != Scope.CONSORTIUM_ADMIN)
_shipments = itertools.count(1)


def at(hours: float) -> datetime:
    """So many hours into the story."""
    return BEGIN + timedelta(hours=hours)


@dataclass
class Desk:
    """`acme` and `bolt` book, `carrier` reports, `analyst` has grants of both, `stranger` of nobody."""

    settings: Settings
    database: Database
    captures: Captures
    acme: Caller
    bolt: Caller
    carrier: Caller
    analyst: Caller
    stranger: Caller
    units: dict[bytes, str] = field(default_factory=dict)

    @property
    def secret(self) -> bytes:
        return self.settings.consortium_secret.get_secret_value()

    async def book(self, count: int = 1, caller: Caller | None = None, *, reported: int = 3) -> list[bytes]:
        """Books shipments, of which the carrier reports the first milestones; the trails of what is to be delivered."""
        found = []
        for one in season(count, next(_shipments), BEGIN - timedelta(days=2)):
            number = next(_shipments)
            shipment = replace(first(one.shipment, reported), nr=number)
            document = to_epcis(shipment, BEGIN - timedelta(hours=number % 40))
            booking, *reports = document["epcisBody"]["eventList"]
            await self.capture(caller or self.acme, document, booking)
            if reports:
                await self.capture(self.carrier, document, *reports)
            unit = sscc(number, "o")
            trail = trail_of(unit, salt_of(unit, self.secret))
            self.units[trail] = unit
            found.append(trail)
        return found

    async def capture(self, caller: Caller, document: Any, *events: Any) -> None:
        told = {**document, "epcisBody": {"eventList": list(events)}}
        await self.captures.accept(caller, orjson.dumps(told))

    async def score(
        self, chances: Mapping[bytes, float | None], now: datetime, **members: Any
    ) -> dict[bytes, AssessmentRow]:
        """Stores scores and hands them to the alerts, in one transaction."""
        rows = {trail: assessment(trail, chance, now, **members) for trail, chance in chances.items()}
        async with self.database.session() as session:
            await save_assessments(session, list(rows.values()))
            await noticed(session, list(rows.values()), self.secret, now=now)
        return rows

    async def rows(self, statement: str, **values: Any) -> list[Any]:
        async with self.database.session() as session:
            done: Any = await session.execute(text(statement), values)
            return list(done.all()) if done.returns_rows else []

    async def alerted(self, caller: Caller | None = None) -> list[bytes]:
        """The trails of the party's alerts, the oldest first."""
        party = (caller or self.analyst).party
        return [row[0] for row in await self.rows("SELECT trail FROM alerts WHERE party = :p ORDER BY seq", p=party)]


def assessment(trail: bytes, chance: float | None, moment: datetime, **members: Any) -> AssessmentRow:
    """A score as the scoring worker stores it; columns that others add are left empty."""
    given: dict[str, Any] = {
        "id": uuid4(),
        "trail": trail,
        "as_of": moment,
        "recorded_by": moment,
        "known_seq": 0,
        "probability": chance,
        "band": None if chance is None else "low",
        "stage": "inbound",
        "expected_end": moment + timedelta(days=2),
        "planned_end": moment + timedelta(days=1),
        "reasons": '[{"code": "BEHIND_PLAN", "text": "3 h behind plan", "weight": 0.6, "leg": "i1",'
        ' "milestone": "RCF 1", "place": 256, "events": []}]',
        "model_hash": "ab" * 32,
        "input_hash": "cd" * 32,
        "party": b"\1" * 32,
    }
    return AssessmentRow(**{name: (given | members).get(name) for name in AssessmentRow._fields})  # type: ignore[arg-type]


@asynccontextmanager
async def desk_over(database_url: str) -> AsyncIterator[Desk]:
    settings = settings_of(database_url)
    database = Database(database_url, settings.database_connections)
    keys = SigningKeys(database, settings)
    callers: dict[str, Caller] = {}
    async with database.session() as session:
        await save_deployment(session, Deployed(b"\x51" * 20, b"\x52" * 20, 31337, 0))
        for name in ("acme", "bolt", "carrier", "analyst", "stranger"):
            party = await add(session, f"did:example:{name}", name.title(), [])
            callers[name] = Caller(party.id, party.identifier, party.name, 0, SCOPES, key_id=f"{name}-key")
    for name in ("acme", "bolt", "carrier"):
        await keys.create(callers[name])
    made = Desk(settings, database, Captures(database, settings),
        acme=callers["acme"], bolt=callers["bolt"], carrier=callers["carrier"], analyst=callers["analyst"],
        stranger=callers["stranger"],
    )  # fmt: skip
    for name in ("acme", "bolt", "carrier"):
        await made.rows(
            "INSERT INTO grants (grantor, grantee) VALUES (:grantor, :grantee)",
            grantor=callers[name].party,
            grantee=callers["analyst"].party,
        )
    yield made
    await database.close()
