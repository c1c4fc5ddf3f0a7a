"""A stored score as it is told: with the ids of those events only that the reader may see."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

QUANTILES = ("p5", "p10", "p50", "p90", "p95")
"""How the quantiles of the final delivery are called."""


class Given(NamedTuple):
    """A score of a shipment: the unit to be delivered, when it was booked, and the columns of `assessments`."""

    unit: str
    booked_at: datetime
    score: Mapping[str, Any]


def events_in(given: Iterable[Given]) -> set[str]:
    """The ids of all events that reasons come from."""
    return {event for one in given for reason in one.score["reasons"] for event in reason.get("events", ())}


def told(given: Given, visible: set[str]) -> dict[str, Any]:
    """The score as the API tells it."""
    score = given.score
    arrival = score["arrival"]
    return {
        "assessmentID": str(score["id"]),
        "shipment": given.unit,
        "bookedAt": given.booked_at.isoformat(),
        "asOf": score["as_of"].isoformat(),
        "recordedBy": _moment(score["recorded_by"]),
        "stage": score["stage"],
        "probability": score["probability"],
        "band": score["band"],
        "expectedEnd": _moment(score["expected_end"]),
        "plannedEnd": _moment(score["planned_end"]),
        "arrival": dict(zip(QUANTILES, map(_moment, arrival), strict=True)) if arrival else None,
        "excursion": score["excursion"],
        "anomaly": score["anomaly"],
        "reasons": [_reason(reason, visible) for reason in score["reasons"]],
        "modelHash": score["model_hash"],
        "inputHash": score["input_hash"],
        "calibrationID": score["calibration"],
    }


def _reason(reason: Mapping[str, Any], visible: set[str]) -> dict[str, Any]:
    return {**reason, "events": [event for event in reason.get("events", ()) if event in visible]}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
