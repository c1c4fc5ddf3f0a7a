"""The adapter: rows to shipments, shipments to EPCIS events and back."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.datasets import cargo2000
from ml.gs1_keys import gln, place_of, sscc, unit_of
from ml.shipment import Shipment, effective_end, first, known_at, late, milestones, planned_end
from tests.ml.freight_cases import SEASON, START, shipments
from tests.shared import shared


def events(shipment: Shipment, start: datetime = START) -> list[dict[str, object]]:
    written: list[dict[str, object]] = cargo2000.to_epcis(shipment, start)["epcisBody"]["eventList"]
    return written


@pytest.fixture(scope="module")
def rows() -> list[Shipment]:
    return cargo2000.read(shared("data", "cargo2000", "cargo2000.csv"))


def test_reads_every_row_with_the_published_late_rate(rows: list[Shipment]) -> None:
    assert len(rows) == 3153
    assert sum(bool(late(row)) for row in rows) == 782
    assert sum(bool(late(row)) for row in rows if (row.nr or 0) > 2628) == 140


def test_the_first_row_reads_as_it_is_printed(rows: list[Shipment]) -> None:
    row = rows[0]
    assert [leg.slot for leg in row.legs] == ["i1", "i2", "o"]
    assert [m.planned for m in row.inbound[0].milestones] == [199, 210, 935, 840]
    assert [m.effective for m in row.outbound.milestones] == [7559, 2865, 1265, 434]
    assert (row.hub, row.destination) == (256, 411)
    assert planned_end(row) == 3315 + 300 + 1965 + 2760 + 9919 + 240 + 1330 + 780
    assert effective_end(row) == 2880 + 696 + 515 + 1280 + 7559 + 2865 + 1265 + 434


@pytest.mark.slow
def test_every_row_and_its_prefixes_survive_epcis(rows: list[Shipment]) -> None:
    for row in rows:
        assert cargo2000.from_events(events(row)) == row
    for row in rows[::40]:
        for count in range(len(milestones(row))):
            assert cargo2000.from_events(events(first(row, count))) == first(row, count)


@pytest.mark.parametrize(
    "schema", [("epcis", "gs1", "EPCIS-JSON-Schema.json"), ("epcis", "openepcis-validation")], ids=["gs1", "openepcis"]
)
def test_documents_are_valid_by_the_published_schemas(schema: tuple[str, ...]) -> None:
    path: Path = shared(*schema)
    path = path if path.is_file() else next(path.rglob("*.json"))
    validator = jsonschema_rs.validator_for(json.loads(path.read_text(encoding="utf-8")))
    for shipment in SEASON[:10]:
        assert [error.message for error in validator.iter_errors(cargo2000.to_epcis(shipment, START))] == []


@settings(max_examples=150, deadline=None)
@given(shipments(), st.integers(0, 10**6))
def test_any_history_survives_epcis_in_any_order_of_events(shipment: Shipment, seed: int) -> None:
    told = events(shipment)
    random.Random(seed).shuffle(told)
    back = cargo2000.from_events([*told, *told[:2]])
    assert back == shipment
    assert back.booked == START


@settings(max_examples=50, deadline=None)
@given(shipments(), st.floats(0, 40_000))
def test_events_up_to_a_moment_tell_what_was_known_then(shipment: Shipment, minutes: float) -> None:
    limit = START + timedelta(minutes=minutes)
    so_far = [event for event in events(shipment) if datetime.fromisoformat(str(event["eventTime"])) <= limit]
    assert cargo2000.from_events(so_far) == known_at(shipment, minutes)


def test_events_come_in_the_order_of_time_and_speak_cbv() -> None:
    shipment = next(one for one in SEASON if len(one.inbound) == 3)
    told = events(shipment)
    times = [str(event["eventTime"]) for event in told]
    assert times == sorted(times)
    assert [told[0]["action"], told[0]["bizStep"], told[0]["disposition"]] == ["ADD", "commissioning", "active"]
    assert {str(event["bizStep"]) for event in told[1:]} == {
        "accepting",
        "departing",
        "arriving",
        "receiving",
        "packing",
    }
    (packed,) = [event for event in told if event["type"] == "AggregationEvent"]
    assert packed["parentID"] == sscc(shipment.nr or 0, "o")
    assert packed["childEPCs"] == [sscc(shipment.nr or 0, leg.slot) for leg in shipment.inbound]


def test_an_offset_start_is_written_in_utc() -> None:
    start = datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert events(SEASON[0], start)[0]["eventTime"] == "2025-12-31T23:00:00.000Z"
    with pytest.raises(ValueError, match="offset"):
        cargo2000.to_epcis(SEASON[0], datetime(2026, 1, 1))  # noqa: DTZ001 # the fault under test


def test_spellings_of_units_places_and_steps_do_not_matter() -> None:
    respelt = json.loads(json.dumps(events(SEASON[0])))
    for event in respelt:
        event["bizStep"] = f"urn:epcglobal:cbv:bizstep:{event['bizStep']}"
        if event["type"] == "ObjectEvent":
            event["epcList"] = [_urn(epc) for epc in event["epcList"]]
        if "readPoint" in event:
            event["readPoint"]["id"] = f"urn:epc:id:sgln:9521321.{place_of(event['readPoint']['id']):05d}.0"
    assert cargo2000.from_events(respelt) == SEASON[0]


def _urn(epc: str) -> str:
    digits = epc.rsplit("/", 1)[1]
    return f"urn:epc:id:sscc:{digits[1:8]}.{digits[0]}{digits[8:17]}"


def test_an_event_under_an_error_declaration_counts_as_never_said() -> None:
    told = events(SEASON[0])
    told[-1] = {**told[-1], "errorDeclaration": {"declarationTime": "2026-04-01T00:00:00Z"}}
    assert late(cargo2000.from_events(told)) is None


def test_without_the_booking_there_is_no_plan() -> None:
    bare = cargo2000.from_events(events(SEASON[0])[1:])
    assert (bare.nr, bare.inbound, planned_end(bare)) == (None, (), None)


def test_keys_carry_the_gs1_check_digit() -> None:
    # GS1 General Specifications, figure 7.9.1-1: weights 3 and 1 from the right; worked by hand for these two.
    assert gln(609) == "https://id.gs1.org/414/9521321006096"
    assert sscc(0, "i1") == "https://id.gs1.org/00/095213210000000018"
    assert unit_of("urn:epc:id:sscc:9521321.0000000001") == sscc(0, "i1")
    assert place_of("https://id.gs1.org/414/4012345000054") is None
    with pytest.raises(ValueError, match="eight digits"):
        sscc(100_000_000, "o")


@pytest.mark.parametrize(("value", "fault"), [("1.5", "not a whole number"), ("x", "i1_hops"), ("1", "no column")])
def test_a_bad_cell_is_named(tmp_path: Path, value: str, fault: str) -> None:
    (tmp_path / "bad.csv").write_text(f"nr,i1_hops\n7,{value}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=fault):
        cargo2000.read(tmp_path / "bad.csv")


def test_an_event_whose_time_cannot_be_read_is_left_out() -> None:
    told = events(SEASON[0])
    faults: tuple[object, ...] = ("2026-01-01T00:00:00", "soon", None, 7, [], "9" * 100)
    for fault in faults:
        assert cargo2000.from_events([*told, {**told[1], "eventTime": fault}]) == SEASON[0]
    assert datetime.fromisoformat("2026-01-01T00:00:00Z").tzinfo == UTC
