"""The FDA's electronic sortable spreadsheet: critical tracking events and their key data elements."""

from datetime import date
from typing import Any

from service.findings.find import gathered
from service.findings.fsma.descriptions import location
from service.findings.fsma.kdes import KDES
from service.findings.fsma.sheets import Cell, Spreadsheet
from service.findings.fsma.tracking import Cte
from service.findings.masterdata import wanted, with_master_data
from tests.findings.lettuce import DC, FARM, HEADS, MASTER, PACKED, PACKER, PALLET, SALAD, harvested, lettuce
from tests.findings.telling import MAKER, Story, event, story


def spreadsheet(told: Story, master: Any = MASTER) -> Spreadsheet:
    return Spreadsheet.of(with_master_data(gathered(told.statements), master))


def rows(found: Spreadsheet, cte: Cte, thing: str) -> list[dict[str, Cell]]:
    sheet = found.together()
    every = [dict(zip(sheet.header, row, strict=True)) for row in sheet.rows]
    return [row for row in every if row["Critical tracking event"] == cte and row["Food (identifier)"] == thing]


def test_every_event_of_the_chain_is_there_once() -> None:
    found = [(row.tracked.cte, row.tracked.thing) for row in spreadsheet(lettuce()).rows]
    assert found == [
        (Cte.HARVESTING, HEADS),
        (Cte.COOLING, HEADS),
        (Cte.RECEIVING, HEADS),
        (Cte.INITIAL_PACKING, PACKED),
        (Cte.SHIPPING, PACKED),
        (Cte.RECEIVING, PACKED),
        (Cte.USED, PACKED),
        (Cte.PRODUCED, SALAD),
    ]


def test_initial_packing_has_all_its_elements() -> None:
    (row,) = rows(spreadsheet(lettuce()), Cte.INITIAL_PACKING, PACKED)
    assert row["Traceability lot code"] == "(01)09521321000025(10)L/55"
    assert row["Product description"] == "Romaine lettuce, brand Acres, size 24 count, packaging carton"
    assert (row["Quantity"], row["Unit of measure"]) == (1100, "LBR (pound)")
    assert row["Quantity and unit of measure received"] == "1200 LBR"
    assert row["Date received"] == row["Date of initial packing"] == date(2026, 3, 3)
    assert row["Date of harvesting"] == row["Date of cooling"] == date(2026, 3, 2)
    farm = "Green Acres Farm, +1 831 555 0100, 1 Main St, Salinas, CA, 93901, US"
    assert row["Location description of the farm"] == f"{farm} ({FARM})"
    assert row["Field or growing area (produce)"] == "Field 7 North"
    assert row["Business name and phone number of the harvester"] == (
        "Green Acres Inc, +1 831 555 0100 (https://id.gs1.org/417/9521321000018)"
    )
    assert row["Reference document type and number"] == "Purchase Order urn:epcglobal:cbv:bt:9521321000018:P-1"


def test_what_was_shipped_on_a_pallet() -> None:
    (row,) = rows(spreadsheet(lettuce()), Cte.SHIPPING, PACKED)
    assert (row["Quantity"], row["Unit of measure"]) == (600.5, "LBR (pound)")
    assert row["Read from"] == f"bizStep shipping, in {PALLET}"
    assert str(row["Location description of where it was shipped from"]).startswith("=HYPERLINK")
    recipient = row["Location description of the immediate subsequent recipient"]
    assert recipient == f"Retail DC, 1 Main St, Salinas, CA, 93901, US ({DC}) [MISSING: phone number]"


def test_what_is_missing_is_marked_and_counted_and_never_made_up() -> None:
    found = spreadsheet(lettuce())
    together = found.together()
    marked = {(str(together.rows[row][0]), together.header[column]) for row, column in together.missing}
    assert marked == {
        ("Cooling (before initial packing)", "Location description of the immediate subsequent recipient"),
        ("Transformation: food produced", "Product description"),
        ("Transformation: food produced", "Reference document type and number"),
    }
    assert all(together.rows[row][column] is None for row, column in together.missing)
    summary = {(row[0], row[2]): row[3] for row in found.summary().rows}
    assert summary["Shipping", "Location description of the immediate subsequent recipient: phone number"] == 1
    assert summary["Transformation: food produced", "Product description"] == 1
    assert found.missing == sum(count for count in summary.values() if isinstance(count, int))


