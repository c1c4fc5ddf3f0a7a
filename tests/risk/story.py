"""Freight as it is captured for the scorer: with ids and record times that a test chooses."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ml.gs1_keys import sscc
from ml.shipment import Shipment
from ml.simulate import season
from ml.to_epcis import to_epcis
from service.parties.caller import Caller
from service.risk.following import Follower
from service.sealing.commitments import salt_of, trail_of
from tests.risk.desk import Desk

START = datetime(2026, 3, 2, tzinfo=UTC)
LATER = START + timedelta(days=90)
"""When everything that the stories tell has happened."""
Events = list[dict[str, Any]]


def story(count: int, seed: int = 7) -> list[Shipment]:
    """Delivered shipments, some of them late."""
    return [one.shipment for one in season(count, seed, START)]


def unit(shipment: Shipment) -> str:
    """What is to be delivered."""
    assert shipment.nr is not None
    return sscc(shipment.nr, "o")


def trail(desk: Desk, shipment: Shipment) -> bytes:
    return trail_of(unit(shipment), salt_of(unit(shipment), desk.secret))


def events_of(shipment: Shipment) -> Events:
    """The booking and what followed, each with an id of its own."""
    assert shipment.booked is not None
    told = to_epcis(shipment, shipment.booked)["epcisBody"]["eventList"]
    return [event | {"eventID": f"urn:trailseal:test:{shipment.nr}:{at}"} for at, event in enumerate(told)]


def when(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["eventTime"])


def taken_back(event: dict[str, Any]) -> dict[str, Any]:
    """The declaration that an event was an error (EPCIS 2.0, 7.4.1.4)."""
    return event | {"errorDeclaration": {"declarationTime": event["eventTime"]}}


async def tell(desk: Desk, events: Events, recorded: datetime | None = None, caller: Caller | None = None) -> None:
    """Captures events in one document, as if each had been recorded when it happened, or all of them at a moment."""
    await desk.capture(caller or desk.acme, to_epcis(story(1)[0], START), *events)
    await desk.rows(
        "UPDATE events SET record_time = told.at FROM unnest(CAST(:ids AS text[]), CAST(:errors AS boolean[]),"
        " CAST(:moments AS timestamptz[])) AS told (id, error, at) WHERE event_id = told.id"
        " AND declares_error = told.error",
        ids=[event["eventID"] for event in events],
        errors=["errorDeclaration" in event for event in events],
        moments=[recorded or when(event) for event in events],
    )


async def follow(desk: Desk, now: datetime = LATER) -> None:
    """As the worker would, until it has followed everything."""
    follower = Follower(desk.database, lambda: now)
    while await follower.step():
        pass


async def live_counts(desk: Desk) -> dict[tuple[str, str], tuple[int, int]]:
    """What the counters say, of all lanes."""
    rows = await desk.rows("SELECT kind, lane, seen, late FROM lane_counts WHERE seen <> 0 OR late <> 0")
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}
