"""Which event books a shipment: the one that carries its plan (`ml.vocabulary`)."""

from ml.vocabulary import own
from service.epcis.documents import Event
from service.epcis.identifiers import InvalidIdentifier, canonical


def booked_unit(event: Event) -> str | None:
    """Canonical identifier of the unit to be delivered, the plan's last leg; None where the event has no such plan."""
    plan = own(event.source, "plan")
    legs = own(plan, "leg")
    unit = own(legs[-1] if isinstance(legs, list) and legs else legs, "unit")
    try:
        return canonical(unit) if isinstance(unit, str) else None
    except InvalidIdentifier:
        return None
