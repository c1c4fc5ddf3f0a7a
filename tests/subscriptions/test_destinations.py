"""Where webhooks may not go: private addresses in every disguise, and names that change what they stand for."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from service.config import BadSettings
from service.store.database import Database
from service.subscriptions import Controls, Deliverer, SubscriptionControlsFault, SubscriptionRequest, Subscriptions
from service.subscriptions.addresses import reachable
from service.subscriptions.destination import Destination
from service.subscriptions.retries import pause
from service.subscriptions.sending import Sender
from tests.ledger.world import ACME, caller_of
from tests.subscriptions.conftest import INSPECTIONS, Room, resolver, seen, settings_of
from tests.subscriptions.receiver import Receiver, receiving

PUBLIC = ("8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "2606:4700::1111", "2a00:1450::1")
NOT_PUBLIC = (
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2a00::5efe:127.0.0.1",
    "2a00::200:5efe:10.0.0.1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_called(address: str) -> None:
    assert reachable(address)


@pytest.mark.parametrize("address", [*NOT_PUBLIC, "", "localhost", "1.2.3", "0177.0.0.1"])
def test_what_is_not_public_may_not(address: str) -> None:
    assert not reachable(address)


def test_a_network_that_the_operator_named_may() -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/64"))
    assert reachable("10.1.2.3", allowed)
    assert reachable("::ffff:10.1.2.3", allowed)
    assert reachable("64:ff9b::10.1.2.3", allowed)
    assert reachable("fd00::9", allowed)
    assert not reachable("10.2.0.1", allowed)
    assert not reachable("fd00:0:0:1::9", allowed)
    assert not reachable("169.254.169.254", allowed)


@given(st.ip_addresses())
def test_whatever_python_calls_not_global_is_refused(address: IPv4Address | IPv6Address) -> None:
    inner = (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
    if not inner.is_global or inner.is_multicast or inner.is_reserved:
        assert not reachable(str(address)) or address in IPv6Network("64:ff9b::/96")


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_judged_as_itself(address: IPv4Address) -> None:
    for disguise in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert reachable(disguise) == reachable(str(address))
        assert reachable(disguise, [IPv4Network(f"{address}/32")])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Example.COM/hook", ("https", "example.com", 443, "/hook", "example.com")),
        ("http://example.com", ("http", "example.com", 80, "/", "example.com")),
        ("https://example.com:8443?a=b%20c", ("https", "example.com", 8443, "/?a=b%20c", "example.com:8443")),
        ("https://example.com:443/", ("https", "example.com", 443, "/", "example.com")),
        ("http://example.com.:80/a//b/../c", ("http", "example.com", 80, "/a//b/../c", "example.com")),
        (
            "HTTPS://xn--bcher-kva.de/%C3%A4",
            ("https", "xn--bcher-kva.de", 443, "/%C3%A4", "xn--bcher-kva.de"),
        ),
        ("http://8.8.8.8/", ("http", "8.8.8.8", 80, "/", "8.8.8.8")),
        ("http://[2606:4700::1111]:8080/", ("http", "2606:4700::1111", 8080, "/", "[2606:4700::1111]:8080")),
        ("https://8.8.8.8.example/", ("https", "8.8.8.8.example", 443, "/", "8.8.8.8.example")),
    ],
)
def test_a_url_is_read_one_way(url: str, expected: tuple[Any, ...]) -> None:
    read = Destination.read(url)
    assert (read.scheme, read.host, read.port, read.target, read.authority) == expected


@pytest.mark.parametrize(
    "url",
    [
        None, 5, "", "example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/",
        "//example.com/", "http:///x", "http://", "https:example.com", "http://user@example.com/", "http://user:secret@example.com/",
        "http://8.8.8.8@127.0.0.1/", "http://127.0.0.1#@example.com/", "http://example.com/#fragment",
        "http://example.com\\@127.0.0.1/", "http://exa mple.com/", "http://example.com/\r\nX: y", "http://example.com/ä",
        "http://exämple.com/", "http://ⓔxample.com/", "http://127。0。0。1/", "http://2130706433/", "http://0x7f000001/",
        "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.0.01/", "http://127.0.0.256/",
        "http://1.2.3.4.5/", "http://example.0x1/", "http://[::1%25eth0]/", "http://[::1", "http://[127.0.0.1]/",
        "http://[::ffff:127.0.0.256]/", "http://a..b/", "http://.example.com/", "http://-a.example/",
        "http://a-.example/",
        "http://example.com:0/", "http://example.com:22/", "http://example.com:25/", "http://example.com:65536/",
        "http://example.com:/", "http://example.com:8o/", "http://example.com/" + "a" * 2048,
        "http://" + "a" * 64 + ".com/",
    ],
)  # fmt: skip
def test_what_could_be_read_two_ways_is_refused(url: object) -> None:
    with pytest.raises(SubscriptionControlsFault) as refusal:
        Destination.read(url)
    assert refusal.value.extra["pointer"] == "/dest"
    assert "secret" not in refusal.value.detail


@pytest.mark.parametrize("address", NOT_PUBLIC)
async def test_subscribing_to_a_private_address_is_refused(address: str) -> None:
    """As itself, and as what a name stands for; before anything is kept."""
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    settings = settings_of(nowhere, webhook_networks="")
    names = resolver({"hook.example": [f"8.8.8.8 {address}"]})
    subscriptions = Subscriptions(Database(nowhere), settings, names)
    acme = caller_of(ACME, "Acme")
    for host in ("hook.example", f"[{address}]" if ":" in address else address):
        request = SubscriptionRequest(f"https://{host}/", Controls())
        with pytest.raises(SubscriptionControlsFault):
            await subscriptions.create(acme, "inspections", request)


async def test_a_name_that_is_not_known_yet_is_judged_when_it_is_called(room: Room, receiver: Receiver) -> None:
    subscriptions = Subscriptions(room.database, room.settings, resolver({}))
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    request = SubscriptionRequest.read({"dest": f"http://later.example:{receiver.port}/", "stream": True})
    subscribed = await subscriptions.create(room.acme, "inspections", request)
    await room.capture(seen())
    await room.deliver(room.deliverer(resolve=resolver({})))
    told = await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert told.fault == "the host's name does not resolve"
    await room.hurry()
    await room.deliver(room.deliverer(resolve=resolver({"later.example": ["127.0.0.1"]})))
    assert len(receiver.taken) == 1
    assert receiver.taken[0].headers["host"] == f"later.example:{receiver.port}"


async def test_a_name_that_changes_after_the_check_is_not_followed(room: Room, receiver: Receiver) -> None:
    """Public when subscribed, private when called: refused then, and nothing is sent."""
    settings = settings_of(room.settings.database_url, webhook_networks="")
    subscriptions = Subscriptions(room.database, settings, resolver({"rebind.example": ["8.8.8.8"]}))
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    request = SubscriptionRequest.read({"dest": f"http://rebind.example:{receiver.port}/", "stream": True})
    subscribed = await subscriptions.create(room.acme, "inspections", request)
    await room.capture(seen())
    rebinding = Deliverer(room.database, settings, resolve=resolver({"rebind.example": ["127.0.0.1"]}))
    room.deliverers.append(rebinding)
    await room.deliver(rebinding)
    told = await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert told.fault is not None
    assert "not on the public internet" in told.fault
    assert receiver.calls == []


async def test_a_name_is_looked_up_once_for_each_attempt(receiver: Receiver) -> None:
    """What was checked is what is connected to: a second lookup would find another address, which answers nothing."""
    lookups: list[str] = []

    async def changing(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"] if len(lookups) == 1 else ["127.0.0.99"]

    sender = Sender([ip_network("127.0.0.0/8")], changing)
    answer = await sender.send(Destination.read(f"http://hook.example:{receiver.port}/"), {}, b"{}")
    await sender.close()
    assert answer.taken
    assert lookups == ["hook.example"]


async def test_the_next_address_is_tried_where_one_does_not_answer(receiver: Receiver) -> None:
    table = {"hook.example": ["127.0.0.77 127.0.0.1"]}
    sender = Sender([ip_network("127.0.0.0/8")], resolver(table))
    answer = await sender.send(Destination.read(f"http://hook.example:{receiver.port}/"), {}, b"{}")
    await sender.close()
    assert answer.taken
    assert len(receiver.calls) == 1


async def test_redirects_are_not_followed(room: Room, receiver: Receiver) -> None:
    with receiving() as inner:
        receiver.usual = 307
        receiver.answers = {"Location": inner.url}
        subscribed = await room.subscribe(receiver.url)
        await room.capture(seen())
        await room.deliver()
        assert inner.calls == []
    told = await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert told.fault is not None
    assert "redirects are not followed" in told.fault


async def test_no_proxy_of_the_environment_is_used(
    room: Room, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    await room.subscribe(receiver.url)
    await room.capture(seen())
    await room.deliver()
    assert len(receiver.taken) == 1


@contextmanager
def certified(folder: Path, name: str) -> Iterator[tuple[Receiver, ssl.SSLContext]]:
    """A receiver with a certificate for the name, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    with receiving(server) as receiver:
        yield receiver, ssl.create_default_context(cafile=str(folder / "cert.pem"))


