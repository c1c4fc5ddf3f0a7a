"""How much may be sent to the bindings at once."""

from dataclasses import dataclass

from fastapi import Depends
from starlette.requests import HTTPConnection

from service.api.epcis.errors import UriTooLong
from service.config import Settings

URL_BYTES = 8192
"""Of path and query together; proxies in front of a service rarely pass on more, and RFC 9110 (4.1) asks for 8000."""


@dataclass(frozen=True, slots=True)
class CaptureLimits:
    """Most events in a document, and most bytes."""

    events: int
    octets: int

    @classmethod
    def of(cls, settings: Settings) -> "CaptureLimits":
        """The limits that the settings set."""
        return cls(settings.document_events, settings.document_bytes)

    def headers(self) -> dict[str, str]:
        """As GS1's headers announce them."""
        return {
            "GS1-EPCIS-Capture-Limit": str(self.events),
            "GS1-EPCIS-Capture-File-Size-Limit": str(self.octets),
        }


async def _short(request: HTTPConnection) -> None:
    check_url(request)


def check_url(request: HTTPConnection) -> None:
    """Raises `UriTooLong`."""
    length = len(request.scope.get("raw_path") or request.scope["path"]) + len(request.scope["query_string"])
    if length > URL_BYTES:
        raise UriTooLong(
            f"the URL has {length} bytes, {URL_BYTES} are read: ask for fewer values, or make it a named query"
        )


ShortUrl = Depends(_short)
"""Refuses URLs that are longer than `URL_BYTES`."""
