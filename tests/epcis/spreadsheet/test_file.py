"""The file: encodings, separators, quoting, headers, and what is no CSV at all."""

import codecs

import pytest

from service.epcis.faults import InvalidDocument
from service.epcis.spreadsheet import read_csv
from tests.epcis.spreadsheet.sheets import DOCK, ITEM, SEEN, TIME, events, faults, table

PLAIN = f"eventTime,bizStep,epc,https://ns.example.com/remark\r\n{TIME},inspecting,{ITEM},Kühlhaus – 5 °C\r\n"
REMARK = "https://ns.example.com/remark"


@pytest.mark.parametrize(
    "body",
    [
        PLAIN.encode(),
        codecs.BOM_UTF8 + PLAIN.encode(),
        PLAIN.replace(",", "\t").encode("utf-16"),
        codecs.BOM_UTF16_BE + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        PLAIN.encode("windows-1252"),
        PLAIN.replace("\r\n", "\n").encode(),
        PLAIN.replace("\r\n", "\r").encode(),
        PLAIN.rstrip().encode(),
    ],
    ids=["utf-8", "bom", "excel unicode", "utf-16 be", "le", "be", "1252", "lf", "cr", "no last line break"],
)
def test_what_spreadsheet_programs_save_is_read(body: bytes) -> None:
    (found,) = events(body)
    assert found["epcList"] == [ITEM]
    assert found[REMARK] == "Kühlhaus – 5 °C"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    row = {**SEEN, REMARK: "a,b;c\td|e"}
    assert events(table(row, separator=separator))[0][REMARK] == "a,b;c\td|e"


def test_a_line_that_names_the_separator_is_honoured_and_not_counted() -> None:
    text = f"sep=;\r\neventTime;bizStep;epc\r\n{TIME};nonsense;{ITEM}\r\n"
    assert [fault.pointer for fault in faults(text)] == ["B2 (bizStep)"]
    kept_by_another_program = f'"sep=;";;\r\neventTime;bizStep;epc\r\n{TIME};nonsense;{ITEM}\r\n'
    assert [fault.pointer for fault in faults(kept_by_another_program)] == ["B3 (bizStep)"]
    assert "sep" not in str(events(text.replace("nonsense", "inspecting")))


def test_line_breaks_in_cells_do_not_count_as_rows() -> None:
    text = f'eventTime,bizStep,epc,comment\r\n{TIME},inspecting,{ITEM},"one\r\ntwo"\r\n{TIME},nonsense,{ITEM},\r\n'
    assert [fault.pointer for fault in faults(text)] == ["B3 (bizStep)"]


def test_empty_rows_and_columns_are_passed_over_and_counted() -> None:
    text = f",,,,\r\n\r\n# anything\r\neventTime,bizStep,epc,,\r\n,,,,\r\n{TIME},inspecting,{ITEM},,\r\n,,,\r\n"
    assert len(events(text)) == 1
    assert [fault.pointer for fault in faults(text.replace("inspecting", "nonsense"))] == ["B6 (bizStep)"]


@pytest.mark.parametrize("header", ["EVENTTIME", "event time", "Event_Time", " event-time ", "Timestamp", "\ufeffDate"])
def test_headers_may_be_written_in_many_ways(header: str) -> None:
    assert events(f"{header},Business Step,epc\n{TIME},inspecting,{ITEM}\n")[0]["eventTime"] == TIME


@pytest.mark.parametrize(
    ("header", "place", "says"),
    [
        ("eventTime,epc,bizStp", "C1", "is bizStep meant?"),
        ("eventTime,epc,Frobnication", "C1", "comment"),
        ("eventTime,epc,ex:colour", "C1", "'ex' is not declared"),
        ("eventTime,epc,EPCs", "C1", "B1 is the column epc already"),
        ("eventTime,epc,urn:x:a,urn:x:a", "D1", "C1"),
        ("bizStep,epc", "row 1", "eventTime"),
        ("Deliveries of March", "row 1", "no header"),
        ('"eventTime;epc;bizStep"', "row 1", "another separator"),
        ("eventTime,epc,ex:a b", "C1", "there is no column"),
    ],
)
def test_a_header_that_is_not_known_is_told_by_its_cell(header: str, place: str, says: str) -> None:
    (fault,) = faults(f"{header}\n{TIME},{ITEM},x,x\n")
    assert fault.pointer == place
    assert says in fault.message


