"""What refusals tell the sender to write instead: one fault each, by its place, rule and message."""

import gzip
import io
import json
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.epcis.advice.formats import format_of
from service.epcis.advice.identifiers import Use, identifier
from service.epcis.advice.members import instance_member, member
from service.epcis.advice.moments import time
from service.epcis.advice.units import unit
from service.epcis.advice.words import word
from service.epcis.documents import parse
from service.epcis.faults import Fault, InvalidDocument
from service.epcis.identifiers import canonical
from service.epcis.query.units import UNITS
from service.epcis.vocabulary import BIZ_STEPS, MEASUREMENTS
from tests.epcis.examples import (
    AGGREGATION_EVENT,
    ASSOCIATION_EVENT,
    OBJECT_EVENT,
    TRANSACTION_EVENT,
    TRANSFORMATION_EVENT,
    document,
    encoded,
    varied,
)


def fault(value: Any, *, lenient: bool = False) -> Fault:
    """The one fault of a document or text."""
    with pytest.raises(InvalidDocument) as refusal:
        parse(value if isinstance(value, bytes) else encoded(value), lenient=lenient)
    (found,) = refusal.value.faults
    return found


def sensed(**report: Any) -> list[dict[str, Any]]:
    return [{"sensorReport": [{"type": "Temperature", "value": 4.5, **report}]}]


# Words


@pytest.mark.parametrize(
    ("changes", "meant"),
    [
        ({"bizStep": "Shipping"}, "shipping"),
        ({"bizStep": "shiping"}, "shipping"),
        ({"bizStep": "cycle counting"}, "cycle_counting"),
        ({"bizStep": "urn:epcglobal:cbv:bizstep:shiping"}, "shipping"),
        ({"bizStep": "https://ref.gs1.org/cbv/BizStep-Shipping"}, "shipping"),
        ({"bizStep": "https://ns.gs1.org/cbv/BizStep-shipping"}, "shipping"),
        ({"disposition": "in-transit"}, "in_transit"),
        ({"persistentDisposition": {"set": ["In_Transit"]}}, "in_transit"),
        ({"bizTransactionList": [{"type": "purchase_order", "bizTransaction": "urn:x:1"}]}, "po"),
        ({"bizTransactionList": [{"type": "Invoice", "bizTransaction": "urn:x:1"}]}, "inv"),
        ({"sourceList": [{"type": "owner", "source": "urn:x:1"}]}, "owning_party"),
        ({"destinationList": [{"type": "possessingParty", "destination": "urn:x:1"}]}, "possessing_party"),
        ({"sensorElementList": sensed(type="temperature")}, "Temperature"),
        ({"sensorElementList": sensed(type="gs1:relative_humidity")}, "RelativeHumidity"),
        ({"sensorElementList": sensed(exception="alarm")}, "ALARM_CONDITION"),
    ],
)
def test_the_nearest_word_of_the_vocabulary_is_named(changes: dict[str, Any], meant: str) -> None:
    found = fault(varied(OBJECT_EVENT, **changes))
    assert found.rule == "vocabulary"
    assert found.message.endswith(f"of CBV 2.0; is {meant!r} meant?")


def test_where_no_word_is_near_it_is_said_what_may_stand_there() -> None:
    assert fault(varied(OBJECT_EVENT, bizStep="xyzzy")).message == (
        "'xyzzy' is no bizStep of CBV 2.0; use one of its words or a URI of your own"
    )


@given(st.text(max_size=300))
def test_any_word_is_answered_with_one_of_the_vocabulary_or_none(text: str) -> None:
    for vocabulary in (BIZ_STEPS, MEASUREMENTS):
        found = word(vocabulary, text)
        assert found is None or found in vocabulary.words


# Identifiers


GTIN, SSCC, GLN = "9521001000017", "095210010000000017", "9521001000017"
A_CLASS = "a GTIN names a class of things"
GTIN_LINK = f"https://id.gs1.org/01/0{GTIN}"


