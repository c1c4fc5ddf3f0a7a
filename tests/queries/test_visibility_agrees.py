"""Whatever parties capture, offer, grant and take back, at once or in turn: queries show each party what trails do."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from service.capture import Receipt
from service.epcis.query.language import parse_query
from service.parties.caller import Caller
from service.queries.queries import What
from service.store import captures as store
from service.store.trails import Viewer, visible_event, visible_trails
from tests.ledger.world import item, seen
from tests.queries.conftest import ACME, BOLT, CARGO, House, where
from tests.queries.test_visibility import packed, shipped

PARTIES = (ACME, BOLT, CARGO)
QUERIES = (
    where(),
    where(order="eventTime", ascending=True),
    where(order="example:none"),
    parse_query({"EQ_action": ["ADD", "OBSERVE", "DELETE"]}),
)
PLACES = [f"https://example.com/places/{number}" for number in range(6)]
# G5 in the words of DESIGN, from nothing but who told what on which trail, who has a part, and who granted whom.
_EVENTS = """
    SELECT event_id, seq FROM events WHERE document IS NOT NULL AND (party = :viewer OR EXISTS (
        SELECT FROM mentions JOIN trail_parties AS part USING (trail) WHERE mentions.event = events.seq
        AND (part.party = :viewer OR part.party IN (SELECT grantor FROM grants WHERE grantee = :viewer))))
