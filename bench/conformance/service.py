"""The service under test, and parties made for one purpose each, so that groups do not see each other's events."""

import itertools
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote, urljoin, urlsplit

import httpx

from bench.conformance.checks import Failed, expect

BASE = "/epcis"
JSON = "application/json"
XML = "application/xml"
NEVER = {"GS1-EPC-Format": "Never_Translates", "GS1-CBV-XML-Format": "Never_Translates"}
PATIENCE_SECONDS = 30.0


class Connection:
    """One party's (or nobody's) HTTP connection; paths are relative to the EPCIS root."""

    def __init__(self, url: str, key: str | None, *, party: str = "") -> None:
        self.url, self.key, self.party = url.rstrip("/"), key, party
        self.http = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=60,
            trust_env=False,
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=8),
        )

    def send(self, method: str, path: str, *, root: str = BASE, **request: Any) -> httpx.Response:
        """One request below the EPCIS root (or another)."""
        return self.http.request(method, f"{root}{path}" if path.startswith("/") else path, **request)

    def get(self, path: str, **request: Any) -> httpx.Response:
        return self.send("GET", path, **request)

    def follow(self, location: str) -> httpx.Response:
        """GET of a Location or Link, absolute or relative (OpenAPI: "absolute or relative URL")."""
        return self.http.get(self.absolute(location))

    def absolute(self, location: str) -> str:
        """A Location or Link as a full URL. A relative one is relative to the EPCIS root where it leaves that out."""
        if urlsplit(location).scheme:
            return location
        rooted = location if location.startswith(BASE) else f"{BASE}/{location.lstrip('/')}"
        return urljoin(self.url + "/", rooted.lstrip("/"))

    def capture(self, body: bytes, media_type: str = JSON, **headers: str) -> httpx.Response:
        """POST /capture."""
        return self.send("POST", "/capture", content=body, headers={"Content-Type": media_type, **headers})

    def job(self, accepted: httpx.Response) -> dict[str, Any]:
        """What became of a capture that was answered 202: waits until the job no longer runs."""
        expect(accepted.status_code == 202, f"POST /capture: expected 202, got {told(accepted)}")
        location = accepted.headers.get("Location", "")
        expect(location, "POST /capture: 202 without Location")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self.follow(location)
            expect(answer.status_code == 200, f"GET {location}: expected 200, got {told(answer)}")
            job: dict[str, Any] = answer.json()
            if not job["running"]:
                return job
            if time.monotonic() > deadline:
                raise Failed(f"the capture job {location} still runs after {PATIENCE_SECONDS:.0f} s")
            time.sleep(0.02)

    def captured(self, body: bytes, media_type: str = JSON, **headers: str) -> dict[str, Any]:
        """Captures a document that must be accepted, and waits for its job's success."""
        job = self.job(self.capture(body, media_type, **headers))
        expect(job["success"] is True, f"the capture job failed: {str(job)[:400]}")
        return job

    def events(self, parameters: Mapping[str, Any] | Sequence[tuple[str, str]], path: str = "/events") -> list[Any]:
        """All events that match, over all pages."""
        return [event for page in self.pages(path, parameters) for event in event_list(page.json())]

    def pages(
        self,
        path: str,
        parameters: Mapping[str, Any] | Sequence[tuple[str, str]] = (),
        per_page: int = 1000,
        **request: Any,
    ) -> Iterator[httpx.Response]:
        """Every page, followed by `Link: rel="next"`."""
        pairs = list(parameters.items() if isinstance(parameters, Mapping) else parameters)
        answer = self.get(path, params=[*pairs, ("perPage", str(per_page))], **request)
        for _ in range(500):
            expect(answer.status_code == 200, f"GET {answer.request.url}: expected 200, got {told(answer)}")
            yield answer
            following = next_link(answer)
            if following is None:
                return
            answer = self.http.get(self.absolute(following), headers=request.get("headers"))
        raise Failed(f"GET {path}: more than 500 pages")

    def close(self) -> None:
        self.http.close()


class Service:
    """The service's address and its administrator's key, and the parties that the bench makes."""

    SCOPES = (
        "captures:write",
        "captures:read",
        "trails:read",
        "subscriptions:write",
        "risk:read",
        "keys:write",
        "grants:write",
    )

    def __init__(self, url: str, admin: str) -> None:
        self.url = url.rstrip("/")
        self.admin = Connection(self.url, admin)
        self._run = secrets.token_hex(4)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._open: list[Connection] = []

    def party(self, purpose: str, *, scopes: Sequence[str] | None = None, signs: bool = True) -> Connection:
        """A new party with a signing key in the service's custody, so that it can capture."""
        with self._lock:
            number = next(self._numbers)
        identifier = f"did:example:conformance:{self._run}:{purpose}:{number}"
        made = self._made(
            "/v1/parties", {"identifier": identifier, "name": f"{purpose} {number}", "roles": ["supplier"]}
        )
        connection = self.key(made["id"], self.SCOPES if scopes is None else scopes)
        if signs and scopes is None:
            answer = connection.send("POST", "/v1/signing-keys", root="", json={"custody": "service"})
            answer.raise_for_status()
        return connection

    def lenient_party(self, purpose: str) -> Connection:
        """The same, with a party that may use words that the CBV does not have."""
        connection = self.party(purpose)
        path = f"/v1/parties/{connection.party}/vocabulary"
        self.admin.send("PUT", path, root="", json={"check": "lenient"}).raise_for_status()
        # Another key: what a process remembers of the first one is from before.
        return self.key(connection.party, self.SCOPES)

    def key(self, party: str, scopes: Sequence[str]) -> Connection:
        """One more API key of a party."""
        made = self._made(f"/v1/parties/{party}/api-keys", {"scopes": list(scopes), "label": "conformance"})
        connection = Connection(self.url, made["token"], party=party)
        self._open.append(connection)
        return connection

    def nobody(self) -> Connection:
        """A connection without a key."""
        connection = Connection(self.url, None)
        self._open.append(connection)
        return connection

    def close(self) -> None:
        """Closes every connection."""
        for connection in (*self._open, self.admin):
            connection.close()

    def _made(self, path: str, value: Any) -> Any:
        answer = self.admin.send("POST", path, root="", json=value)
        if answer.status_code >= 300:
            raise RuntimeError(f"the administrator's key could not make {path}: {told(answer)}")
        return answer.json()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def event_list(document: Any) -> list[Any]:
    """The events of an EPCISQueryDocument (EPCIS 2.0, JSON binding)."""
    events: list[Any] = document["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return events


def next_link(answer: httpx.Response) -> str | None:
    """The address of the next page (RFC 8288), None on the last."""
    for link in answer.headers.get("Link", "").split(","):
        target, _, parameters = link.strip().partition(";")
        if 'rel="next"' in parameters or "rel=next" in parameters:
            return str(target.strip().removeprefix("<").removesuffix(">"))
    return None


def segment(value: str) -> str:
    """A value as one path segment."""
    return quote(value, safe="")


def told(answer: httpx.Response) -> str:
    """Status and beginning of an answer, for a reason."""
    return f"{answer.status_code} {answer.text[:300]!r}"


def until(ready: Callable[[], object], patience_seconds: float) -> bool:
    """Whether `ready()` comes true in time."""
    deadline = time.monotonic() + patience_seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