@pytest.mark.parametrize(
    ("changes", "place", "told"),
    [
        (
            {"epcList": [GTIN]},
            "/epcList/0",
            f"{A_CLASS}; write {GTIN_LINK}/21/<serial number>, or put {GTIN_LINK} into a quantity list",
        ),
        ({"epcList": [SSCC]}, "/epcList/0", f"write https://id.gs1.org/00/{SSCC}"),
        ({"epcList": [f"(00){SSCC}"]}, "/epcList/0", f"write https://id.gs1.org/00/{SSCC}"),
        ({"epcList": [f"00{SSCC}"]}, "/epcList/0", f"write https://id.gs1.org/00/{SSCC}"),
        (
            {"epcList": [f"(01)0{GTIN}(21)98"]}, "/epcList/0", f"write https://id.gs1.org/01/0{GTIN}/21/98",
        ),
        ({"epcList": [f"]d2010{GTIN}2198"]}, "/epcList/0", f"write https://id.gs1.org/01/0{GTIN}/21/98"),
        ({"epcList": [f"010{GTIN}2198"]}, "/epcList/0", f"write https://id.gs1.org/01/0{GTIN}/21/98"),
        (
            {"epcList": [f"(01)0{GTIN}(10)L1"]}, "/epcList/0",
            f"it names a class or a lot; put https://id.gs1.org/01/0{GTIN}/10/L1 into a quantity list",
        ),
        (
            {"epcList": [f"id.gs1.org/01/0{GTIN}/21/98"]}, "/epcList/0",
            f"write https://id.gs1.org/01/0{GTIN}/21/98",
        ),
        ({"epcList": [" urn:x:1 "]}, "/epcList/0", "take out the blanks around it: urn:x:1"),
        (
            {"quantityList": [{"epcClass": GTIN, "quantity": 1}]}, "/quantityList/0/epcClass",
            f"write https://id.gs1.org/01/0{GTIN}",
        ),
        ({"readPoint": {"id": GLN}}, "/readPoint/id", f"write https://id.gs1.org/414/{GLN}"),
        ({"readPoint": {"id": f"(414){GLN}(254)7"}}, "/readPoint/id", f"write https://id.gs1.org/414/{GLN}/254/7"),
        ({"bizLocation": {"id": GLN}}, "/bizLocation/id", f"write https://id.gs1.org/414/{GLN}"),
        (
            {"sourceList": [{"type": "owning_party", "source": GLN}]}, "/sourceList/0/source",
            f"write https://id.gs1.org/417/{GLN}",
        ),
        (
            {"destinationList": [{"type": "location", "destination": GLN}]}, "/destinationList/0/destination",
            f"write https://id.gs1.org/414/{GLN}",
        ),
        (
            {"bizTransactionList": [{"type": "po", "bizTransaction": "4711"}]}, "/bizTransactionList/0/bizTransaction",
            "write urn:epcglobal:cbv:bt:<your GLN>:4711",
        ),
        (
            {"bizTransactionList": [{"bizTransaction": "PO 4/7"}]}, "/bizTransactionList/0/bizTransaction",
            "write urn:epcglobal:cbv:bt:<your GLN>:PO%204%2F7",
        ),
        (
            {"eventID": "831C0292-4de1-430a-8255-2aca821abaab"}, "/eventID",
            "write urn:uuid:831c0292-4de1-430a-8255-2aca821abaab",
        ),
        (
            {"eventID": "event 7"}, "/eventID",
            "write a URI, such as urn:uuid: and a UUID, or leave it out: the event's hash is its id then",
        ),
    ],
)  # fmt: skip
def test_the_uri_to_write_is_told(changes: dict[str, Any], place: str, told: str) -> None:
    found = fault(varied(OBJECT_EVENT, **changes))
    assert (found.pointer, found.rule) == (place, "identifier")
    assert found.message.partition("(RFC 3986); ")[2] == told


def test_a_bare_sscc_as_parent_and_a_transformation_of_ones_own() -> None:
    assert fault(varied(AGGREGATION_EVENT, parentID=SSCC)).message.endswith(f"write https://id.gs1.org/00/{SSCC}")
    assert fault(varied(TRANSFORMATION_EVENT, transformationID="batch1")).message.endswith(
        "write urn:epcglobal:cbv:xform:<your GLN>:batch1"
    )


@pytest.mark.parametrize(
    ("text", "use"),
    [("9521001000018", "thing"), ("9521001000018", "place"), ("095210010000000016", "thing"),
     ("4012345.011111.1", "thing"),
     ("(01)09521001000018(21)98", "thing"), ("dock 7", "place"), ("12345", "thing"), ("id.gs1.org/x", "thing")],
)  # fmt: skip
def test_nothing_is_guessed_where_a_check_digit_does_not_hold(text: str, use: Use) -> None:
    assert identifier(text, use) is None


