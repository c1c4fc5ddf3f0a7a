import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bench.conformance.service import Service

Answer = tuple[int, dict[str, str], Any]
Pretend = Callable[[Callable[[str, str], Answer]], Service]
PARTY = "0x" + "ab" * 32


def settled(method: str, path: str) -> Answer | None:
    """What the bench itself needs: parties, keys, a signing key."""
    if path.startswith("/v1/"):
        return 201, {}, {"id": PARTY, "token": "tsk_token"}
    return None


@pytest.fixture
def pretend() -> Iterator[Pretend]:
    """Starts an HTTP server that answers as it is told to, and pretends to be the service."""
    stopping: list[Callable[[], None]] = []

    def start(answer: Callable[[str, str], Answer]) -> Service:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet, or each answer waits for an acknowledgement
            disable_nagle_algorithm = True

            def _answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, value = settled(self.command, self.path) or answer(self.command, self.path)
                body = b"" if status == 204 else json.dumps(value).encode()
                self.send_response(status)
                for name, text in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, text)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _answer  # noqa: N815

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        service = Service(f"http://127.0.0.1:{server.server_port}", "key")

        def stop() -> None:
            service.close()
            server.shutdown()
            server.server_close()
            thread.join()

        stopping.append(stop)
        return service

    yield start
    for stop in stopping:
        stop()