def test_without_master_data_everything_about_places_is_missing() -> None:
    found = spreadsheet(lettuce(), {})
    (row,) = rows(found, Cte.SHIPPING, PACKED)
    assert row["Product description"] is None
    assert row["Location description of where it was shipped from"] == (
        f"({PACKER}) [MISSING: business name, phone number, physical address or coordinates, city, state, zip code]"
    )


def test_a_crop_that_is_received_before_it_is_packed_needs_no_receiving_record() -> None:
    found = spreadsheet(lettuce(), {})
    (row,) = rows(found, Cte.RECEIVING, HEADS)
    assert "before initial packing" in str(row["Read from"])
    assert ("Receiving", 1) not in {(line[0], line[4]) for line in found.summary().rows if "Date" in str(line[2])}
    at = [number for number, line in enumerate(found.together().rows) if line[2] == HEADS and line[0] == "Receiving"]
    assert not [place for place in found.together().missing if place[0] in at]


def test_an_event_that_was_taken_back_is_no_row() -> None:
    told = lettuce()
    assert len(spreadsheet(told.without(*told.told[0])).rows) == len(spreadsheet(told).rows) - 1


def test_a_commissioning_is_read_as_initial_packing_and_says_so() -> None:
    lot = {"quantityList": [{"epcClass": HEADS, "quantity": 5, "uom": "KGM"}]}
    (row,) = spreadsheet(story((MAKER, event(0, "commissioning", action="ADD", **lot)))).rows
    assert row.tracked.cte is Cte.INITIAL_PACKING
    assert "read as initial packing" in row.tracked.basis


def test_a_catch_is_first_received_on_land() -> None:
    catch = event(
        0,
        "commissioning",
        action="ADD",
        quantityList=[{"epcClass": HEADS, "quantity": 5, "uom": "KGM"}],
        ilmd={"cbvmda:vesselName": "Nina", "cbvmda:catchArea": "27.7", "cbvmda:harvestStartDate": "2026-02-27"},
    )
    (row,) = rows(spreadsheet(story((MAKER, catch))), Cte.LANDING, HEADS)
    assert (row["Harvest locations"], row["Harvest dates, from"]) == ("27.7", "2026-02-27")
    assert row["Harvest dates, to"] is None


def test_a_farm_by_its_coordinates_needs_no_address() -> None:
    case = gathered(story((MAKER, harvested())).statements)
    told = location(case, "geo:36.67,-121.65")
    assert told.address == "36.67, -121.65"
    assert "physical address or coordinates" not in told.missing


def test_both_spellings_of_a_lot_are_one_food() -> None:
    def of(lot: str) -> list[dict[str, Any]]:
        return [{"epcClass": lot, "quantity": 5, "uom": "KGM"}]

    urn, link = "urn:epc:class:lgtin:9521321.000001.A1", "https://example.com/01/09521321000018/10/A1"
    told = story(
        (MAKER, event(0, "commissioning", action="ADD", quantityList=of(urn))),
        (MAKER, event(1, "shipping", quantityList=of(link))),
    )
    found = spreadsheet(told).together()
    at = found.header.index("Quantity")
    assert [(row[0], row[2], row[at]) for row in found.rows] == [
        ("Initial packing", "https://id.gs1.org/01/09521321000018/10/A1", 5),
        ("Shipping", "https://id.gs1.org/01/09521321000018/10/A1", 5),
    ]


def test_what_to_ask_master_data_for() -> None:
    names = wanted(gathered(lettuce().statements))
    assert {FARM, DC, PACKED, "https://id.gs1.org/01/09521321000025", "https://id.gs1.org/417/9521321000049"} <= names


def test_clauses_are_in_the_order_of_the_regulation() -> None:
    for kdes in KDES.values():
        assert len({kde.name for kde in kdes}) == len(kdes)
