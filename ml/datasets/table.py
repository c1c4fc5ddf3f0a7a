"""Any shipments as a table in the form of Cargo 2000 (`ml.datasets.cargo2000.read` reads it back).

Two columns more than there: when the shipment was booked, and since when its outcome could be known, in ISO 8601.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ml.shipment import SLOTS, Leg, Shipment

_FLIGHTS = 3


def numbered(shipments: Iterable[Shipment]) -> Iterator[Shipment]:
    """The shipments with the numbers 1, 2, 3 … in their order, which is to be that of time."""
    for nr, shipment in enumerate(shipments, 1):
        yield replace(shipment, nr=nr)


def write(path: Path, shipments: Iterable[Shipment]) -> None:
    """Writes the table. Raises ValueError for a shipment whose legs have no such plan."""
    with path.open("w", newline="", encoding="utf-8") as lines:
        table = csv.DictWriter(lines, columns(), restval="?")
        table.writeheader()
        table.writerows(_row(shipment) for shipment in shipments)


def columns() -> list[str]:
    """The columns that are read; `*_legid`, which leaks, is none of them."""
    names = ["nr", "booked", "known"]
    for slot in SLOTS:
        names += [f"{slot}_hops", f"{slot}_rcs_p", f"{slot}_rcs_e", f"{slot}_dlv_p", f"{slot}_dlv_e"]
        flights = [f"{slot}_{code}_{at}" for at in range(1, _FLIGHTS + 1) for code in ("dep", "rcf")]
        names += [f"{name}_{part}" for name in flights for part in ("p", "e", "place")]
    return names


def _row(shipment: Shipment) -> dict[str, int | str]:
    told = {"booked": shipment.booked, "known": shipment.known}
    row: dict[str, int | str] = {"nr": shipment.nr or 0}
    row |= {name: moment.isoformat() for name, moment in told.items() if moment is not None}
    for leg in shipment.legs:
        row |= _leg(leg)
    return row


def _leg(leg: Leg) -> dict[str, int]:
    if not 1 <= len(leg.segments) <= _FLIGHTS:
        raise ValueError(f"leg {leg.slot} has {len(leg.segments)} flights: the table holds one to {_FLIGHTS}")
    row = {f"{leg.slot}_hops": len(leg.segments)}
    for milestone in leg.milestones:
        name = f"{leg.slot}_{milestone.code.lower()}" + (f"_{milestone.segment}" if milestone.segment else "")
        parts = {
            "p": milestone.planned,
            "e": milestone.effective,
            "place": milestone.place if milestone.segment else None,
        }
        row |= {f"{name}_{part}": value for part, value in parts.items() if value is not None}
    return row
