"""No request body is read further than its path allows."""

from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SMALL = 64 * 1024
"""Bytes that a body may have where no document is expected."""


class _TooLarge(HTTPException):
    """An HTTPException, because FastAPI answers 400 to every other exception that comes up while it reads a body."""

    def __init__(self) -> None:
        super().__init__(413, headers={"Connection": "close"})


class BodyBound:
    """Counts a body's bytes as they come in; the announced length is looked at first, the real one regardless."""

    def __init__(self, app: ASGIApp, allowed: Callable[[str], int]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._allowed(scope["path"])
        announced = Headers(scope=scope).get("content-length", "")
        received = 0

        async def bounded() -> Message:
            nonlocal received
            if announced.isdigit() and int(announced) > most:
                raise _TooLarge
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _TooLarge
            return message

        await self._app(scope, bounded, send)
