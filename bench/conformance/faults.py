"""What can be wrong with a document, and what the problem must name."""

import json
from collections.abc import Mapping
from typing import Any

from bench.conformance import examples, xmlform
from bench.conformance.examples import sgln, sgtin

LINK_OF_WRONG_DIGIT = "https://id.gs1.org/01/09521321000019/21/1"


def faults() -> list[tuple[str, Mapping[str, Any], tuple[str, ...]]]:
    """What is wrong with an event: members that differ (None: left out), and what the problem must name."""
    sensor = {"type": "Temperature", "value": 1, "uom": "CEL"}
    return [
        ("no eventTime", {"eventTime": None}, ("eventTime",)),
        ("an eventTime without offset", {"eventTime": "2026-03-01T10:00:00.000"}, ("eventTime",)),
        ("an eventTime that is none", {"eventTime": "yesterday"}, ("eventTime",)),
        ("no eventTimeZoneOffset", {"eventTimeZoneOffset": None}, ("eventTimeZoneOffset",)),
        ("an eventTimeZoneOffset that is none", {"eventTimeZoneOffset": "Z"}, ("eventTimeZoneOffset",)),
        ("no type", {"type": None}, ("type",)),
        ("an unknown type", {"type": "ThingEvent"}, ("type",)),
        ("no action", {"action": None}, ("action",)),
        ("an unknown action", {"action": "MOVE"}, ("action",)),
        ("nothing that it is about", {"epcList": []}, ("eventList/0",)),
        ("an EPC that is no URI", {"epcList": ["12345"]}, ("epcList/0",)),
        ("an EPC URN of wrong length", {"epcList": ["urn:epc:id:sgtin:9521321.1.1"]}, ("epcList/0",)),
        ("an EPC URN of an unknown scheme", {"epcList": ["urn:epc:id:sgtinx:9521321.000001.1"]}, ("epcList/0",)),
        ("a Digital Link with a wrong check digit", {"epcList": [LINK_OF_WRONG_DIGIT]}, ("epcList/0",)),
        (
            "a read point link with a wrong check digit",
            {"readPoint": {"id": "https://id.gs1.org/414/9521321000011"}},
            ("readPoint",),
        ),
        ("a read point without id", {"readPoint": {}}, ("readPoint",)),
        ("a bizStep that the CBV does not have", {"bizStep": "teleporting"}, ("bizStep",)),
        ("a disposition that the CBV does not have", {"disposition": "haunted"}, ("disposition",)),
        ("a member that EPCIS does not have", {"colour": "red"}, ("colour",)),
        ("an extension with an undeclared prefix", {"nowhere:colour": "red"}, ("nowhere:colour",)),
        (
            "a quantity that is no number",
            {"quantityList": [{"epcClass": "urn:epc:class:lgtin:9521321.000001.L", "quantity": "many"}]},
            ("quantity",),
        ),
        (
            "a unit that is no unit code",
            {"quantityList": [{"epcClass": "urn:epc:class:lgtin:9521321.000001.L", "quantity": 1, "uom": "kilo"}]},
            ("uom",),
        ),
        ("a lot in epcList", {"epcList": ["urn:epc:class:lgtin:9521321.000001.L"]}, ("epcList/0",)),
        ("an item in quantityList", {"quantityList": [{"epcClass": sgtin("x"), "quantity": 1}]}, ("quantityList/0",)),
        (
            "a sensor element without report",
            {"sensorElementList": [{"sensorMetadata": {"bizRules": "https://example.com/r"}}]},
            ("sensorElementList/0",),
        ),
        (
            "a measurement type that there is not",
            {"sensorElementList": [{"sensorReport": [{**sensor, "type": "Mood"}]}]},
            ("sensorReport/0/type",),
        ),
        (
            "a hexBinaryValue that is none",
            {"sensorElementList": [{"sensorReport": [{"type": "Dimensionless", "hexBinaryValue": "XYZ"}]}]},
            ("hexBinaryValue",),
        ),
        ("a persistentDisposition that says nothing", {"persistentDisposition": {}}, ("persistentDisposition",)),
        (
            "an error declaration without time",
            {"errorDeclaration": {"reason": "incorrect_data"}},
            ("errorDeclaration",),
        ),
        (
            "an error reason that there is not",
            {"errorDeclaration": {"declarationTime": "2026-03-02T00:00:00Z", "reason": "bad_mood"}},
            ("reason",),
        ),
        ("an event id that is no URI", {"eventID": "42"}, ("eventID",)),
        (
            "a business transaction that is no URI",
            {"bizTransactionList": [{"type": "po", "bizTransaction": "12 34"}]},
            ("bizTransactionList/0",),
        ),
        ("a source without type", {"sourceList": [{"source": sgln(1)}]}, ("sourceList/0",)),
        ("ilmd on a thing that is only observed", {"action": "OBSERVE", "ilmd": {"example:lot": "1"}}, ("ilmd",)),
    ]


