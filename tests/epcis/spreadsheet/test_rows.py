"""From rows to events: types, actions, groups, what each type needs, and what is left out with `proceed`."""

import pytest

from service.epcis.custody import Step, steps
from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from service.epcis.spreadsheet import read_csv
from tests.epcis.spreadsheet.sheets import ACME, BUYER, DOCK, ITEM, PALLET, SEEN, TIME, event, events, faults, table

GTIN = "09521001000017"
PACK = {"eventTime": TIME, "bizStep": "packing", "eventGroup": "p", "parentID": PALLET}


@pytest.mark.parametrize(
    ("cells", "type_", "action"),
    [
        ({}, "ObjectEvent", "OBSERVE"),
        ({"bizStep": ""}, "ObjectEvent", "OBSERVE"),
        ({"bizStep": "commissioning"}, "ObjectEvent", "ADD"),
        ({"bizStep": "urn:epcglobal:cbv:bizstep:decommissioning"}, "ObjectEvent", "DELETE"),
        ({"bizStep": "commissioning", "action": "OBSERVE"}, "ObjectEvent", "OBSERVE"),
        ({"bizStep": "packing", "parentID": PALLET}, "AggregationEvent", "ADD"),
        ({"bizStep": "unpacking", "parentID": PALLET}, "AggregationEvent", "DELETE"),
        ({"bizStep": "installing", "parentID": PALLET, "eventType": "association"}, "AssociationEvent", "ADD"),
        ({"action": "ADD", "eventType": "TransactionEvent", "bizTransaction": "urn:x:1"}, "TransactionEvent", "ADD"),
        ({"inputs": PALLET, "role": "output", "bizStep": ""}, "TransformationEvent", None),
    ],
)  # fmt: skip
def test_types_and_actions_that_are_not_written(cells: dict[str, str], type_: str, action: str | None) -> None:
    found = event(**cells)
    assert (found["type"], found.get("action")) == (type_, action)


def test_rows_of_one_group_are_one_event_wherever_they_lie() -> None:
    rows = [
        {**PACK, "epc": ITEM},
        SEEN,
        {**PACK, "parentID": "", "gtin": GTIN, "lot": "L1", "quantity": "5"},
        {"eventGroup": "p", "gtin": GTIN, "serial": "8 9"},
    ]
    packed, seen = events(table(*rows))
    assert seen["epcList"] == [ITEM]
    assert packed["parentID"] == PALLET
    assert packed["childEPCs"] == [ITEM, f"https://id.gs1.org/01/{GTIN}/21/8", f"https://id.gs1.org/01/{GTIN}/21/9"]
    assert packed["childQuantityList"] == [{"epcClass": f"https://id.gs1.org/01/{GTIN}/10/L1", "quantity": 5}]


def test_rows_without_a_group_are_events_of_their_own() -> None:
    row = {**PACK, "eventGroup": "", "epc": ITEM}
    assert len(events(table(row, {**row, "epc": "urn:x:2"}))) == 2


def test_rows_of_one_group_that_disagree_are_refused_at_the_later_cell() -> None:
    later = "2026-03-02T09:00:00+01:00"
    (fault,) = faults(table({**PACK, "epc": ITEM}, {**PACK, "epc": "urn:x:2", "eventTime": later}))
    assert (fault.pointer, fault.rule) == ("A3 (eventTime)", "one-event")
    assert "A2" in fault.message


def test_a_thing_is_named_once_in_an_event() -> None:
    (fault,) = faults(table({**PACK, "epc": ITEM}, {**PACK, "epc": ITEM}))
    assert (fault.pointer, fault.rule) == ("E3 (epc)", "duplicate-item")


def test_transactions_and_readings_of_all_rows_are_gathered() -> None:
    row = {**SEEN, "eventGroup": "g", "temperature": "4", "purchaseOrder": "urn:x:1"}
    (found,) = events(
        table(row, {**row, "epc": "", "purchaseOrder": "urn:x:2"}, {**row, "epc": "", "temperature": "5"})
    )
    assert [entry["bizTransaction"] for entry in found["bizTransactionList"]] == ["urn:x:1", "urn:x:2"]
    values = [element["sensorReport"][0]["value"] for element in found["sensorElementList"]]
    assert values == [4, 5]


