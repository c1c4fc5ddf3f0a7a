"""What people type, what programs make of it, and what the refusal says."""

import pytest

from tests.epcis.spreadsheet.sheets import ACME, BUYER, DOCK, ITEM, PALLET, SEEN, event, events, fault, faults, table

GTIN = "09521001000017"
NOTHING = {"epc": ""}


@pytest.mark.parametrize(
    ("written", "time", "offset"),
    [
        ("2026-03-02T07:30:00+01:00", "2026-03-02T07:30:00+01:00", "+01:00"),
        ("2026-03-02T07:30:00.123Z", "2026-03-02T07:30:00.123Z", "+00:00"),
        ("2026-03-02 07:30 +0100", "2026-03-02T07:30:00+01:00", "+01:00"),
        ("2026.03.02 07:30 +01:00", "2026-03-02T07:30:00+01:00", "+01:00"),
        ("2026/3/2 7:30 UTC-5", "2026-03-02T07:30:00-05:00", "-05:00"),
        ("2026-03-02 07:30:05,5 GMT", "2026-03-02T07:30:05.5+00:00", "+00:00"),
    ],
)
def test_times_with_an_offset(written: str, time: str, offset: str) -> None:
    found = event(eventTime=written)
    assert (found["eventTime"], found["eventTimeZoneOffset"]) == (time, offset)


@pytest.mark.parametrize(
    ("local", "zone", "time"),
    [
        ("2026-03-02 07:30", "Europe/Berlin", "2026-03-02T07:30:00+01:00"),
        ("2026-07-02 07:30", "europe/berlin", "2026-07-02T07:30:00+02:00"),
        ("2026-07-02 07:30", "America/New York", "2026-07-02T07:30:00-04:00"),
        ("2026-03-02 07:30", "UTC+5:30", "2026-03-02T07:30:00+05:30"),
        ("2026-03-02 07:30", "-3", "2026-03-02T07:30:00-03:00"),
        ("2026-03-02 07:30", "utc", "2026-03-02T07:30:00+00:00"),
    ],
)
def test_local_times_with_a_time_zone(local: str, zone: str, time: str) -> None:
    found = event(eventTime=local, timeZone=zone)
    assert (found["eventTime"], found["eventTimeZoneOffset"]) == (time, time[-6:])


def test_a_time_in_utc_keeps_the_offset_of_the_place() -> None:
    found = event(eventTime="2026-07-02T05:30:00Z", timeZone="Europe/Berlin")
    assert (found["eventTime"], found["eventTimeZoneOffset"]) == ("2026-07-02T05:30:00Z", "+02:00")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("03.04.2026 10:00", "which number is the day"),
        ("03/04/2026", "which number is the day"),
        ("31/12/26 10:00", "which number is the day"),
        ("2026-03-02", "lacks the time of day"),
        ("07:30", "lacks the date"),
        ("46083.3125", "own number of a day"),
        ("46083", "own number of a day"),
        ("2026-03-02 07:30 PM", "24 hours"),
        ("3/4/2026 7:30 am", "24 hours"),
        ("yesterday", "2026-03-01T12:30:00+01:00"),
        ("2026-02-30T10:00:00Z", "no time that exists"),
        ("2026-03-02T25:00:00Z", "no time that exists"),
        ("0001-01-01T00:00:00+14:00", "no time that exists"),
        ("2026-03-02T07:30:00+15:00", "offset"),
        ("2026-03-02T07:30:00", "timeZone"),
    ],
)
def test_times_that_are_none_or_could_be_two(written: str, says: str) -> None:
    found = fault(eventTime=written)
    assert found.pointer == "A2 (eventTime)"
    assert says in found.message