@given(st.text(max_size=60) | st.from_regex(r"[\](]?[0-9]{8,20}[)(]?[0-9A-Za-z./]{0,9}", fullmatch=True))
def test_any_text_is_answered_with_a_link_that_is_one_or_not_at_all(text: str) -> None:
    uses: tuple[Use, ...] = ("thing", "class", "place", "party", "")
    for use in uses:
        told = identifier(text, use)
        if told is not None and told.startswith("write https:"):
            link = told.removeprefix("write ")
            assert canonical(link) == link


# Forms


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"readPoint": "urn:epc:id:sgln:4012345.00011.0"},
            'must be an object; write {"id": "urn:epc:id:sgln:4012345.00011.0"}',
        ),
        ({"bizLocation": "Dock 7"}, 'must be an object; like {"id": "https://id.gs1.org/414/9521001000017"}'),
        ({"epcList": "urn:x:1"}, 'must be an array; write ["urn:x:1"]'),
        ({"epcList": 7}, 'must be an array; like ["urn:epc:id:sgtin:9521001.000001.1"]'),
        ({"quantityList": {"epcClass": "urn:x:1"}}, 'must be an array; write [{"epcClass": "urn:x:1"}]'),
        ({"eventTime": 1772359230}, 'must be text; a time with an offset, like "2026-03-01T10:00:30.000Z"'),
        ({"eventTime": 1772359230123}, 'must be text; a time with an offset, like "2026-03-01T10:00:30.123Z"'),
        ({"eventTime": 1e300}, 'must be text; a time with an offset, like "2026-03-01T12:30:00.000+01:00"'),
        ({"eventTimeZoneOffset": 1}, 'must be text; like "+01:00"'),
        ({"epcList": [7]}, 'must be text; write "7"'),
        ({"quantityList": [{"epcClass": "urn:x:1", "quantity": "5"}]}, "must be a number; write 5 without quotes"),
        (
            {"quantityList": [{"epcClass": "urn:x:1", "quantity": "five"}]},
            "must be a number; digits without quotes, like 4.5",
        ),
        (
            {"sensorElementList": sensed(booleanValue="TRUE")},
            "must be true or false; write true without quotes",
        ),
    ],
)
def test_the_right_form_is_told(changes: dict[str, Any], message: str) -> None:
    found = fault(varied(OBJECT_EVENT, **changes))
    assert (found.rule, found.message) == ("value", message)


def test_a_schema_version_that_is_a_number() -> None:
    found = fault(document(OBJECT_EVENT, schemaVersion=2.0))
    assert (found.pointer, found.message) == ("/schemaVersion", 'must be text; write "2.0"')


# Names of members