"""
_VALUES: dict[What, str] = {
    "eventTypes": "event_type",
    "bizSteps": "biz_step",
    "readPoints": "read_point",
    "bizLocations": "biz_location",
}


def everybody(house: House) -> tuple[Caller, ...]:
    return house.acme, house.bolt, house.cargo


async def assert_agrees(house: House) -> None:
    """Events in every order and by every way to them, values, things and trails: as the rule says, for each party."""
    for caller in everybody(house):
        rule = await house.execute(_EVENTS, viewer=caller.party)
        ids, seqs = sorted(row[0] for row in rule), [row[1] for row in rule]
        for query in QUERIES:
            # As often as it is told: what declares an event an error has the id of that event.
            assert sorted(await house.ids(query, caller, page=7)) == ids, (caller.name, query)
        await assert_values_agree(house, caller, seqs)
        await assert_trails_agree(house, caller, ids)


async def assert_values_agree(house: House, caller: Caller, seqs: list[int]) -> None:
    for what, column in _VALUES.items():
        told = await house.execute(
            f"SELECT DISTINCT {column} FROM events WHERE seq = ANY(:seqs) AND {column} IS NOT NULL",
            seqs=seqs,
        )
        listed = await house.queries.values(caller, what, limit=100)
        assert set(listed.values) == {row[0] for row in told}, (caller.name, what)
        for place in PLACES:
            if what == "readPoints":
                assert await house.queries.knows(caller, what, place) is (place in listed.values)


async def assert_trails_agree(house: House, caller: Caller, ids: list[str]) -> None:
    """`/v1/events/{id}` and `/v1/trails` agree with what queries find."""
    async with house.database.session() as session:
        viewer = Viewer(caller.party, sees_all=False)
        every = [row[0] for row in await house.execute("SELECT event_id FROM events")]
        known = [one for one in every if await visible_event(session, one, viewer)]
        trails = await visible_trails(session, viewer, b"", 500)
    assert set(known) == set(ids)
    things = await house.queries.values(caller, "epcs", limit=500)
    assert {trail.identifier for trail in trails if trail.kind != "journal"} <= set(things.values)
    for event_id in every:
        assert bool(await house.queries.event(caller, event_id)) is (event_id in ids)


class Story:
    """A random history of three parties; the same for the same seed, but for what happens at once."""

    def __init__(self, house: House, seed: int) -> None:
        self._house, self._draw = house, random.Random(seed)
        self._things = [item() for _ in range(7)]
        self._told: list[tuple[int, dict[str, Any]]] = []
        self._number = 0

    def step(self) -> Awaitable[Any]:
        """Something that happens."""
        by, chosen = self._draw.randrange(3), self._draw.sample(self._things, 3)
        happening = self._draw.choices(
            (self._observation, self._packing, self._shipment, self._correction, self._grant), (5, 3, 5, 1, 1)
        )[0]
        return happening(by, chosen)

    def _observation(self, by: int, chosen: list[str]) -> Awaitable[Any]:
        things = chosen[: self._draw.randrange(4)]
        event = seen(*things, **self._members())
        if not things:
            event |= {"epcList": [], "bizTransactionList": [{"bizTransaction": f"urn:x:{self._draw.random()}"}]}
            event |= {"quantityList": [{"epcClass": "https://id.gs1.org/01/04012345111118", "quantity": 3}]}
        return self._tell(by, event)

    def _packing(self, by: int, chosen: list[str]) -> Awaitable[Any]:
        children = chosen[1 : self._draw.randrange(1, 4)]
        action = "ADD" if children and self._draw.random() < 0.6 else "DELETE"
        return self._tell(by, packed(chosen[0], *children) | {"action": action} | self._members())

    def _shipment(self, by: int, chosen: list[str]) -> Awaitable[Any]:
        taker = PARTIES[(by + self._draw.randrange(1, 3)) % 3]
        return self._tell(by, shipped(chosen[0], giver=PARTIES[by], taker=taker, **self._members()))

    def _correction(self, by: int, chosen: list[str]) -> Awaitable[Any]:
        mine = [event for teller, event in self._told if teller == by]
        if not mine:
            return self._observation(by, chosen)
        event = mine.pop(self._draw.randrange(len(mine)))
        self._told = [one for one in self._told if one[1] is not event]
        return self._house.capture(
            event | {"errorDeclaration": {"declarationTime": "2026-04-01T00:00:00Z"}}, by=everybody(self._house)[by]
        )

    def _grant(self, by: int, _: list[str]) -> Awaitable[Any]:
        mine, other = everybody(self._house)[by], everybody(self._house)[(by + 1) % 3]
        statement = (
            "INSERT INTO grants (grantor, grantee) VALUES (:a, :b) ON CONFLICT DO NOTHING"
            if self._draw.random() < 0.6
            else "DELETE FROM grants WHERE grantor = :a AND grantee = :b"
        )
        return self._house.execute(statement, a=mine.party, b=other.party)

    def _members(self) -> dict[str, Any]:
        self._number += 1
        return {
            "eventID": f"urn:uuid:00000000-0000-4000-8000-{self._number:012x}",
            "readPoint": {"id": self._draw.choice(PLACES)},
            "bizLocation": {"id": self._draw.choice(PLACES)},
        }

    async def _tell(self, by: int, event: dict[str, Any]) -> Receipt:
        receipt = await self._house.capture(event, by=everybody(self._house)[by])
        self._told.append((by, event))
        return receipt


@pytest.mark.parametrize("seed", range(3))
async def test_one_after_the_other(house: House, seed: int) -> None:
    story = Story(house, seed)
    for _ in range(4):
        for _ in range(12):
            await story.step()
        await assert_agrees(house)


@pytest.mark.parametrize("seed", range(100, 103))
async def test_at_once(house: House, seed: int) -> None:
    story = Story(house, seed)
    for _ in range(12):
        await asyncio.gather(*(story.step() for _ in range(5)))
    await assert_agrees(house)


async def test_what_others_put_into_a_thing_is_not_handed_over_with_it(house: House) -> None:
    """Who is to get a thing and knows another's number cannot get that as well by saying that it lies in it."""
    pallet, secret = item(), item()
    await house.capture(seen(pallet), seen(secret))
    await house.capture(packed(pallet, secret), by=house.bolt)
    await house.capture(shipped(pallet))
    async with house.database.session() as session:
        trails = await visible_trails(session, Viewer(house.bolt.party, sees_all=False), b"", 10)
    assert [trail.identifier for trail in trails] == [pallet]
    assert await house.ask({"MATCH_anyEPC": [secret], "EQ_bizStep": ["inspecting"]}, house.bolt) != []
    assert len(await house.ids(where(), house.bolt)) == 3
    await assert_agrees(house)