async def test_certificates_are_checked_against_the_name(tmp_path: Path) -> None:
    table = {"hook.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
    with certified(tmp_path, "hook.example") as (receiver, trusted):
        known = Sender([ip_network("127.0.0.0/8")], resolver(table), trusted)
        unknown = Sender([ip_network("127.0.0.0/8")], resolver(table))
        url = f"https://{{}}:{receiver.port}/"
        assert (await known.send(Destination.read(url.format("hook.example")), {}, b"{}")).taken
        for sender, host in ((known, "other.example"), (known, "127.0.0.1"), (unknown, "hook.example")):
            answer = await sender.send(Destination.read(url.format(host)), {}, b"{}")
            assert (answer.status, answer.fault) == (None, "its certificate is not accepted")
        await known.close()
        await unknown.close()
        assert len(receiver.calls) == 1


async def test_a_lookup_that_hangs_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(host: str, port: int) -> list[str]:
        await asyncio.sleep(3600)
        return []

    monkeypatch.setattr("service.subscriptions.sending.CONNECT_SECONDS", 0.2)
    sender = Sender([], hang)
    answer = await asyncio.wait_for(sender.send(Destination.read("https://hook.example/"), {}, b"{}"), 2)
    assert not answer.taken
    await sender.close()


@pytest.mark.parametrize("networks", ["10.0.0.0/33", "10.0.0.1/8", "internal", "10.0.0.0/8;fd00::/8"])
def test_networks_that_are_none_are_named_at_the_start(networks: str) -> None:
    with pytest.raises(BadSettings, match="TRAILSEAL_WEBHOOK_NETWORKS"):
        settings_of("postgresql://nobody@127.0.0.1:1/none", webhook_networks=networks)


@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0, 1e12))
def test_pauses_grow_and_stay_between_a_second_and_an_hour(failures: int, chance: float, asked: float) -> None:
    seconds = pause(failures, chance, asked)
    assert 1 <= seconds <= 3600
    assert seconds >= min(asked, 3600)
    assert pause(failures + 1, chance) >= pause(failures, chance)
    assert pause(12, chance) >= 1800
