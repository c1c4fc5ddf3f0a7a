"""The values that events have: each once, for who sees such an event."""

from typing import Any

import pytest

from service.epcis.query.conditions import OneOf
from service.queries import BadPageToken
from service.queries.queries import What
from tests.ledger.world import item, seen
from tests.queries.conftest import House, where
from tests.queries.test_visibility import shipped


async def listed(house: House, by: Any, what: What, page: int = 100) -> list[str]:
    found: list[str] = []
    token = None
    while True:
        got = await house.queries.values(by, what, limit=page, token=token)
        assert len(got.values) <= page
        found += got.values
        token = got.following
        if token is None:
            return found


async def test_each_resource_lists_what_its_caller_sees(house: House) -> None:
    place, dock, thing, foreign = "https://example.com/Place", "https://example.com/dock", item(), item()
    await house.capture(
        seen(thing, bizStep="storing", readPoint={"id": place}),
        seen(thing, bizStep="shipping", disposition="in_transit", bizLocation={"id": dock}),
        seen(thing, bizStep="shipping", readPoint={"id": dock}),
    )
    await house.capture(seen(foreign, bizStep="https://example.com/own"), by=house.bolt)
    lists: list[tuple[What, list[str], list[str]]] = [
        ("eventTypes", ["ObjectEvent"], ["ObjectEvent"]),
        ("bizSteps", ["shipping", "storing"], ["https://example.com/own"]),
        ("dispositions", ["in_transit"], []),
        ("readPoints", [place, dock], []),
        ("bizLocations", [dock], []),
        ("epcs", [thing], [foreign]),
    ]
    for what, acme, bolt in lists:
        assert await listed(house, house.acme, what) == acme
        assert await listed(house, house.bolt, what) == bolt
        assert await listed(house, house.cargo, what) == []
        assert sorted(await listed(house, house.auditor, what)) == sorted({*acme, *bolt})
        for value in acme:
            assert await house.queries.knows(house.acme, what, value)
            assert await house.queries.knows(house.auditor, what, value)
            assert not await house.queries.knows(house.cargo, what, value)
        assert not await house.queries.knows(house.auditor, what, "no\0such")


async def test_pages_of_values_give_each_once(house: House) -> None:
    things = [item() for _ in range(7)]
    steps = [f"https://example.com/step/{name}" for name in ("B", "a", "b", "z", "Z")]
    await house.capture(*(seen(thing, bizStep=step) for thing, step in zip(things, (*steps, *steps[:2]), strict=True)))
    await house.capture(shipped(*things[:3]))
    for by in (house.acme, house.auditor, house.bolt):
        everything = await listed(house, by, "epcs")
        assert set(everything) == set(things[:3] if by is house.bolt else things)
        assert await listed(house, by, "bizSteps") == sorted([*(steps[:3] if by is house.bolt else steps), "shipping"])
        for size in (1, 2, 3):
            assert await listed(house, by, "epcs", size) == everything
            assert await listed(house, by, "bizSteps", size) == await listed(house, by, "bizSteps")


async def test_a_thing_that_others_began_is_listed_for_who_spoke_of_it(house: House) -> None:
    thing = item()
    await house.capture(seen(thing))
    await house.capture(seen(thing), by=house.bolt)
    assert await listed(house, house.bolt, "epcs") == [thing]
    assert await house.queries.knows(house.bolt, "epcs", thing)


async def test_journals_and_what_is_too_long_to_list(house: House) -> None:
    long = "https://example.com/" + "x" * 3000
    thing, nothing = item(), seen(bizStep="storing")
    del nothing["epcList"]
    nothing["quantityList"] = [{"epcClass": "urn:epc:idpat:sgtin:4012345.012345.*", "quantity": 1}]
    await house.capture(seen(thing, bizStep=long), nothing)
    assert await listed(house, house.acme, "bizSteps") == ["storing"]
    assert len(await house.ids(where(OneOf("biz_step", (long,))), house.acme)) == 1
    assert await listed(house, house.acme, "epcs") == [thing]
    assert await listed(house, house.auditor, "epcs") == [thing]


async def test_a_token_of_another_list_is_refused(house: House) -> None:
    await house.capture(seen(), seen(bizStep="storing"))
    token = (await house.queries.values(house.acme, "bizSteps", limit=1)).following
    assert token is not None
    for by, what, sent in ((house.acme, "epcs", token), (house.bolt, "bizSteps", token), (house.acme, "epcs", "x")):
        with pytest.raises(BadPageToken):
            await house.queries.values(by, what, limit=1, token=sent)  # type: ignore[arg-type]
