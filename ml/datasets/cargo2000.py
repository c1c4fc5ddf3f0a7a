"""Cargo 2000 Freight Tracking and Tracing (A. Metzger et al., UCI Machine Learning Repository, CC BY 4.0).

One row is one business process: up to three inbound legs that are consolidated at a hub and leave as one outbound leg.
`read` gives the rows as shipments; `to_epcis` and `from_events` take a shipment to EPCIS 2.0 and back.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from ml.from_epcis import from_events
from ml.gs1_keys import gln, sscc
from ml.shipment import (
    SLOTS,
    Code,
    Completed,
    Leg,
    Milestone,
    Segment,
    Shipment,
    Slot,
    effective_end,
    first,
    known_at,
    late,
    milestones,
    planned_end,
)
from ml.to_epcis import to_epcis
from ml.vocabulary import NAMESPACE, PREFIX

__all__ = [
    "NAMESPACE",
    "PREFIX",
    "Completed",
    "Leg",
    "Milestone",
    "Segment",
    "Shipment",
    "effective_end",
    "first",
    "from_events",
    "gln",
    "known_at",
    "late",
    "milestones",
    "planned_end",
    "read",
    "sscc",
    "to_epcis",
]


def read(path: Path) -> list[Shipment]:
    """All rows in the order of the file, which is the order of time. `?` is None; `*_legid` leaks and is dropped.

    Raises ValueError naming the row and column that is missing or no whole number, and where a row has no outbound leg.
    """
    with path.open(newline="", encoding="utf-8") as lines:
        return [_shipment(row) for row in csv.DictReader(lines)]


def _shipment(row: Mapping[str, str]) -> Shipment:
    legs = [leg for slot in SLOTS if (leg := _leg(row, slot)) is not None]
    if len(legs) < 2 or legs[-1].slot != "o":
        raise ValueError(f"row nr={row['nr']} lacks an inbound or the outbound leg")
    return Shipment(
        _number(row, "nr"), tuple(legs[:-1]), legs[-1], _instant(row, "booked"), known=_instant(row, "known")
    )


def _instant(row: Mapping[str, str], column: str) -> datetime | None:
    """An instant that the public table does not have, and tables of one's own do (`ml.datasets.table`)."""
    written = row.get(column, "?")
    return None if written == "?" else datetime.fromisoformat(written)


def _leg(row: Mapping[str, str], slot: Slot) -> Leg | None:
    hops = _number(row, f"{slot}_hops")
    if hops is None:
        return None
    flown = [part for segment in range(1, hops + 1) for part in _segment(row, slot, segment)]
    return Leg(slot, (_milestone(row, slot, "RCS", 0), *flown, _milestone(row, slot, "DLV", 0)))


def _segment(row: Mapping[str, str], slot: Slot, segment: int) -> tuple[Milestone, Milestone]:
    return _milestone(row, slot, "DEP", segment), _milestone(row, slot, "RCF", segment)


def _milestone(row: Mapping[str, str], slot: Slot, code: Code, segment: int) -> Milestone:
    name = f"{slot}_{code.lower()}" + (f"_{segment}" if segment else "")
    place = _number(row, f"{name}_place") if segment else None
    return Milestone(code, segment, _number(row, f"{name}_p"), _number(row, f"{name}_e"), place)


def _number(row: Mapping[str, str], column: str) -> int | None:
    text = row.get(column)
    if text == "?":
        return None
    if text is None:
        raise ValueError(f"row nr={row.get('nr')} has no column {column}: this is not the Cargo 2000 table")
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"row nr={row.get('nr')}: column {column} holds {text!r}, not a whole number or ?") from None
