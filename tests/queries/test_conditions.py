"""Every kind of condition, on what was really captured."""

from datetime import UTC, datetime
from typing import Any

import pytest

from service.epcis.query.conditions import Among, Between, HasAttribute, HasTerm, OneOf, Timed, Within
from service.epcis.query.terms import hashed, term
from tests.ledger.world import item, seen
from tests.queries.conftest import House, where

PLACE = "https://id.gs1.org/414/952100100000{}"
READ_POINTS = "urn:epcglobal:epcis:vtype:ReadPoint"


def numbered(number: int, **members: Any) -> dict[str, Any]:
    return seen(eventID=event_id(number), **members)


def event_id(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def ids(*numbers: int) -> list[str]:
    return [event_id(number) for number in numbers]


async def test_one_of_several_terms(house: House) -> None:
    first, second, third = item(), item(), item()
    await house.capture(*(numbered(at, epcList=[thing]) for at, thing in enumerate((first, second, third))))
    asked = HasTerm((term("epc", first), term("epc", third), term("epc", "https://example.com/nothing")))
    assert await house.ids(where(asked)) == ids(0, 2)
    assert await house.ids(where(HasTerm(()))) == []


async def test_conditions_hold_together(house: House) -> None:
    thing = item()
    await house.capture(
        numbered(1, epcList=[thing], bizStep="shipping"),
        numbered(2, epcList=[thing], bizStep="storing"),
        numbered(3, bizStep="shipping"),
    )
    assert await house.ids(where(HasTerm((term("epc", thing),)), OneOf("biz_step", ("shipping",)))) == ids(1)


async def test_columns(house: House) -> None:
    said = {"bizStep": "shipping", "disposition": "in_transit", "readPoint": {"id": "urn:epc:id:sgln:9521001.00000.0"}}
    await house.capture(
        numbered(1, **said, bizLocation={"id": "https://example.com/dock"}),
        numbered(2, bizStep="https://example.com/own-step", action="DELETE"),
        {
            "type": "TransformationEvent",
            "eventID": event_id(3),
            "inputEPCList": [item()],
            "outputEPCList": [item()],
            "eventTime": "2026-03-01T00:00:00Z",
            "eventTimeZoneOffset": "+00:00",
        },
    )
    expected: list[tuple[Any, str, list[int]]] = [
        ("event_type", "TransformationEvent", [3]),
        ("event_type", "ObjectEvent", [1, 2]),
        ("action", "OBSERVE", [1]),
        ("action", "DELETE", [2]),
        ("biz_step", "shipping", [1]),
        ("biz_step", "https://example.com/own-step", [2]),
        ("biz_step", "receiving", []),
        ("disposition", "in_transit", [1]),
        ("read_point", PLACE.format(8), []),
        ("biz_location", "https://example.com/dock", [1]),
        ("event_id", event_id(3), [3]),
        ("event_id", "zero\0byte", []),
        ("biz_step", "lone \ud800 surrogate", []),
    ]
    for column, value, found in expected:
        assert await house.ids(where(OneOf(column, (value,)))) == ids(*found), (column, value)
    read_point = (await house.execute("SELECT read_point FROM events WHERE read_point IS NOT NULL"))[0][0]
    assert await house.ids(where(OneOf("read_point", (read_point, "nowhere")))) == ids(1)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Between(hashed("n"), 5.0, 5.0), [2]),
        (Between(hashed("n"), 5.0, None), [2, 3]),
        (Between(hashed("n"), 5.0, None, with_lowest=False), [3]),
        (Between(hashed("n"), None, 5.0), [1, 2]),
        (Between(hashed("n"), None, 5.0, with_highest=False), [1]),
        (Between(hashed("n")), [1, 2, 3]),
        (Between(hashed("m")), []),
        (Between(hashed("n"), -1e308, 1e308), [1, 2, 3]),
        (Between(hashed("n"), float("-inf"), float("inf")), [1, 2, 3]),
        (Among(hashed("n"), (4.0, 6.5)), [1, 3]),
        (Among(hashed("n"), ()), []),
    ],
)
async def test_numbers(house: House, asked: Between | Among, found: list[int]) -> None:
    await house.capture(*(numbered(at) for at in (1, 2, 3)))
    for at, value in ((1, 4.0), (2, 5.0), (3, 6.5)):
        await house.execute(
            "INSERT INTO event_numbers (field, value, event)"
            " SELECT :field, :value, seq FROM events WHERE event_id = :id",
            field=hashed("n"),
            value=value,
            id=event_id(at),
        )
    assert await house.ids(where(asked)) == ids(*found)


