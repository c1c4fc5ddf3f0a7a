"""What must hold within an event beyond the types of its members.

Sources: EPCIS 2.0 sections 7.3 and 7.4 (event types, what may be left out when), CBV 2.0 sections 7 and 8 (vocabulary,
identifiers), EPCIS conformance requirements TCR-53 step 29 and TCR-54 steps 3 and 4. The rules read the event as it was
sent, and pass over members of a wrong type, so that one pass finds every fault.
"""

import re
from collections.abc import Iterator
from typing import Any

from service.epcis import vocabulary
from service.epcis.contexts import Prefixes, expanded
from service.epcis.faults import Fault
from service.epcis.identifiers import InvalidIdentifier, Kind, is_uri, resolved
from service.epcis.shapes import check_name
from service.epcis.vocabulary import UnknownWord, Vocabulary

Members = dict[str, Any]

_EPC_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITY_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_IDENTIFIERS = ("parentID", "transformationID")
_SENSOR_IDENTIFIERS = (
    "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules", "microorganism", "chemicalSubstance",
    "coordinateReferenceSystem", "uriValue",
)  # fmt: skip
_NOT_IN_BOTH = ("dataProcessingMethod", "deviceID", "deviceMetadata", "rawData", "time")
_WORDS: dict[str, Vocabulary] = {"bizStep": vocabulary.BIZ_STEPS, "disposition": vocabulary.DISPOSITIONS}
_CLASSES = (Kind.CLASS, Kind.LOT)
_THINGS = (Kind.ITEM, Kind.LOGISTIC_UNIT, Kind.ASSET)
_UOM = re.compile(r"[A-Z0-9]{2,3}")
_HEX = re.compile(r"[0-9A-Fa-f]+")


