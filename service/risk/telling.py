"""From what the store has of a shipment to the shipment, whatever was captured."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from ml.from_epcis import from_events
from ml.shipment import Leg, Shipment
from service.store.risk_following import Report

_MOST_MINUTES = 50 * 366 * 24 * 60
"""Plans that take longer than fifty years are no plans."""


def told(events: Sequence[Mapping[str, Any]]) -> Shipment:
    """The shipment that events tell of; one without a plan where the plan cannot be read."""
    try:
        return from_events(events)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, StopIteration, OverflowError):
        return Shipment(None, (), Leg("o", ()))


def reported(booking: bytes, reports: Iterable[Report]) -> Shipment:
    """The shipment of a booking (a canonical document) as these reports of its milestones tell it."""
    return told([orjson.loads(booking), *map(_event, reports)])


def bounded(minutes: int | None) -> int | None:
    """Planned minutes that some plan may have; None for others."""
    return minutes if minutes is not None and 0 <= minutes <= _MOST_MINUTES else None


def believed(reports: Iterable[Report], moment: datetime) -> list[Report]:
    """The reports that were recorded by a moment and not declared errors by then."""
    return [
        one for one in reports if one.record_time <= moment and (one.retracted_at is None or one.retracted_at > moment)
    ]


def _event(report: Report) -> dict[str, Any]:
    place = {} if report.place is None else {"readPoint": {"id": report.place}}
    return {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "bizStep": report.step,
        "eventTime": report.event_time.isoformat(),
        "epcList": [report.unit],
        **place,
    }
