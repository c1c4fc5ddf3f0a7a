"""Properties: whatever comes in is read or refused, what is read is valid, and valid rows mean what they say."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.epcis.checkdigit import check_digit
from service.epcis.documents import parse
from service.epcis.faults import Fault, InvalidDocument
from service.epcis.identifiers import canonical
from service.epcis.spreadsheet import COLUMNS, read_csv, template
from service.epcis.translated import Translated
from service.epcis.vocabulary import BIZ_STEPS, DISPOSITIONS
from tests.epcis.spreadsheet.sheets import BUYER, ITEM, PALLET, TIME, events, table

GTIN = "09521001000017"
NASTY = (
    "", "", "", TIME, ITEM, PALLET, BUYER, GTIN, "9521001000000", "4711 4712", "L1", "1,5", "1.500", "9.52E+12", "=1",
    "#REF!", "shipping", "commissioning", "packing", "Aggregation", "Transformation", "ADD", "input", "Europe/Berlin",
    "+01:00", "2026-03-29 02:30", "03.04.2026", "(17)261031", "(01)09521001000017(21)1", "(00", "((01))", "urn:", "a:b",
    "https://id.gs1.org/01/", "-", "'", '"', "\x00", "\ud7ff\ufffe", "\u202e", "٣", "é" * 50, "x" * 3000, "%", "°C",
    "4 °C",
    "urn:epc:class:lgtin:9521001.000001.L1", "urn:epc:id:sgtin:9521001.000001.*", "kg", "5", "-5", "DE",
    "9521003000008:4711", "0000-00-00T00:00Z", "9999-12-31T23:59:59.999999999-14:00", "0001-01-01T00:00:00+00:00",
)  # fmt: skip
HEADERS = (*(column.name for column in COLUMNS), "ex:a", "urn:x:a", "cbvmda:netWeight", "cbv:a", "", "#", "nonsense")


def check(body: bytes, proceed: bool, lenient: bool = False) -> None:
    """Neither reading nor judging raises anything but InvalidDocument, and every fault has a place in the sheet."""
    told: tuple[Fault, ...] = ()
    translated: Translated | None
    try:
        translated = read_csv(body, proceed=proceed, lenient=lenient)
    except InvalidDocument as invalid:
        told = invalid.faults
        translated = None
    if translated is None:
        assert told
        assert all(fault.notation == "cell" and fault.message for fault in told)
        return
    assert proceed or not translated.refused
    document = parse(translated.value, lenient=lenient)  # what was read is valid: nothing is left for another round
    for event in document.events:
        assert translated.place(event.pointer).startswith("row")


@given(st.binary(max_size=400) | st.text(max_size=400).map(str.encode), st.booleans())
def test_any_bytes_are_read_or_refused(body: bytes, proceed: bool) -> None:
    check(body, proceed)
    check(b"eventTime,epc\n" + body, proceed)


cells = st.sampled_from(NASTY) | st.text(max_size=20)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.booleans(), st.booleans())
def test_any_table_is_read_or_refused(data: st.DataObject, proceed: bool, lenient: bool) -> None:
    names = data.draw(st.lists(st.sampled_from(HEADERS), max_size=8, unique=True))
    if data.draw(st.integers(0, 9)):
        names = ["eventTime", *(name for name in names if name in HEADERS[1:-4])]
    rows = data.draw(st.lists(st.lists(cells, max_size=len(names) + 1), max_size=6))
    separator = data.draw(st.sampled_from(",;\t"))
    lines = [names, *rows]
    text = "\n".join(separator.join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    check(text.encode("utf-8", "replace"), proceed, lenient)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_cell_of_a_good_sheet_may_go_bad(data: st.DataObject) -> None:
    """One cell of the template is anything: still read or refused, and good rows elsewhere stay readable."""
    lines = [line.split(",") for line in template().split("\r\n")[1:-1]]
    row = data.draw(st.integers(1, len(lines) - 1))
    column = data.draw(st.integers(0, len(COLUMNS) - 1))
    lines[row][column] = '"' + data.draw(cells).replace('"', '""') + '"'
    body = "\r\n".join(",".join(line) for line in lines).encode("utf-8", "replace")
    check(body, False)
    assert len(read_csv(body, proceed=True).value["epcisBody"]["eventList"]) >= 3


serials = st.text("ABCXYZabcxyz0123456789-_.!'()*+", min_size=1, max_size=20).filter(
    lambda text: not text.startswith(("#", "'", "(")) and "E+" not in text.upper()
)
digits12 = st.text("0123456789", min_size=12, max_size=12).filter(lambda text: text[0] != "0")
glns = digits12.map(lambda text: text + check_digit(text))
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=zones)  # noqa: DTZ001 - hypothesis adds the zone
decimals = st.decimals(0, 10**6, places=2, allow_nan=False).map(str)


@st.composite
def rows(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, Any]]:
    """A valid row, and the event that it stands for, built without the code under test."""
    time = draw(times)
    gtin, reader = draw(glns), draw(glns)
    cells = {"eventTime": time.isoformat(), "gtin": gtin, "readPoint": reader}
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "eventTime": time.isoformat(),
        "eventTimeZoneOffset": f"{time:%z}"[:3] + ":" + f"{time:%z}"[3:],
        "readPoint": {"id": f"https://id.gs1.org/414/{reader}"},
    }
    for name, words in (("bizStep", BIZ_STEPS.words - _MORE_THAN_SEEN), ("disposition", DISPOSITIONS.words)):
        word = draw(st.none() | st.sampled_from(sorted(words)))
        if word:
            cells[name] = draw(st.sampled_from((word, word.upper(), word.replace("_", " "))))
            event[name] = word
    if draw(st.booleans()):
        found = draw(st.lists(serials, min_size=1, max_size=3, unique=True))
        cells["serial"] = " ".join(found)
        event["epcList"] = [canonical(f"https://id.gs1.org/01/0{gtin}/21/{_escaped(serial)}") for serial in found]
    else:
        cells["quantity"] = draw(decimals)
        event["quantityList"] = [{"epcClass": f"https://id.gs1.org/01/0{gtin}", "quantity": float(cells["quantity"])}]
    if draw(st.booleans()):
        cells["receiver"] = draw(glns)
        event["destinationList"] = [
            {"type": "possessing_party", "destination": f"https://id.gs1.org/417/{cells['receiver']}"}
        ]
    return cells, event


_MORE_THAN_SEEN = frozenset(
    ("commissioning", "creating_class_instance", "decommissioning", "destroying", "packing", "unpacking")
)


def _escaped(serial: str) -> str:
    return "".join(sign if sign.isalnum() else f"%{ord(sign):02X}" for sign in serial)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(rows(), min_size=1, max_size=4),
    st.sampled_from(",;\t"),
    st.sampled_from(("\r\n", "\n", "\r")),
    st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "windows-1252")),
)
def test_valid_rows_give_the_events_that_they_say(
    drawn: list[tuple[dict[str, str], dict[str, Any]]], separator: str, line: str, encoding: str
) -> None:
    # Beside a semicolon or tab, three digits after a point could be thousands: two digits are never.
    body = table(*(cells for cells, _ in drawn), separator=separator, line=line).encode(encoding)
    assert events(body) == [event for _, event in drawn]


@given(times)
def test_a_time_keeps_its_instant(time: datetime) -> None:
    (event,) = events(table({"eventTime": f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S}", "timeZone": "UTC", "epc": ITEM}))
    assert datetime.fromisoformat(event["eventTime"]) == time.replace(microsecond=0)
