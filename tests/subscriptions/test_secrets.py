"""Signatures, and secrets that nobody is told."""

import io
import re
import secrets
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretBytes

from service.logs import configure_logs
from service.parties.errors import KeyEncryptionKeyMissing
from service.parties.keyring import Keyring
from service.parties.rewrapping import Rewrapper
from service.subscriptions import Deliverer, SubscriptionControlsFault, SubscriptionRequest
from service.subscriptions.errors import TokenDamaged
from service.subscriptions.signature import signature
from service.subscriptions.tokens import unwrap, wrap
from tests.subscriptions.conftest import Room, seen, settings_of
from tests.subscriptions.receiver import Receiver

PAGE = Path(__file__).resolve().parents[2] / "docs/epcis/subscriptions.md"
TOKEN = "13df38d8275b13f05704629e5f1cf3d45d6132d5"


def documented() -> Any:
    """The verification that the documentation shows."""
    found = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(found) == 1
    names: dict[str, Any] = {}
    exec(found[0], names)
    return names["is_genuine"]


async def test_a_receiver_can_tell_what_comes_from_us(room: Room, receiver: Receiver) -> None:
    is_genuine = documented()
    await room.subscribe(receiver.url, signatureToken=TOKEN)
    await room.capture(seen())
    receiver.deeds = [500]
    await room.deliver()
    await room.hurry()
    await room.deliver()
    for call in receiver.calls:
        assert is_genuine(call.headers, call.body, TOKEN)
        assert not is_genuine(call.headers, call.body, TOKEN + "x")
        assert not is_genuine(call.headers, call.body + b" ", TOKEN)
        assert not is_genuine({**call.headers, "trailseal-delivery": str(uuid4())}, call.body, TOKEN)
        assert not is_genuine(call.headers, call.body, TOKEN, tolerance_seconds=-1)
        later = {**call.headers, "gs1-signature": re.sub(r"t=\d+", "t=4000000000", call.headers["gs1-signature"])}
        assert not is_genuine(later, call.body, TOKEN, tolerance_seconds=2**40)


def test_the_signature_is_what_openssl_says() -> None:
    """printf '%s' '1767225600.00000000-0000-0000-0000-000000000001.{}' | openssl dgst -sha256 -hmac secret"""
    expected = "t=1767225600,v1=cd1e32afd00990730dfce1d7c87105eff0d0dd4d1074a2f789dcd0cad8f8b1e1"
    assert signature("secret", 1767225600, UUID(int=1), b"{}") == expected


@pytest.mark.parametrize("token", ["", "x" * 1025, 5, True, ["x"], {"a": 1}, "\ud800"])
def test_tokens_that_are_none_are_refused_without_showing_them(token: object) -> None:
    with pytest.raises(SubscriptionControlsFault) as refusal:
        SubscriptionRequest.read({"dest": "https://example.com/", "stream": True, "signatureToken": token})
    assert refusal.value.extra["pointer"] == "/signatureToken"


async def test_a_token_is_nowhere_but_in_its_wrapping(room: Room, receiver: Receiver) -> None:
    written = io.StringIO()
    configure_logs(written)
    try:
        request = SubscriptionRequest.read({"dest": receiver.url, "stream": True, "signatureToken": TOKEN})
        assert TOKEN not in repr(request)
        subscribed = await room.subscribe(receiver.url, signatureToken=TOKEN)
        await room.capture(seen())
        receiver.deeds = [500]
        await room.deliver()
        await room.hurry()
        await room.deliver()
        page = await room.subscriptions.list(room.acme, "inspections", limit=10)
    finally:
        structlog.reset_defaults()
    logged = written.getvalue()
    assert str(subscribed.id) in logged
    assert receiver.calls[0].delivery in logged
    assert "for=acme" not in logged, "a URL may hold secrets of its receiver"
    assert "eventID" not in logged
    stored = await room.rows("SELECT subscriptions::text FROM subscriptions")
    for told in (logged, repr(page), repr(subscribed.told()), repr(stored), repr(receiver.calls)):
        assert TOKEN not in told
        assert TOKEN.encode().hex() not in told


async def test_another_key_encryption_key_does_not_open_the_token(room: Room, receiver: Receiver) -> None:
    subscribed = await room.subscribe(receiver.url, signatureToken=TOKEN)
    await room.capture(seen())
    other = Deliverer(room.database, settings_of(room.settings.database_url))
    room.deliverers.append(other)
    await room.deliver(other)
    told = await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert told.fault is not None
    assert "key-encryption key" in told.fault
    assert receiver.calls == []
    await room.hurry()
    await room.deliver()
    assert len(receiver.taken) == 1


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.uuids(), st.binary(min_size=32, max_size=32), st.data())
def test_a_wrapped_token_opens_in_its_own_row_only(token: str, row: Any, key: bytes, data: st.DataObject) -> None:
    wrapped = wrap(token, row, Keyring(key), data.draw(st.binary(min_size=12, max_size=12)))
    assert unwrap(wrapped, row, Keyring(key)) == token
    changed = bytearray(wrapped)
    place = data.draw(st.integers(0, len(wrapped) * 8 - 1))
    changed[place // 8] ^= 1 << place % 8
    for bad, owner in ((bytes(changed), row), (wrapped, uuid4()), (wrapped[:20], row), (b"", row)):
        with pytest.raises((TokenDamaged, KeyEncryptionKeyMissing)):
            unwrap(bad, owner, Keyring(key))


async def test_tokens_are_wrapped_anew_when_the_key_encryption_key_is_rotated(room: Room, receiver: Receiver) -> None:
    await room.subscribe(receiver.url, signatureToken=TOKEN)
    await room.capture(seen())
    fresh = SecretBytes(secrets.token_bytes(32))
    both = room.settings.model_copy(
        update={"key_encryption_key": fresh, "former_key_encryption_keys": (room.settings.key_encryption_key,)}
    )
    assert (await Rewrapper(room.database, both).run()).tokens == 1
    alone = Deliverer(room.database, both.model_copy(update={"former_key_encryption_keys": ()}))
    room.deliverers.append(alone)
    await room.deliver(alone)
    assert len(receiver.taken) == 1
