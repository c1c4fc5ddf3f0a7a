import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import text

from service.stream import Stream

from .conftest import Service
from .documents import document, event, item
from .problems import check_problem
from .test_captures import custodial

Messages = asyncio.Queue[dict[str, Any]]


@asynccontextmanager
async def listening(service: Service) -> AsyncIterator[str]:
    """The application behind a real socket: a stream has to leave piece by piece, and to notice who hangs up."""
    config = uvicorn.Config(
        service.app, port=0, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def subscribed(base: str, token: str, after: str | None = None) -> AsyncIterator[Messages]:
    headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": after} if after else {})}
    async with (
        httpx.AsyncClient(trust_env=False, timeout=10) as client,
        client.stream("GET", f"{base}/v1/stream", headers=headers) as response,
    ):
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        messages: Messages = asyncio.Queue()
        reading = asyncio.create_task(read(response, messages))
        yield messages
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading


async def read(response: httpx.Response, messages: Messages) -> None:
    """Puts every message into the queue, and an empty one when the stream ends."""
    message: dict[str, Any] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if not line and message:
            if "data" in message:
                messages.put_nowait({**message, "data": json.loads(message["data"])})
            message = {}
        elif name:
            message[name] = value
    messages.put_nowait({})


async def within(seconds: float, messages: Messages, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while len(found) < count:
                found.append(await messages.get())
    return found


async def capture(service: Service, token: str, *serials: str) -> dict[str, Any]:
    accepted = await service.call("POST", "/v1/captures", token, json=document(*map(event, serials)))
    assert accepted.status_code == 202, accepted.text
    told: dict[str, Any] = accepted.json()
    return told


async def seal(service: Service, block: int) -> None:
    """Mirrors every entry that waits, as the watcher does when the chain recorded it in this block."""
    async with service.database.session() as session:
        await session.execute(
            text(
                'INSERT INTO ledger_entries (block, log, trail, party, part, seal, "to", step, time, head)'
                " SELECT :block, row_number() OVER (ORDER BY mentions.event), mentions.trail, events.party,"
                " mentions.part, events.seal, decode(repeat('00', 32), 'hex'), mentions.step, 1770000000,"
                " decode(repeat('ab', 32), 'hex')"
                " FROM mentions JOIN events ON events.seq = mentions.event"
                " WHERE NOT EXISTS (SELECT FROM ledger_entries AS known WHERE known.seal = events.seal)"
            ),
            {"block": block},
        )


async def test_a_subscriber_hears_of_its_events_as_they_happen(service: Service) -> None:
    _, token = await custodial(service)
    async with listening(service) as base, subscribed(base, token) as messages:
        receipt = await capture(service, token, "1", "2")
        first, second = await within(5, messages, 2)
        assert (first["event"], first["data"]["eventID"]) == ("captured", receipt["eventIDs"][0])
        assert first["data"]["identifiers"] == [item("1")]
        assert first["data"]["captureID"] == receipt["captureID"]
        assert second["data"]["identifiers"] == [item("2")]
        await seal(service, 7)
        (sealed, _) = await within(5, messages, 2)
        assert (sealed["event"], sealed["data"]["identifier"], sealed["data"]["block"]) == ("sealed", item("1"), 7)
        assert sealed["data"]["eventID"] == receipt["eventIDs"][0]


async def test_a_subscriber_goes_on_where_it_stopped(service: Service) -> None:
    _, token = await custodial(service)
    async with listening(service) as base:
        async with subscribed(base, token) as messages:
            await capture(service, token, "1", "2", "3")
            seen = await within(5, messages, 2)
        await capture(service, token, "4")
        await seal(service, 3)
        async with subscribed(base, token, seen[-1]["id"]) as messages:
            missed = await within(5, messages, 6)
            more = await within(1, messages, 1)
    assert [message["event"] for message in missed] == ["captured"] * 2 + ["sealed"] * 4
    assert [message["data"]["identifiers"] for message in missed[:2]] == [[item("3")], [item("4")]]
    assert more == []
    assert len({message["id"] for message in seen + missed}) == 8


async def test_a_subscriber_hears_of_visible_trails_only(service: Service) -> None:
    _, token = await custodial(service)
    guest_party, guest = await service.member("guest")
    _, stranger = await service.member("stranger")
    _, auditor = await service.member("auditor", roles=["auditor"])
    await service.call("PUT", f"/v1/grants/{guest_party}", token)
    async with (
        listening(service) as base,
        subscribed(base, guest) as shared,
        subscribed(base, stranger) as nothing,
        subscribed(base, auditor) as everything,
    ):
        await capture(service, token, "1")
        await seal(service, 1)
        assert [message["event"] for message in await within(5, shared, 2)] == ["captured", "sealed"]
        assert [message["event"] for message in await within(5, everything, 2)] == ["captured", "sealed"]
        assert await within(1.5, nothing, 1) == []


async def test_an_event_that_is_committed_late_is_not_missed(service: Service) -> None:
    """Numbers are given out before the commit: a capture with a lower number may appear after a higher one."""
    _, token = await custodial(service)
    async with listening(service) as base, subscribed(base, token) as messages:
        async with service.database.session() as slow:
            await slow.execute(text("SELECT nextval(pg_get_serial_sequence('events', 'seq'))"))
            number = (await slow.execute(text("SELECT currval(pg_get_serial_sequence('events', 'seq'))"))).scalar_one()
            await slow.execute(text("SELECT pg_current_xact_id()"))
            await capture(service, token, "fast")
            early = await within(1.2, messages, 1)
            await slow.execute(
                text(
                    "WITH made AS (INSERT INTO captures (id, party, request_hash, events, entries, refused)"
                    " SELECT gen_random_uuid(), party, request_hash, 1, 1, refused FROM captures RETURNING id, party),"
                    " said AS (INSERT INTO events (seq, event_id, declares_error, event_hash, party, capture, position,"
                    " event_type, seal) SELECT :number, 'urn:slow', false, 'x', party, id, 0, 'ObjectEvent',"
                    " decode(repeat('cd', 32), 'hex') FROM made)"
                    " INSERT INTO mentions (trail, event, part, role, step)"
                    " SELECT trail, :number, part, role, step FROM mentions"
                ),
                {"number": number},
            )
        late = await within(5, messages, 2 - len(early))
    assert {message["data"]["eventID"] for message in early + late} >= {"urn:slow"}
    assert len(early + late) == 2


async def test_a_stream_ends_with_its_key(service: Service) -> None:
    _, token = await custodial(service)
    me = (await service.call("GET", "/v1/parties/me", token)).json()
    async with listening(service) as base, subscribed(base, token) as messages:
        await service.call("DELETE", f"/v1/api-keys/{me['key']}", token)
        assert await within(5, messages, 1) == [{}]


@pytest.mark.parametrize("place", ["x", "1.2.3", "1.2.3.4.5.6.7", "1.2.3.x", "1.2.3.99999999999999999999", "1.2.3.--4"])
async def test_a_stream_does_not_begin_at_a_place_that_is_none(service: Service, place: str) -> None:
    _, token = await service.member("acme")
    response = await service.call("GET", "/v1/stream", token, headers={"Last-Event-ID": place})
    check_problem(response, 400, "bad-event-stream-id")


async def test_subscribers_are_bounded_and_leave_when_they_hang_up(service: Service) -> None:
    _, token = await service.member("acme")
    stream: Stream = service.app.state.rooms.stream
    stream._most = 1
    async with listening(service) as base:
        async with subscribed(base, token):
            assert stream.subscribers == 1
            check_problem(await service.call("GET", "/v1/stream", token), 503, "too-many-subscribers")
        for _ in range(50):
            if not stream.subscribers:
                break
            await asyncio.sleep(0.1)
        assert stream.subscribers == 0
