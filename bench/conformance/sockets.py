"""Subscriptions over WebSocket: `GET /queries/{queryName}/events` with `stream` or a schedule."""

import json
import time

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection

from bench.conformance.checks import Failed, expect, expect_equal
from bench.conformance.service import event_list
from bench.conformance.stage import EVERY_THIRD_SECOND, OTHER, Stage


def _socket(stage: Stage) -> None:
    with stage.group.check("streaming WebSocket: each matching event once, none from before"):
        stage.captured()
        with stage.socket(stream="true") as socket:
            time.sleep(0.5)
            stage.captured(OTHER)
            wanted = [stage.captured(), stage.captured()]
            expect_equal(_heard(stage, socket, len(wanted)), sorted(wanted), "events")
    with (
        stage.group.check("two WebSockets on one query: each gets each event"),
        stage.socket(stream="true") as one,
        stage.socket(stream="true") as other,
    ):
        time.sleep(0.5)
        wanted = [stage.captured()]
        expect_equal((_heard(stage, one, 1), _heard(stage, other, 1)), (wanted, wanted), "events")


def _ended(stage: Stage) -> None:
    with stage.group.check("DELETE of a named query closes its WebSockets"), stage.socket(stream="true") as socket:
        time.sleep(0.5)
        expect_equal(stage.party.send("DELETE", f"/queries/{stage.query}").status_code, 204, "DELETE")
        try:
            heard = socket.recv(timeout=15)
        except ConnectionClosed:
            return
        raise Failed(f"it is open, and said {heard!r}"[:200])


def _scheduled_socket(stage: Stage) -> None:
    with (
        stage.group.check("scheduled WebSocket: each matching event once"),
        stage.socket(**EVERY_THIRD_SECOND) as socket,
    ):
        time.sleep(0.5)
        wanted = [stage.captured()]
        expect_equal(_heard(stage, socket, 1), wanted, "events")
    asked = {**EVERY_THIRD_SECOND, "reportIfEmpty": "true"}
    with stage.group.check("scheduled WebSocket with reportIfEmpty: an empty result"), stage.socket(**asked) as socket:
        expect_equal(event_list(json.loads(socket.recv(timeout=15))), [], "events")


def _sockets_refused(stage: Stage) -> None:
    with stage.group.check("WebSocket with neither stream nor schedule is refused"):
        _expect_refused(stage, {400})
    with stage.group.check("WebSocket with stream and schedule is refused"):
        _expect_refused(stage, {400}, stream="true", minute="5")
    with stage.group.check("WebSocket on a query that there is not: 404"):
        stage.query += "x"
        _expect_refused(stage, {404}, stream="true")
        stage.query = stage.query[:-1]
    with stage.group.check("WebSocket without key: 401"):
        stage.party = stage.nobody
        _expect_refused(stage, {401}, stream="true")


def _heard(stage: Stage, socket: ClientConnection, count: int) -> list[str]:
    """The ids of the events that come, in the time that they need and a while longer."""
    found: list[str] = []
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            document = json.loads(socket.recv(timeout=1.0))
        except TimeoutError:
            if len(found) >= count:
                break
            continue
        stage.schemas.expect_query_document(document)
        found += [event["eventID"] for event in event_list(document)]
    return sorted(found)


def _expect_refused(stage: Stage, statuses: set[int], **parameters: str) -> None:
    try:
        socket = stage.socket(**parameters)
    except InvalidStatus as refusal:
        expect(refusal.response.status_code in statuses, f"status {refusal.response.status_code}")
        return
    try:
        socket.recv(timeout=5)
    except WebSocketException as closed:
        raise Failed(
            f"the handshake was answered 101 and then closed ({closed}), not refused with {statuses}"
        ) from None
    finally:
        socket.close()
    raise Failed("it was accepted")


SOCKETS = (_socket, _ended, _scheduled_socket, _sockets_refused)