@pytest.mark.parametrize(
    ("event", "changes", "place", "told"),
    [
        (AGGREGATION_EVENT, {"epcList": ["urn:x:1"]}, "/epcList", "is 'childEPCs' meant?"),
        (ASSOCIATION_EVENT, {"quantityList": []}, "/quantityList", "is 'childQuantityList' meant?"),
        (OBJECT_EVENT, {"childEPCs": ["urn:x:1"]}, "/childEPCs", "is 'epcList' meant?"),
        (OBJECT_EVENT, {"eventtime": "2026-03-01T10:00:00Z"}, "/eventtime", "is 'eventTime' meant?"),
        (OBJECT_EVENT, {"biz_step": "shipping"}, "/biz_step", "is 'bizStep' meant?"),
        (OBJECT_EVENT, {"bizSteps": "shipping"}, "/bizSteps", "is 'bizStep' meant?"),
        (
            OBJECT_EVENT, {"quantityList": [{"epcClass": "urn:x:1", "qty": 5}]}, "/quantityList/0/qty",
            "is 'quantity' meant?",
        ),
        (
            OBJECT_EVENT, {"sensorElementList": sensed(unit="CEL")}, "/sensorElementList/0/sensorReport/0/unit",
            "is 'uom' meant?",
        ),
        (OBJECT_EVENT, {"readPoint": {"id": "urn:x:1", "gln": "7"}}, "/readPoint/gln", "is 'id' meant?"),
        (
            OBJECT_EVENT, {"action": "ADD", "ilmd": {"lotNumber": "7"}}, "/ilmd/lotNumber",
            "write 'cbvmda:lotNumber'",
        ),
        (
            TRANSFORMATION_EVENT, {"ilmd": {"expiryDate": "2026-10-31"}}, "/ilmd/expiryDate",
            "write 'cbvmda:itemExpirationDate'",
        ),
        (
            TRANSFORMATION_EVENT, {"action": "ADD"}, "/action",
            "a TransformationEvent has no action; leave it out",
        ),
        (
            TRANSFORMATION_EVENT, {"epcList": ["urn:x:1"]}, "/epcList",
            "put what goes in into 'inputEPCList', what comes out into 'outputEPCList'",
        ),
        (
            AGGREGATION_EVENT, {"ilmd": {}}, "/ilmd",
            "ilmd is told when things come to be: in an ObjectEvent with action ADD, or in a TransformationEvent",
        ),
        (
            TRANSACTION_EVENT, {"surprise": 1}, "/surprise",
            "mend its name, or declare an extension prefix in @context",
        ),
    ],
)  # fmt: skip
def test_the_member_that_may_be_meant_is_named(
    event: dict[str, Any], changes: dict[str, Any], place: str, told: str
) -> None:
    found = fault(varied(event, **changes))
    assert (found.pointer, found.rule) == (place, "unknown-field")
    assert found.message == f"EPCIS 2.0 has no member {place.rpartition('/')[2]!r} here; {told}"


def test_a_source_in_a_destination_list() -> None:
    with pytest.raises(InvalidDocument) as refusal:
        parse(varied(OBJECT_EVENT, destinationList=[{"type": "owning_party", "source": "urn:x:1"}]))
    assert [(found.rule, found.message) for found in refusal.value.faults] == [
        ("missing", "the member 'destination' is missing; add it"),
        ("unknown-field", "EPCIS 2.0 has no member 'source' here; is 'destination' meant?"),
    ]


@given(st.text(max_size=200))
def test_any_name_is_answered(name: str) -> None:
    known = frozenset(("eventTime", "epcList", "@context"))
    assert member("ObjectEvent", name, known) != "is '@context' meant?"
    told = instance_member(name)
    assert told is None or told.startswith("write 'cbvmda:")


# Types


@pytest.mark.parametrize(
    ("type_", "told"),
    [
        (
            "QuantityEvent",
            "send an ObjectEvent with action OBSERVE, and its class and quantity as the one item of a quantityList",
        ),
        ("epcis:ObjectEvent", "write 'ObjectEvent'"),
        ("https://ref.gs1.org/epcis/ObjectEvent", "write 'ObjectEvent'"),
        ("objectevent", "is 'ObjectEvent' meant?"),
        ("AgregationEvent", "is 'AggregationEvent' meant?"),
    ],
)
def test_the_type_that_may_be_meant_is_named(type_: str, told: str) -> None:
    found = fault(document(varied(OBJECT_EVENT, type=type_)))
    assert (found.pointer, found.rule) == ("/epcisBody/eventList/0/type", "type")
    assert found.message == f"{type_!r} is no type of EPCIS 2.0; {told}"


# Times


NO_T = "a 'T' must stand between date and time, not ' '"
NO_OFFSET = "the offset from UTC is missing (Z, or one like +01:00)"
AN_OFFSET = " (write Z, or one like +01:00, at most 14:00)"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("2026-03-01 10:00:00Z", f"{NO_T}; write it like 2026-03-01T10:00:00Z"),
        (
            "2026-03-01T10:00:00",
            f"{NO_OFFSET}; write it like 2026-03-01T10:00:00+01:00",
        ),
        (
            "2026-03-01 10:00",
            f"{NO_T}, and the seconds are missing, and {NO_OFFSET}; write it like 2026-03-01T10:00:00+01:00",
        ),
        ("2026-03-01T10:00Z", "the seconds are missing; write it like 2026-03-01T10:00:00Z"),
        (
            "2026-03-01",
            "the time of day and the offset are missing; write it like 2026-03-01T12:30:00.000+01:00",
        ),
        (
            "2026-03-01T10:00:00+0100",
            f"'+0100' is no offset from UTC{AN_OFFSET}; write it like 2026-03-01T10:00:00+01:00",
        ),
        (
            "2026-03-01T10:00:00,5Z",
            "fractions of seconds come after a point, not a comma; write it like 2026-03-01T10:00:00.5Z",
        ),
        (" 2026-03-01T10:00:00Z", "there must be no blanks around it or in it; write it like 2026-03-01T10:00:00Z"),
        ("1 March 2026", "write it like 2026-03-01T12:30:00.000+01:00"),
    ],
)
def test_the_part_of_a_time_that_is_wrong_is_told(said: str, told: str) -> None:
    found = fault(varied(OBJECT_EVENT, eventTime=said))
    assert (found.pointer, found.rule) == ("/eventTime", "value")
    assert found.message == f"{said!r} is no time with an offset: {told}"