@pytest.mark.parametrize(
    ("local", "zone", "place", "says"),
    [
        ("2026-03-29 02:30", "Europe/Berlin", "eventTime", "skipped"),
        ("2026-10-25 02:30", "Europe/Berlin", "eventTime", "twice"),
        ("2026-03-02 07:30", "Europe/Berlim", "timeZone", "Europe/Berlin"),
        ("2026-03-02 07:30", "CEST", "timeZone", "UTC+01:00"),
        ("2026-03-02 07:30", "berlin", "timeZone", "is Europe/Berlin meant?"),
        ("2026-03-02 07:30", "01:00", "timeZone", "UTC+01:00"),
        ("2026-03-02 07:30", "+15:00", "timeZone", "14:00"),
        ("2026-03-02 07:30", "../../etc/passwd", "timeZone", "time zone"),
        ("2026-03-02 07:30", "Europe", "timeZone", "time zone"),
        ("1850-03-02 07:30", "Europe/Berlin", "eventTime", "whole minutes"),
    ],
)
def test_local_times_that_have_no_instant(local: str, zone: str, place: str, says: str) -> None:
    found = fault(eventTime=local, timeZone=zone)
    assert place in found.pointer
    assert says in found.message


@pytest.mark.parametrize(
    "gtin", [GTIN, "9521001000017", f"(01){GTIN}", f'="{GTIN}"', f"'{GTIN}", "9 521001 000017", f"(01) {GTIN}"]
)
def test_a_gtin_may_be_written_in_many_ways(gtin: str) -> None:
    assert event(**NOTHING, gtin=gtin, serial="4711")["epcList"] == [ITEM]


