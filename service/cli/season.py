"""A simulated season of freight as the demonstration's members would post it, up to a moment in its middle."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from service.cli.local import MEMBERS

SPAN = timedelta(days=12)
"""How long before the season's present its first shipment was booked."""
_KEPT_FOR = timedelta(hours=12)
_IDENTIFIERS = {member.slug: member.identifier for member in MEMBERS}
_BOOKING, _CARRIAGE, _INSPECTION = range(3)


@dataclass(frozen=True, slots=True)
class Season:
    """Which season: its seed, how many shipments, and the moment up to which events have happened."""

    seed: int
    shipments: int
    now: datetime

    @classmethod
    def kept(cls, path: Path, shipments: int) -> "Season":
        """The season of a former run, while it is fresh, so that a repeated run finds its captures; else a new one."""
        if path.exists():
            told = json.loads(path.read_text())
            season = cls(told["seed"], told["shipments"], datetime.fromisoformat(told["now"]))
            if season.shipments == shipments and datetime.now(UTC) - season.now < _KEPT_FOR:
                return season
        season = cls(
            int(datetime.now(UTC).timestamp()) // 60 % 5000, shipments, datetime.now(UTC).replace(microsecond=0)
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"seed": season.seed, "shipments": shipments, "now": season.now.isoformat()}))
        return season


@dataclass(frozen=True, slots=True)
class Posting:
    """One document that one member posts; `unit` is the shipment's unit to be delivered, `wave` its turn."""

    member: str
    wave: int
    key: str
    unit: str
    events: int
    document: dict[str, Any]

    @property
    def of_unit(self) -> int:
        """How many of its events speak of the unit."""
        events = self.document["epcisBody"]["eventList"]
        return sum(self.unit in (*event.get("epcList", ()), event.get("parentID")) for event in events)


def postings(season: Season) -> list[Posting]:
    """Everything that the members post, in the order of the waves."""
    from ml.gs1_keys import sscc
    from ml.simulate import season as simulate
    from ml.to_epcis import to_epcis

    found: list[Posting] = []
    simulated = simulate(season.shipments, season.seed, season.now - SPAN)
    for index, one in enumerate(simulated):
        assert one.shipment.nr is not None
        unit = sscc(one.shipment.nr, "o")
        supplier = ("acme", "borealis")[index % 2]
        document = to_epcis(one.shipment, one.booked)
        for member, wave, events in _told(document, season.now, supplier, held=index == season.shipments // 2):
            key = f"season-{season.seed}-{index}-{wave}"
            found.append(Posting(member, wave, key, unit, len(events), _document(document, events)))
    return sorted(found, key=lambda posting: posting.wave)


def _told(
    document: dict[str, Any], now: datetime, supplier: str, *, held: bool
) -> Iterator[tuple[str, int, list[dict[str, Any]]]]:
    """Who posts which events: the supplier books and hands over, the carrier accepts and reports what followed."""
    booking, *history = document["epcisBody"]["eventList"]
    if datetime.fromisoformat(booking["eventTime"]) > now:
        return
    yield supplier, _BOOKING, [booking, _handover(booking, supplier)]
    happened = [event for event in history if datetime.fromisoformat(event["eventTime"]) <= now]
    if happened:
        yield "carrier", _CARRIAGE, happened
    if held:
        yield "regulator", _INSPECTION, [_hold(booking, now)]


def _handover(booking: dict[str, Any], supplier: str) -> dict[str, Any]:
    """The supplier ships the booked units to the carrier, a moment after the booking."""
    return {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
        "eventTime": _later(booking["eventTime"], timedelta(seconds=1)),
        "eventTimeZoneOffset": "+00:00",
        "epcList": booking["epcList"],
        "sourceList": [{"type": "possessing_party", "source": _IDENTIFIERS[supplier]}],
        "destinationList": [{"type": "possessing_party", "destination": _IDENTIFIERS["carrier"]}],
    }


def _hold(booking: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The regulator holds a shipment for inspection."""
    return {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": "holding",
        "disposition": "non_sellable_other",
        "eventTime": now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "eventTimeZoneOffset": "+00:00",
        "epcList": booking["epcList"][-1:],
    }


def _later(moment: str, by: timedelta) -> str:
    later = datetime.fromisoformat(moment) + by
    return later.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _document(template: dict[str, Any], events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {**template, "epcisBody": {"eventList": list(events)}}
