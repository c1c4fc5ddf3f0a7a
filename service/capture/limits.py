"""What a well-formed event may still be too big for: what can be named, indexed and tied together."""

from collections.abc import Iterable

from service.epcis.documents import Event
from service.epcis.events import TransformationEvent
from service.epcis.faults import Fault, InvalidDocument, step

MOST_CHARACTERS = 2048
"""Of an eventID or a thing's identifier: a bundle (docs/format.md, section 5) and the API name no longer ones."""
MOST_TIES = 100_000
"""From inputs to outputs, in one document: they are as many as their product, so that a small document could make more
than any store holds."""


def check_lengths(event: Event, event_id: str, identifiers: Iterable[str]) -> None:
    """Raises InvalidDocument where the eventID or an identifier is longer than `MOST_CHARACTERS`."""
    faults = [
        Fault(event.pointer, "length", _too_long(f"the identifier {identifier[:60]}...", identifier))
        for identifier in identifiers
        if len(identifier) > MOST_CHARACTERS
    ]
    if len(event_id) > MOST_CHARACTERS:
        faults.append(Fault(step(event.pointer, "eventID"), "length", _too_long("the eventID", event_id)))
    if faults:
        raise InvalidDocument(faults)


def check_ties(event: Event, left: int) -> int:
    """How many ties may still be made after this event's; raises InvalidDocument where it makes more than are left."""
    model = event.model
    if not isinstance(model, TransformationEvent) or model.transformationID is not None:
        return left
    inputs = len(model.inputEPCList) + len(model.inputQuantityList)
    outputs = len(model.outputEPCList) + len(model.outputQuantityList)
    if inputs * outputs > left:
        message = (
            f"each of {inputs} inputs would be tied to each of {outputs} outputs, and a document may make {MOST_TIES}"
            " such ties: give the event a transformationID, which is tied to each once, or send fewer in one document"
        )
        raise InvalidDocument([Fault(event.pointer, "too-many-ties", message)])
    return left - inputs * outputs


def _too_long(what: str, text: str) -> str:
    return f"{what} has {len(text)} characters; send at most {MOST_CHARACTERS}"
