"""A receiver of webhooks on loopback, which does what a test tells it to."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Deed = int | Callable[["Handler"], None]
"""A status to answer, or something to do with the connection."""


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def document(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.body)
        return told

    @property
    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        return found

    @property
    def delivery(self) -> str:
        return self.headers["trailseal-delivery"]


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:  # its sender was killed in the middle
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver = self.server.receiver
        received = Received(self.path, headers, body, time.time())
        with receiver.lock:
            known = receiver.remembers and any(taken.delivery == received.delivery for taken in receiver.taken)
            receiver.calls.append(received)
            deed = 200 if known else receiver.deeds.pop(0) if receiver.deeds else receiver.usual
        if callable(deed):
            deed(self)
            return
        if 200 <= deed < 300:
            with receiver.lock:
                receiver.taken.append(received)
        self.send_response(deed)
        for name, value in receiver.answers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing."""


@dataclass
class Receiver:
    """`calls`: everything that came. `taken`: what was answered 2xx. `deeds`: what to do next, then `usual`.

    `remembers`: takes again what it took before, by the delivery's id, as the documentation asks of receivers.
    """

    calls: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    deeds: list[Deed] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    usual: Deed = 200
    lock: threading.Lock = field(default_factory=threading.Lock)
    port: int = 0
    scheme: str = "http"
    remembers: bool = False

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook?for=acme"

    @property
    def ids(self) -> list[str]:
        """The ids of all events that were taken, in order."""
        return [event["eventID"] for received in self.taken for event in received.events]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that is cut is part of the test."""


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    server = Server(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.receiver = Receiver(port=server.server_address[1], scheme="https" if tls else "http")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hang_up(handler: Handler) -> None:
    """Cuts the connection without a word."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    handler.connection.close()


def half_a_status(handler: Handler) -> None:
    """Dies in the middle of its answer's head."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    handler.wfile.flush()
    hang_up(handler)


def endless(handler: Handler) -> None:
    """Answers 200, then sends a body that never ends."""
    with handler.server.receiver.lock:
        handler.server.receiver.taken.append(handler.server.receiver.calls[-1])
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        while True:
            handler.wfile.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
    except OSError:
        return


def slowly(answer: threading.Event) -> Callable[[Handler], None]:
    """Takes it, and answers when it is told to."""

    def take(handler: Handler) -> None:
        received = handler.server.receiver.calls[-1]
        answer.wait(60)
        with handler.server.receiver.lock:
            handler.server.receiver.taken.append(received)
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return take


def silent(seconds: float) -> Callable[[Handler], None]:
    """Keeps the connection and says nothing."""

    def wait(handler: Handler) -> None:
        time.sleep(seconds)
        hang_up(handler)

    return wait