@pytest.mark.parametrize(
    ("cells", "place", "says"),
    [
        ({"gtin": "9.52E+12"}, "gtin", "rounded"),
        ({"gtin": "9,52100E+12"}, "gtin", "rounded"),
        ({"gtin": "9521001000017.0"}, "gtin", "decimal number"),
        ({"gtin": "9521001000018"}, "gtin", "must end in 7"),
        ({"gtin": "21001000017"}, "gtin", "dropped zeros"),
        ({"gtin": "ABC"}, "gtin", "8 or 12 or 13 or 14 digits"),
        ({"gtin": ITEM}, "gtin", "column epc"),
        ({"gtin": "٠٩٥٢١٠٠١٠٠٠٠١٧"}, "gtin", "digits"),
        ({"sscc": "95210010000000024"}, "sscc", "dropped zeros"),
        ({"sscc": "095210010000000020"}, "sscc", "must end in 4"),
        ({"sscc": "395210010000000000"}, "sscc", "after the 15th into zeros"),
        ({"sscc": "9.521001E+16"}, "sscc", "rounded"),
        ({"epc": "9521001000017"}, "epc", "does not say what it identifies"),
        ({"epc": "pallet 7"}, "epc", "as on the label"),
        ({"epc": "urn:epc:id:sgtin:4012345.1"}, "epc", "parts between dots"),
        ({"epc": f"(01){GTIN}(17)261031(21)4711"}, "epc", "column expiryDate"),
        ({"epc": f"(01){GTIN}(10)L1(21)4711"}, "epc", "column lot"),
        ({"epc": f"(01){GTIN}(3103)001234(21)1"}, "epc", "leave it out"),
        ({"epc": f"(01){GTIN}(00){PALLET[-18:]}"}, "epc", "leave it out"),
        ({"epc": "(99)1234"}, "epc", "must begin with a GS1 key"),
        ({"epc": "(00)095210010000000020"}, "epc", "must end in 4"),
        ({"gtin": GTIN, "serial": "47#11"}, "serial", "GS1 characters"),
        ({"gtin": GTIN, "lot": "1.20E+05", "quantity": "3"}, "lot", "rounded"),
        ({"serial": "4711"}, "serial", "without its gtin"),
        ({"gtin": GTIN, "serial": "4711;4712"}, "serial", "one serial number or several"),
        ({"gtin": "9521001000017 9521001000031"}, "gtin", "its own row"),
        ({"epc": "]C10109521001000017\x1d214711"}, "epc", "scanner"),
        ({"bizStep": "goods received"}, "bizStep", "is receiving meant?"),
        ({"bizStep": "Versand"}, "bizStep", "such as commissioning, packing, receiving, shipping"),
        ({"grai": "(8003)09521001000062"}, "grai", "serial number"),
        ({"grai": "(8004)9521001000A"}, "grai", "(8003)"),
        ({"readPoint": "952100100000"}, "readPoint", "dropped zeros"),
        ({"readPoint": "hall 7"}, "readPoint", "GLN"),
        ({"receiver": "Buyer Ltd."}, "receiver", "not by its name"),
        ({"receiver": "9.52E+12"}, "receiver", "rounded"),
        ({"purchaseOrder": "4711"}, "purchaseOrder", "9521003000008:PO-4711"),
        ({"eventID": "delivery 7"}, "eventID", "UUID"),
        ({"bizStep": "shiping"}, "bizStep", "is shipping meant?"),
        ({"bizStep": "urn:epcglobal:cbv:bizstep:shiping"}, "bizStep", "CBV 2.0"),
        ({"disposition": "lost in space"}, "disposition", "CBV 2.0"),
        ({"action": "CREATE"}, "action", "ADD, OBSERVE, DELETE"),
        ({"eventType": "Shipment"}, "eventType", "Aggregation"),
        ({"urn:x:a": "=cmd|' /C calc'!A0"}, "urn:x:a", "formula"),
        ({"urn:x:a": "#REF!"}, "urn:x:a", "error of a formula"),
        ({"urn:x:a": "#NAME?"}, "urn:x:a", "error of a formula"),
        ({"urn:x:a": "a\x00b"}, "urn:x:a", "control character"),
        ({"bizTransaction": "urn:x:1", "bizTransactionType": "pos"}, "bizTransactionType", "CBV 2.0"),
        ({"bizTransactionType": "po"}, "bizTransactionType", "without a bizTransaction"),
        ({"sensorTime": "2026-03-02T07:30:00Z"}, "sensorTime", "without a reading"),
        ({"temperature": "warm"}, "temperature", "no temperature"),
        ({"temperature": "4.5", "minTemperature": "39 F"}, "minTemperature", "same unit"),
        ({"temperature": "4.5", "deviceID": "logger 3"}, "deviceID", "URI"),
        ({"humidity": "damp"}, "humidity", "number"),
        ({"unit": "kg"}, "unit", "needs a quantity"),
        ({"epc": "", "epcClass": "urn:x:c", "quantity": "-3"}, "quantity", "negative"),
        ({"epc": "", "epcClass": "urn:x:c", "quantity": "3", "unit": "boxes"}, "unit", "KGM"),
        ({"epc": "", "quantity": "3"}, "quantity", "says nothing"),
        ({"quantity": "3"}, "quantity", "counts as one"),
        ({"epcClass": "urn:x:c", "gtin": GTIN, "quantity": "3"}, "quantity", "its own row"),
        ({"eventType": "Object", "role": "input"}, "role", "TransformationEvent"),
        ({"eventType": "Object", "parentID": PALLET}, "parentID", "Aggregation"),
        ({"expiryDate": "2026-10-31"}, "expiryDate", "makes the things"),
        ({"gtin": GTIN, "serial": "1", "lot": "L1"}, "lot", "makes the things"),
        ({"action": "ADD", "expiryDate": "31.10.2026"}, "expiryDate", "year first"),
        ({"action": "ADD", "expiryDate": "(17)261331"}, "expiryDate", "exists"),
        ({"action": "ADD", "countryOfOrigin": "Germany"}, "countryOfOrigin", "two letters"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_told_by_its_place_and_what_to_change(cells: dict[str, str], place: str, says: str) -> None:
    found = fault(**cells)
    assert f"2 ({place})" in found.pointer
    assert says in found.message


@pytest.mark.parametrize(
    ("written", "separator", "means"),
    [
        ("5", ",", 5), ("5.5", ",", 5.5), ("1.500", ",", 1.5), ("0,500", ";", 0.5), ("12,5", ";", 12.5),
        ("12.5", ";", 12.5), ("1500,250", ";", 1500.25), ("12,5", "\t", 12.5), ("+3", ",", 3),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(written: str, separator: str, means: float) -> None:
    row = {**SEEN, "epc": "", "epcClass": "urn:x:c", "quantity": written}
    (found,) = events(table(row, separator=separator))
    assert found["quantityList"] == [{"epcClass": "urn:x:c", "quantity": means}]


@pytest.mark.parametrize(
    ("written", "separator"),
    [
        ("1,500", ";"), ("1.500", ";"), ("1,500", "\t"), ("1.500", "\t"), ("1,5", ","), ("1,500", ","),
        ("1.500,5", ";"), ("1 500", ","), ("1'500", ","), ("1.234.567", ";"), ("5 kg", ","), ("1E5", ","),
        ("1,5E+03", ";"), ("12345678901234567", ","), ("0x10", ","), ("NaN", ","), ("½", ","), ("٣", ","),
    ],
)  # fmt: skip
def test_numbers_that_could_be_two_are_refused(written: str, separator: str) -> None:
    row = {**SEEN, "epc": "", "epcClass": "urn:x:c", "quantity": written}
    (found,) = faults(table(row, separator=separator))
    assert found.pointer == "E2 (quantity)"


@pytest.mark.parametrize(
    ("written", "code"), [("kg", "KGM"), ("KG", "KGM"), ("KGM", "KGM"), ("l", "LTR"), ("ea", "EA")]
)
def test_units_of_measure(written: str, code: str) -> None:
    found = event(**NOTHING, gtin=GTIN, quantity="2", unit=written)
    assert found["quantityList"] == [{"epcClass": f"https://id.gs1.org/01/{GTIN}", "quantity": 2, "uom": code}]


@pytest.mark.parametrize("written", ["pcs", "pieces", "Stück", "each"])
def test_pieces_have_no_unit(written: str) -> None:
    found = event(**NOTHING, gtin=GTIN, lot="L1", quantity="2", unit=written)
    assert found["quantityList"] == [{"epcClass": f"https://id.gs1.org/01/{GTIN}/10/L1", "quantity": 2}]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-10-31", "2026-10-31"), ("2026-1-5", "2026-01-05"), ("2026/10/31", "2026-10-31"),
        ("(17)261031", "2026-10-31"), ("(17)260200", "2026-02-28"), ("(17)261200", "2026-12-31"),
        ("(17)760101", "2076-01-01"), ("(17)770101", "1977-01-01"),
    ],
)  # fmt: skip
def test_dates(written: str, day: str) -> None:
    assert event(action="ADD", expiryDate=written)["ilmd"] == {"cbvmda:itemExpirationDate": day}


def test_several_things_in_one_cell() -> None:
    other = "urn:epc:id:sgtin:9521001.000001.4712"
    for between in (" ", "\n", "; ", ", ", ";", ","):
        assert event(epc=f"{ITEM}{between}{other}")["epcList"] == [ITEM, other]
    pallets = "(00)095210010000000024;095210010000000031 (00)095210010000000048"
    assert len(event(**NOTHING, sscc=pallets)["epcList"]) == 3
    in_groups = "0952 1001 0000 0000 24"
    for written in (in_groups, f"(00) {in_groups}", f"SSCC {in_groups.replace(' ', '-')}", f"00{PALLET[-18:]}"):
        assert event(**NOTHING, sscc=written)["epcList"] == [PALLET]
    assert event(**NOTHING, gtin=GTIN, serial="1, 2;\n(21)3", quantity="3")["epcList"] == [
        f"https://id.gs1.org/01/{GTIN}/21/{serial}" for serial in "123"
    ]


def test_of_many_bad_values_in_a_cell_the_first_is_told_with_their_number() -> None:
    found = fault(epc=f"bad {ITEM} worse")
    assert found.pointer == "C2 (epc)"
    assert found.message.startswith("'bad' is no identifier")
    assert found.message.endswith("(and 1 more in this cell)")


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (f"(01){GTIN}(21)4711", ITEM),
        ("(00)095210010000000024", PALLET),
        ("095210010000000024", PALLET),
        ("(8004)9521001000TRUCK7", "https://id.gs1.org/8004/9521001000TRUCK7"),
        (f"(01){GTIN}(21)a(1)b", f"https://id.gs1.org/01/{GTIN}/21/a%281%29b"),
        (f"(01){GTIN}(21)a\\(10)b", f"https://id.gs1.org/01/{GTIN}/21/a%2810%29b"),
        (f"(01){GTIN[1:]}(21)4711", ITEM),
        ("urn:uuid:550e8400-e29b-41d4-a716-446655440000", "urn:uuid:550e8400-e29b-41d4-a716-446655440000"),
        ("did:example:thing", "did:example:thing"),
    ],
)
def test_things_of_any_kind(written: str, canonical: str) -> None:
    assert event(epc=written)["epcList"] == [canonical]


def test_assets() -> None:
    found = event(**NOTHING, grai="09521001000062A17", giai="9521001000TRUCK7")
    assert found["epcList"] == ["https://id.gs1.org/8003/09521001000062A17", "https://id.gs1.org/8004/9521001000TRUCK7"]


def test_classes_go_into_the_quantity_list_whatever_column_they_come_in() -> None:
    lot = "urn:epc:class:lgtin:9521001.000001.L1"
    assert event(epc=lot, quantity="3.5", unit="kg")["quantityList"] == [
        {"epcClass": lot, "quantity": 3.5, "uom": "KGM"}
    ]
    assert event(**NOTHING, epcClass="urn:x:c", quantity="3")["quantityList"] == [
        {"epcClass": "urn:x:c", "quantity": 3}
    ]


def test_places_parties_and_transactions() -> None:
    found = event(
        readPoint="9521001000000", bizLocation="(414)9521001000000(254)dock/1", sender="9521001000000",
        receiver="(417)9521003000008", buyer="did:example:buyer", shipTo="9521003000008",
        purchaseOrder="9521003000008:4711 9521003000008:47/12", bizTransaction="urn:x:7", bizTransactionType="TestPrd",
    )  # fmt: skip
    assert found["readPoint"] == {"id": DOCK}
    assert found["bizLocation"] == {"id": f"{DOCK}/254/dock%2F1"}
    assert found["sourceList"] == [{"type": "possessing_party", "source": ACME}]
    assert found["destinationList"] == [
        {"type": "possessing_party", "destination": BUYER},
        {"type": "owning_party", "destination": "did:example:buyer"},
        {"type": "location", "destination": "https://id.gs1.org/414/9521003000008"},
    ]
    assert found["bizTransactionList"] == [
        {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9521003000008:4711"},
        {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:9521003000008:47%2F12"},
        {"type": "testprd", "bizTransaction": "urn:x:7"},
    ]


def test_what_a_sensor_measured() -> None:
    found = event(
        epc="", readPoint=DOCK, temperature="−4.5 °C", minTemperature="-6", maxTemperature="0.0", humidity="55 %",
        sensorTime="2026-03-02T07:29:00+01:00", deviceID="(8004)9521001000LOGGER3",
    )  # fmt: skip
    assert found["sensorElementList"] == [
        {
            "sensorMetadata": {
                "time": "2026-03-02T07:29:00+01:00",
                "deviceID": "https://id.gs1.org/8004/9521001000LOGGER3",
            },
            "sensorReport": [
                {"type": "Temperature", "uom": "CEL", "value": -4.5, "minValue": -6, "maxValue": 0.0},
                {"type": "RelativeHumidity", "value": 55, "uom": "P1"},
            ],
        }
    ]
    assert event(temperature="1 °C")["sensorElementList"][0]["sensorReport"][0]["value"] == 1
    assert event(temperature="277 Kel")["sensorElementList"][0]["sensorReport"][0]["uom"] == "KEL"
    assert event(temperature="39F")["sensorElementList"][0]["sensorReport"][0]["uom"] == "FAH"


def test_words_may_have_capitals_and_blanks() -> None:
    found = event(bizStep="Void Shipping", disposition="In-Transit", action="observe", eventType="object event")
    assert (found["bizStep"], found["disposition"], found["action"]) == ("void_shipping", "in_transit", "OBSERVE")
    assert event(bizStep="https://ref.gs1.org/cbv/BizStep-shipping")["bizStep"].endswith("shipping")
    assert event(bizStep="https://example.com/polishing")["bizStep"] == "https://example.com/polishing"


def test_leniently_other_words_stay_as_they_are() -> None:
    text = table({**SEEN, "bizStep": "polishing", "disposition": "shiny"})
    assert {fault.pointer for fault in faults(text)} == {"B2 (bizStep)", "D2 (disposition)"}
    (found,) = events(text, lenient=True)
    assert (found["bizStep"], found["disposition"]) == ("polishing", "shiny")


def test_an_event_id_may_be_a_uuid() -> None:
    assert event(eventID="550E8400-e29b-41d4-a716-446655440000")["eventID"] == (
        "urn:uuid:550e8400-e29b-41d4-a716-446655440000"
    )
