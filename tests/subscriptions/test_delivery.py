"""What receivers get, and what they get when they, or we, fail."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from service.subscriptions import SubscriptionNotFound, matching
from service.workers import _repeat
from tests.subscriptions.conftest import Room, eventually, seen
from tests.subscriptions.receiver import Receiver, endless, half_a_status, hang_up, receiving, silent, slowly


async def test_what_newly_matches_is_sent_once(room: Room, receiver: Receiver) -> None:
    await room.capture(seen())
    subscribed = await room.subscribe(receiver.url)
    await room.deliver()
    assert receiver.calls == []
    caught = await room.capture(seen(), seen(bizStep="shipping"), seen())
    await room.deliver()
    await room.deliver()
    (received,) = receiver.calls
    ids = await room.ids(caught)
    assert receiver.ids == [ids[0], ids[2]]
    results = received.document["epcisBody"]["queryResults"]
    assert received.document["type"] == "EPCISQueryDocument"
    assert (results["queryName"], results["subscriptionID"]) == ("inspections", str(subscribed.id))
    assert all(datetime.fromisoformat(event["recordTime"]) for event in received.events)
    assert received.path == "/hook?for=acme"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.headers["idempotency-key"] == received.delivery
    assert "gs1-signature" not in received.headers
    told = await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert told.state == "active"
    assert told.last_notified_at is not None


async def test_a_failed_delivery_is_sent_again_as_it_was(room: Room, receiver: Receiver) -> None:
    subscribed = await room.subscribe(receiver.url)
    first = await room.capture(seen())
    receiver.deeds = [500, hang_up, half_a_status, 404, 302, 503]
    for _ in range(6):
        await room.deliver()
        await room.hurry()
        await room.capture(seen())  # what comes meanwhile waits, and changes nothing of what was tried
    told = await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert (told.state, told.failures, told.fault) == ("failing", 6, "the receiver answered 503")
    await room.deliver()
    assert len({call.delivery for call in receiver.calls[:7]}) == 1
    assert len({call.body for call in receiver.calls[:7]}) == 1
    assert [event["eventID"] for event in receiver.calls[6].events] == await room.ids(first)
    assert [len(call.events) for call in receiver.taken] == [1, 6]
    assert len(set(receiver.ids)) == 7
    told = await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert (told.state, told.failures, told.fault) == ("active", 0, None)


async def test_an_answer_is_what_its_status_says_whatever_follows(room: Room, receiver: Receiver) -> None:
    """The receiver took it, and dies while it says so: it is not sent again."""
    await room.subscribe(receiver.url)
    await room.capture(seen())
    receiver.deeds = [endless]
    await asyncio.wait_for(room.deliver(), 10)
    await room.hurry()
    await room.deliver()
    assert len(receiver.calls) == 1


async def test_a_receiver_that_says_nothing_is_waited_for_in_bounds(room: Room, receiver: Receiver) -> None:
    subscribed = await room.subscribe(receiver.url)
    await room.capture(seen())
    receiver.deeds = [silent(5)]
    await asyncio.wait_for(room.deliver(room.deliverer(total_seconds=0.3)), 4)
    told = await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert told.failures == 1
    assert told.fault in ("no answer within 0.3 seconds", "it did not answer in time")


async def test_a_slow_receiver_keeps_nobody_waiting(room: Room, receiver: Receiver) -> None:
    with receiving() as slow:
        slow.usual = silent(2)
        for _ in range(3):
            await room.subscribe(slow.url)
        await room.subscribe(receiver.url)
        await room.capture(seen())
        worker = room.deliverer(total_seconds=3)
        await worker.step()
        await eventually(lambda: len(receiver.taken) == 1, 1)


async def test_nobody_calls_back_before_the_pause_is_over(room: Room, receiver: Receiver) -> None:
    subscribed = await room.subscribe(receiver.url)
    await room.capture(seen())
    receiver.answers = {"Retry-After": "120"}
    receiver.deeds = [503]
    await room.deliver()
    await room.deliver()
    assert len(receiver.calls) == 1
    ((pause,),) = await room.rows("SELECT next_at - now() FROM subscriptions WHERE id = :id", id=subscribed.id)
    assert timedelta(seconds=100) < pause <= timedelta(seconds=120)


async def test_a_worker_that_stops_does_not_begin_another_delivery(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url)
    await room.capture(*[seen() for _ in range(1000)])
    answer = threading.Event()
    receiver.usual = slowly(answer)
    worker = room.deliverer()
    await worker.step()
    await eventually(lambda: len(receiver.calls) == 1)
    closing = asyncio.create_task(worker.close())
    await asyncio.sleep(0)
    answer.set()
    await closing
    assert len(receiver.calls) == len(receiver.taken) == 1
    receiver.usual = 200
    await room.deliver()
    assert [len(call.events) for call in receiver.taken] == [200] * 5
    assert len(set(receiver.ids)) == 1000


async def test_gone_ends_the_subscription(room: Room, receiver: Receiver) -> None:
    subscribed = await room.subscribe(receiver.url)
    await room.capture(seen())
    receiver.deeds = [410]
    await room.deliver()
    await room.capture(seen())
    await room.hurry()
    await room.deliver()
    assert len(receiver.calls) == 1
    told = await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert (told.state, told.fault) == ("ended", "the receiver answered 410")
    assert await room.rows("SELECT FROM deliveries") == []
    await room.subscriptions.delete(room.acme, "inspections", subscribed.id)
    with pytest.raises(SubscriptionNotFound):
        await room.subscriptions.delete(room.acme, "inspections", subscribed.id)


async def test_a_subscription_that_fails_for_too_long_ends(room: Room, receiver: Receiver) -> None:
    subscribed = await room.subscribe(receiver.url)
    await room.capture(seen())
    receiver.usual = 500
    await room.deliver()
    await room.rows("UPDATE subscriptions SET failing_since = now() - interval '13 days'")
    await room.hurry()
    await room.deliver()
    assert (await room.subscriptions.read(room.acme, "inspections", subscribed.id)).state == "active"
    await room.rows("UPDATE subscriptions SET failing_since = now() - interval '15 days'")
    await room.hurry()
    await room.deliver()
    assert (await room.subscriptions.read(room.acme, "inspections", subscribed.id)).state == "ended"


async def test_long_results_come_in_batches(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url)
    caught = await room.capture(*[seen() for _ in range(450)])
    await room.deliver()
    assert [len(call.events) for call in receiver.taken] == [200, 200, 50]
    assert receiver.ids == await room.ids(caught)


@pytest.mark.parametrize("controls", [{"stream": True}, {"schedule": {"second": "*"}}])
async def test_a_long_past_is_gone_through_in_steps(
    room: Room, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, controls: dict[str, Any]
) -> None:
    monkeypatch.setattr(matching, "_LOOKED_THROUGH", 3)
    since = datetime.now(UTC)
    expected = []
    for number in range(12):
        step = "inspecting" if number % 3 == 2 else "shipping"
        caught = await room.capture(*[seen(bizStep=step) for _ in range(1 + number % 5)])
        expected += await room.ids(caught) if step == "inspecting" else []
    await room.subscribe(receiver.url, initialRecordTime=since.isoformat(), **controls)
    await room.rows("UPDATE subscriptions SET batch = 2, next_at = now()")
    worker = room.deliverer()
    await worker.step()
    await worker.finish()
    assert receiver.ids == expected
    assert all(len(call.events) <= 4 for call in receiver.taken)


async def test_large_events_come_in_batches_of_a_mebibyte(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url)
    events = [seen(**{"https://example.org/note": "x" * 400_000}) for _ in range(5)]
    caught = await room.capture(*events, seen(**{"https://example.org/note": "x" * 1_500_000}), seen())
    await room.deliver()
    assert [len(call.events) for call in receiver.taken] == [2, 2, 1, 1, 1]
    assert receiver.ids == await room.ids(caught)


async def test_what_is_too_large_for_the_receiver_comes_in_smaller_batches(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url)
    caught = await room.capture(*[seen() for _ in range(100)])
    receiver.deeds = [413, 413, 200, 413]
    await room.deliver()
    assert [len(call.events) for call in receiver.calls[:4]] == [100, 50, 25, 26]
    assert receiver.ids == await room.ids(caught)
    assert len({call.delivery for call in receiver.calls}) == len(receiver.calls)


async def test_events_from_the_initial_record_time_on(room: Room, receiver: Receiver) -> None:
    await room.capture(seen())
    await asyncio.sleep(0.01)
    since = datetime.now(UTC)
    await asyncio.sleep(0.01)
    caught = await room.capture(seen(), seen())
    subscribed = await room.subscribe(receiver.url, initialRecordTime=since.isoformat())
    await room.deliver()
    assert receiver.ids == await room.ids(caught)
    assert subscribed.initial_record_time == since
    later = await room.capture(seen())
    await room.deliver()
    assert receiver.ids == await room.ids(caught) + await room.ids(later)


async def test_a_time_to_come_is_waited_for(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url, initialRecordTime=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    await room.capture(seen())
    await room.deliver()
    assert receiver.calls == []


async def test_orders_and_limits_are_for_fetching_only(room: Room, receiver: Receiver) -> None:
    limited = {"EQ_bizStep": ["inspecting"], "orderBy": "eventTime", "orderDirection": "DESC", "eventCountLimit": 1}
    await room.queries.create(room.acme, "inspections", limited)
    await room.subscribe(receiver.url)
    caught = await room.capture(seen(), seen(), seen())
    await room.deliver()
    assert receiver.ids == await room.ids(caught)


async def test_a_capture_that_commits_late_is_neither_missed_nor_doubled(room: Room, receiver: Receiver) -> None:
    """Captures under way while somebody subscribes are news; those committed before, though later begun, are not."""
    late = await room.capture(seen())
    writing = text("UPDATE captures SET written_in = (pg_current_xact_id()::text)::bigint WHERE id = :id")
    async with room.database.session() as session:
        await session.execute(writing, {"id": late.id})  # from here on, as if this transaction captured it
        committed = await room.capture(seen())
        await room.subscribe(receiver.url)
        fresh = await room.capture(seen())
        await room.deliver()
        assert receiver.calls == []
    await room.deliver()
    assert receiver.ids == await room.ids(late) + await room.ids(fresh)
    assert not set(receiver.ids) & set(await room.ids(committed))


async def test_deleting_is_the_end_of_it(room: Room, receiver: Receiver) -> None:
    subscribed = await room.subscribe(receiver.url)
    receiver.deeds = [500]
    await room.capture(seen())
    await room.deliver()
    await room.subscriptions.delete(room.acme, "inspections", subscribed.id)
    await room.capture(seen())
    await room.deliver()
    assert len(receiver.calls) == 1
    for unknown in (subscribed.id, str(subscribed.id), "x", ""):
        with pytest.raises(SubscriptionNotFound):
            await room.subscriptions.delete(room.acme, "inspections", unknown)


async def test_streams_arrive_within_a_second(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url)
    stop = asyncio.Event()
    working = asyncio.create_task(_repeat(room.deliverer().step, room.settings.poll_seconds, stop))
    delays = []
    for number in range(5):
        await room.capture(seen())
        began = asyncio.get_running_loop().time()
        await eventually(lambda wanted=number + 1: len(receiver.taken) == wanted, 5)  # type: ignore[misc]
        delays.append(asyncio.get_running_loop().time() - began)
    stop.set()
    await working
    assert sorted(delays)[2] < 1, delays
