"""HEAD wherever there is GET (RFC 9110, 9.3.2): the same, without the body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.epcis.paths import of_bindings


class Heads:
    """Has HEAD requests of the bindings answered as GET, and keeps the bodies of the answers back."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD" or not of_bindings(scope):
            await self._app(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            scope["method"] = "HEAD"  # servers look at it again when they write the answer
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        scope["method"] = "GET"
        try:
            await self._app(scope, receive, headed)
        finally:
            scope["method"] = "HEAD"
