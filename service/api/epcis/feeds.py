"""Subscribing by WebSocket: what a named query finds from now on, as text messages (EPCIS 2.0, 12.5; RFC 6455)."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import parse_qsl

import structlog
from fastapi import Path
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from service.api.callers import Challenged
from service.api.epcis.answers import media_type_for
from service.api.epcis.branches import branch
from service.api.epcis.found import SIMPLE_EVENT_QUERY
from service.api.epcis.headers import check_versions, formats
from service.api.epcis.limits import check_url
from service.api.epcis.paths import query_string
from service.api.epcis.problems import problem
from service.errors import TrailsealError
from service.logs import told_safely
from service.parties.caller import Caller
from service.parties.errors import Unauthenticated
from service.rooms import Rooms
from service.subscriptions.controls import Controls
from service.subscriptions.errors import SubscriptionControlsFault
from service.subscriptions.feeds import Feed
from service.subscriptions.schedule import FIELDS

router = branch("/queries")
PROTOCOL = "epcis"
"""What the service speaks where a client offers subprotocols; browsers need one to carry the API key."""
_BEARER = "bearer."
_CONTROLS = {*FIELDS, "stream", "reportIfEmpty", "initialRecordTime", "epcFormat", "cbvXmlFormat", "format"}
SEND_SECONDS = 30.0
"""For one document: who reads no faster is disconnected, and may come again with `initialRecordTime`."""
CLOSE_SECONDS = 5.0
CHECK_SECONDS = 30.0
"""Between two looks at whether the API key is still good."""
_ENDED, _REFUSED, _OUR_FAULT, _LATER = 1000, 1008, 1011, 1013
log = structlog.get_logger("trailseal.api")


@router.websocket("/queries/{queryName:epcis_name}/events")
async def follow(websocket: WebSocket, name: Annotated[str, Path(alias="queryName")]) -> None:
    """Sends documents until the client leaves, the query is deleted, the API key ends, or the service shuts down.

    A refusal comes before the handshake, as the HTTP response that a GET would have.
    """
    rooms: Rooms = websocket.app.state.rooms
    try:
        caller, feed = await _begun(websocket, rooms, name)
    except TrailsealError as refusal:
        await _refuse(websocket, refusal)
        return
    except Exception as unforeseen:  # noqa: BLE001 the last net: no server logs a message with a payload
        log.error("feed", **told_safely(unforeseen))  # noqa: TRY400 its message may hold a payload
        await _refuse(websocket, TrailsealError("unforeseen"))
        return
    async with contextlib.aclosing(feed):
        offered = websocket.scope.get("subprotocols") or ()
        await websocket.accept(PROTOCOL if PROTOCOL in offered else None)
        began = time.monotonic()
        code, reason = await _serve(websocket, rooms, feed)
        told = {"party": f"0x{caller.party.hex()}", "key": caller.key_id}
        log.info("feed", **told, closed=code or "by the client", seconds=round(time.monotonic() - began, 1))
        if code and websocket.application_state is WebSocketState.CONNECTED:
            # The client may have been faster, or does not read, so that nothing can be said to it either.
            with contextlib.suppress(RuntimeError, TimeoutError):
                await asyncio.wait_for(websocket.close(code, reason), CLOSE_SECONDS)


async def _begun(websocket: WebSocket, rooms: Rooms, name: str) -> tuple[Caller, Feed]:
    """Who follows, and the feed."""
    check_url(websocket)
    caller = await _authenticated(websocket, rooms)
    feed = rooms.feeds.follow(caller, name, _controls(websocket, name))
    await feed.begin()
    return caller, feed


async def _serve(websocket: WebSocket, rooms: Rooms, feed: Feed) -> tuple[int, str]:
    """How to close, 0 where the client did already."""
    tasks = [
        asyncio.create_task(_until_client_leaves(websocket)),
        asyncio.create_task(_send(websocket, feed)),
        asyncio.create_task(_until_key_ends(rooms, _token(websocket))),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return next(iter(done)).result()


async def _until_client_leaves(websocket: WebSocket) -> tuple[int, str]:
    """What clients say is not listened to; their pings are answered by the server."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return 0, ""


async def _send(websocket: WebSocket, feed: AsyncIterator[bytes]) -> tuple[int, str]:
    try:
        async for document in feed:
            await asyncio.wait_for(websocket.send_text(document.decode()), SEND_SECONDS)
    except TimeoutError:
        return _REFUSED, f"a document was not read within {SEND_SECONDS:.0f} seconds"
    except WebSocketDisconnect:
        return 0, ""
    except TrailsealError as refusal:
        return (_LATER if refusal.status == 503 else _OUR_FAULT), refusal.slug
    except Exception as unforeseen:  # noqa: BLE001 the last net: no server logs a message with a payload
        log.error("feed", **told_safely(unforeseen))  # noqa: TRY400 its message may hold a payload
        return _OUR_FAULT, "internal"
    return _ENDED, "the query was deleted"


async def _until_key_ends(rooms: Rooms, token: str) -> tuple[int, str]:
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        try:
            await rooms.credentials.authenticate(token)
        except Unauthenticated:
            return _REFUSED, "the API key is no longer good"
        except TrailsealError:
            continue  # the database is away: who sends documents will find that out


def _token(websocket: WebSocket) -> str:
    """The API key in `Authorization`, or in an offered subprotocol `bearer.<API key>`: never in the URL."""
    scheme, _, shown = websocket.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and shown.strip():
        return shown.strip()
    for offered in websocket.scope.get("subprotocols") or ():
        if offered.startswith(_BEARER):
            return str(offered.removeprefix(_BEARER))
    raise Challenged("send an API key as Authorization: Bearer ts_<id>_<secret>, or as a subprotocol bearer.ts_...")


async def _authenticated(websocket: WebSocket, rooms: Rooms) -> Caller:
    try:
        caller = await rooms.credentials.authenticate(_token(websocket))
    except Unauthenticated as refused:
        raise Challenged(refused.detail) from None
    websocket.app.state.rates.count(caller.key_id)
    return caller


def _controls(websocket: WebSocket, name: str) -> Controls:
    """When and in what form documents are sent, by the URL and the headers."""
    pairs = parse_qsl(query_string(websocket), keep_blank_values=True, errors="replace")
    for parameter, _ in pairs:
        if parameter not in _CONTROLS:
            raise SubscriptionControlsFault(
                f"{parameter[:80]}: a subscription takes {', '.join(sorted(_CONTROLS))}; a query has its own parameters"
            )
    if name == SIMPLE_EVENT_QUERY:
        raise SubscriptionControlsFault("make it a query of your own with the parameters that you want, then subscribe")
    asked = formats(websocket.headers)
    check_versions(websocket.headers)
    media_type = media_type_for(websocket, ("application/json", "application/xml"))
    return Controls.of_url(pairs, media_type=media_type, epc_format=asked.epc_format, cbv_format=asked.cbv_format)


async def _refuse(websocket: WebSocket, refusal: TrailsealError) -> None:
    websocket.scope.setdefault("state", {})["request_id"] = secrets.token_hex(8)
    if refusal.status >= 500:
        log.error("feed", fault=refusal.slug, detail=refusal.detail)
    if "websocket.http.response" in websocket.scope.get("extensions", {}):
        await websocket.send_denial_response(problem(websocket.scope, refusal, getattr(refusal, "headers", None)))
    else:
        await websocket.close(_REFUSED, refusal.slug)
