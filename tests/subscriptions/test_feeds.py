import asyncio
import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest

from service.parties.errors import ScopeMissing
from service.subscriptions import Controls, Feed, Feeds, QueryNotFound, SubscriptionControlsFault, TooManyFeeds
from tests.subscriptions.conftest import INSPECTIONS, Room, seen

STREAM = Controls()


async def one(feed: Feed, seconds: float = 5) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(await asyncio.wait_for(anext(feed), seconds))
    return told


def ids(document: dict[str, Any]) -> list[str]:
    return [event["eventID"] for event in document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]


async def nothing(feed: Feed, seconds: float = 1.2) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(feed), seconds)


async def test_a_feed_tells_what_is_captured_from_now_on(room: Room) -> None:
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    await room.capture(seen())
    async with room.feeds.follow(room.acme, "inspections", STREAM) as feed:
        caught = await room.capture(seen(), seen(bizStep="shipping"))
        told = await one(feed)
        assert ids(told) == (await room.ids(caught))[:1]
        assert "subscriptionID" not in told["epcisBody"]["queryResults"]
        await nothing(feed)
        later = await room.capture(seen())
        assert ids(await one(feed)) == await room.ids(later)


async def test_a_feed_can_begin_earlier(room: Room) -> None:
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    caught = await room.capture(*[seen() for _ in range(250)])
    controls = Controls(initial_record_time=datetime.now(UTC) - timedelta(hours=1))
    feed = room.feeds.follow(room.acme, "inspections", controls)
    assert ids(await one(feed)) + ids(await one(feed)) == await room.ids(caught)
    await nothing(feed)


async def test_what_is_not_there_is_refused_before_the_feed_begins(room: Room) -> None:
    for name in ("inspections", "", "a\0b"):
        with pytest.raises(QueryNotFound):
            await room.feeds.follow(room.acme, name, STREAM).begin()
    await room.queries.create(room.bolt, "inspections", INSPECTIONS)
    with pytest.raises(QueryNotFound):
        await anext(room.feeds.follow(room.acme, "inspections", STREAM))


async def test_a_feed_ends_with_its_query_even_if_the_name_is_taken_again(room: Room) -> None:
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    feed = room.feeds.follow(room.acme, "inspections", STREAM)
    await feed.begin()
    await room.queries.delete(room.acme, "inspections")
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(feed), 3)


async def test_runs_on_a_schedule_say_that_there_is_nothing_where_that_is_wanted(room: Room) -> None:
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    now = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
    feeds = Feeds(room.database, clock=lambda: now)
    silent = feeds.follow(room.acme, "inspections", Controls.of_url([("minute", "0/5")]))
    loud = feeds.follow(room.acme, "inspections", Controls.of_url([("minute", "0/5"), ("reportIfEmpty", "true")]))
    await silent.begin()
    await loud.begin()
    caught = await room.capture(seen())
    await nothing(loud, 0.8)
    now += timedelta(minutes=5)
    assert ids(await one(loud)) == ids(await one(silent)) == await room.ids(caught)
    await nothing(loud, 0.8)
    now += timedelta(minutes=17)  # three runs were missed: one catches up
    assert ids(await one(loud)) == []
    await nothing(loud, 0.8)
    await nothing(silent, 0.8)


async def test_feeds_are_bounded_and_those_that_nobody_has_do_not_count(room: Room) -> None:
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    feeds = Feeds(room.database, most=2)
    first, second = (feeds.follow(room.acme, "inspections", STREAM) for _ in range(2))
    await first.begin()
    await second.begin()
    with pytest.raises(TooManyFeeds):
        await feeds.follow(room.acme, "inspections", STREAM).begin()
    await first.aclose()
    await feeds.follow(room.acme, "inspections", STREAM).begin()
    del second
    gc.collect()
    await feeds.follow(room.acme, "inspections", STREAM).begin()


async def test_no_party_takes_the_feeds_of_all_others(room: Room) -> None:
    for party in (room.acme, room.bolt):
        await room.queries.create(party, "inspections", INSPECTIONS)
    feeds = Feeds(room.database, most=4, each_party=2)
    held = [feeds.follow(room.acme, "inspections", STREAM) for _ in range(3)]
    await held[0].begin()
    await held[1].begin()
    with pytest.raises(TooManyFeeds, match="a party may have 2"):
        await held[2].begin()
    await feeds.follow(room.bolt, "inspections", STREAM).begin()


async def test_following_takes_the_right_to_read(room: Room) -> None:
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    nobody = replace(room.acme, scopes=frozenset({"captures:write"}))
    with pytest.raises(ScopeMissing):
        await room.feeds.follow(nobody, "inspections", STREAM).begin()


async def test_listeners_together_look_twice_a_second(room: Room) -> None:
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    listeners = [room.feeds.follow(room.acme, "inspections", STREAM) for _ in range(50)]
    for feed in listeners:
        await feed.begin()
    looks = 0
    session = room.database.session

    def counted() -> Any:
        nonlocal looks
        looks += 1
        return session()

    room.database.session = counted  # type: ignore[method-assign]
    waiting = [asyncio.create_task(anext(feed)) for feed in listeners]
    await asyncio.sleep(2.2)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert 3 <= looks <= 6


@pytest.mark.parametrize(
    "query", ["", "stream=false", "stream=true&minute=5", "stream=1", "minute=60", "stream=true&stream=true", "second="]
)
def test_controls_that_make_no_sense_are_refused(query: str) -> None:
    with pytest.raises(SubscriptionControlsFault):
        Controls.of_url(parse_qsl(query, keep_blank_values=True))
