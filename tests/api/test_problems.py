import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.api.problems import known
from service.errors import TrailsealError

from .conftest import Serve, Service
from .problems import check_problem

_ROOT = Path(__file__).parents[2]


async def test_what_is_not_there_is_a_problem(service: Service) -> None:
    check_problem(await service.client.get("/nothing/here"), 404, "no-such-path")


async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(service: Service) -> None:
    response = await service.client.put("/v1/parties")
    check_problem(response, 405, "method-not-allowed")
    assert set(response.headers["allow"].replace(" ", "").split(",")) & {"GET", "POST"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"identifier": "did:example:x"}, "/name"),
        ({"identifier": "did:example:x", "name": "x", "roles": ["boss"]}, "/roles/0"),
        ({"identifier": "did:example:x", "name": "x", "colour": "red"}, "/colour"),
        ({"identifier": "did:example:x", "name": "a\u0000b"}, "/name"),
        ({"identifier": "did:example:x", "name": " "}, "/name"),
        ({"identifier": 5, "name": "x"}, "/identifier"),
    ],
)
async def test_a_wrong_body_is_told_by_its_places(service: Service, body: object, pointer: str) -> None:
    response = await service.call("POST", "/v1/parties", service.admin, json=body)
    check_problem(response, 422, "request-invalid")
    faults = response.json()["faults"]
    assert [(fault["in"], fault["pointer"]) for fault in faults] == [("body", pointer)]
    assert set(faults[0]) == {"in", "pointer", "rule", "message"}


@pytest.mark.parametrize(
    "body",
    [b"{", b"", b'{"name": "\\ud800", "identifier": "did:example:x"}', b"\xff\xfe", b"[" * 65_000],
    ids=["cut off", "nothing", "surrogate", "not UTF-8", "deep"],
)
async def test_a_body_that_cannot_be_read_is_a_problem(service: Service, body: bytes) -> None:
    response = await service.call(
        "POST", "/v1/parties", service.admin, content=body, headers={"Content-Type": "application/json"}
    )
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


async def test_an_unforeseen_fault_says_nothing_and_can_be_found_in_the_log(
    service: Service, logs: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def explode(*_: object) -> None:
        raise RuntimeError("password=hunter2 in /srv/secret")

    monkeypatch.setattr(service.app.state.rooms.parties, "listed", explode)
    response = await service.call("GET", "/v1/parties", service.admin)
    check_problem(response, 500, "internal")
    assert "hunter2" not in response.text
    line = json.loads(str(logs.getvalue()).splitlines()[-1])  # type: ignore[attr-defined]
    assert line["request"] == response.headers["x-request-id"]
    assert line["level"] == "error"
    assert line["fault"] == ["builtins.RuntimeError"]
    assert any("explode" in place for place in line["at"])
    assert "hunter2" not in logs.getvalue()  # type: ignore[attr-defined]


async def test_a_fault_of_the_surroundings_is_not_told_to_the_caller(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Unplugged(TrailsealError):
        slug, title, status = "unplugged", "It is unplugged", 503

    async def unplugged(*_: object) -> None:
        raise Unplugged("connect to 10.1.2.3:8545 failed", {"host": "10.1.2.3"})

    monkeypatch.setattr(service.app.state.rooms.parties, "listed", unplugged)
    response = await service.call("GET", "/v1/parties", service.admin)
    check_problem(response, 503, "unplugged")
    assert "10.1.2.3" not in response.text


@pytest.mark.parametrize("path", ["/v1/captures", "/v1/captures/prepare", "/v1/captures/signed", "/v1/parties"])
async def test_a_body_that_announces_too_much_is_refused_unread(serve: Serve, path: str) -> None:
    service = await serve(document_bytes="100000")
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 10_000

    headers = {"Content-Type": "application/json", "Content-Length": "104857600"}
    response = await service.call("POST", path, service.admin, content=endless(), headers=headers)
    check_problem(response, 413, "body-too-large")
    assert read <= 2


@pytest.mark.parametrize(("path", "most"), [("/v1/captures", 100_000), ("/v1/parties", 65_536)])
async def test_a_body_that_does_not_end_is_refused_where_its_bound_is(serve: Serve, path: str, most: int) -> None:
    service = await serve(document_bytes="100000")
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        while given < 104_857_600:
            given += 10_000
            yield b" " * 10_000

    response = await service.call(
        "POST", path, service.admin, content=endless(), headers={"Content-Type": "application/json"}
    )
    check_problem(response, 413, "body-too-large")
    assert given <= most + 30_000


async def test_an_unknown_caller_is_refused_before_a_document_is_read(service: Service) -> None:
    read = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read = True
        yield b"{}"

    response = await service.call("POST", "/v1/captures", content=body(), headers={"Content-Type": "application/json"})
    assert not read
    check_problem(response, 401, "unauthenticated")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/pdf"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/captures", "/v1/captures/prepare", "/v1/captures/signed"])
async def test_a_document_of_another_type_is_refused(service: Service, path: str, headers: dict[str, str]) -> None:
    response = await service.call("POST", path, service.admin, content=b"{}", headers=headers)
    check_problem(response, 415, "unsupported-media-type")
    assert "application/ld+json" in response.headers["accept-post"]


async def test_every_response_is_hardened_and_traceable(service: Service) -> None:
    for response in (
        await service.client.get("/livez"),
        await service.client.get("/nothing"),
        await service.call("GET", "/v1/parties", service.admin),
    ):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-request-id"]
    given = await service.client.get("/livez", headers={"X-Request-ID": "order-4711-a"})
    assert given.headers["x-request-id"] == "order-4711-a"
    forged = await service.client.get("/livez", headers={"X-Request-ID": 'x" injected="1'})
    assert "injected" not in forged.headers["x-request-id"]


def test_the_page_of_problems_is_that_of_the_code() -> None:
    # In a process of its own: other tests load rooms that HTTP never reaches, whose problems are not the API's.
    command = [sys.executable, "-m", "service.api.problems_page"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=_ROOT).stdout
    page = (_ROOT / "docs" / "problems.md").read_text()
    assert page == printed, "run: python -m service.api.problems_page > docs/problems.md"


def test_one_slug_is_one_kind_of_problem() -> None:
    kinds: dict[str, tuple[str, int]] = {}
    for kind in known():
        if kind.__module__.startswith("service."):
            assert kinds.setdefault(kind.slug, (kind.title, kind.status)) == (kind.title, kind.status)
