"""Around every request: its id, log line and figures, the headers of every response, the last net for faults."""

import re
import secrets
import time
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.metrics import Metrics
from service.api.problems import Refuse, problem
from service.errors import TrailsealError
from service.logs import told_safely

_GIVEN_ID = re.compile(r"[A-Za-z0-9_.\-]{8,64}")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_GONE = 499
log = structlog.get_logger("trailseal.api")


class Envelope:
    """Outermost of our middleware. An unforeseen fault ends here, so that no server logs a message with a payload."""

    def __init__(self, app: ASGIApp, metrics: Metrics, refuse: Refuse = problem) -> None:
        self._app = app
        self._metrics = metrics
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        status = 0

        async def enveloped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _complete(MutableHeaders(scope=message), scope, request_id)
            await send(message)

        began = time.perf_counter()
        fault: dict[str, Any] = {}
        with self._metrics.running.track_inprogress(), structlog.contextvars.bound_contextvars(request=request_id):
            try:
                await self._app(scope, receive, enveloped)
            except ClientDisconnect:
                status = status or _GONE
            except Exception as unforeseen:  # noqa: BLE001 the last net: nothing may reach the server's own log
                fault = told_safely(unforeseen)
                if not status:
                    await self._refuse(scope, TrailsealError("unforeseen"), None)(scope, receive, enveloped)
            self._note(scope, status, time.perf_counter() - began, fault)

    def _note(self, scope: Scope, status: int, seconds: float, fault: dict[str, Any]) -> None:
        route = getattr(scope.get("route"), "path", "none")
        self._metrics.requests.labels(scope["method"], route, str(status)).observe(seconds)
        state = scope["state"]
        told = {"method": scope["method"], "route": route, "status": status, "seconds": round(seconds, 4)}
        caller, refusal = state.get("caller"), state.get("refusal")
        if caller is not None:
            told |= {"party": f"0x{caller.party.hex()}", "key": caller.key_id}
        if refusal is not None:
            fault = fault or {"fault": refusal.slug, "detail": refusal.detail}
        told |= state.get("noted", {}) | fault
        if fault:
            log.error("request", **told)
        else:
            log.info("request", **told)


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _GIVEN_ID.fullmatch(given) else secrets.token_hex(8)


def _complete(headers: MutableHeaders, scope: Scope, request_id: str) -> None:
    headers["X-Request-ID"] = request_id
    for name, value in _HEADERS.items():
        headers.setdefault(name, value)
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=63072000")