def test_a_transformation_has_rows_for_its_inputs_and_outputs() -> None:
    made = {"eventTime": TIME, "eventGroup": "t", "gtin": GTIN}
    (found,) = events(
        table(
            {**made, "role": "input", "lot": "A", "quantity": "5", "unit": "kg"},
            {**made, "role": "Output", "serial": "1 2", "lot": "B", "bestBefore": "2026-10-01"},
        )
    )
    assert found["inputQuantityList"] == [
        {"epcClass": f"https://id.gs1.org/01/{GTIN}/10/A", "quantity": 5, "uom": "KGM"}
    ]
    assert found["outputEPCList"] == [f"https://id.gs1.org/01/{GTIN}/21/{serial}" for serial in "12"]
    assert found["ilmd"] == {"cbvmda:bestBeforeDate": "2026-10-01", "cbvmda:lotNumber": "B"}
    listed = {"eventTime": TIME, "inputs": f"{ITEM} (01){GTIN}(10)A", "outputs": PALLET}
    (short,) = events(table(listed))
    assert short["inputEPCList"] == [ITEM]
    assert short["inputQuantityList"] == [{"epcClass": f"https://id.gs1.org/01/{GTIN}/10/A"}]
    (one_sided,) = events(table({**listed, "outputs": "", "transformationID": "urn:x:process"}))
    assert one_sided["transformationID"] == "urn:x:process"


def test_what_describes_the_things_is_told_where_they_are_made() -> None:
    found = event(
        epc="", gtin=GTIN, serial="1", lot="(10)B", bizStep="commissioning", expiryDate="(17)261031",
        productionDate="2026-03-01", countryOfOrigin="de", **{"cbvmda:netWeight": "5 kg"},
    )  # fmt: skip
    assert found["ilmd"] == {
        "cbvmda:lotNumber": "B",
        "cbvmda:netWeight": "5 kg",
        "cbvmda:itemExpirationDate": "2026-10-31",
        "gs1:productionDate": "2026-03-01",
        "cbvmda:countryOfOrigin": "DE",
    }


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"eventTime": ""}, "no eventTime"),
        ({"epc": ""}, "names no thing"),
        ({"epc": "", "temperature": "4"}, "readPoint"),
        ({"eventType": "Aggregation", "bizStep": "packing"}, "needs a parentID"),
        ({"parentID": PALLET, "epc": "", "bizStep": "packing"}, "goes into its parentID"),
        ({"parentID": PALLET}, "needs an action"),
        ({"bizStep": "packing"}, "packing needs a parentID"),
        ({"eventType": "Association", "action": "OBSERVE"}, "needs a parentID"),
        ({"eventType": "Transaction", "action": "ADD"}, "bizTransaction"),
        ({"eventType": "Transaction", "action": "ADD", "bizTransaction": "urn:x:1", "epc": ""}, "names no thing"),
        ({"eventType": "Transformation", "epc": "", "inputs": ITEM}, "outputs are missing"),
        ({"eventType": "Transformation", "epc": ""}, "inputs and outputs are missing"),
    ],
)
def test_what_an_event_needs_is_told_by_its_row(cells: dict[str, str], says: str) -> None:
    (fault,) = faults(table({**SEEN, **cells}))
    assert (fault.pointer, fault.rule) == ("row 2", "missing")
    assert says in fault.message


def test_things_of_a_transformation_need_a_role() -> None:
    (fault,) = faults(table({**SEEN, "eventType": "Transformation"}))
    assert (fault.pointer, fault.rule) == ("C2 (epc)", "missing")


def test_what_may_be_left_out() -> None:
    assert "childEPCs" not in event(parentID=PALLET, bizStep="unpacking", epc="")
    assert "parentID" not in event(eventType="Aggregation", action="OBSERVE")
    assert "parentID" not in event(eventType="Object", bizStep="packing")
    assert "epcList" not in event(epc="", readPoint=DOCK, temperature="4")


def test_a_shipment_with_a_receiver_is_an_offer_and_its_receipt_ends_it() -> None:
    row = {**SEEN, "bizStep": "shipping", "sender": ACME, "receiver": BUYER}
    text = table(row, {**row, "bizStep": "receiving"}, {**row, "bizStep": "shipping", "receiver": ""})
    shipped, received, alone = parse(read_csv(text.encode()).value).events
    assert steps(shipped)[ITEM] == (Step.SHIP, BUYER)
    assert steps(received)[ITEM] == (Step.RECEIVE, None)
    assert steps(alone)[ITEM] == (Step.OBSERVE, None)


