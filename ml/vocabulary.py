"""Freight shipments as EPCIS 2.0 events and back.

A leg is a logistic unit (SSCC). Its milestones are ObjectEvents with the CBV 2.0 business steps `accepting` (RCS: the
carrier takes possession), `departing` (DEP), `arriving` (RCF) and `receiving` (DLV: taken into the consignee's, or at
the hub the consolidator's, inventory; CBV has no word `delivering`). Consolidation is an AggregationEvent ADD with
step `packing`. The first event commissions every unit of the shipment and carries the plan as the extension
`trailseal:plan`; it touches each unit's trail, so each trail leads to the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.shipment import Code

PREFIX = "trailseal"
NAMESPACE = "https://trailseal.example/vocab/"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
STEPS: dict[Code, str] = {"RCS": "accepting", "DEP": "departing", "RCF": "arriving", "DLV": "receiving"}
DISPOSITIONS: dict[Code, str] = {
    "RCS": "in_progress",
    "DEP": "in_transit",
    "RCF": "in_progress",
    "DLV": "in_progress",
}
CODES: dict[str, Code] = {step: code for code, step in STEPS.items()}


def own(holder: Any, name: str) -> Any:
    """A member of our vocabulary, under its prefix or its whole name; None where there is none, or no object."""
    return holder.get(f"{PREFIX}:{name}", holder.get(NAMESPACE + name)) if isinstance(holder, Mapping) else None
