"""Which identified things (trails) an event touches, and how it ties them to each other (EPCIS 2.0 section 7.4).

A thing is whatever an instance-level list or `parentID` names (an item, logistic unit, asset, place, private URI ...),
and a lot (01 + 10) in a quantity list. A bare GTIN, or a pattern over all serial numbers, is a class and no thing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from service.epcis.contexts import Prefixes, expanded
from service.epcis.documents import Event
from service.epcis.events import (
    AggregationEvent,
    AnyEvent,
    AssociationEvent,
    ObjectEvent,
    QuantityElement,
    TransactionEvent,
    TransformationEvent,
)
from service.epcis.identifiers import Kind, canonical, resolved

Role = Literal["subject", "parent", "child", "input", "output"]
LinkKind = Literal["aggregation", "association", "transformation"]
LinkAction = Literal["add", "observe", "delete"]


@dataclass(frozen=True, slots=True)
class Reference:
    """A thing, by canonical identifier, and its role in the event."""

    identifier: str
    role: Role


@dataclass(frozen=True, slots=True)
class Link:
    """A tie between two things, to be followed both ways; both by canonical identifier.

    `parent` contains or carries `child` (aggregation), is what `child` is attached to (association), or was used to
    make `child` (transformation). `action`: the event makes, sees or undoes the tie. `child` is None where an event
    unties everything from its parent (DELETE without children).
    """

    parent: str
    child: str | None
    kind: LinkKind
    action: LinkAction


def references(event: Event) -> tuple[Reference, ...]:
    """The things that the event touches: subjects, parent, children, inputs, outputs, each in the order sent.

    Each thing comes once, whatever its spelling, in the first of its roles (so an input that is an output too, a thing
    that was reworked, is an input).
    """
    return tuple(Reference(identifier, role) for identifier, (role, _) in touched(event).items())


def touched(event: Event) -> dict[str, tuple[Role, Kind]]:
    """Role and kind of each thing that the event touches, by canonical identifier, in the order of `references`."""
    things: dict[str, tuple[Role, Kind]] = {}
    for role, found in _by_role(event.model, event.prefixes):
        for identifier, what in found:
            things.setdefault(identifier, (role, what))
    return things


def links(event: Event) -> tuple[Link, ...]:
    """The ties that the event makes, sees or undoes, each once.

    Aggregation and association tie the parent to each child. A transformation ties each input to each output; where it
    has a transformationID, which may gather the inputs and outputs of several events, it ties each input to that and
    that to each output.
    """
    model, prefixes = event.model, event.prefixes
    if isinstance(model, AggregationEvent | AssociationEvent):
        if model.parentID is None:
            return ()
        parent = canonical(expanded(model.parentID, prefixes))
        return _ties_of_parent(model, parent, _names(model.childEPCs, model.childQuantityList, prefixes))
    if not isinstance(model, TransformationEvent):
        return ()
    inputs = _names(model.inputEPCList, model.inputQuantityList, prefixes)
    outputs = _names(model.outputEPCList, model.outputQuantityList, prefixes)
    if model.transformationID is not None:
        process = canonical(expanded(model.transformationID, prefixes))
        pairs = [(thing, process) for thing in inputs] + [(process, thing) for thing in outputs]
    else:
        pairs = [(used, made) for used in inputs for made in outputs if used != made]
    return tuple(Link(used, made, "transformation", "add") for used, made in dict.fromkeys(pairs))


_ACTIONS: dict[str, LinkAction] = {"ADD": "add", "OBSERVE": "observe", "DELETE": "delete"}


def _ties_of_parent(
    model: AggregationEvent | AssociationEvent, parent: str, children: Iterable[str]
) -> tuple[Link, ...]:
    kind_: LinkKind = "aggregation" if isinstance(model, AggregationEvent) else "association"
    action = _ACTIONS[model.action]
    if model.action == "DELETE" and not model.childEPCs and not model.childQuantityList:
        return (Link(parent, None, kind_, action),)
    return tuple(Link(parent, child, kind_, action) for child in dict.fromkeys(children) if child != parent)


def _by_role(model: AnyEvent, prefixes: Prefixes) -> Iterator[tuple[Role, Iterable[tuple[str, Kind]]]]:
    if isinstance(model, ObjectEvent | TransactionEvent):
        yield "subject", _things(model.epcList, model.quantityList, prefixes)
    if isinstance(model, AggregationEvent | AssociationEvent | TransactionEvent) and model.parentID is not None:
        yield "parent", _things((model.parentID,), (), prefixes)
    if isinstance(model, AggregationEvent | AssociationEvent):
        yield "child", _things(model.childEPCs, model.childQuantityList, prefixes)
    if isinstance(model, TransformationEvent):
        yield "input", _things(model.inputEPCList, model.inputQuantityList, prefixes)
        yield "output", _things(model.outputEPCList, model.outputQuantityList, prefixes)


def _things(
    epcs: Iterable[str], quantities: Iterable[QuantityElement], prefixes: Prefixes
) -> Iterator[tuple[str, Kind]]:
    for epc in epcs:
        thing = resolved(expanded(epc, prefixes))
        if thing[1] is not Kind.CLASS:
            yield thing
    for element in quantities:
        thing = resolved(expanded(element.epcClass, prefixes))
        if thing[1] is Kind.LOT:
            yield thing


def _names(epcs: Iterable[str], quantities: Iterable[QuantityElement], prefixes: Prefixes) -> list[str]:
    return [identifier for identifier, _ in _things(epcs, quantities, prefixes)]