@given(st.text(alphabet="0123456789-:T Z+.,t", max_size=40) | st.text())
def test_any_time_is_answered(text: str) -> None:
    assert "write it like " in time(text)


# Formats


SAVED = "save the sheet as CSV (UTF-8) and send it with Content-Type: text/csv"


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'<?xml version="1.0"?><epcis:EPCISDocument/>', "XML; send it with Content-Type: application/xml"),
        (b"\xef\xbb\xbf\n<epcis:EPCISDocument/>", "XML; send it with Content-Type: application/xml"),
        (b"eventTime,action\n2026-03-01,ADD\n", "CSV; send it with Content-Type: text/csv"),
        (b'"Event time";"bizStep"\n', "CSV; send it with Content-Type: text/csv"),
        (
            zipped(),
            f"a workbook (.xlsx) or another ZIP archive; {SAVED}",
        ),
        (gzip.compress(encoded(OBJECT_EVENT)), "a compressed file; send it uncompressed"),
        (json.dumps(OBJECT_EVENT).encode("utf-16"), "text in UTF-16; send it in UTF-8"),
    ],
)
def test_what_was_sent_as_json_and_is_none_is_told(body: bytes, told: str) -> None:
    found = fault(body)
    assert found.rule in ("json", "encoding")
    assert found.message.endswith(f"; it looks like {told}")


@pytest.mark.parametrize("body", [b"", b"{", b'{"type": oops}', b"[1,2", b'"a', b'"a" "b"', b"nonsense", b"1,2\n"])
def test_broken_json_is_not_taken_for_another_format(body: bytes) -> None:
    assert "looks like" not in fault(body).message


@given(st.binary())
def test_any_body_is_looked_at(body: bytes) -> None:
    told = format_of(body)
    assert told is None or "send" in told


# Units


@pytest.mark.parametrize(
    ("uom", "code"),
    [("°C", "CEL"), ("C", "CEL"), ("K", "KEL"), ("%", "P1"), ("kg", "KGM"), ("Celsius", "CEL"), ("m/s", "MTS"),
     ("hPa", "A97"), ("Kilogram", "KGM")],
)  # fmt: skip
def test_the_code_of_a_unit_is_told_for_quantities_and_sensors_alike(uom: str, code: str) -> None:
    message = f"{uom!r} is no unit code of UN/CEFACT Recommendation 20, like KGM; write {code}"
    quantity = varied(OBJECT_EVENT, quantityList=[{"epcClass": "urn:x:1", "quantity": 1, "uom": uom}])
    assert fault(quantity) == Fault("/quantityList/0/uom", "value", message)
    report = varied(OBJECT_EVENT, sensorElementList=sensed(uom=uom))
    assert fault(report) == Fault("/sensorElementList/0/sensorReport/0/uom", "value", message)


def test_leniently_any_unit_of_a_sensor_is_taken() -> None:
    report = varied(OBJECT_EVENT, sensorElementList=sensed(uom="°C"))
    assert parse(report, lenient=True).events[0].source["sensorElementList"][0]["sensorReport"][0]["uom"] == "°C"
    assert "write" not in fault(varied(OBJECT_EVENT, sensorElementList=sensed(uom="furlongs per fortnight"))).message


@pytest.mark.parametrize(
    "sign", ["kg", "°C", "K", "%", "m", "l", "s", "hPa", "kWh", "ppm", "m/s²", "km/h", "psi", "mA"]
)
def test_every_code_that_is_told_is_one_that_queries_convert(sign: str) -> None:
    assert unit(sign) in UNITS
