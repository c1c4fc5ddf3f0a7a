"""The API as a command speaks to it."""

import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from service.errors import TrailsealError


class Refused(TrailsealError):
    """The service refused a request; the message is the problem document's."""

    slug, title, status = "refused", "The service refused", 422

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        detail = str(problem.get("detail") or problem.get("title") or f"status {status}")
        faults = problem.get("faults") or ()
        lines = [f"\n  {_place(fault)}: {fault.get('message')}" for fault in faults[:20]]
        super().__init__(detail + "".join(lines), dict(problem))
        self.http_status = status


def _place(fault: Mapping[str, Any]) -> str:
    """Where a fault is: a cell, an XPath or a JSON pointer, as the document's format has it."""
    place = next((str(fault[name]) for name in ("cell", "xpath", "pointer") if fault.get(name)), "")
    return place or ("the file" if "cell" in fault else "/")


class Unreachable(TrailsealError):
    """Nothing answers at the service's address."""

    slug, title, status = "unreachable", "The service does not answer", 503


class Client:
    """One party's connection to a service; a context manager. `key` is its API key."""

    def __init__(self, url: str, key: str, *, timeout_seconds: float = 60.0, connections: int = 8) -> None:
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=timeout_seconds,
            limits=limits,
            trust_env=False,
        )

    def capture(
        self,
        document: Any,
        idempotency_key: str | None = None,
        *,
        media_type: str = "application/json",
        proceed: bool = False,
    ) -> Any:
        """Hands in an EPCIS document (bytes, or a JSON value); its receipt. With `proceed`, bad events are left out."""
        body = document if isinstance(document, bytes) else orjson.dumps(document)
        headers = {"Content-Type": media_type}
        if proceed:
            headers["GS1-Capture-Error-Behaviour"] = "proceed"
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return self.send("POST", "/v1/captures", content=body, headers=headers).json()

    def bundles(self, asked: Mapping[str, Any]) -> bytes:
        """The bundle of many trails, as a file; `asked` as `POST /v1/bundles` takes it."""
        return self.send("POST", "/v1/bundles", json=dict(asked)).content

    def bundle(self, identifier: str) -> bytes:
        """The bundle of a trail, as a file."""
        return self.send("GET", "/v1/trail/bundle", params={"identifier": identifier}).content

    def get(self, path: str, **params: Any) -> Any:
        """The JSON at a path."""
        given = {name: value for name, value in params.items() if value is not None}
        return self.send("GET", path, params=given).json()

    def post(self, path: str, value: Any, method: str = "POST") -> Any:
        """The JSON answer to a JSON value."""
        answer = self.send(method, path, json=value)
        return answer.json() if answer.content else None

    def assess(self, asked: Sequence[tuple[str, str | None]], recorded_by: str | None = None) -> list[dict[str, Any]]:
        """Risk scores of shipments, each as of its own moment (ISO 8601, None: now).

        They know what was recorded by the moment, or by `recorded_by`.
        """
        shipments = [{"shipment": unit, **({"asOf": moment} if moment else {})} for unit, moment in asked]
        question = {"shipments": shipments, **({"recordedBy": recorded_by} if recorded_by else {})}
        assessments: list[dict[str, Any]] = self.post("/v1/risk/assessments", question)["items"]
        return assessments

    def until_sealed(
        self, captures: Sequence[str], heard: Callable[[int], None] = lambda _: None, patience_seconds: float = 120.0
    ) -> int:
        """How many of the captures, in the order of their acceptance, the chain has; `heard` is told as they come.

        Waits for all of them, but no longer than the patience without any coming.
        """
        done, moved = 0, time.monotonic()
        while done < len(captures) and time.monotonic() - moved < patience_seconds:
            # The chain records in the order of acceptance: usually the first that is not sealed is the one to ask for.
            if self.get(f"/v1/captures/{captures[done]}")["state"] == "sealed":
                done, moved = done + 1, time.monotonic()
                heard(done)
            else:
                time.sleep(0.05)
        return done

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request.

        Raises:
            Refused: the service's own refusal.
            Unreachable: no service at the address.
        """
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as fault:
            raise Unreachable(f"{self.url} does not answer ({type(fault).__name__}): is `make run` running?") from fault
        if answer.is_error:
            raise Refused(_problem(answer), answer.status_code)
        return answer

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    return problem if isinstance(problem, dict) else {"detail": f"status {answer.status_code} from {answer.url}"}
