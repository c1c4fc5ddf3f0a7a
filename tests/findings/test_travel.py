"""Travel: how fast things get from one read point to another."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.findings import Limits, Severity
from service.findings.places import EARTH_KM, Point, geo, kilometres
from tests.findings.telling import BASEL, BERN, ITEM, LOT, MAKER, OSAKA, SHOP, event, made, story

GLN = "urn:epc:id:sgln:9521321.00001.0"
GLN_LINK = "https://id.gs1.org/414/9521321000018"


def test_a_thing_that_is_in_osaka_two_hours_after_it_was_in_basel() -> None:
    told = story((MAKER, made(0, where=BASEL)), (SHOP, event(2, "inspecting", where=OSAKA)))
    (found,) = told.findings()
    assert (found.rule, found.severity, found.trail) == ("impossible-travel", Severity.HIGH, ITEM)
    assert "9,503 km in 2 h 00 min" in found.detail
    assert [name.event_id for name in found.events] == [one["eventID"] for _, one in told.told]


def test_an_airliner_may_have_flown_it() -> None:
    assert story((MAKER, made(0, where=BASEL)), (SHOP, event(9, where=OSAKA))).findings() == []


def test_a_lorry_may_not() -> None:
    told = story((MAKER, made(0, where=BASEL)), (SHOP, event(9, where=OSAKA)))
    assert told.findings(limits=Limits(transport="road"))
    assert told.findings(limits=Limits(transport="sea"))


@pytest.mark.parametrize("which", [0, 1])
def test_a_reading_that_was_taken_back_is_no_finding(which: int) -> None:
    told = story((MAKER, event(0, where=BASEL)), (SHOP, event(2, where=OSAKA)))
    assert told.without(*told.told[which]).findings() == []


def test_readings_at_the_same_time() -> None:
    told = story((MAKER, event(0, where=BASEL)), (SHOP, event(0, where=OSAKA)))
    (found,) = told.findings()
    assert "no time at all" in found.detail


def test_near_places_at_the_same_time_are_no_finding() -> None:
    assert story((MAKER, event(0, where=BASEL)), (SHOP, event(0, where="geo:47.56,7.90"))).findings() == []
    assert story((MAKER, event(0, where=BASEL)), (SHOP, event(0.5, where=BERN))).findings() == []


def test_one_stray_reading_is_one_finding() -> None:
    told = story((MAKER, event(0, where=BASEL)), (SHOP, event(1, where=OSAKA)), (MAKER, event(2, where=BASEL)))
    assert len(told.findings()) == 1


def test_one_jump_is_one_finding() -> None:
    told = story((MAKER, event(0, where=BASEL)), *((SHOP, event(1 + n, where=OSAKA)) for n in range(5)))
    assert len(told.findings()) == 1


def test_a_lot_is_in_many_places() -> None:
    lot: dict[str, Any] = {"quantityList": [{"epcClass": LOT}]}
    assert story((MAKER, event(0, where=BASEL, **lot)), (SHOP, event(0, where=OSAKA, **lot))).findings() == []


@pytest.mark.parametrize("spelling", [GLN, GLN_LINK, "https://id.gs1.org/414/9521321000018/254/dock-4"])
def test_places_have_coordinates_by_master_data_in_any_spelling(spelling: str) -> None:
    mda = "urn:epcglobal:cbv:mda:"
    master = {GLN_LINK: {mda + "latitude": ("+47.5596",), mda + "longitude": (7.5886,)}}
    told = story((MAKER, event(0, where=spelling)), (SHOP, event(1, where=OSAKA)))
    assert told.findings() == []
    assert len(told.findings(masterdata=master)) == 1
    assert len(told.findings(places={GLN: (47.5596, 7.5886)})) == 1


@pytest.mark.parametrize("value", ["north", "", "9" * 50, "nan", 1e9, None, True, {"a": 1}, "91"])
def test_coordinates_that_are_none_are_left_out(value: object) -> None:
    mda = "urn:epcglobal:cbv:mda:"
    master = {GLN_LINK: {mda + "latitude": (value,), mda + "longitude": ("7",)}}
    assert story((MAKER, event(0, where=GLN)), (SHOP, event(1, where=OSAKA))).findings(masterdata=master) == []


@pytest.mark.parametrize(
    ("uri", "point"),
    [
        ("geo:48.2010,16.3695,183", Point(48.201, 16.3695)),
        ("GEO:48.2010,16.3695;crs=WGS84;u=2000", Point(48.201, 16.3695, 2.0)),
        ("geo:-90,180", Point(-90, 180)),
        ("geo:48.2,16.3;crs=Moon-2011;u=35", None),
        ("geo:90.1,0", None),
        ("geo:1,2,3,4", None),
        ("geo:1e1,2", None),
        ("geo:1", None),
        ("https://example.org/geo:1,2", None),
        ("geo:١,٢", None),
    ],
)
def test_geo_uris(uri: str, point: Point | None) -> None:
    assert geo(uri) == point


_points = some.builds(Point, some.floats(-90, 90), some.floats(-180, 180), some.just(0.0))


@given(_points, _points, _points)
def test_distances_are_distances(one: Point, other: Point, third: Point) -> None:
    assert kilometres(one, other) == pytest.approx(kilometres(other, one))
    assert 0 <= kilometres(one, other) <= EARTH_KM * math.pi + 1e-6
    assert kilometres(one, third) <= kilometres(one, other) + kilometres(other, third) + 1e-4


def test_a_known_distance() -> None:
    assert kilometres(Point(51.5074, -0.1278), Point(40.7128, -74.006)) == pytest.approx(5570, rel=0.002)
    assert kilometres(Point(0, 179.9), Point(0, -179.9)) == pytest.approx(22.24, rel=0.001)