async def test_times(house: House) -> None:
    await house.capture(*(numbered(at, eventTime=f"2026-03-0{at}T12:00:00.000Z") for at in (1, 2, 3)))
    day = [datetime(2026, 3, at, 12, tzinfo=UTC) for at in range(1, 4)]
    for order in (None, "eventTime", "recordTime"):
        for asked, found in (
            (Timed("event_time", day[1]), ids(2, 3)),
            (Timed("event_time", None, day[1]), ids(1)),
            (Timed("event_time", day[0], day[2]), ids(1, 2)),
            (Timed("event_time", day[2], day[0]), []),
            (Timed("record_time", day[0]), ids(1, 2, 3)),
            (Timed("record_time", None, day[0]), []),
            (Timed("event_time"), ids(1, 2, 3)),
        ):
            assert await house.ids(where(asked, order=order, ascending=True)) == found, (order, asked)


async def _tell(house: House, owner: bytes, parent: str, *children: str, vocabulary: str = READ_POINTS) -> None:
    for child in children:
        await house.execute(
            "INSERT INTO vocabulary_children (owner, vocabulary, parent, child) VALUES (:o, :v, :p, :c)",
            o=owner,
            v=vocabulary,
            p=hashed(parent),
            c=hashed(child),
        )


async def test_places_within_places(house: House) -> None:
    port, dock, gate, yard = (f"https://example.com/{name}" for name in ("port", "dock", "gate", "yard"))
    await house.capture(*(numbered(at, readPoint={"id": name}) for at, name in enumerate((port, dock, gate, yard))))
    await _tell(house, house.acme.party, port, dock)
    await _tell(house, house.acme.party, dock, gate, port)  # round in a circle
    await _tell(house, house.bolt.party, gate, yard)
    await _tell(house, house.acme.party, dock, yard, vocabulary="urn:epcglobal:epcis:vtype:Other")

    def within(place: str) -> Any:
        return where(Within(hashed("readPoint"), (READ_POINTS,), (hashed(place),)))

    assert await house.ids(within(port), house.acme) == ids(0, 1, 2)
    assert await house.ids(within(gate), house.acme) == ids(2), "what bolt told is not acme's to see"
    assert await house.ids(within(port)) == ids(0, 1, 2, 3), "an auditor sees what anybody told"
    assert await house.ids(within(yard), house.acme) == ids(3), "a place that no master data names"
    assert await house.ids(within("https://example.com/nowhere"), house.acme) == []
    await house.execute("INSERT INTO grants (grantor, grantee) VALUES (:a, :b)", a=house.bolt.party, b=house.acme.party)
    assert await house.ids(within(gate), house.acme) == ids(2, 3), "what bolt lets acme see"


async def test_attributes_of_places(house: House) -> None:
    cold, warm = "https://example.com/cold", "https://example.com/warm"
    await house.capture(*(numbered(at, readPoint={"id": name}) for at, name in enumerate((cold, warm))))
    for place, name, value in ((cold, "chilled", "yes"), (warm, "chilled", "no"), (warm, "roof", "flat")):
        await house.execute(
            "INSERT INTO vocabulary_attributes (owner, vocabulary, element, attribute, value)"
            " VALUES (:o, :v, :e, :a, :w)",
            o=house.bolt.party,
            v=READ_POINTS,
            e=hashed(place),
            a=hashed(name),
            w=hashed(value),
        )

    def having(*names: str, values: tuple[str, ...] | None = None, told_in: tuple[str, ...] | None = None) -> Any:
        wanted = None if values is None else tuple(map(hashed, values))
        return where(HasAttribute(hashed("readPoint"), tuple(map(hashed, names)), wanted, told_in))

    assert await house.ids(having("chilled", told_in=(READ_POINTS,))) == ids(0, 1)
    assert await house.ids(having("chilled", told_in=("urn:epcglobal:epcis:vtype:BusinessLocation",))) == []
    assert await house.ids(having("chilled")) == ids(0, 1)
    assert await house.ids(having("roof", "floor")) == ids(1)
    assert await house.ids(having("chilled", values=("yes", "maybe"))) == ids(0)
    assert await house.ids(having("floor")) == []
    assert await house.ids(having("chilled"), house.acme) == [], "what bolt told is not acme's to see"
