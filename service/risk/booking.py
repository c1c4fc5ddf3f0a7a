"""Which event books a shipment: the one that carries its plan (`ml.vocabulary`)."""

from collections.abc import Mapping
from typing import Any

from ml.vocabulary import NAMESPACE, PREFIX
from service.epcis.documents import Event
from service.epcis.identifiers import InvalidIdentifier, canonical


def booked_unit(event: Event) -> str | None:
    """Canonical identifier of the unit to be delivered, the plan's last leg; None where the event has no such plan."""
    plan = _own(event.source, "plan")
    legs = _own(plan, "leg")
    unit = _own(legs[-1] if isinstance(legs, list) and legs else legs, "unit")
    try:
        return canonical(unit) if isinstance(unit, str) else None
    except InvalidIdentifier:
        return None


def _own(holder: Any, name: str) -> Any:
    """A member of our vocabulary, under its prefix or its whole name."""
    return holder.get(f"{PREFIX}:{name}", holder.get(NAMESPACE + name)) if isinstance(holder, Mapping) else None
