"""Identifiers in paths: URIs whose slashes are sent as `%2F` or as they are, and which parts of the path they are.

Servers decode a path before it is routed, which makes `/bizLocations/https%3A%2F%2Fexample.com%2Fevents` (a place) the
same as `/bizLocations/https://example.com/events` (the events of another). Here a segment keeps its own slashes escaped
until a route has taken the path apart.
"""

import re
from urllib.parse import quote, unquote

from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

PREFIX = "/epcis"
_HOST = re.compile(r"(?:[A-Za-z0-9._\-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_MERGED = re.compile(r"^(https?|ni):/(?!/)", re.IGNORECASE)


class UriPaths:
    """Gives the paths of the bindings to the routes segment by segment, with `/` and `%` inside a segment escaped."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and of_bindings(scope):
            scope["path"] = _by_segments(scope)
        await self._app(scope, receive, send)


def of_bindings(scope: Scope) -> bool:
    """Whether a request is one of the EPCIS bindings."""
    path = path_of(scope)
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def path_of(scope: Scope) -> str:
    """The path as routes see it: without what a proxy put before it."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _by_segments(scope: Scope) -> str:
    raw = scope.get("raw_path")
    sent = quote(scope["path"], safe="/:@!$&'()*+,;=~") if raw is None else raw.decode("latin-1")
    return "/".join(_escaped(unquote(segment)) for segment in sent.split("/"))


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F")


class _Name(Convertor[str]):
    """One segment."""

    regex = "[^/]+"

    def convert(self, value: str) -> str:
        return unquote(value)

    def to_string(self, value: str) -> str:
        return quote(value, safe="")


class _Uri(Convertor[str]):
    """One segment or more: a URI. Proxies that merge slashes leave one where `https://` and `ni:///` have more."""

    regex = "(?s:.+)"

    def convert(self, value: str) -> str:
        return _MERGED.sub(lambda found: found[1] + (":///" if found[1].lower() == "ni" else "://"), unquote(value), 1)

    def to_string(self, value: str) -> str:
        return quote(value, safe="")


register_url_convertor("epcis_name", _Name())
register_url_convertor("epcis_uri", _Uri())


def url_of(request: HTTPConnection, *segments: str) -> str:
    """The absolute URL of a resource of the bindings, each segment escaped."""
    return _base(request) + "".join(f"/{quote(segment, safe='')}" for segment in segments)


def url_with(request: HTTPConnection, parameters: str) -> str:
    """The absolute URL of the request's own path with another query string."""
    scope = request.scope
    raw = scope.get("raw_path")
    path = quote(scope["path"], safe="/%:@!$&'()*+,;=~") if raw is None else raw.decode("latin-1")
    return f"{_origin(request)}{path}?{parameters}"


def _base(request: HTTPConnection) -> str:
    return f"{_origin(request)}{request.scope.get('root_path', '')}{PREFIX}"


def _origin(request: HTTPConnection) -> str:
    """As the client named us, where that is a host: what a proxy tells of it is read before (docs/epcis/rest.md)."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        server, port = request.scope.get("server") or ("localhost", None)
        host = server if port is None else f"{server}:{port}"
    return f"{request.scope['scheme']}://{host}"


def query_string(request: HTTPConnection) -> str:
    """What follows `?`, as it was sent."""
    sent: bytes = request.scope["query_string"]
    return sent.decode(errors="replace")
