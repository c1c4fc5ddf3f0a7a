"""`trailseal audit ID` and `trailseal fsma204 ID`: what is asked of the service, and what comes of it."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner

from service.cli import app
from service.findings import RULES

RULE = RULES["double-shipment"]
UNREAD = {"withheld": 0, "erased": 0, "altered": 0, "unsealed": 0}
AUDIT = {
    "identifier": "https://id.gs1.org/01/09521321000018/21/1",
    "asOf": "2026-03-02T08:00:00Z",
    "verified": None,
    "counts": {"high": 0, "medium": 1, "low": 0, "info": 0},
    "findings": [
        {
            "rule": RULE.name,
            "severity": "medium",
            "title": RULE.title,
            "detail": "shipped twice \x1b[2J",
            "identifier": "https://id.gs1.org/01/09521321000018/21/1",
            "events": [{"eventID": None, "seal": "0xab"}],
            "source": RULE.source,
            "ask": RULE.ask,
        }
    ],
    "lookedAt": [{"statements": 3, **UNREAD}],
    "notLookedAt": {"hidden": 2, "complete": False, **UNREAD},
}


class Door(HTTPServer):
    """A service that gives an audit, or some bytes; `asked` are paths with their parameters."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, list[str]]]] = []


class Handler(BaseHTTPRequestHandler):
    server: Door

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        self.server.asked.append((url.path, query))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"bytes" if "format" in query else json.dumps(AUDIT).encode())

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


def run(door: Door, *arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments, "--url", f"http://127.0.0.1:{door.server_port}", "--key", "ts_a_b"])


def test_findings_are_told_and_counted(door: Door) -> None:
    done = run(door, "audit", "urn:epc:id:sgtin:9521321.000001.1", "--transport", "road", "--no-journey")
    assert done.exit_code == 0, done.output
    assert "MEDIUM A thing was shipped again" in done.output
    assert "shipped twice \\u001b[2J" in done.output
    assert "2 things on the way that you may not see" in done.output
    path, asked = door.asked[0]
    assert (path, asked["transport"], asked["journey"]) == ("/v1/trail/audit", ["road"], ["false"])
    assert asked["identifier"] == ["urn:epc:id:sgtin:9521321.000001.1"]
    assert run(door, "audit", "urn:x:1", "--fail-on", "medium").exit_code == 2
    assert json.loads(run(door, "audit", "urn:x:1", "--format", "json").output)["counts"]["medium"] == 1


def test_files_come_from_the_service(door: Door, tmp_path: Path) -> None:
    out = tmp_path / "a.pdf"
    assert run(door, "audit", "urn:x:1", "--format", "pdf", "--out", str(out)).exit_code == 0
    assert out.read_bytes() == b"bytes"
    sheet = tmp_path / "a.xlsx"
    assert run(door, "fsma204", "urn:x:1", "--out", str(sheet)).exit_code == 0
    assert door.asked[-1] == ("/v1/trail/fsma204", {"identifier": ["urn:x:1"], "format": ["xlsx"]})
    assert run(door, "fsma204", "urn:x:1", "--out", str(tmp_path / "a.doc")).exit_code == 2
