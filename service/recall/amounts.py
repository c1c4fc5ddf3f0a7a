"""How much of each lot an event names; pure."""

from collections.abc import Iterable, Iterator

from service.epcis.contexts import expanded
from service.epcis.documents import Event, parse
from service.epcis.events import AggregationEvent, AssociationEvent
from service.epcis.faults import InvalidDocument
from service.epcis.identifiers import InvalidIdentifier, canonical
from service.recall.stays import Amount


def amounts_in(document: bytes) -> dict[str, Amount]:
    """Quantity and unit of each class that an aggregation or association names as a child, by canonical identifier.

    One that comes twice, in other units or once without quantity, has none that can be reckoned with: it is left out.
    """
    try:
        events: Iterable[Event] = parse(document, lenient=True).events
    except InvalidDocument:
        return {}
    found: dict[str, Amount] = {}
    unclear: set[str] = set()
    for event in events:
        if not isinstance(event.model, AggregationEvent | AssociationEvent):
            continue
        for text, quantity, unit in _named(event.model):
            try:
                name = canonical(expanded(text, event.prefixes))
            except InvalidIdentifier:
                continue
            known, unit_known = found.get(name, (0.0, unit))
            if known is None or (name in found and quantity is None) or unit_known != unit:
                unclear.add(name)
            else:
                found[name] = (None if quantity is None else known + quantity, unit)
    return {name: amount for name, amount in found.items() if name not in unclear}


def _named(model: AggregationEvent | AssociationEvent) -> Iterator[tuple[str, float | None, str | None]]:
    for epc in model.childEPCs:
        yield epc, None, None
    for element in model.childQuantityList:
        yield element.epcClass, None if element.quantity is None else float(element.quantity), element.uom
