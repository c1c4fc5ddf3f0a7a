"""WebSockets, over a real server on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from service.api.epcis import feeds
from tests.api.documents import document, event

from .conftest import Party

PACKED = {"name": "packed", "query": {"EQ_bizStep": ["packing"]}}


@asynccontextmanager
async def listening(party: Party) -> AsyncIterator[tuple[uvicorn.Server, str]]:
    """The party's service on a port of its own; the URL of its bindings."""
    server = uvicorn.Server(
        uvicorn.Config(party.service.app, "127.0.0.1", 0, lifespan="off", log_config=None, access_log=False)
    )
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield server, f"ws://127.0.0.1:{port}/epcis"
    finally:
        server.should_exit = True
        await asyncio.wait_for(task, 20)


def socket(url: str, token: str | None, **options: Any) -> connect:
    """A connection that shows an API key."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return connect(url, additional_headers={**headers, **options.pop("headers", {})}, proxy=None, **options)


async def heard(connection: ClientConnection) -> list[str]:
    """The serial numbers in the next document."""
    told = json.loads(await asyncio.wait_for(connection.recv(), 10))
    assert told["type"] == "EPCISQueryDocument"
    results = told["epcisBody"]["queryResults"]
    assert results["queryName"] == "packed"
    return [one["epcList"][0].rpartition("/")[2] for one in results["resultsBody"]["eventList"]]


async def closed(connection: ClientConnection, seconds: float) -> tuple[int, str]:
    """How the server closes the connection, within so many seconds."""
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(connection.recv(), seconds)
    assert connection.close_code is not None
    return connection.close_code, str(connection.close_reason)


async def refused(url: str, token: str | None, **options: Any) -> tuple[int, str]:
    """The status and type that a handshake is refused with."""
    with pytest.raises(InvalidStatus) as refusal:
        await socket(url, token, **options)
    answer = refusal.value.response
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, json.loads(answer.body)["type"].removeprefix("epcisException:")


async def test_each_listener_gets_each_event_once_as_it_is_captured(acme: Party) -> None:
    await acme.call("POST", "/queries", json=PACKED)
    await acme.capture(document(event("before", bizStep="packing")))
    async with listening(acme) as (_, root):
        url = f"{root}/queries/packed/events?stream=true"
        async with socket(url, acme.token) as one, socket(url, acme.token) as other:
            await acme.capture(document(event("1", bizStep="packing"), event("2")))
            assert await heard(one) == await heard(other) == ["1"]
            await one.send("clients have nothing to say")
            await acme.capture(document(event("3", bizStep="packing")))
            assert await heard(one) == await heard(other) == ["3"]
        since = f"{url}&initialRecordTime=2020-01-01T00:00:00Z"
        async with socket(since, acme.token) as late:
            assert await heard(late) == ["before", "1", "3"]


async def test_documents_have_the_form_that_is_asked_for(acme: Party) -> None:
    await acme.call("POST", "/queries", json=PACKED)
    urn = "urn:epc:id:sgtin:9521321.000001.10001"
    await acme.capture(document(event("1", bizStep="packing", epcList=[urn])))
    async with listening(acme) as (_, root):
        url = f"{root}/queries/packed/events?stream=true&initialRecordTime=2020-01-01T00:00:00Z"
        headers = {"Accept": "application/xml", "GS1-EPC-Format": "Never_Translates"}
        async with socket(url, acme.token, headers=headers) as connection:
            told = await asyncio.wait_for(connection.recv(), 10)
            assert isinstance(told, str)
            assert urn in told
            assert "EPCISQueryDocument" in told


async def test_a_schedule_reports_even_where_there_is_nothing(acme: Party) -> None:
    await acme.call("POST", "/queries", json=PACKED)
    async with listening(acme) as (_, root):
        url = f"{root}/queries/packed/events?second=*&reportIfEmpty=true"
        async with socket(url, acme.token) as connection:
            assert await heard(connection) == []


async def test_browsers_carry_the_key_in_a_subprotocol(acme: Party) -> None:
    await acme.call("POST", "/queries", json=PACKED)
    async with listening(acme) as (_, root):
        url = f"{root}/queries/packed/events?stream=true"
        offered = ["epcis", f"bearer.{acme.token}"]
        async with socket(url, None, subprotocols=offered) as connection:
            assert connection.subprotocol == "epcis"
            await acme.capture(document(event("1", bizStep="packing")))
            assert await heard(connection) == ["1"]


async def test_a_handshake_is_refused_as_a_request_would_be(acme: Party, party: Any) -> None:
    await acme.call("POST", "/queries", json=PACKED)
    other = await party("other")
    scopeless = await acme.service.key(acme.id, ["captures:write"])
    async with listening(acme) as (_, root):
        url = f"{root}/queries/packed/events"
        stream = f"{url}?stream=true"
        assert await refused(stream, None) == (401, "SecurityException")
        assert await refused(stream, "ts_0123456789abcdef_" + "a" * 43) == (401, "SecurityException")
        assert await refused(f"{stream}&access_token={acme.token}", None) == (401, "SecurityException")
        assert await refused(stream, scopeless) == (403, "SecurityException")
        assert await refused(stream, other.token) == (404, "NoSuchNameException")
        assert await refused(f"{root}/queries/%00/events?stream=true", acme.token) == (404, "NoSuchNameException")
        for odd in (
            url,
            f"{stream}&minute=5",
            f"{url}?second=75",
            f"{stream}&EQ_action=ADD",
            f"{stream}&initialRecordTime=yesterday",
            f"{root}/queries/SimpleEventQuery/events?stream=true",
        ):
            assert await refused(odd, acme.token) == (400, "SubscriptionControlsException"), odd
        assert await refused(stream, acme.token, headers={"Accept": "text/html"}) == (406, "NotAcceptableException")
        assert await refused(stream, acme.token, headers={"GS1-EPCIS-Min": "3"}) == (406, "NotAcceptableException")


async def test_a_feed_ends_with_its_query_with_the_key_and_with_the_service(
    acme: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "CHECK_SECONDS", 0.2)
    key = await acme.service.key(acme.id, ["trails:read"])
    async with listening(acme) as (server, root):
        await acme.call("POST", "/queries", json=PACKED)
        url = f"{root}/queries/packed/events?stream=true"
        async with socket(url, key) as connection:
            revoked = await acme.service.call("DELETE", f"/v1/api-keys/{key.split('_')[1]}", acme.token)
            assert revoked.status_code == 200, revoked.text
            assert await closed(connection, 5) == (1008, "the API key is no longer good")
        async with socket(url, acme.token) as connection:
            await acme.call("DELETE", "/queries/packed")
            assert await closed(connection, 5) == (1000, "the query was deleted")
        await acme.call("POST", "/queries", json=PACKED)
        async with socket(url, acme.token) as connection:
            server.should_exit = True
            assert (await closed(connection, 5))[0] == 1012


async def test_a_client_that_leaves_frees_its_place(acme: Party) -> None:
    await acme.call("POST", "/queries", json=PACKED)
    held = acme.service.app.state.rooms.feeds
    async with listening(acme) as (_, root):
        url = f"{root}/queries/packed/events?stream=true"
        for _ in range(3):
            async with socket(url, acme.token):
                assert len(held._open) == 1
            for _ in range(100):
                if not held._open:
                    break
                await asyncio.sleep(0.05)
            assert len(held._open) == 0


async def test_an_unforeseen_fault_says_nothing(acme: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    await acme.call("POST", "/queries", json=PACKED)

    async def explode(*_: object, **__: object) -> None:
        raise RuntimeError("password=hunter2")

    async with listening(acme) as (_, root):
        url = f"{root}/queries/packed/events?stream=true"
        async with socket(url, acme.token) as connection:
            monkeypatch.setattr(acme.service.app.state.rooms.feeds, "look", explode)
            assert await closed(connection, 5) == (1011, "internal")
        monkeypatch.setattr(acme.service.app.state.rooms.credentials, "authenticate", explode)
        assert await refused(url, acme.token) == (500, "ImplementationException")


class Flood:
    """A feed that always has another large document."""

    def __init__(self) -> None:
        self.sent = 0
        self.closed = asyncio.Event()

    def __aiter__(self) -> "Flood":
        return self

    async def __anext__(self) -> bytes:
        self.sent += 1
        return b" " * 1_000_000

    async def begin(self) -> None:
        return

    async def aclose(self) -> None:
        self.closed.set()


async def test_who_does_not_read_is_left(acme: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    flood = Flood()
    monkeypatch.setattr(feeds, "SEND_SECONDS", 0.3)
    monkeypatch.setattr(feeds, "CLOSE_SECONDS", 0.3)
    monkeypatch.setattr(acme.service.app.state.rooms.feeds, "follow", lambda *_: flood)
    async with listening(acme) as (_, root):
        host, port = root.removeprefix("ws://").removesuffix("/epcis").split(":")
        _, writer = await asyncio.open_connection(host, int(port), limit=1000)
        writer.write(
            f"GET /epcis/queries/packed/events?stream=true HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Authorization: Bearer {acme.token}\r\n\r\n".encode()
        )
        await asyncio.wait_for(flood.closed.wait(), 10)
        writer.transport.abort()
    assert 1 <= flood.sent < 50, "no more is taken from the feed than the connection takes"
