"""What a sealed document says about custody: the reading of EPCIS that signer, service and auditor share."""

from collections.abc import Mapping
from typing import Any

from service.epcis.custody import steps
from service.epcis.documents import parse
from service.epcis.events import EVENT_TYPES
from service.epcis.faults import InvalidDocument


def steps_of(document: Mapping[str, Any]) -> Mapping[str, tuple[int, str | None]]:
    """Step and recipient for each thing that one stored event touches, by canonical identifier.

    Vocabulary is read leniently, whatever it was when the event was captured: words may join the standard later, a
    party may be allowed others, and none of that may change what a sealed event says.

    Raises:
        ValueError: the document is not one EPCIS event.
    """
    if document.get("type") not in EVENT_TYPES:
        raise ValueError(f"its type is {str(document.get('type'))[:80]!r}, not one of {', '.join(EVENT_TYPES)}")
    try:
        (event,) = parse(document, lenient=True).events
    except InvalidDocument as faults:
        raise ValueError(str(faults)) from faults
    return steps(event)
