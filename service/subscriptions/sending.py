"""Sending one delivery: the host is resolved once, its addresses are checked, and the checked one is connected to.

Nothing is resolved a second time between check and use, no proxy of the environment is used, no redirect followed, and
of the answer little more than its status is read.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from service.subscriptions.addresses import Network, reachable
from service.subscriptions.destination import Destination

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 15.0
_DRAINED_BYTES = 65_536
_DRAIN_SECONDS = 1.0

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""The IP addresses of a host; raises OSError where it has none."""


class Unreachable(Exception):
    """The host has no address, or one that must not be reached; the message says which of the two."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of it: the receiver's status, or None and what went wrong; `wait` is its `Retry-After` in seconds."""

    status: int | None
    fault: str | None = None
    wait: float = 0.0

    @property
    def taken(self) -> bool:
        """Whether the receiver took the delivery."""
        return self.status is not None and 200 <= self.status < 300


class Resolution:
    """Looks hosts up in threads of its own: a lookup that hangs keeps nobody else waiting."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(8, thread_name_prefix="webhook-dns")

    async def __call__(self, host: str, port: int) -> list[str]:
        look = self._threads.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.wrap_future(look)
        return list(dict.fromkeys(str(address[4][0]) for address in found))

    def close(self) -> None:
        """Lets go of the threads; a lookup under way is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def checked(destination: Destination, allowed: Collection[Network], resolve: Resolver) -> list[str]:
    """The addresses of the destination, all of which may be reached.

    Raises:
        Unreachable: one of them may not, even where others may. OSError: there is none.
    """
    own = destination.address
    found = [own] if own else await resolve(destination.host, destination.port)
    if not found:
        raise OSError("the name has no address")
    if not all(reachable(address, allowed) for address in found):
        raise Unreachable("the host is not on the public internet, nor in a network that this service may call")
    return found


class Sender:
    """Sends deliveries; `close` when done. `tls` is what certificates are checked against (default: the usual CAs)."""

    def __init__(
        self,
        allowed: Collection[Network],
        resolve: Resolver | None = None,
        tls: ssl.SSLContext | None = None,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        self._allowed = tuple(allowed)
        self._resolution = Resolution()
        self._resolve = resolve or self._resolution
        self._total_seconds = total_seconds
        self._client = httpx.AsyncClient(
            verify=tls or httpx.create_ssl_context(),
            timeout=httpx.Timeout(total_seconds, connect=CONNECT_SECONDS),
            # A kept connection is known by its address alone, and another host may share that.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
            follow_redirects=False,
            trust_env=False,
        )

    async def send(self, destination: Destination, headers: Mapping[str, str], body: bytes) -> Answer:
        """One POST. Whatever goes wrong is an answer, not an exception."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                addresses = await checked(destination, self._allowed, self._resolve)
        except Unreachable as refusal:
            return Answer(None, str(refusal))
        except (OSError, UnicodeError):  # a timeout is one
            return Answer(None, "the host's name does not resolve")
        try:
            async with asyncio.timeout(self._total_seconds):
                return await self._post(destination, addresses, headers, body)
        except TimeoutError:
            return Answer(None, f"no answer within {self._total_seconds:g} seconds")

    async def close(self) -> None:
        await self._client.aclose()
        self._resolution.close()

    async def _post(
        self, destination: Destination, addresses: list[str], headers: Mapping[str, str], body: bytes
    ) -> Answer:
        answer = Answer(None, "the host has no address")
        for address in addresses:
            try:
                return await self._post_to(address, destination, headers, body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as fault:
                answer = Answer(None, _why_unconnected(fault))
            except httpx.TimeoutException:
                return Answer(None, "it did not answer in time")
            except httpx.TransportError as fault:
                return Answer(None, f"the connection was lost before it answered ({type(fault).__name__})")
        return answer

    async def _post_to(self, address: str, destination: Destination, headers: Mapping[str, str], body: bytes) -> Answer:
        url = httpx.URL(
            scheme=destination.scheme,
            host=address,
            port=destination.port,
            raw_path=destination.target.encode("ascii"),
        )
        async with self._client.stream(
            "POST",
            url,
            headers={**headers, "Host": destination.authority},
            content=body,
            extensions={"sni_hostname": destination.host},
        ) as response:
            answer = Answer(response.status_code, wait=_wait(response.headers.get("retry-after")))
            # Who sends an answer's body wants it read; it is worth a second to no one.
            with contextlib.suppress(httpx.TransportError, TimeoutError):
                async with asyncio.timeout(_DRAIN_SECONDS):
                    await _drain(response)
            return answer


def _why_unconnected(fault: BaseException) -> str:
    """In our own words: what peers and libraries say is not for those who subscribe."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate is not accepted"
        if isinstance(cause, ssl.SSLError):
            return "no TLS connection could be made"
        cause = cause.__cause__ or cause.__context__
    return "no connection could be made"


async def _drain(response: httpx.Response) -> None:
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read > _DRAINED_BYTES:
            return


def _wait(text: str | None) -> float:
    """The seconds of a `Retry-After` (RFC 9110, 10.2.3), 0 where there is none that can be read."""
    if text is None:
        return 0.0
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