def test_a_cell_without_a_header_is_refused() -> None:
    (fault,) = faults(f"eventTime,bizStep,epc\n{TIME},inspecting,{ITEM},{ITEM}\n")
    assert (fault.pointer, fault.rule) == ("D2", "no-header")


def test_an_extension_column_is_a_uri_or_has_a_declared_prefix() -> None:
    text = f"#prefix,ex,https://ns.example.com/\neventTime,bizStep,epc,ex:colour,urn:x:size\n{TIME},,{ITEM},red,9\n"
    (found,) = events(text)
    assert (found["ex:colour"], found["urn:x:size"]) == ("red", "9")
    assert read_csv(text.encode()).value["@context"][1] == {"ex": "https://ns.example.com/"}


@pytest.mark.parametrize(
    "line", ["#prefix,ex", "#prefix", "#prefix,https,urn:x:", "#prefix,gs1,urn:x:", "#prefix,a:b,urn:x:"]
)
def test_a_prefix_that_is_not_well_declared_is_refused(line: str) -> None:
    found = faults(f"{line}\neventTime,epc\n{TIME},{ITEM}\n")
    assert [(fault.pointer, fault.rule) for fault in found] == [("row 1", "context")]


@pytest.mark.parametrize(
    ("body", "rule", "says"),
    [
        (b"", "empty", "no header"),
        (b"\r\n,,\r\n", "empty", "no header"),
        (b"# only a remark", "empty", "no header"),
        (b"eventTime,epc\r\n", "empty", "no row"),
        (b"PK\x03\x04\x14\x00", "media-type", "CSV UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "media-type", "CSV UTF-8"),
        (b"%PDF-1.7", "media-type", "PDF"),
        (b"\x1f\x8b\x08", "media-type", "compressed"),
        (b'{"type": "EPCISDocument"}', "media-type", "JSON"),
        (b"<?xml version='1.0'?>", "media-type", "XML"),
        (b"\xef\xbb\xbf\xff", "encoding", "UTF-8"),
        (b"\xff\xfeabc", "encoding", "UTF-16"),
        (b"eventTime,\x81", "encoding", "WINDOWS-1252"),
        ("eventTime,Kühl\n".encode() + b"\xfc", "encoding", "line 2"),
        (b"sep=x\neventTimexepc", "separator", "separate"),
        (b'eventTime,epc\n"2026', "csv", "quotation mark"),
        (b'eventTime,epc\n"a"b,c', "csv", "quotation mark"),
        (b"eventTime,epc\n" + b"a" * 200_000 + b",b", "csv", "cannot be read"),
        (b"eventTime,epc\n" * 25_002, "too-many-rows", "25000"),
        (b"eventTime" + b",epc" * 300, "too-many-columns", "256"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(body: bytes, rule: str, says: str) -> None:
    found = faults(body)
    assert [fault.rule for fault in found] == [rule]
    assert says in found[0].message


def test_blank_cells_cost_nothing_however_many_they_are() -> None:
    wide = PLAIN.replace("\r\n", "," * 300_000 + "\r\n")
    assert events(wide)[0]["epcList"] == [ITEM]
    (fault,) = faults(PLAIN.rstrip() + "," * 300_000 + "x")
    assert (fault.pointer, fault.rule) == ("IW2", "no-header")


def test_a_cell_that_is_too_long_is_refused() -> None:
    (fault,) = faults(table({**SEEN, REMARK: "x" * 32_768}))
    assert (fault.pointer, fault.rule) == (f"D2 ({REMARK})", "length")


def test_comments_are_not_read_even_where_they_look_wrong() -> None:
    assert events(table({**SEEN, "Remarks": "=1+1 #REF! \x01"}))[0]["epcList"] == [ITEM]


def test_columns_after_z_have_two_letters() -> None:
    row = SEEN | {f"urn:x:{number}": "a" for number in range(30)} | {"readPoint": "hall 7"}
    assert faults(table(row))[0].pointer == "AH2 (readPoint)"
    row["readPoint"] = DOCK
    assert events(table(row))[0]["readPoint"] == {"id": DOCK}


def test_at_most_100_faults_are_told() -> None:
    with pytest.raises(InvalidDocument) as refusal:
        read_csv(table(*[{**SEEN, "bizStep": "nonsense"}] * 150).encode())
    assert len(refusal.value.faults) == 100
