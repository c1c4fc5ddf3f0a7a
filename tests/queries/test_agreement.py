"""What the store finds is what each event, looked at by itself, is asked for: random queries of random events."""

import random
from typing import Any

import pytest

from service.epcis.documents import parse
from service.epcis.query.language import parse_query
from service.epcis.query.matching import Facts, facts, matches
from service.store import queries as store
from tests.ledger.world import seen
from tests.queries.conftest import House

ITEM, LOT = "https://id.gs1.org/01/04012345111118/21/{}", "urn:epc:class:lgtin:4012345.011111.{}"
PLACES = [f"urn:epc:id:sgln:4012345.0000{number}.0" for number in range(3)]
STEPS, DISPOSITIONS = ("shipping", "receiving", "storing"), ("in_transit", "active", "damaged")


def event(draw: random.Random) -> dict[str, Any]:
    """One of few enough kinds that most queries find some."""
    told = seen(bizStep=draw.choice(STEPS), action=draw.choice(("ADD", "OBSERVE", "DELETE")))
    told["epcList"] = [ITEM.format(number) for number in draw.sample(range(1, 9), draw.randint(1, 3))]
    told["eventTime"] = f"20{draw.randint(20, 25)}-0{draw.randint(1, 9)}-01T0{draw.randint(0, 9)}:00:00.000Z"
    for name, value in (
        ("disposition", draw.choice(DISPOSITIONS)),
        ("readPoint", {"id": draw.choice(PLACES)}),
        ("quantityList", [{"epcClass": LOT.format(draw.randint(1, 3)), "quantity": draw.randint(1, 9), "uom": "KGM"}]),
        ("https://example.com/ns/shift", draw.choice(("early", "late"))),
        ("https://example.com/ns/rank", draw.randint(1, 5)),
        (
            "sensorElementList",
            [{"sensorReport": [{"type": "Temperature", "value": draw.randint(-5, 5), "uom": "CEL"}]}],
        ),
        ("errorDeclaration", {"declarationTime": f"2026-0{draw.randint(1, 9)}-01T00:00:00Z"}),
    ):
        if draw.random() < 0.5:
            told[name] = value
    return told


def parameters(draw: random.Random) -> dict[str, Any]:
    """One to three parameters of as many kinds as there are."""
    some = {
        "eventType": ["ObjectEvent"],
        "EQ_action": draw.sample(["ADD", "OBSERVE", "DELETE"], 2),
        "EQ_bizStep": draw.sample(STEPS, draw.randint(1, 2)),
        "EQ_disposition": [draw.choice(DISPOSITIONS)],
        "EQ_readPoint": [draw.choice(PLACES)],
        "WD_readPoint": draw.sample(PLACES, 2),
        "MATCH_epc": [draw.choice((ITEM.format(draw.randint(1, 8)), "urn:epc:idpat:sgtin:4012345.*.*"))],
        "MATCH_anyEPC": [ITEM.format(draw.randint(1, 9))],
        "MATCH_epcClass": [LOT.format(draw.randint(1, 3))],
        "GE_eventTime": f"20{draw.randint(20, 25)}-03-01T00:00:00Z",
        "LT_eventTime": f"20{draw.randint(22, 26)}-06-01T00:00:00Z",
        "GE_recordTime": "2020-01-01T00:00:00Z",
        "GE_quantity": draw.randint(1, 9),
        "EXISTS_https://example.com/ns/shift": True,
        "EQ_https://example.com/ns/shift": [draw.choice(("early", "late"))],
        "LT_https://example.com/ns/rank": draw.randint(1, 6),
        "EQ_https://example.com/ns/rank": draw.randint(1, 5),
        "EXISTS_errorDeclaration": True,
        "GE_errorDeclarationTime": f"2026-0{draw.randint(1, 9)}-01T00:00:00Z",
        "EQ_type": ["Temperature"],
    }
    return {name: some[name] for name in draw.sample(sorted(some), draw.randint(1, 3))}


@pytest.mark.parametrize("walked", [False, True])
async def test_the_store_finds_what_matches(house: House, monkeypatch: pytest.MonkeyPatch, walked: bool) -> None:
    if walked:
        monkeypatch.setattr(store, "FEW", -1)
        monkeypatch.setattr(store, "_STEPS", 5)
        monkeypatch.setattr(store, "_STEPS_PER_ROW", 0)
    draw = random.Random(f"walked {walked}")
    by = (house.acme, house.bolt)
    for caller in by:
        await house.capture(*(event(draw) for _ in range(60)), by=caller)
    known: dict[str, tuple[bytes, Facts]] = {}
    for event_id, party, document, recorded in await house.execute(
        "SELECT event_id, party, document, record_time FROM events ORDER BY seq"
    ):
        known[event_id] = party, facts(parse(document).events[0], recorded)
    found_any = 0
    for _ in range(120):
        asked = parameters(draw)
        orders: list[dict[str, Any]] = [
            {},
            {"orderBy": "eventTime"},
            {"orderBy": "recordTime", "orderDirection": "ASC"},
        ]
        query = parse_query(asked | draw.choice(orders))
        everybody = [one for one, (_, told) in known.items() if matches(query, told)]
        found_any += bool(everybody)
        assert sorted(await house.ids(query, page=draw.choice((2, 7, 200)))) == sorted(everybody), asked
        for caller in by:
            own = [one for one in everybody if known[one][0] == caller.party]
            assert set(own) <= set(await house.ids(query, caller)) <= set(everybody), asked
    assert found_any > 60
