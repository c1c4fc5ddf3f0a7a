"""Attacks through webhooks, which let a member have our service call an address of its choice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from typing import Any
from uuid import uuid4

from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import replaced
from bench.attacks.world import World
from service.subscriptions import signature as signing
from service.subscriptions.destination import Destination
from service.subscriptions.errors import SubscriptionControlsFault
from service.subscriptions.sending import Sender, Unreachable, checked

_HIDDEN = {
    "intranet.example.com": ["10.0.0.7"],
    "half.example.com": ["93.184.216.34", "127.0.0.1"],
    "mapped.example.com": ["::ffff:169.254.169.254"],
    "nat64.example.com": ["64:ff9b::7f00:1"],
    "local.example.com": ["fe80::1"],
    "ula.example.com": ["fd00::1"],
    "tunnel.example.com": ["2002:7f00:1::"],
}
_PRIVATE = (
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:7f00:1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/",
    "http://10.0.0.1:8545/",
    "http://192.168.0.1/",
    "http://0.0.0.0/",
    *(f"https://{name}/" for name in _HIDDEN),
)


async def _looked_up(host: str, _port: int) -> list[str]:
    return _HIDDEN[host]


@attack(
    "ssrf",
    "A webhook leads to loopback, a private network or a cloud's metadata",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="a member has our machine call our database, our node or our cloud's credentials",
    where="`subscriptions.addresses.reachable`, for every address that a name has",
    undefended=replaced("service.subscriptions.sending:reachable", lambda _: lambda *_given: True),
)
async def _ssrf(_world: World) -> Outcome:
    for url in _PRIVATE:
        try:
            addresses = await checked(Destination.read(url), (), _looked_up)
        except (Unreachable, SubscriptionControlsFault):
            continue
        return survived(False, f"{url} is called at {addresses}")
    return survived(True, f"none of {len(_PRIVATE)} is called")


@asynccontextmanager
async def _receiver(
    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server on 127.0.0.1: its port, and what it was sent."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


def _looking_twice(post: Any) -> Any:
    """Connects to the name again, as clients do that get a URL."""

    async def _post(self: Any, destination: Any, _addresses: Any, headers: Any, body: bytes) -> Any:
        return await post(self, destination, await self._resolve(destination.host, destination.port), headers, body)

    return _post


@attack(
    "dns-rebinding",
    "A webhook's name has a good address when it is checked, and a private one when it is called",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="every check of addresses is passed by a name server that answers differently the second time",
    where="`subscriptions.sending`: looked up once, and the checked address is connected to",
    undefended=replaced("service.subscriptions.sending:Sender._post", _looking_twice),
)
async def _rebinding(_world: World) -> Outcome:
    answers = [["127.0.0.2"], ["127.0.0.1"]]

    async def rebound(_host: str, _port: int) -> list[str]:
        return answers.pop(0)

    async with _receiver() as (port, heard):
        sender = Sender([IPv4Network("127.0.0.2/32")], rebound)
        await sender.send(Destination.read(f"http://rebound.example.com:{port}/"), {}, b"{}")
        await sender.close()
    return survived(not heard, f"{len(heard)} calls arrived at the address that may not be reached")


@attack(
    "webhook-redirect",
    "A receiver sends us on to a private address",
    guarantee="G5",
    adversary=Adversary.TENANT,
    without="one hop more, and every check of addresses is behind us",
    where="`subscriptions.sending.Sender`: redirects are not followed",
    undefended=replaced(
        "service.subscriptions.sending:Sender.__init__",
        lambda there: _following(there),  # noqa: PLW0108
    ),
)
async def _redirect(_world: World) -> Outcome:
    async with _receiver() as (inner, heard):
        told = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:{inner}/\r\nContent-Length: 0\r\n\r\n"
        async with _receiver(told.encode()) as (port, _):
            sender = Sender([IPv4Network("127.0.0.1/32")])
            await sender.send(Destination.read(f"http://127.0.0.1:{port}/"), {}, b"{}")
            await sender.close()
    return survived(not heard, f"{len(heard)} calls arrived where the receiver pointed to")


def _following(init: Any) -> Any:
    """A sender whose client follows redirects."""

    def following(self: Any, *given: Any, **named: Any) -> None:
        init(self, *given, **named)
        self._client.follow_redirects = True

    return following


@attack(
    "webhook-replayed",
    "Somebody sends a delivery that it saw to the receiver again, and another body under its signature",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="a receiver books a delivery twice, or one that never was",
    where="`subscriptions.signature`: time, delivery and body are signed",
    undefended=replaced(
        "service.subscriptions.signature:signature",
        lambda _: lambda token, seconds, _delivery, _body: f"t={seconds},v1={token}",
    ),
)
async def _replayed(_world: World) -> Outcome:
    token, delivery = "t" * 40, uuid4()
    seen = signing.signature(token, 1000, delivery, b'{"good": true}').partition("v1=")[2]
    forged = {
        signing.signature(token, 2000, delivery, b'{"good": true}').partition("v1=")[2],
        signing.signature(token, 1000, uuid4(), b'{"good": true}').partition("v1=")[2],
        signing.signature(token, 1000, delivery, b'{"good": false}').partition("v1=")[2],
    }
    return survived(seen not in forged, "a signature is good for its time, delivery and body only")
