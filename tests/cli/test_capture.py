"""`trailseal capture FILE`: what is sent for which file, and how a refusal is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli import app
from service.cli.client import Refused

RECEIPT = {"captureID": "0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10"}


class Door(HTTPServer):
    """A service that accepts anything, or refuses everything; `asked` are the requests that came."""

    refusal: dict[str, Any] | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[dict[str, str], bytes]] = []


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Door

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(202 if self.server.refusal is None else 400)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.refusal or RECEIPT).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        pass


@pytest.fixture
def door() -> Iterator[Door]:
    server = Door()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def capture(door: Door, file: Path, *options: str) -> Any:
    address = ["--url", f"http://127.0.0.1:{door.server_port}", "--key", "ts_1_2"]
    return CliRunner().invoke(app, ["capture", str(file), *address, *options])


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.csv", "text/csv"), ("A.CSV", "text/csv"), ("a.xlsx", "text/csv"), ("a.xml", "application/xml"),
     ("a.json", "application/json"), ("a.jsonld", "application/json"), ("a", "application/json")],
)  # fmt: skip
def test_a_file_is_sent_as_its_suffix_says(door: Door, tmp_path: Path, name: str, media_type: str) -> None:
    file = tmp_path / name
    file.write_bytes(b"\xffanything")
    result = capture(door, file)
    assert result.exit_code == 0, result.output
    assert json.loads(result.output) == RECEIPT
    ((headers, body),) = door.asked
    assert (headers["content-type"], body) == (media_type, b"\xffanything")
    assert "gs1-capture-error-behaviour" not in headers


def test_bad_events_may_be_left_out(door: Door, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x")
    capture(door, file, "--proceed", "--idempotency-key", "k")
    ((headers, _),) = door.asked
    assert (headers["gs1-capture-error-behaviour"], headers["idempotency-key"]) == ("proceed", "k")


def test_a_refusal_names_each_place_as_the_format_has_it(door: Door, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x")
    faults = [
        {"cell": "B7 (bizStep)", "message": "one"},
        {"xpath": "/a/b[1]", "message": "two"},
        {"pointer": "/a/0", "message": "three"},
        {"cell": "", "message": "four"},
        {"pointer": "", "message": "five"},
    ]
    door.refusal = {"title": "no", "detail": "it is not valid", "faults": faults}
    result = capture(door, file)
    assert isinstance(result.exception, Refused)
    assert result.exception.detail.splitlines() == [
        "it is not valid", "  B7 (bizStep): one", "  /a/b[1]: two", "  /a/0: three", "  the file: four", "  /: five",
    ]  # fmt: skip
