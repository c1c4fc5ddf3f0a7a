"""Which member of an element somebody may have meant, whose name the standard does not have there."""

from functools import lru_cache

from service.epcis.likeness import Spellings

_CHILDREN = {"epcList": "childEPCs", "quantityList": "childQuantityList", "children": "childEPCs"}
_THINGS = {"childEPCs": "epcList", "childQuantityList": "quantityList", "inputEPCList": "epcList",
           "outputEPCList": "epcList", "inputQuantityList": "quantityList", "outputQuantityList": "quantityList",
           "epcs": "epcList", "epc": "epcList"}  # fmt: skip
_EVENT = {
    "timestamp": "eventTime", "time": "eventTime", "date": "eventTime", "timeZoneOffset": "eventTimeZoneOffset",
    "timezone": "eventTimeZoneOffset", "id": "eventID", "location": "bizLocation", "status": "disposition",
}  # fmt: skip
_CALLED: dict[str, dict[str, str]] = {
    "ObjectEvent": {**_EVENT, **_THINGS},
    "TransactionEvent": {**_EVENT, **_THINGS},
    "AggregationEvent": {**_EVENT, **_CHILDREN},
    "AssociationEvent": {**_EVENT, **_CHILDREN},
    "TransformationEvent": _EVENT,
    "QuantityElement": {"qty": "quantity", "unit": "uom", "unitOfMeasure": "uom", "epc": "epcClass", "gtin": "epcClass",
                        "amount": "quantity", "id": "epcClass", "class": "epcClass"},
    "Source": {"destination": "source", "id": "source", "value": "source"},
    "Destination": {"source": "destination", "id": "destination", "value": "destination"},
    "BizTransaction": {"id": "bizTransaction", "value": "bizTransaction", "btt": "type"},
    "Place": {"gln": "id", "sgln": "id", "@id": "id"},
    "SensorReport": {"unit": "uom", "unitOfMeasure": "uom", "measurement": "value", "timestamp": "time"},
    "SensorElement": {"sensorReports": "sensorReport", "reports": "sensorReport", "metadata": "sensorMetadata"},
    "EPCISBody": {"events": "eventList", "event": "eventList"},
}  # fmt: skip
"""What people call members of an element whose spelling is not alike."""
_SAID = {
    ("TransformationEvent", "action"): "a TransformationEvent has no action; leave it out",
    ("TransformationEvent", "epcList"): "put what goes in into 'inputEPCList', what comes out into 'outputEPCList'",
    ("TransformationEvent", "quantityList"): (
        "put what goes in into 'inputQuantityList', what comes out into 'outputQuantityList'"
    ),
    **dict.fromkeys(
        (("AggregationEvent", "ilmd"), ("AssociationEvent", "ilmd"), ("TransactionEvent", "ilmd")),
        "ilmd is told when things come to be: in an ObjectEvent with action ADD, or in a TransformationEvent",
    ),
    ("ObjectEvent", "parentID"): "an ObjectEvent has no parentID; an AggregationEvent says what things are in",
    **dict.fromkeys(
        (("SensorElement", name) for name in ("deviceID", "time", "deviceMetadata", "rawData")),
        "put it into 'sensorMetadata', or into each 'sensorReport'",
    ),
    **dict.fromkeys(
        (("SensorElement", name) for name in ("type", "value", "uom")), "put it into an object of 'sensorReport'"
    ),
}
_MASTER_DATA = {
    "lot": "lotNumber", "batch": "lotNumber", "batchNumber": "lotNumber", "expiryDate": "itemExpirationDate",
    "expirationDate": "itemExpirationDate", "bestBefore": "bestBeforeDate", "sellBy": "sellByDate",
    "origin": "countryOfOrigin",
    **{name: name for name in (
        "lotNumber", "itemExpirationDate", "bestBeforeDate", "sellByDate", "countryOfOrigin", "countryOfExport",
        "grossWeight", "netWeight", "drainedWeight",
    )},
}  # fmt: skip
"""Names in ilmd that the CBV has (section 9), and what people call them."""


def member(element: str, name: str, known: frozenset[str]) -> str | None:
    """What to do with the member `name` that elements of the type `element` do not have; they have those `known`."""
    said = _SAID.get((element, name))
    if said is not None:
        return said
    meant = _CALLED.get(element, {}).get(name) or _nearest(name[:100], known)
    return None if meant is None else f"is {meant!r} meant?"


def event_type(name: str, known: tuple[str, ...]) -> str | None:
    """What to do with a `type` of an event or document that is none of those `known`."""
    if name == "QuantityEvent":
        return "send an ObjectEvent with action OBSERVE, and its class and quantity as the one item of a quantityList"
    last = name[:100].replace("#", "/").replace(":", "/").rpartition("/")[2]
    if last in known:
        return f"write {last!r}"
    meant = None if last != name else _nearest(last, frozenset(known))
    return None if meant is None else f"is {meant!r} meant?"


def instance_member(name: str) -> str | None:
    """What to do with the member `name` of ilmd, which has no prefix."""
    meant = _MASTER_DATA.get(name) or _nearest(name[:100], frozenset(_MASTER_DATA))
    return None if meant is None else f"write 'cbvmda:{_MASTER_DATA.get(meant, meant)}'"


@lru_cache(maxsize=1 << 12)
def _nearest(name: str, known: frozenset[str]) -> str | None:
    folded = name.replace("_", "").replace("-", "").casefold()
    return _spellings(known).nearest(folded)


@lru_cache(maxsize=64)
def _spellings(known: frozenset[str]) -> Spellings:
    return Spellings({name.casefold(): name for name in known if not name.startswith("@")})
