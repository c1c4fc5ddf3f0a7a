"""A party finds what it told and what is on trails that it sees; that follows the trails, whatever happens at once."""

import asyncio
import random
from typing import Any

from service.parties.caller import Caller
from tests.ledger.world import item, seen
from tests.queries.conftest import ACME, BOLT, CARGO, House, where

EVERYTHING = where()
# What follows from mentions and parts in trails, said as the trails room says it.
_FOLLOWS = """
    SELECT part.party, true, mentions.event FROM mentions JOIN trail_parties AS part USING (trail)
    UNION SELECT events.party, false, seq FROM events WHERE NOT EXISTS (
        SELECT FROM mentions JOIN trail_parties AS part USING (trail)
        WHERE mentions.event = events.seq AND part.party = events.party)
"""


def shipped(*things: str, giver: str = ACME, taker: str = BOLT, **members: Any) -> dict[str, Any]:
    return seen(
        *things,
        bizStep="shipping",
        sourceList=[{"type": "possessing_party", "source": giver}],
        destinationList=[{"type": "possessing_party", "destination": taker}],
        **members,
    )


def packed(parent: str, *children: str) -> dict[str, Any]:
    plain = seen()
    del plain["epcList"]
    return plain | {"type": "AggregationEvent", "action": "ADD", "parentID": parent, "childEPCs": list(children)}


async def count(house: House, by: Caller) -> int:
    return len(await house.ids(EVERYTHING, by))


async def assert_follows(house: House) -> None:
    """Who sees which event, and why, is what the trails say."""
    kept = [tuple(row) for row in await house.execute("SELECT party, by_trail, event FROM event_parties")]
    follows = {tuple(row) for row in await house.execute(_FOLLOWS)}
    assert len(kept) == len(set(kept))
    assert set(kept) == follows


async def test_each_party_finds_its_own(house: House) -> None:
    await house.capture(seen(), seen())
    await house.capture(seen(), by=house.bolt)
    assert [await count(house, by) for by in (house.acme, house.bolt, house.cargo, house.auditor)] == [2, 1, 0, 3]
    await assert_follows(house)


async def test_who_tells_on_a_foreign_trail_finds_only_that(house: House) -> None:
    thing = item()
    await house.capture(seen(thing))
    await house.capture(seen(thing), by=house.bolt)
    assert [await count(house, by) for by in (house.acme, house.bolt)] == [2, 1]
    await assert_follows(house)


async def test_who_is_offered_a_thing_finds_its_past_and_that_of_its_contents(house: House) -> None:
    pallet, carton, other = item(), item(), item()
    await house.capture(seen(carton), seen(other))
    await house.capture(packed(pallet, carton))
    assert await count(house, house.bolt) == 0
    await house.capture(shipped(pallet))
    assert await count(house, house.bolt) == 3
    assert await count(house, house.acme) == 4
    await house.capture(seen(carton), by=house.bolt)
    assert [await count(house, by) for by in (house.acme, house.bolt)] == [5, 4]
    await assert_follows(house)


async def test_a_grant_opens_trails_and_not_what_was_told_on_foreign_ones(house: House) -> None:
    thing = item()
    await house.capture(seen(thing), seen())
    await house.capture(seen(thing), by=house.bolt)
    await house.execute(
        "INSERT INTO grants (grantor, grantee) VALUES (:a, :c)", a=house.acme.party, c=house.cargo.party
    )
    assert await count(house, house.cargo) == 3
    await house.execute("UPDATE grants SET grantor = :b", b=house.bolt.party)
    assert await count(house, house.cargo) == 0, "bolt has no part in the trail on which it spoke"
    await house.execute("DELETE FROM grants")
    assert await count(house, house.cargo) == 0


async def test_what_is_seen_for_two_reasons_is_found_once(house: House) -> None:
    thing = item()
    await house.capture(seen(thing))
    await house.capture(seen(thing), by=house.bolt)
    await house.capture(shipped(thing))
    for _ in range(2):
        for page in (1, 2, 100):
            assert len(await house.ids(EVERYTHING, house.bolt, page)) == 3
        await house.execute(
            "INSERT INTO grants (grantor, grantee) VALUES (:a, :b) ON CONFLICT DO NOTHING",
            a=house.acme.party,
            b=house.bolt.party,
        )
    await assert_follows(house)


async def test_an_event_is_found_by_its_id_by_who_sees_it(house: House) -> None:
    told = seen(eventID="urn:uuid:00000000-0000-4000-8000-00000000000a")
    declared = told | {"errorDeclaration": {"declarationTime": "2026-04-01T00:00:00Z"}}
    await house.capture(told)
    await house.capture(declared)
    await house.capture(seen(eventID=told["eventID"], epcList=[item()]), by=house.bolt)
    found = {by.name: await house.queries.event(by, told["eventID"]) for by in (house.acme, house.bolt, house.cargo)}
    assert [len(events) for events in found.values()] == [2, 1, 0]
    assert [b"errorDeclaration" in event.document for event in found[house.acme.name]] == [False, True]
    assert len(await house.queries.event(house.auditor, told["eventID"])) == 3
    assert await house.queries.event(house.acme, "no\0such") == ()


async def test_an_erased_event_is_found_no_more(house: House) -> None:
    thing = item()
    receipt = await house.capture(seen(thing, bizStep="storing"), seen(thing))
    await house.execute("UPDATE events SET document = NULL WHERE event_id = :id", id=receipt.event_ids[0])
    assert await house.ids(EVERYTHING, house.acme) == [receipt.event_ids[1]]
    assert await house.ids(EVERYTHING) == [receipt.event_ids[1]]
    assert await house.queries.event(house.acme, receipt.event_ids[0]) == ()
    for table in ("event_terms", "event_parties"):
        assert len(await house.execute(f"SELECT event FROM {table}")) == 1
    await house.capture(shipped(thing))  # who gets a part now sees what is left
    assert receipt.event_ids[0] not in await house.ids(EVERYTHING, house.bolt)
    assert await count(house, house.bolt) == 2


async def test_captures_at_once_leave_nobody_out(house: House) -> None:
    """Offers of things, and statements about them by others, at the same time: each sees what the trails say."""
    draw = random.Random(7)
    things = [item() for _ in range(6)]
    await house.capture(*(seen(thing) for thing in things))
    await house.capture(packed(things[0], things[1]), packed(things[1], things[2]))
    parties = [(house.acme, ACME), (house.bolt, BOLT), (house.cargo, CARGO)]

    async def speak() -> None:
        caller, own = draw.choice(parties)
        chosen = draw.sample(things, 2)
        told = [seen(*chosen)]
        if draw.random() < 0.5:
            told.append(shipped(chosen[0], giver=own, taker=draw.choice((ACME, BOLT, CARGO))))
        await house.capture(*told, by=caller)

    for _ in range(12):
        await asyncio.gather(*(speak() for _ in range(5)))
    await assert_follows(house)
    assert await count(house, house.bolt) > 0
