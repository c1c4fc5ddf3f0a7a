"""What kind of event rows tell, when it was, and what it does: from its own columns, or from what they imply."""

from service.epcis import vocabulary
from service.epcis.contexts import expanded
from service.epcis.spreadsheet import moments, values
from service.epcis.spreadsheet.rows import EventRows

_TYPES = ("Object", "Aggregation", "Association", "Transaction", "Transformation")
_ACTIONS = ("ADD", "OBSERVE", "DELETE")
IMPLIED: dict[str, dict[str, str]] = {
    "ObjectEvent": {"commissioning": "ADD", "creating_class_instance": "ADD", "decommissioning": "DELETE",
                    "destroying": "DELETE"},
    "AggregationEvent": {"packing": "ADD", "loading": "ADD", "unpacking": "DELETE", "unloading": "DELETE"},
    "AssociationEvent": {"installing": "ADD", "assembling": "ADD", "removing": "DELETE", "disassembling": "DELETE"},
}  # fmt: skip
"""The action of a business step where the row gives none. Any other ObjectEvent is an observation."""


def put_type(event: EventRows) -> str:
    """The event's type: what is said, else what its columns imply."""
    event.members["type"] = type_ = _type(event)
    return type_


def _type(event: EventRows) -> str:
    if "eventType" in event.shared:
        event.cells["/type"] = event.shared["eventType"]
        names = {name: name for name in _TYPES} | {f"{name}Event": name for name in _TYPES}
        chosen = event.one("eventType", lambda text: values.choice(names, "event type")(text.replace(" ", "")))
        return f"{names[chosen]}Event" if chosen else "ObjectEvent"
    if "parentID" in event.shared:
        return "AggregationEvent"
    made = any(name in row.cells for row in event.rows for name in ("role", "inputs", "outputs"))
    return "TransformationEvent" if made else "ObjectEvent"


def put_time(event: EventRows) -> None:
    """The event's time and the offset of the clock there."""
    event.zone = event.one("timeZone", moments.zone)
    if "eventTime" not in event.shared:
        event.missing("the row has no eventTime; write when it happened")
        return
    if event.zone is None and "timeZone" in event.shared:
        return  # its fault is told; a time without a zone would only repeat it
    moment = event.one("eventTime", moments.moment(event.zone))
    if moment is not None:
        event.members |= {"eventTime": moment.time, "eventTimeZoneOffset": moment.offset}
        event.year = int(moment.time[:4])
    event.cells["/eventTime"] = event.shared["eventTime"]
    event.cells["/eventTimeZoneOffset"] = event.shared.get("timeZone", event.shared["eventTime"])


def put_action(event: EventRows, type_: str) -> str | None:
    """The event's action: what is said, else what its business step implies; None where it has none."""
    biz_step = event.put("bizStep", event.word(vocabulary.BIZ_STEPS))
    if type_ == "TransformationEvent":
        return None
    if "action" in event.shared:
        return event.put("action", values.choice(_ACTIONS, "action"))
    word = vocabulary.BIZ_STEPS.word(expanded(biz_step, event.prefixes)) if biz_step else None
    action = IMPLIED.get(type_, {}).get(word or "") or ("OBSERVE" if type_ == "ObjectEvent" else None)
    if action is None:
        if biz_step is not None or "bizStep" not in event.shared:
            event.missing(f"an {type_} needs an action here; write ADD, OBSERVE or DELETE into the column")
        return None
    event.members["action"] = action
    if biz_step:
        event.cells["/action"] = event.shared["bizStep"]
    return action