def documents() -> list[tuple[str, bytes, tuple[str, ...]]]:
    """What is wrong with a JSON document as a whole."""
    whole = examples.document([examples.object_event()])
    twice = examples.object_event()
    return [
        ("no JSON at all", b"<epcis/>", ()),
        ("cut off", json.dumps(whole).encode()[:-3], ()),
        ("not UTF-8", json.dumps(whole).encode()[:-1] + b"\xff}", ()),
        ("no epcisBody", json.dumps({**whole, "epcisBody": None}).encode(), ("epcisBody",)),
        ("no type", json.dumps({name: value for name, value in whole.items() if name != "type"}).encode(), ("type",)),
        (
            "no @context",
            json.dumps({name: value for name, value in whole.items() if name != "@context"}).encode(),
            ("@context",),
        ),
        (
            "no schemaVersion",
            json.dumps({name: value for name, value in whole.items() if name != "schemaVersion"}).encode(),
            ("schemaVersion",),
        ),
        (
            "no creationDate",
            json.dumps({name: value for name, value in whole.items() if name != "creationDate"}).encode(),
            ("creationDate",),
        ),
        (
            "one event id twice",
            examples.encoded([twice, {**twice, "eventTime": "2026-03-01T10:30:00Z"}]),
            ("eventList/1",),
        ),
        (
            "a number that no decimal holds",
            json.dumps(whole).encode().replace(b'"OBSERVE"', b'"OBSERVE", "example:x": NaN'),
            (),
        ),
    ]


def xml_documents() -> list[tuple[str, bytes, tuple[str, ...]]]:
    """What is wrong with an XML document."""
    good = xmlform.document([examples.object_event(readPoint={"id": sgln(1)})], {})

    def doctype(inner: bytes, text: bytes = b"OBSERVE") -> bytes:
        head, _, tail = good.partition(b"?>\n")
        return head + b"?>\n<!DOCTYPE x [" + inner + b"]>" + tail.replace(b"OBSERVE", text)

    laughs = b'<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    return [
        ("not well-formed", good[:-5], ()),
        ("an internal entity", doctype(b'<!ENTITY e "OBSERVE">', b"&e;"), ()),
        ("an external entity", doctype(b'<!ENTITY e SYSTEM "file:///etc/hostname">', b"&e;"), ()),
        ("entities within entities", doctype(laughs, b"&b;"), ()),
        ("an external DTD", good.replace(b"?>\n", b'?>\n<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">\n'), ()),
        ("another root", b"<html/>", ()),
        ("no EPCISBody", good.replace(b"EPCISBody", b"EPCISCorpse"), ("EPCIS",)),
        (
            "no eventTime",
            good.replace(b"<eventTime>2026-03-01T10:00:00.000Z</eventTime>", b""),
            ("ObjectEvent", "eventTime"),
        ),
        ("an unknown action", good.replace(b"OBSERVE", b"MOVE"), ("action",)),
        (
            "an element that EPCIS does not have",
            good.replace(b"<action>", b"<colour>red</colour><action>"),
            ("colour",),
        ),
        ("an unbound prefix", good.replace(b"<action>", b"<nowhere:colour>red</nowhere:colour><action>"), ()),
        (
            "a wrong check digit",
            good.replace(b"<epc>", b"<epc>" + LINK_OF_WRONG_DIGIT.encode() + b"</epc><epc>"),
            ("epc",),
        ),
        ("an attribute twice", good.replace(b'schemaVersion="2.0"', b'schemaVersion="2.0" schemaVersion="2.0"'), ()),
        (
            "a CBV value that there is not",
            good.replace(b"<readPoint>", b"<bizStep>urn:epcglobal:cbv:bizstep:teleporting</bizStep><readPoint>"),
            ("bizStep",),
        ),
    ]
