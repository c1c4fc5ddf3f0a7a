"""What each type of event needs to say anything (EPCIS 2.0 section 7.4; TCR-54 steps 3 and 4)."""

from collections.abc import Iterator
from typing import Any

Members = dict[str, Any]
Need = tuple[str, str, str]
"""A place within the event, a rule and a message."""


def needs(event: Members) -> Iterator[Need]:
    """What the event lacks, or has in spite of its type or action."""
    type_, action = event.get("type"), event.get("action")
    if type_ == "ObjectEvent":
        yield from _of_object(event, action)
    elif type_ == "TransformationEvent":
        yield from _of_transformation(event)
    elif type_ == "TransactionEvent":
        yield from _of_transaction(event, action)
    else:
        yield from _of_parent(event, action)


def _of_object(event: Members, action: Any) -> Iterator[Need]:
    # EPCIS 1.2 and XML always have an epcList: an empty one says as well as a read point that things are not meant.
    sensed = event.get("sensorElementList") and (event.get("readPoint") or "epcList" in event)
    if not event.get("epcList") and not event.get("quantityList") and not sensed:
        message = (
            "an ObjectEvent needs an epcList or quantityList that is not empty, or sensor reports with a readPoint"
        )
        yield "", "missing", message
    if "ilmd" in event and action in ("OBSERVE", "DELETE"):
        yield "/ilmd", "ilmd", "an ObjectEvent has ilmd with action ADD only"


def _of_transaction(event: Members, action: Any) -> Iterator[Need]:
    if event.get("bizTransactionList") == []:
        yield "/bizTransactionList", "missing", "a TransactionEvent needs at least one business transaction"
    if action != "DELETE" and not event.get("epcList") and not event.get("quantityList"):
        yield "", "missing", "a TransactionEvent needs an epcList or quantityList that is not empty"


def _of_parent(event: Members, action: Any) -> Iterator[Need]:
    if "parentID" not in event and event.get("type") == "AggregationEvent" and action in ("ADD", "DELETE"):
        yield "", "missing", f"the member 'parentID' is missing; action {action} needs it"
    if action != "DELETE" and not event.get("childEPCs") and not event.get("childQuantityList"):
        yield "", "missing", "without action DELETE there must be childEPCs or childQuantityList, not empty"


def _of_transformation(event: Members) -> Iterator[Need]:
    inputs = event.get("inputEPCList") or event.get("inputQuantityList")
    outputs = event.get("outputEPCList") or event.get("outputQuantityList")
    if "transformationID" in event:
        if not inputs and not outputs:
            yield "", "missing", "a TransformationEvent needs inputs or outputs"
    elif not inputs or not outputs:
        yield "", "missing", "a TransformationEvent without transformationID needs both inputs and outputs"
