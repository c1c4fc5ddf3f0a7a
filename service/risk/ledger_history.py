"""The consortium's own history for training: delivered shipments, as their sealed events tell them.

Only what the chain has teaches a model: whoever trains on it later, elsewhere, gets the same shipments. What was
captured but not sealed yet, or was erased, is left out.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime

from ml.shipment import Shipment, late
from service.parties.caller import Caller
from service.risk.errors import NotEnoughHistory
from service.risk.knowing import read, shipment_of
from service.store import risk_history as store
from service.store.database import Database

LEAST, LEAST_OF_A_KIND = 300, 30
"""Delivered shipments, and late and punctual ones among them, below which nothing can be learnt that would hold."""
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads the history: a party sees its own part of it, the operator (None) everything."""

    party: bytes = bytes(32)
    sees_all: bool = True

    @classmethod
    def of(cls, caller: Caller) -> "Reader":
        return cls(caller.party, caller.sees_all)


async def history(database: Database, reader: Reader) -> AsyncIterator[Shipment]:
    """Delivered shipments in the order of their bookings' capture, some hundred at a time; each says since when its
    outcome is `known`.
    """
    after = 0
    while True:
        async with database.session() as session:
            rows = await store.delivered(session, reader.party, reader.sees_all, after, _AT_ONCE)
            events = await read(session, [row.booking for row in rows])
            sealed = await store.sealed(session, {one.event.seq for told in events.values() for one in told})
        for row in rows:
            shipment = shipment_of([one for one in events.get(row.booking, ()) if one.event.seq in sealed])
            if late(shipment) is not None:
                yield replace(shipment, known=row.known_at)
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].booking


async def enough(database: Database, reader: Reader) -> list[Shipment]:
    """The whole history, the first booked first.

    Raises:
        NotEnoughHistory: says how many shipments there are, and what is missing.
    """
    found = sorted([one async for one in history(database, reader)], key=_booked)
    past = sum(bool(late(one)) for one in found)
    if len(found) >= LEAST and min(past, len(found) - past) >= LEAST_OF_A_KIND:
        return found
    async with database.session() as session:
        there = await store.standing(session, reader.party, reader.sees_all)
    raise NotEnoughHistory(
        f"training takes {LEAST} sealed deliveries, {LEAST_OF_A_KIND} of them late and {LEAST_OF_A_KIND} punctual;"
        f" there are {len(found)}, {past} of them late. Of {there.booked} shipments booked, {there.planned} have a plan"
        f" that can be read, {there.delivered} were delivered by now, and of these"
        f" {there.delivered - len(found)} are not sealed as a whole. Until there are more, the released model scores,"
        " with this ledger's late rates"
    )


def _booked(shipment: Shipment) -> datetime:
    assert shipment.booked is not None
    return shipment.booked
