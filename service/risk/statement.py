"""The statement of a score: an EPCIS event of the scoring party on the shipment's risk trail. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

from ml.vocabulary import CONTEXT, NAMESPACE, PREFIX
from service.sealing.commitments import risk_of
from service.store.score_seals import ScoreRow

MEMBER = f"{PREFIX}:assessment"
_AMOUNTS = ("probability", "excursion", "anomaly")
_WORDS = ("stage", "band", "calibration")
_TIMES = {"as_of": "asOf", "recorded_by": "recordedBy", "expected_end": "expectedEnd", "planned_end": "plannedEnd"}


def statement_id(score: ScoreRow) -> str:
    """The eventID of a score's statement: it follows from the score, which so is told once, whoever tries."""
    return f"urn:uuid:{score.id}"


def told(score: ScoreRow) -> dict[str, Any]:
    """What the statement says of the score: text only, amounts in full as decimals; what is unknown is left out."""
    found: dict[str, Any] = {"assessmentID": str(score.id)}
    found |= {name: instant(value) for key, name in _TIMES.items() if (value := getattr(score, key)) is not None}
    found |= {name: decimal(value) for name in _AMOUNTS if (value := getattr(score, name)) is not None}
    found |= {name: value for name in _WORDS if (value := getattr(score, name)) is not None}
    if score.arrival is not None:
        found["arrival"] = [instant(moment) for moment in score.arrival]
    found |= {"modelHash": score.model_hash, "inputHash": score.input_hash}
    return {f"{PREFIX}:{name}": value for name, value in found.items()}


def document_of(scores: Iterable[ScoreRow], made_at: datetime) -> bytes:
    """The EPCIS document with the statements; of the same scores it is the same, byte for byte."""
    document = {
        "@context": [CONTEXT, {PREFIX: NAMESPACE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": instant(made_at),
        "epcisBody": {"eventList": [_event(score) for score in scores]},
    }
    return orjson.dumps(document)


def _event(score: ScoreRow) -> Mapping[str, Any]:
    return {
        "type": "ObjectEvent",
        "eventID": statement_id(score),
        "eventTime": instant(score.created_at),
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": [risk_of(score.trail)],
        MEMBER: told(score),
    }


def instant(moment: datetime) -> str:
    """An instant in UTC, with all its microseconds, as EPCIS writes times."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def decimal(value: float) -> str:
    """The shortest decimal that reads back as this float, without an exponent."""
    return format(Decimal(repr(float(value))), "f")