async def test_what_was_put_into_a_thing_by_mistake_is_not_handed_over_with_it(house: House) -> None:
    pallet, secret = item(), item()
    told = packed(pallet, secret) | {"eventID": "urn:uuid:00000000-0000-4000-8000-00000000000b"}
    await house.capture(seen(secret))
    await house.capture(told)
    await house.capture(told | {"errorDeclaration": {"declarationTime": "2026-04-01T00:00:00Z"}})
    await house.capture(shipped(pallet))
    async with house.database.session() as session:
        trails = await visible_trails(session, Viewer(house.bolt.party, sees_all=False), b"", 10)
    assert [trail.identifier for trail in trails] == [pallet]
    await assert_agrees(house)


async def test_what_others_take_out_of_a_thing_is_handed_over_with_it_all_the_same(house: House) -> None:
    pallet, content = item(), item()
    await house.capture(packed(pallet, content))
    await house.capture(packed(pallet, content) | {"action": "DELETE"}, by=house.cargo)
    await house.capture(shipped(pallet))
    async with house.database.session() as session:
        trails = await visible_trails(session, Viewer(house.bolt.party, sees_all=False), b"", 10)
    assert {trail.identifier for trail in trails} == {pallet, content}


async def test_pages_hold_every_event_that_is_seen_for_two_reasons(house: House) -> None:
    """What a party said of a thing before it was offered it: seen as its own, and as part of the trail."""
    thing = item()
    await house.capture(seen(thing))
    receipt = await house.capture(*(seen(thing) for _ in range(9)), by=house.bolt)
    await house.capture(shipped(thing))
    for order in (None, "recordTime", "eventTime"):
        found = await house.ids(where(order=order), house.bolt, page=2)
        assert len(found) == 11
        assert set(receipt.event_ids) <= set(found)


class Gates:
    """Captures that wait in the middle of their transaction until they are let on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._gates: dict[tuple[str, str], tuple[asyncio.Event, asyncio.Event]] = {}
        self._wrap(monkeypatch, "share_offered", before=True)
        self._wrap(monkeypatch, "show_events", before=False)

    def _wrap(self, monkeypatch: pytest.MonkeyPatch, name: str, *, before: bool) -> None:
        real: Callable[..., Awaitable[Any]] = getattr(store, name)

        async def wrapped(*given: Any) -> Any:
            if before:
                await self._pass(name)
            done = await real(*given)
            if not before:
                await self._pass(name)
            return done

        monkeypatch.setattr(store, name, wrapped)

    async def _pass(self, name: str) -> None:
        task = asyncio.current_task()
        there, on = self._gates.get((task.get_name() if task else "", name), (None, None))
        if there and on:
            there.set()
            await on.wait()

    def gate(self, capture: str, at: str) -> tuple[asyncio.Event, asyncio.Event]:
        """Set once the capture has come there; to be set to let it on."""
        return self._gates.setdefault((capture, at), (asyncio.Event(), asyncio.Event()))


async def test_what_is_packed_while_its_container_is_being_offered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One capture packs, one offers the container, one speaks of the content, each before the one before is done."""
    pallet, content = item(), item()
    await house.capture(seen(pallet), seen(content))
    gates = Gates(monkeypatch)
    (packs, pack), (offers, offer), (tells, tell) = (
        gates.gate(*place) for place in (("pack", "show_events"), ("offer", "share_offered"), ("tell", "show_events"))
    )
    packing = asyncio.create_task(house.capture(packed(pallet, content)), name="pack")
    await packs.wait()
    offering = asyncio.create_task(house.capture(shipped(pallet)), name="offer")
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while (await house.execute(waits))[0][0] == 0:  # noqa: ASYNC110 the database says it to who asks
        await asyncio.sleep(0.01)
    pack.set()
    await packing
    await offers.wait()
    telling = asyncio.create_task(house.capture(seen(content)), name="tell")
    await tells.wait()
    offer.set()
    await asyncio.wait({offering}, timeout=0.5)
    tell.set()
    await asyncio.gather(offering, telling)
    await assert_agrees(house)
    assert len(await house.ids(where(), house.bolt)) == 5
