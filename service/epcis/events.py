"""The five event types of EPCIS 2.0, typed (EPCIS 2.0 sections 7.3 and 7.4).

A model holds members as they were sent: identifiers and vocabulary words keep their spelling (`identifiers.canonical`
and `vocabulary` unify them), times are text with an offset. What must hold between members is in `rules`.
"""
# ruff: noqa: N815 - members are named as in the standard's JSON binding

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from service.epcis import times
from service.epcis.fields import Element, Number, Offset, Text, Time
from service.epcis.sensors import SensorElement

Action = Literal["ADD", "OBSERVE", "DELETE"]


class QuantityElement(Element):
    """So many, or so much, of a class of things."""

    epcClass: Text
    quantity: Number | None = None
    uom: Text | None = None


class Place(Element):
    """A read point or business location."""

    id: Text


class BizTransaction(Element):
    """A business transaction that the event took part in."""

    type: Text | None = None
    bizTransaction: Text


class Source(Element):
    """Where a transfer comes from."""

    type: Text
    source: Text


class Destination(Element):
    """Where a transfer goes to."""

    type: Text
    destination: Text


class PersistentDisposition(Element):
    """Dispositions that stay until they are unset."""

    set: tuple[Text, ...] = ()
    unset: tuple[Text, ...] = ()


class ErrorDeclaration(Element):
    """Says that the event with the same eventID was in error."""

    declarationTime: Time
    reason: Text | None = None
    correctiveEventIDs: tuple[Text, ...] = ()


class EPCISEvent(Element):
    """What all five types have."""

    context: Any = Field(default=None, alias="@context")
    eventTime: Time
    recordTime: Time | None = None
    eventTimeZoneOffset: Offset
    eventID: Text | None = None
    certificationInfo: Text | tuple[Text, ...] | None = None
    errorDeclaration: ErrorDeclaration | None = None
    bizStep: Text | None = None
    disposition: Text | None = None
    persistentDisposition: PersistentDisposition | None = None
    readPoint: Place | None = None
    bizLocation: Place | None = None
    bizTransactionList: tuple[BizTransaction, ...] = ()
    sourceList: tuple[Source, ...] = ()
    destinationList: tuple[Destination, ...] = ()
    sensorElementList: tuple[SensorElement, ...] = ()

    @property
    def instant(self) -> datetime:
        """`eventTime` in UTC, cut to microseconds."""
        return times.instant(self.eventTime)


class ObjectEvent(EPCISEvent):
    """Something happened to things."""

    type: Literal["ObjectEvent"]
    action: Action
    epcList: tuple[Text, ...] = ()
    quantityList: tuple[QuantityElement, ...] = ()
    ilmd: dict[str, Any] | None = None


class AggregationEvent(EPCISEvent):
    """Things were put into, or taken from, another thing."""

    type: Literal["AggregationEvent"]
    action: Action
    parentID: Text | None = None
    childEPCs: tuple[Text, ...] = ()
    childQuantityList: tuple[QuantityElement, ...] = ()


class AssociationEvent(EPCISEvent):
    """Things were attached to, or detached from, another thing or a place."""

    type: Literal["AssociationEvent"]
    action: Action
    parentID: Text
    childEPCs: tuple[Text, ...] = ()
    childQuantityList: tuple[QuantityElement, ...] = ()


class TransactionEvent(EPCISEvent):
    """Things were tied to, or untied from, business transactions."""

    type: Literal["TransactionEvent"]
    action: Action
    bizTransactionList: tuple[BizTransaction, ...]
    parentID: Text | None = None
    epcList: tuple[Text, ...] = ()
    quantityList: tuple[QuantityElement, ...] = ()


class TransformationEvent(EPCISEvent):
    """Inputs were used up to make outputs."""

    type: Literal["TransformationEvent"]
    transformationID: Text | None = None
    inputEPCList: tuple[Text, ...] = ()
    inputQuantityList: tuple[QuantityElement, ...] = ()
    outputEPCList: tuple[Text, ...] = ()
    outputQuantityList: tuple[QuantityElement, ...] = ()
    ilmd: dict[str, Any] | None = None


EVENT_TYPES: dict[str, type[EPCISEvent]] = {
    model.__name__: model
    for model in (ObjectEvent, AggregationEvent, AssociationEvent, TransactionEvent, TransformationEvent)
}
AnyEvent = ObjectEvent | AggregationEvent | AssociationEvent | TransactionEvent | TransformationEvent
