"""A shipment's events as the store gives them, to be damaged, and what is said of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from ml.assessment import Assessment, Case
from ml.from_epcis import from_events
from ml.reason_codes import codes
from ml.scorer import Scorer
from ml.shipment import Shipment, milestones
from ml.to_epcis import to_epcis
from ml.vocabulary import PREFIX
from tests.ml.freight_cases import SEASON

WHOLE = next(one for one in SEASON if len(one.inbound) == 2)
BOOKED = WHOLE.booked or datetime.now(UTC)
PLAN, BOOKER, CARRIER, STRANGER = (
    f"{PREFIX}:plan",
    "https://id.gs1.org/417/9521321000019",
    "urn:x:carrier",
    "urn:x:other",
)
Event = dict[str, Any]


def told(shipment: Shipment = WHOLE, *, by: str = CARRIER, delay: timedelta = timedelta(minutes=1)) -> list[Event]:
    """The shipment's events as the store gives them: with ids, record times and parties."""
    events: list[Event] = to_epcis(shipment, BOOKED)["epcisBody"]["eventList"]
    for number, event in enumerate(events):
        happened = datetime.fromisoformat(event["eventTime"])
        event["eventID"] = f"urn:uuid:{number:08d}-0000-4000-8000-000000000000"
        event["recordTime"] = (happened + delay).isoformat()
        event[f"{PREFIX}:capturedBy"] = by if number else BOOKER
    return events


def moment(shipment: Shipment, hours: float = 1) -> datetime:
    seen = milestones(shipment)
    return BOOKED + timedelta(minutes=seen[-1].completed if seen else 0, hours=hours)


@cache
def packaged() -> Scorer:
    return Scorer.load()


def assessed(events: Any, now: datetime) -> Assessment:
    (answer,) = packaged().score([Case(from_events(events, as_of=now, recorded_by=now), now)])
    assert {reason.code for reason in answer.reasons} <= codes()
    assert (answer.probability is None) == (answer.abstained is not None)
    return answer


def why(answer: Assessment) -> str | None:
    return answer.abstained.code if answer.abstained else None