class Judge:
    """Collects the faults of one event; `pointer` and `prefixes` are the event's.

    `lenient`: any word will do, a quantity may be of a single thing, and sensor attributes may be in both metadata and
    report.
    """

    def __init__(self, pointer: str, prefixes: Prefixes, faults: list[Fault], lenient: bool = False) -> None:
        self.pointer = pointer
        self.prefixes = prefixes
        self.faults = faults
        self.lenient = lenient

    def fault(self, place: str, rule: str, message: str) -> None:
        self.faults.append(Fault(self.pointer + place, rule, message))

    def judge(self, event: Members) -> None:
        """All rules, over one event as it was sent."""
        self._common(event)
        for name in _EPC_LISTS:
            if name in event:
                self._epcs(event[name], name)
        for name in _QUANTITY_LISTS:
            for index, element in enumerate(_objects(event.get(name))):
                self._quantity(element, f"/{name}/{index}")
        for name in ("bizTransactionList", "sourceList", "destinationList"):
            if name in event:
                self._parties(event[name], name)
        for index, element in enumerate(_objects(event.get("sensorElementList"))):
            self._sensor(element, f"/sensorElementList/{index}")
        self._needs(event)

    # Members of all types

    def _common(self, event: Members) -> None:
        for name in ("eventID", "certificationInfo"):
            if name in event:
                self._uris(event[name], f"/{name}")
        for name in _IDENTIFIERS:
            self._identifier(event.get(name), f"/{name}")
        for name in ("readPoint", "bizLocation"):
            if type(place := event.get(name)) is dict:
                self._identifier(place.get("id"), f"/{name}/id")
        for name, words in _WORDS.items():
            self._word(words, event.get(name), f"/{name}")
        if type(persistent := event.get("persistentDisposition")) is dict:
            self._persistent(persistent)
        if type(declaration := event.get("errorDeclaration")) is dict:
            self._word(vocabulary.ERROR_REASONS, declaration.get("reason"), "/errorDeclaration/reason")
            self._uris(declaration.get("correctiveEventIDs"), "/errorDeclaration/correctiveEventIDs")
        self._ilmd(event.get("ilmd"))

    def _ilmd(self, ilmd: Any) -> None:
        for name in ilmd if type(ilmd) is dict else ():
            check_name(name, self.pointer + "/ilmd", self.prefixes, self.faults)

    def _persistent(self, persistent: Members) -> None:
        if "set" not in persistent and "unset" not in persistent:
            self.fault("/persistentDisposition", "missing", "persistentDisposition must set or unset something")
        for name in ("set", "unset"):
            if persistent.get(name) == []:
                self.fault(f"/persistentDisposition/{name}", "missing", f"{name!r} is empty; leave it out instead")
            for index, text in _texts(persistent.get(name)):
                self._word(vocabulary.DISPOSITIONS, text, f"/persistentDisposition/{name}/{index}")

    # Kinds of values

    def _uris(self, value: Any, place: str) -> None:
        if type(value) is str:
            if not is_uri(value):
                self.fault(place, "identifier", f"{value[:80]!r} is not a URI (RFC 3986)")
            return
        for index, text in _texts(value):
            self._uris(text, f"{place}/{index}")

    def _identifier(self, text: Any, place: str) -> Kind | None:
        if type(text) is not str:
            return None
        try:
            return resolved(expanded(text, self.prefixes))[1]
        except InvalidIdentifier as error:
            self.fault(place, "identifier", str(error))
            return None

    def _word(self, words: Vocabulary, text: Any, place: str) -> None:
        if self.lenient or type(text) is not str or words.word(text) is not None:
            return
        full = expanded(text, self.prefixes)
        try:
            words.uri(full)
        except UnknownWord as error:
            self.fault(place, "vocabulary", str(error))
            return
        if not is_uri(full):
            self.fault(place, "vocabulary", f"{text[:80]!r} is neither a word of CBV 2.0 nor a URI")

    # Lists

    def _epcs(self, epcs: Any, name: str) -> None:
        seen: set[str] = set()
        for index, text in _texts(epcs):
            if text in seen:
                message = f"{text!r} is in {name} already; list each thing once"
                self.fault(f"/{name}/{index}", "duplicate-item", message)
            seen.add(text)
            try:
                kind = resolved(expanded(text, self.prefixes))[1]
            except InvalidIdentifier as error:
                self.fault(f"/{name}/{index}", "identifier", str(error))
                continue
            if kind in _CLASSES:
                message = f"{text!r} names a class or a lot, not one thing; put it into a quantity list"
                self.fault(f"/{name}/{index}", "class-level", message)

    def _quantity(self, element: Members, place: str) -> None:
        kind = self._identifier(element.get("epcClass"), f"{place}/epcClass")
        if kind in _THINGS and not self.lenient:
            message = f"{element['epcClass']!r} names one thing, not a class or a lot; put it into a list of EPCs"
            self.fault(f"{place}/epcClass", "instance-level", message)
        quantity, uom = element.get("quantity"), element.get("uom")
        if isinstance(quantity, int | float) and quantity < 0:
            self.fault(f"{place}/quantity", "value", "a quantity cannot be negative")
        if type(uom) is str:
            if not _UOM.fullmatch(uom):
                self.fault(
                    f"{place}/uom", "value", f"{uom[:20]!r} is no UN/CEFACT Recommendation 20 unit code, like KGM"
                )
            if quantity is None:
                self.fault(f"{place}/uom", "value", "a unit needs a quantity; add one or leave the unit out")

    def _parties(self, entries: Any, name: str) -> None:
        member = name.removesuffix("List")
        words = vocabulary.BIZ_TRANSACTION_TYPES if member == "bizTransaction" else vocabulary.SOURCE_DEST_TYPES
        for index, entry in enumerate(_objects(entries)):
            self._word(words, entry.get("type"), f"/{name}/{index}/type")
            self._identifier(entry.get(member), f"/{name}/{index}/{member}")

    def _sensor(self, element: Members, place: str) -> None:
        metadata = element.get("sensorMetadata")
        metadata = metadata if type(metadata) is dict else {}
        self._sensor_uris(metadata, f"{place}/sensorMetadata")
        if element.get("sensorReport") == []:
            self.fault(f"{place}/sensorReport", "missing", "a sensor element needs at least one report")
        shared = [] if self.lenient else [name for name in _NOT_IN_BOTH if name in metadata]
        for index, report in enumerate(_objects(element.get("sensorReport"))):
            spot = f"{place}/sensorReport/{index}"
            self._sensor_uris(report, spot)
            self._report(report, spot)
            for name in shared:
                if name in report:
                    message = f"{name} is in sensorMetadata too (TCR-53 step 29); give it in one of the two"
                    self.fault(f"{spot}/{name}", "sensor-attribute-twice", message)

    def _sensor_uris(self, members: Members, place: str) -> None:
        for name in members.keys() & _SENSOR_IDENTIFIERS:
            self._identifier(members[name], f"{place}/{name}")

    def _report(self, report: Members, place: str) -> None:
        if "type" not in report and "exception" not in report:
            self.fault(place, "missing", "a sensor report needs a type, or else an exception; add one")
        self._word(vocabulary.MEASUREMENTS, report.get("type"), f"{place}/type")
        self._word(vocabulary.SENSOR_ALERTS, report.get("exception"), f"{place}/exception")
        self._word(vocabulary.COMPONENTS, report.get("component"), f"{place}/component")
        digits = report.get("hexBinaryValue")
        if type(digits) is str and not _HEX.fullmatch(digits):
            self.fault(f"{place}/hexBinaryValue", "value", "hexBinaryValue must be hexadecimal digits")

    # What each type needs

    def _needs(self, event: Members) -> None:
        type_, action = event.get("type"), event.get("action")
        if type_ == "ObjectEvent":
            self._object_needs(event, action)
        elif type_ == "TransformationEvent":
            self._transformation_needs(event)
        elif type_ == "TransactionEvent":
            if event.get("bizTransactionList") == []:
                self.fault(
                    "/bizTransactionList", "missing", "a TransactionEvent needs at least one business transaction"
                )
            if action != "DELETE" and not event.get("epcList") and not event.get("quantityList"):
                self.fault("", "missing", "a TransactionEvent needs an epcList or quantityList that is not empty")
        else:
            self._parent_needs(event, action)

    def _object_needs(self, event: Members, action: Any) -> None:
        # EPCIS 1.2 and XML always have an epcList: an empty one says as well as a read point that things are not meant.
        sensed = event.get("sensorElementList") and (event.get("readPoint") or "epcList" in event)
        if not event.get("epcList") and not event.get("quantityList") and not sensed:
            message = (
                "an ObjectEvent needs an epcList or quantityList that is not empty, or sensor reports with a readPoint"
            )
            self.fault("", "missing", message)
        if "ilmd" in event and action in ("OBSERVE", "DELETE"):
            self.fault("/ilmd", "ilmd", "an ObjectEvent has ilmd with action ADD only")

    def _parent_needs(self, event: Members, action: Any) -> None:
        if "parentID" not in event and event.get("type") == "AggregationEvent" and action in ("ADD", "DELETE"):
            self.fault("", "missing", f"the member 'parentID' is missing; action {action} needs it")
        if action != "DELETE" and not event.get("childEPCs") and not event.get("childQuantityList"):
            self.fault("", "missing", "without action DELETE there must be childEPCs or childQuantityList, not empty")

    def _transformation_needs(self, event: Members) -> None:
        inputs = event.get("inputEPCList") or event.get("inputQuantityList")
        outputs = event.get("outputEPCList") or event.get("outputQuantityList")
        if "transformationID" in event:
            if not inputs and not outputs:
                self.fault("", "missing", "a TransformationEvent needs inputs or outputs")
        elif not inputs or not outputs:
            self.fault("", "missing", "a TransformationEvent without transformationID needs both inputs and outputs")


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    if type(value) is list:
        for index, item in enumerate(value):
            if type(item) is str:
                yield index, item


def _objects(value: Any) -> list[Members]:
    if type(value) is not list:
        return []
    return [item if type(item) is dict else {} for item in value]