def test_an_event_id_comes_once() -> None:
    (fault,) = faults(table({**SEEN, "eventID": "urn:x:1"}, {**SEEN, "eventID": "urn:x:1"}))
    assert (fault.pointer, fault.rule) == ("D3 (eventID)", "duplicate-event-id")
    assert "D2" in fault.message


def test_every_fault_of_every_row_is_told() -> None:
    bad = {**SEEN, "bizStep": "shiping", "eventTime": "03.04.2026", "epc": "x"}
    found = [fault.pointer for fault in faults(table(bad, SEEN, bad))]
    columns = ("A", "eventTime"), ("B", "bizStep"), ("C", "epc")
    assert sorted(found) == sorted(f"{letter}{row} ({name})" for row in (2, 4) for letter, name in columns)


def test_with_proceed_good_events_are_kept_and_bad_ones_are_told_with_their_index() -> None:
    group = {**PACK, "epc": ITEM}
    rows = [{**SEEN, "bizStep": "shiping"}, SEEN, group, {**SEEN, "epc": "urn:x:3"}, {**group, "epc": "bad"}]
    translated = read_csv(table(*rows).encode(), proceed=True)
    kept = translated.value["epcisBody"]["eventList"]
    assert [one["epcList"] for one in kept] == [[ITEM], ["urn:x:3"]]
    assert [(one.index, one.faults[0].pointer) for one in translated.refused] == [(0, "B2 (bizStep)"), (2, "C6 (epc)")]
    assert [translated.index(kept) for kept in range(2)] == [1, 3]
    assert translated.place("/epcisBody/eventList/1/epcList/0") == "C5 (epc)"


def test_with_proceed_a_file_without_any_good_row_is_an_empty_document() -> None:
    translated = read_csv(table({**SEEN, "epc": "bad"}).encode(), proceed=True)
    assert translated.value["epcisBody"]["eventList"] == []
    assert parse(translated.value).events == ()
    with pytest.raises(InvalidDocument):
        read_csv(b"what,is,this\n1,2,3\n", proceed=True)


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/0/eventTime", "A2 (eventTime)"),
        ("/0/eventTimeZoneOffset", "A2 (eventTime)"),
        ("/0/action", "B2 (bizStep)"),
        ("/0/childEPCs/0", "E2 (epc)"),
        ("/0/childEPCs/1", "E3 (epc)"),
        ("/0/childQuantityList/0/quantity", "H4 (quantity)"),
        ("/0/childQuantityList/0/epcClass", "G4 (lot)"),
        ("/0/readPoint/id", "I4 (Read Point)"),
        ("/0/sensorElementList/0/sensorReport/0/value", "J3 (temperature)"),
        ("/0/sensorElementList/0", "rows 2, 3, 4"),
        ("/0/ex:a", "K2 (ex:a)"),
        ("/0/urn:x:~1b/deep/er", "L2 (urn:x:/b)"),
        ("/0", "rows 2, 3, 4"),
        ("/0/recordTime", "rows 2, 3, 4"),
        ("/1", "row 5"),
        ("/7", ""),
        ("/x", ""),
        ("", ""),
    ],
)
def test_every_part_of_an_event_has_a_place(pointer: str, place: str) -> None:
    rows = [
        {**PACK, "epc": ITEM, "ex:a": "1", "urn:x:/b": "2"},
        {**PACK, "epc": "urn:x:2", "temperature": "4"},
        {**PACK, "gtin": GTIN, "lot": "L1", "quantity": "5", "Read Point": "9521001000000"},
        SEEN,
    ]
    names = ["eventTime", "bizStep", "eventGroup", "parentID", "epc", "gtin", "lot", "quantity", "Read Point",
             "temperature", "ex:a", "urn:x:/b"]  # fmt: skip
    text = "\n".join([",".join(names), *(",".join(row.get(name, "") for name in names) for row in rows)])
    translated = read_csv(f"#prefix,ex,https://ns.example.com/\n{text}".encode())
    shifted = place.translate({ord(digit): str(int(digit) + 1) for digit in "2345"})
    assert translated.place(f"/epcisBody/eventList{pointer}" if pointer else "") == shifted


def test_a_place_outside_the_events_is_the_file() -> None:
    assert read_csv(table(SEEN).encode()).place("/creationDate") == ""
