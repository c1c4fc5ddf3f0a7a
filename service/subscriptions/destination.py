"""Where a webhook is sent: the URL taken apart once, strictly, so that nobody else reads it differently. Pure."""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from service.subscriptions.errors import SubscriptionControlsFault

LONGEST = 2048
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<host>[A-Za-z0-9._-]{1,254}))(?::(?P<port>\d{1,5}))?"
    r"(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?P<query>\?[A-Za-z0-9._~!$&'()*+,;=:@%/?\[\]-]*)?",
    re.ASCII | re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMERIC = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)
_POINTER = "/dest"


@dataclass(frozen=True, slots=True)
class Destination:
    """`host`: a name in lower case, or an IP address without brackets. `target`: path and query as they are sent."""

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def read(cls, url: object) -> "Destination":
        """The destination that an http or https URL names.

        Raises:
            SubscriptionControlsFault: not such a URL, or with a user, a fragment, a port below 1024 that is not the
                web's, or an IPv4 address in any form but four decimal numbers.
        """
        if not isinstance(url, str) or not 0 < len(url) <= LONGEST:
            raise _fault(f"send the http or https URL to call, of at most {LONGEST} characters")
        authority = url.partition("://")[2].partition("/")[0]
        if "@" in authority:
            raise _fault("leave user and password out of the URL; deliveries are signed with the signatureToken")
        if "#" in url:
            raise _fault("leave the fragment (#...) out of the URL; it is never sent")
        read = _URL.fullmatch(url)
        if read is None:
            raise _fault(
                "this is no http or https URL; write others than ASCII letters in a host as xn--…, else as %XX"
            )
        scheme = read["scheme"].lower()
        path, query = read["path"] or "/", read["query"] or ""
        return cls(scheme, _host(read["host"], read["six"]), _port(scheme, read["port"]), path + query)

    @property
    def authority(self) -> str:
        """What the `Host` header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default(self.scheme) else f"{host}:{self.port}"

    @property
    def address(self) -> str | None:
        """The IP address, where the URL names one itself."""
        return self.host if ":" in self.host or self.host.replace(".", "").isdigit() else None


def _host(name: str | None, six: str | None) -> str:
    if name is None:
        try:
            return str(IPv6Address(six))
        except AddressValueError:
            raise _fault("what is in brackets is no IPv6 address") from None
    labels = name.lower().removesuffix(".").split(".")
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(".".join(labels)))
        except AddressValueError:
            raise _fault("write an IPv4 address as four decimal numbers, like 198.51.100.7") from None
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise _fault("the host is no domain name")
    return ".".join(labels)


def _port(scheme: str, text: str | None) -> int:
    port = int(text) if text else _default(scheme)
    if port not in (80, 443) and not 1024 <= port <= 65535:
        raise _fault("use the port 80, 443, or one from 1024 to 65535")
    return port


def _default(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _fault(detail: str) -> SubscriptionControlsFault:
    return SubscriptionControlsFault(detail, _POINTER)
