"""Requests that no client library would send: odd bytes in paths, queries and headers."""

import random
from typing import Any
from urllib.parse import unquote

from tests.api.documents import document, event

from .conftest import Party

PATHS = (
    "/", "/capture", "/capture/{}", "/events", "/events/{}", "/eventTypes/{}", "/epcs/{}", "/epcs/{}/events",
    "/bizSteps/{}/events", "/readPoints/{}", "/bizLocations/{}/events", "/dispositions/{}", "/queries/{}",
    "/queries/{}/events", "/queries/{}/subscriptions", "/queries/{}/subscriptions/{}", "/nextPageToken/{}",
    "/vocabularies", "/{}",
)  # fmt: skip
PIECES = (
    b"%00", b"%FF", b"%C3%28", b"%2F", b"%25", b"%", b"%zz", b"\xff\xfe", b"\xc3\xa9", b"..", b".", b"//", b"%0A",
    b"%0D%0A", b"urn:epc:id:sgtin:9521321.000001.1", b"https://id.gs1.org/01/09521321000018/21/1", b"9" * 400, b"x",
    b"shipping", b"ObjectEvent", b"SimpleEventQuery", b"%F0%9F%92%A9", b"%ED%A0%80", b"?", b"#", b"'", b'"', b"{",
    b"|",
)  # fmt: skip
NAMES = (
    b"perPage", b"nextPageToken", b"EQ_bizStep", b"EQ_eventID", b"MATCH_anyEPC", b"GE_eventTime", b"orderBy",
    b"EQ_%00", b"eventCountLimit", b"EQ_ILMD_x:y", b"HASATTR_bizLocation", b"GE_value_KEL", b"stream",
    b"WD_readPoint", b"%FF", b"", b"EQATTR_readPoint_x", b"EXISTS_x:y", b"maxEventCount", b"LT_quantity",
    b"EQ_booleanValue",
)  # fmt: skip
HEADERS = (
    b"accept", b"gs1-epcis-min", b"gs1-epcis-max", b"gs1-cbv-version", b"gs1-epc-format", b"gs1-cbv-xml-format",
    b"host", b"gs1-extensions", b"idempotency-key", b"content-type", b"gs1-capture-error-behaviour", b"x-request-id",
)  # fmt: skip
METHODS = ("GET", "GET", "GET", "HEAD", "OPTIONS", "POST", "DELETE", "PUT", "BREW")


async def answered(party: Party, scope: dict[str, Any], body: bytes) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers of the answer to a request, as a server would hand it over."""
    told: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            told.update(message)

    await party.service.app(scope, receive, send)  # type: ignore[arg-type]
    return told["status"], dict(told["headers"])


def drawn(chance: random.Random, token: str) -> tuple[dict[str, Any], bytes]:
    """A request and its body."""

    def piece() -> bytes:
        return b"".join(chance.choices(PIECES, k=chance.randint(1, 3)))

    template = chance.choice(PATHS)
    raw = b"/epcis" + b"".join(piece() if part == "{}" else part.encode() for part in _parts(template))
    query = b"&".join(chance.choice(NAMES) + b"=" + piece() for _ in range(chance.randint(0, 3)))
    headers = [(b"authorization", f"Bearer {token}".encode())]
    headers += [(chance.choice(HEADERS), piece()) for _ in range(chance.randint(0, 2))]
    path = raw.partition(b"?")[0]
    scope = {
        "type": "http", "http_version": "1.1", "method": chance.choice(METHODS), "scheme": "http", "root_path": "",
        "path": _decoded(path), "raw_path": path, "query_string": query, "headers": headers,
        "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1), "state": {},
    }  # fmt: skip
    return scope, chance.choice((b"", b"{}", b"[]", b"<x/>", b"\xff", b'{"name":"\\u0000"}', b'{"a":1e999}'))


def _parts(template: str) -> list[str]:
    parts: list[str] = []
    for index, part in enumerate(template.split("{}")):
        parts += ["{}", part] if index else [part]
    return parts


def _decoded(path: bytes) -> str:
    return unquote(path.decode("latin-1"))


async def test_nothing_that_is_asked_is_a_fault_of_ours(acme: Party) -> None:
    await acme.capture(document(event("1")))
    chance = random.Random(20260203)
    for _ in range(600):
        scope, body = drawn(chance, acme.token)
        asked = dict(scope)
        status, headers = await answered(acme, scope, body)
        assert status < 500, (status, asked, body)
        assert all(b"\r" not in value and b"\n" not in value for value in headers.values())
        if status >= 400:
            assert headers[b"content-type"].startswith(b"application/problem+"), (status, asked)
