"""Matching events in the order of their commits: a follower misses nothing and gets nothing twice."""

import asyncio

from sqlalchemy import text

from service.epcis.query.conditions import OneOf
from service.parties.caller import Caller
from service.store import stream
from service.store.queries import matching_after
from service.store.trails import Viewer
from tests.ledger.world import item, seen
from tests.queries.conftest import House, where

STORED = where(OneOf("biz_step", ("storing",)))


class Follower:
    """Reads what matches since the last time."""

    def __init__(self, house: House, by: Caller, limit: int = 100) -> None:
        self.house, self.by, self.limit = house, by, limit
        self.place = (0, 0)
        self.got: list[str] = []

    async def read(self) -> list[str]:
        viewer = Viewer(self.by.party, self.by.sees_all)
        async with self.house.database.session() as session:
            until = (await stream.top(session)).transaction
            rows = await matching_after(session, STORED, viewer, self.place, until, self.limit)
        places = [(row.written_in, row.seq) for row in rows]
        assert places == sorted(places)
        assert all(place > self.place for place in places)
        self.place = places[-1] if places else self.place
        self.got += [row.event_id for row in rows]
        return [row.event_id for row in rows]


async def test_what_matches_comes_once_and_in_order(house: House) -> None:
    follower, other = Follower(house, house.acme), Follower(house, house.bolt)
    first = await house.capture(seen(bizStep="storing"), seen(), seen(bizStep="storing"))
    assert await follower.read() == [first.event_ids[0], first.event_ids[2]]
    assert await follower.read() == []
    await house.capture(seen())
    second = await house.capture(seen(bizStep="storing"))
    assert await follower.read() == list(second.event_ids)
    assert await other.read() == []


async def test_a_page_ends_within_a_capture_and_goes_on_there(house: House) -> None:
    receipt = await house.capture(*(seen(bizStep="storing") for _ in range(7)))
    follower = Follower(house, house.auditor, limit=3)
    while await follower.read():
        pass
    assert follower.got == list(receipt.event_ids)


async def test_a_capture_that_commits_late_is_not_missed(house: House) -> None:
    """A number is given out before the commit: the follower waits for whoever is still writing."""
    follower = Follower(house, house.acme)
    async with house.database.session() as slow:
        await slow.execute(text("SELECT pg_current_xact_id()"))
        quick = await house.capture(seen(bizStep="storing"))
        assert await follower.read() == [], "an older transaction may still write something before it"
    assert await follower.read() == list(quick.event_ids)


async def test_nothing_is_lost_among_captures_at_once(house: House) -> None:
    follower = Follower(house, house.acme, limit=2)
    done = asyncio.Event()

    async def follow() -> None:
        while not done.is_set():
            await follower.read()

    task = asyncio.create_task(follow())
    thing = item()
    receipts = [
        receipt
        for _ in range(4)
        for receipt in await asyncio.gather(*(house.capture(seen(thing, bizStep="storing")) for _ in range(4)))
    ]
    done.set()
    await task
    while await follower.read():
        pass
    assert sorted(follower.got) == sorted(one for receipt in receipts for one in receipt.event_ids)
