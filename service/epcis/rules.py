"""What must hold within an event beyond the types of its members.

Sources: EPCIS 2.0 sections 7.3 and 7.4 (event types, what may be left out when), CBV 2.0 sections 7 and 8 (vocabulary,
identifiers), EPCIS conformance requirements TCR-53 step 29 and TCR-54 steps 3 and 4. The rules read the event as it was
sent, and pass over members of a wrong type, so that one pass finds every fault.
"""

import re
from collections.abc import Iterator
from typing import Any

from service.epcis import vocabulary
from service.epcis.advice.identifiers import Use, identifier
from service.epcis.advice.members import instance_member
from service.epcis.advice.units import unit
from service.epcis.advice.words import word
from service.epcis.contexts import Prefixes, expanded
from service.epcis.faults import MAX_FAULTS, Fault
from service.epcis.identifiers import InvalidIdentifier, Kind, is_uri, resolved
from service.epcis.needs import needs
from service.epcis.shapes import check_name
from service.epcis.vocabulary import UnknownWord, Vocabulary

Members = dict[str, Any]

_EPC_LISTS = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITY_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_IDENTIFIERS: tuple[tuple[str, Use], ...] = (("parentID", "thing"), ("transformationID", "transformation"))
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

    `lenient`: any word will do, and any unit of a sensor report; a quantity may be of a single thing, and sensor
    attributes may be in both metadata and report.
    """

    def __init__(self, pointer: str, prefixes: Prefixes, faults: list[Fault], lenient: bool = False) -> None:
        self.pointer = pointer
        self.prefixes = prefixes
        self.faults = faults
        self.lenient = lenient

    def fault(self, place: str, rule: str, message: str) -> None:
        self.faults.append(Fault(self.pointer + place, rule, message))

    def _are_too_many(self) -> bool:
        """Whether no more faults of the event are told, so that nothing need be looked up for one."""
        return len(self.faults) >= MAX_FAULTS

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
        for place, rule, message in needs(event):
            self.fault(place, rule, message)

    # Members of all types

    def _common(self, event: Members) -> None:
        for name in ("eventID", "certificationInfo"):
            if name in event:
                self._uris(event[name], f"/{name}")
        for name, use in _IDENTIFIERS:
            self._identifier(event.get(name), f"/{name}", use)
        for name in ("readPoint", "bizLocation"):
            if type(place := event.get(name)) is dict:
                self._identifier(place.get("id"), f"/{name}/id", "place")
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
            check_name(name, self.pointer + "/ilmd", self.prefixes, self.faults, instance_member)

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
                advice = None if place == "/certificationInfo" or self._are_too_many() else identifier(value, "id")
                hint = "" if advice is None else f"; {advice}"
                self.fault(place, "identifier", f"{value[:80]!r} is not a URI (RFC 3986){hint}")
            return
        for index, text in _texts(value):
            self._uris(text, f"{place}/{index}")

    def _identifier(self, text: Any, place: str, use: Use = "") -> Kind | None:
        if type(text) is not str:
            return None
        try:
            return resolved(expanded(text, self.prefixes))[1]
        except InvalidIdentifier as error:
            self._not_identifying(text, place, use, error)
            return None

    def _not_identifying(self, text: str, place: str, use: Use, error: InvalidIdentifier) -> None:
        advice = None if is_uri(text) or self._are_too_many() else identifier(text, use)
        message = str(error) if advice is None else f"{text[:80]!r} is not a URI (RFC 3986); {advice}"
        self.fault(place, "identifier", message)

    def _word(self, words: Vocabulary, text: Any, place: str) -> None:
        if self.lenient or type(text) is not str or words.word(text) is not None:
            return
        full = expanded(text, self.prefixes)
        try:
            words.uri(full)
        except UnknownWord as error:
            meant = None if self._are_too_many() else word(words, full)
            message = (
                str(error) if meant is None else f"{text[:80]!r} is no {words.name} of CBV 2.0; is {meant!r} meant?"
            )
            self.fault(place, "vocabulary", message)
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
                self._not_identifying(text, f"/{name}/{index}", "thing", error)
                continue
            if kind in _CLASSES:
                message = f"{text!r} names a class or a lot, not one thing; put it into a quantity list"
                self.fault(f"/{name}/{index}", "class-level", message)

    def _quantity(self, element: Members, place: str) -> None:
        kind = self._identifier(element.get("epcClass"), f"{place}/epcClass", "class")
        if kind in _THINGS and not self.lenient:
            message = f"{element['epcClass']!r} names one thing, not a class or a lot; put it into a list of EPCs"
            self.fault(f"{place}/epcClass", "instance-level", message)
        quantity, uom = element.get("quantity"), element.get("uom")
        if isinstance(quantity, int | float) and quantity < 0:
            self.fault(f"{place}/quantity", "value", "a quantity cannot be negative")
        if type(uom) is str:
            self._unit(uom, f"{place}/uom")
            if quantity is None:
                self.fault(f"{place}/uom", "value", "a unit needs a quantity; add one or leave the unit out")

    def _unit(self, uom: str, place: str) -> None:
        if not _UOM.fullmatch(uom):
            code = unit(uom)
            hint = "" if code is None else f"; write {code}"
            message = f"{uom[:20]!r} is no unit code of UN/CEFACT Recommendation 20, like KGM{hint}"
            self.fault(place, "value", message)

    def _parties(self, entries: Any, name: str) -> None:
        member = name.removesuffix("List")
        words = vocabulary.BIZ_TRANSACTION_TYPES if member == "bizTransaction" else vocabulary.SOURCE_DEST_TYPES
        for index, entry in enumerate(_objects(entries)):
            self._word(words, entry.get("type"), f"/{name}/{index}/type")
            use: Use = "transaction" if member == "bizTransaction" else "party"
            if use == "party" and words.word(str(entry.get("type"))) == "location":
                use = "place"
            self._identifier(entry.get(member), f"/{name}/{index}/{member}", use)

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
        uom = report.get("uom")
        if type(uom) is str and not self.lenient:
            self._unit(uom, f"{place}/uom")
        digits = report.get("hexBinaryValue")
        if type(digits) is str and not _HEX.fullmatch(digits):
            self.fault(f"{place}/hexBinaryValue", "value", "hexBinaryValue must be hexadecimal digits")


def _texts(value: Any) -> Iterator[tuple[int, str]]:
    if type(value) is list:
        for index, item in enumerate(value):
            if type(item) is str:
                yield index, item


def _objects(value: Any) -> list[Members]:
    if type(value) is not list:
        return []
    return [item if type(item) is dict else {} for item in value]
