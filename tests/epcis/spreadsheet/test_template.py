"""The template, the documentation and the example say what the code does."""

import csv
import io
import re
from pathlib import Path

import pytest

from service.epcis.custody import Step, steps
from service.epcis.documents import parse
from service.epcis.spreadsheet import COLUMNS, Column, read_csv, template
from service.epcis.spreadsheet.occasion import IMPLIED
from service.epcis.spreadsheet.page import columns_table
from service.epcis.vocabulary import BIZ_STEPS
from tests.epcis.spreadsheet.sheets import BUYER, PALLET, SEEN, events, table

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/epcis/spreadsheet.md"


def test_the_template_tells_a_whole_story() -> None:
    story = parse(read_csv(template().encode()).value).events
    moves = [move for event in story for thing, move in steps(event).items() if thing == PALLET]
    assert moves == [(Step.OBSERVE, None), (Step.SHIP, BUYER), (Step.RECEIVE, None)]
    assert [event.model.bizStep for event in story] == [
        "commissioning", "commissioning", "packing", "shipping", "receiving",
    ]  # fmt: skip


def test_the_template_has_every_column() -> None:
    lines = template().split("\r\n")
    assert lines[0] == "sep=,"
    assert lines[1].split(",") == [column.name for column in COLUMNS]


def test_the_template_survives_being_opened_and_saved_with_semicolons() -> None:
    rows = list(csv.reader(io.StringIO(template().partition("\r\n")[2], newline="")))
    saved = io.StringIO(newline="")
    csv.writer(saved, delimiter=";").writerows(rows)
    assert read_csv(saved.getvalue().encode("windows-1252")).value == read_csv(template().encode()).value


def test_the_template_has_nothing_that_a_spreadsheet_program_would_take_for_a_number_or_date() -> None:
    cells = template().replace("\r\n", ",").split(",")
    changed = re.compile(r"0\d+|\d{6,}|\d+[-/.]\d+[-/.]\d+( .*)?|[+-]?\d+:\d+")
    assert [cell for cell in cells if changed.fullmatch(cell)] == []


NEEDED = {
    "serial": {"gtin": "9521001000017"},
    "lot": {"gtin": "9521001000017", "serial": "1", "action": "ADD"},
    "quantity": {"epc": "", "gtin": "9521001000017"},
    "unit": {"epc": "", "gtin": "9521001000017", "quantity": "1"},
    "timeZone": {"eventTime": "2026-03-02 07:30"},
    "parentID": {"action": "ADD"},
    "role": {"outputs": "urn:x:1", "bizStep": ""},
    "inputs": {"outputs": "urn:x:1", "epc": ""},
    "outputs": {"inputs": "urn:x:1", "epc": ""},
    "transformationID": {"inputs": "urn:x:1", "epc": ""},
    "bizTransactionType": {"bizTransaction": "urn:x:1"},
    "sensorTime": {"temperature": "4"},
    "deviceID": {"temperature": "4"},
    "expiryDate": {"action": "ADD"},
    "bestBefore": {"action": "ADD"},
    "productionDate": {"action": "ADD"},
    "countryOfOrigin": {"action": "ADD"},
}


# Without the first of these there is no event; the others tell what is so anyway, or nothing.
_NEEDED_OR_UNTOLD = (
    "eventTime", "timeZone", "epc", "gtin", "quantity", "inputs", "outputs", "role", "transformationID", "eventType",
    "action", "eventGroup", "comment",
)  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: str(column.name))
def test_the_example_of_every_column_is_read_under_each_of_its_names(column: Column) -> None:
    wanted = {**SEEN, "epc": "urn:x:7", **NEEDED.get(column.name, {})}
    wanted.pop(column.name, None)
    (expected,) = events(table({**wanted, column.name: column.example}))
    for synonym in column.synonyms:
        assert events(table({**wanted, synonym: column.example})) == [expected]
    if column.name not in _NEEDED_OR_UNTOLD:
        assert events(table(wanted)) != [expected]


def test_no_two_columns_share_a_name() -> None:
    names = [re.sub(r"[\W_]", "", name).lower() for column in COLUMNS for name in (column.name, *column.synonyms)]
    assert len(names) == len(set(names))


def test_the_documentation_has_every_column() -> None:
    assert columns_table() in PAGE.read_text()


def test_the_documentation_has_every_action_that_a_business_step_implies() -> None:
    for type_, actions in IMPLIED.items():
        (line,) = re.findall(rf"^\| {type_.removesuffix('Event')} \|(.*)\|$", PAGE.read_text(), re.MULTILINE)
        said = [set(re.findall(r"\w+", cell)) & BIZ_STEPS.words for cell in line.split("|")]
        assert said[0] == {word for word, action in actions.items() if action == "ADD"}
        assert said[1] == {word for word, action in actions.items() if action == "DELETE"}


def test_the_example_delivery_becomes_an_offer() -> None:
    delivery = parse(read_csv((ROOT / "docs/examples/delivery.csv").read_bytes()).value).events
    pallet = "https://id.gs1.org/00/095210010000000031"
    moves = [steps(event)[pallet] for event in delivery if pallet in steps(event)]
    assert moves == [(Step.COMMISSION, None), (Step.OBSERVE, None), (Step.SHIP, BUYER)]
