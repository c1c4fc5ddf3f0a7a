"""A webhook's end: an HTTP server on loopback that keeps what it receives, and may fail on purpose."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from bench.conformance.service import event_list, until


@dataclass(frozen=True, slots=True)
class Delivery:
    """One POST that was answered: its path, headers, body, and the status that it got."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int

    @property
    def document(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        """The ids of its events."""
        return [event["eventID"] for event in event_list(self.document)]


class Receiver:
    """The server; a context manager. Each subscription is given a path of its own."""

    def __init__(self) -> None:
        self._deliveries: list[Delivery] = []
        self._failures: dict[str, int] = {}
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status = receiver.receive(self.path, dict(self.headers.items()), body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 its name there
                """Says nothing: the bench prints what matters."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="webhook receiver", daemon=True)

    def url(self, name: str) -> str:
        """The destination of this name."""
        return f"http://127.0.0.1:{self._server.server_port}/{name}"

    def fail(self, name: str, times: int) -> None:
        """Answers the next so many deliveries to this destination with 503."""
        with self._lock:
            self._failures[f"/{name}"] = times

    def receive(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Keeps a delivery; the status to answer it with."""
        with self._lock:
            left = self._failures.get(path, 0)
            self._failures[path] = max(0, left - 1)
            status = 503 if left else 200
            self._deliveries.append(Delivery(path, headers, body, status))
        return status

    def all(self, name: str) -> list[Delivery]:
        """Everything that came for a destination, also what was answered with 503."""
        with self._lock:
            return [one for one in self._deliveries if one.path == f"/{name}"]

    def taken(self, name: str) -> list[Delivery]:
        """What was answered with 200."""
        return [one for one in self.all(name) if one.status == 200]

    def ids(self, name: str) -> list[str]:
        """The event ids of everything that was taken, in order."""
        return [identity for one in self.taken(name) for identity in one.ids]

    def until(self, name: str, wanted: str, patience_seconds: float = 20.0) -> bool:
        """Whether this event comes in time."""
        return until(lambda: wanted in self.ids(name), patience_seconds)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
