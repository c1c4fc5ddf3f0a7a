"""The rooms that users know, opened once for a process: what HTTP, pages and commands call."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from service.audit.audits import Audits
from service.capture import Captures
from service.capture.renewing import Renewals
from service.config import Settings
from service.erasure.erasures import Erasures
from service.health import Health
from service.ledger.client import Node
from service.ledger.proofs import Proofs
from service.masterdata.querying import MasterData
from service.parties.credentials import Credentials
from service.parties.grants import Grants
from service.parties.history import Histories
from service.parties.ledger import Ledgers
from service.parties.recovery import Recoveries
from service.parties.registration import Parties
from service.parties.signing_keys import SigningKeys
from service.queries import Queries
from service.queries.spellings import Spellings
from service.recall import Notices, Recalls
from service.risk.assessing import Risk
from service.risk.desk import Desk
from service.risk.trust import Trust
from service.store.database import Database
from service.stream import Stream
from service.subscriptions.feeds import Feeds
from service.subscriptions.named import NamedQueries
from service.subscriptions.webhooks import Subscriptions
from service.trails import Trails
from service.trails.verifying import Verifications

__all__ = ["Database", "Rooms", "open_rooms"]


_RECURSION = 1000
"""Python's own default. py_ecc, which web3 brings along, raises it to 100,000 when it is imported; then 100 kB of
nested brackets in a request overflow the C stack of the thread that reads them, and the process dies."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """One object for each use."""

    credentials: Credentials
    parties: Parties
    signing_keys: SigningKeys
    grants: Grants
    captures: Captures
    trails: Trails
    verifications: Verifications
    audits: Audits
    stream: Stream
    risk: Risk
    desk: Desk
    trust: Trust
    ledgers: Ledgers
    health: Health
    queries: Queries
    spellings: Spellings
    named_queries: NamedQueries
    subscriptions: Subscriptions
    feeds: Feeds
    master_data: MasterData
    erasures: Erasures
    histories: Histories
    recoveries: Recoveries
    renewals: Renewals
    recalls: Recalls
    notices: Notices


@asynccontextmanager
async def open_rooms(settings: Settings, database: Database | None = None) -> AsyncIterator[Rooms]:
    """The rooms over the settings' database, or over one that the caller opened and will close."""
    sys.setrecursionlimit(_RECURSION)
    store = database or Database(settings.database_url, settings.database_connections)
    node = Node(settings.rpc_url)
    credentials = Credentials(store)
    try:
        yield Rooms(
            credentials=credentials,
            parties=Parties(store, credentials),
            signing_keys=SigningKeys(store, settings),
            grants=Grants(store),
            captures=Captures(store, settings),
            trails=Trails(store, settings, Proofs(node)),
            verifications=Verifications(),
            audits=Audits(store, settings),
            stream=Stream(store),
            risk=Risk(store, settings),
            desk=Desk(store, settings),
            trust=Trust.over(store, settings),
            ledgers=Ledgers(store),
            health=Health(store, node),
            queries=Queries(store),
            spellings=Spellings(store),
            named_queries=NamedQueries(store),
            subscriptions=Subscriptions(store, settings),
            feeds=Feeds(store),
            master_data=MasterData(store),
            erasures=Erasures(store, settings),
            histories=Histories(store),
            recoveries=Recoveries(store, credentials),
            renewals=Renewals(store, settings),
            recalls=Recalls(store, settings),
            notices=Notices(store),
        )
    finally:
        await node.close()
        if database is None:
            await store.close()
