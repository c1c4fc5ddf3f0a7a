"""Scheduled runs, forms of results, and who may see what when it is sent."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta

import jsonschema_rs

from service.epcis.xml import read_xml
from service.parties.grants import Grants
from service.subscriptions.deliverer import EACH_PARTY
from tests.shared import shared
from tests.subscriptions.conftest import Room, eventually, seen
from tests.subscriptions.receiver import Receiver, receiving, slowly

HOURLY = {"minute": "0"}


async def come(room: Room) -> None:
    """The hour of the next run."""
    await room.rows("UPDATE subscriptions SET next_at = now()")


async def next_at(room: Room) -> datetime:
    ((moment,),) = await room.rows("SELECT next_at FROM subscriptions")
    found: datetime = moment
    return found


async def test_a_run_sends_what_came_since_the_last_one(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url, schedule=HOURLY)
    first = await room.capture(seen())
    await room.deliver()
    assert receiver.calls == []
    assert timedelta(0) < await next_at(room) - datetime.now(UTC) <= timedelta(hours=1)
    await come(room)
    await room.deliver()
    assert receiver.ids == await room.ids(first)
    assert (await next_at(room)).minute == 0
    assert timedelta(0) < await next_at(room) - datetime.now(UTC) <= timedelta(hours=1)
    second = await room.capture(*[seen() for _ in range(250)])
    await come(room)
    await room.deliver()
    assert [len(call.events) for call in receiver.taken] == [1, 200, 50]
    assert receiver.ids == await room.ids(first) + await room.ids(second)
    await come(room)
    await room.deliver()
    assert len(receiver.calls) == 3


async def test_runs_that_were_missed_are_caught_up_by_one(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url, schedule={"second": "*"}, reportIfEmpty=True)
    await room.rows("UPDATE subscriptions SET next_at = now() - interval '1 day'")
    worker = room.deliverer()
    assert await worker.step()
    await worker.finish()
    assert [len(call.events) for call in receiver.taken] == [0]
    assert datetime.now(UTC) - await next_at(room) < timedelta(seconds=5)


async def test_an_empty_run_says_so_once_where_that_is_wanted(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url, schedule=HOURLY, reportIfEmpty=True)
    receiver.deeds = [500]
    await come(room)
    await room.deliver()
    assert len(receiver.calls) == 1
    await come(room)
    await room.deliver()
    refused, taken = receiver.calls
    assert (refused.body, refused.delivery) == (taken.body, taken.delivery)
    assert taken.events == []
    await room.deliver()
    assert len(receiver.calls) == 2
    caught = await room.capture(seen())
    await come(room)
    await room.deliver()
    assert [len(call.events) for call in receiver.taken] == [0, 1]
    assert receiver.ids == await room.ids(caught)


async def test_results_in_xml(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url, format="application/xml", cbvXmlFormat="Always_Web_URI")
    caught = await room.capture(seen(), seen())
    await room.deliver()
    (call,) = receiver.taken
    assert call.headers["content-type"] == "application/xml"
    assert b"https://ref.gs1.org/cbv/BizStep-inspecting" in call.body
    read = read_xml(call.body).value
    events = read["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert [event["eventID"] for event in events] == await room.ids(caught)


async def test_epcs_as_asked_for(room: Room, receiver: Receiver) -> None:
    urn = "urn:epc:id:sgtin:4012345.011111.7"
    await room.subscribe(receiver.url, epcFormat="Always_GS1_Digital_Link")
    await room.capture(seen(urn))
    await room.deliver()
    assert receiver.taken[0].events[0]["epcList"] == ["https://id.gs1.org/01/04012345111118/21/7"]


async def test_results_are_what_the_standard_describes(room: Room, receiver: Receiver) -> None:
    folder = ("epcis", "openepcis-validation", "core", "src", "main", "resources", "json-schema")
    schema = json.loads(shared(*folder, "epcis-json-schema.json").read_text())
    await room.subscribe(receiver.url)
    await room.capture(seen(), seen(**{"https://example.org/note": "x"}))
    await room.deliver()
    jsonschema_rs.validator_for(schema).validate(receiver.taken[0].document)


async def test_each_party_gets_what_it_may_see(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url, caller=room.bolt)
    await room.capture(seen())
    own = await room.capture(seen(), caller=room.bolt)
    await room.deliver()
    assert receiver.ids == await room.ids(own)


async def test_grants_hold_from_when_they_are_given_until_they_are_taken_back(room: Room, receiver: Receiver) -> None:
    """What is shared later is not sent later: it is there to be fetched."""
    grants = Grants(room.database)
    await room.subscribe(receiver.url, caller=room.bolt)
    await room.capture(seen())
    await room.deliver()
    await grants.grant(room.acme, room.bolt.party)
    shared_now = await room.capture(seen())
    await room.deliver()
    await grants.revoke(room.acme, room.bolt.party)
    await room.capture(seen())
    await room.deliver()
    assert receiver.ids == await room.ids(shared_now)


async def test_what_is_no_longer_shared_is_not_sent_again(room: Room, receiver: Receiver) -> None:
    grants = Grants(room.database)
    await grants.grant(room.acme, room.bolt.party)
    await room.subscribe(receiver.url, caller=room.bolt)
    await room.capture(seen())
    own = await room.capture(seen(), caller=room.bolt)
    receiver.deeds = [500]
    await room.deliver()
    await grants.revoke(room.acme, room.bolt.party)
    await room.hurry()
    await room.deliver()
    refused, taken = receiver.calls
    assert len(refused.events) == 2
    assert [event["eventID"] for event in taken.events] == await room.ids(own)
    assert taken.delivery != refused.delivery


async def test_a_suspended_party_gets_nothing_until_it_is_reinstated(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url)
    caught = await room.capture(seen())
    await room.rows("UPDATE parties SET suspended = true WHERE id = :id", id=room.acme.party)
    await room.deliver()
    assert receiver.calls == []
    await room.rows("UPDATE parties SET suspended = false WHERE id = :id", id=room.acme.party)
    await room.deliver()
    assert receiver.ids == await room.ids(caught)


async def test_roles_are_those_of_the_moment(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url, caller=room.bolt)
    await room.rows("UPDATE parties SET roles = 8 WHERE id = :id", id=room.bolt.party)
    caught = await room.capture(seen())
    await room.deliver()
    await room.rows("UPDATE parties SET roles = 1 WHERE id = :id", id=room.bolt.party)
    await room.capture(seen())
    await room.deliver()
    assert receiver.ids == await room.ids(caught)


async def test_one_party_does_not_take_all_the_places(room: Room, receiver: Receiver) -> None:
    """Receivers of one party hang; the other's is called all the same."""
    answer = threading.Event()
    with receiving() as stuck:
        stuck.usual = slowly(answer)
        for _ in range(EACH_PARTY + 2):
            await room.subscribe(stuck.url)
        await room.subscribe(receiver.url, caller=room.bolt)
        await room.capture(seen())
        await room.capture(seen(), caller=room.bolt)
        worker = room.deliverer(total_seconds=60)
        await worker.step()
        await worker.step()
        await eventually(lambda: len(receiver.taken) == 1)
        await eventually(lambda: len(stuck.calls) == EACH_PARTY)
        await worker.step()
        await asyncio.sleep(0.2)
        assert len(stuck.calls) == EACH_PARTY
        answer.set()
        await worker.finish()
