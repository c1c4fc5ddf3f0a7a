from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from service.parties import credentials as room
from service.parties.bootstrap import first_admin_key
from service.parties.credentials import Credentials
from service.parties.errors import (
    ApiKeyNotFound,
    BadExpiry,
    PartyNotFound,
    ScopeMissing,
    ScopeTooWide,
    Unauthenticated,
    UnknownScope,
)
from service.parties.registration import Parties
from service.store.database import Database

from .conftest import NewCaller


class Clock:
    """Time that stands until it is moved; both clocks of the room."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def ticks(self) -> float:
        return self.now.timestamp()

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def credentials(database: Database, clock: Clock) -> Credentials:
    return Credentials(database, clock=clock, ticks=clock.ticks)


async def test_a_token_speaks_for_its_party_with_its_scopes(credentials: Credentials, new_caller: NewCaller) -> None:
    acme = await new_caller("acme", roles=3)
    key, token = await credentials.create(acme, ["captures:write"], "scanner")
    caller = await credentials.authenticate(token)
    assert (caller.party, caller.identifier, caller.roles) == (acme.party, "did:example:acme", 3)
    assert caller.scopes == {"captures:write"}
    assert caller.key_id == key.id
    caller.require("captures:write")
    with pytest.raises(ScopeMissing):
        caller.require("captures:read")


async def test_only_a_hash_of_the_secret_is_kept(
    database: Database, credentials: Credentials, new_caller: NewCaller
) -> None:
    _, token = await credentials.create(await new_caller("acme"), ["captures:write"], "scanner")
    async with database.session() as session:
        rows = (await session.execute(text("SELECT api_keys::text FROM api_keys"))).scalars().all()
    secret = token.split("_", 2)[2]
    assert len(rows) == 1
    assert secret not in rows[0]
    assert secret.encode().hex() not in rows[0]


@pytest.mark.parametrize(
    "token", ["", "ts", "ts_", "ts_a", "ts_a_", "sk_a_b", "ts__b", "ts_" + "a" * 300 + "_b", "ts_é_b", "ts_\x00_b"]
)
async def test_what_is_no_token_is_refused(credentials: Credentials, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await credentials.authenticate(token)


async def test_a_wrong_secret_and_an_unknown_key_read_the_same(credentials: Credentials, new_caller: NewCaller) -> None:
    _, token = await credentials.create(await new_caller("acme"), ["captures:write"], "scanner")
    told = []
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), "ts_0000000000000000_" + token.split("_", 2)[2]):
        with pytest.raises(Unauthenticated) as refused:
            await credentials.authenticate(wrong)
        told.append(refused.value.detail)
    assert told[0] == told[1]


async def test_an_expired_key_is_refused_at_once(credentials: Credentials, new_caller: NewCaller, clock: Clock) -> None:
    acme = await new_caller("acme")
    _, token = await credentials.create(acme, ["captures:write"], "scanner", clock.now + timedelta(seconds=1))
    await credentials.authenticate(token)
    clock.move(1)
    with pytest.raises(Unauthenticated, match="expired"):
        await credentials.authenticate(token)


async def test_a_revoked_key_is_refused_here_at_once_and_elsewhere_within_seconds(
    database: Database, credentials: Credentials, new_caller: NewCaller, clock: Clock
) -> None:
    acme = await new_caller("acme")
    key, token = await credentials.create(acme, ["captures:write"], "scanner")
    elsewhere = Credentials(database, clock=clock, ticks=clock.ticks)
    await credentials.authenticate(token)
    await elsewhere.authenticate(token)
    await credentials.revoke(acme, key.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        await credentials.authenticate(token)
    clock.move(room.REMEMBERED_SECONDS)
    with pytest.raises(Unauthenticated, match="revoked"):
        await elsewhere.authenticate(token)


async def test_a_known_key_costs_no_query(
    database: Database, credentials: Credentials, new_caller: NewCaller, clock: Clock
) -> None:
    _, token = await credentials.create(await new_caller("acme"), ["captures:write"], "scanner")
    await credentials.authenticate(token)
    async with database.session() as session:
        await session.execute(text("DELETE FROM api_keys"))
    await credentials.authenticate(token)
    clock.move(room.REMEMBERED_SECONDS)
    with pytest.raises(Unauthenticated):
        await credentials.authenticate(token)


async def test_memory_of_keys_is_bounded(credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "REMEMBERED_KEYS", 8)
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await credentials.authenticate(f"ts_{number:016x}_secret")
    assert len(credentials._remembered) == 8


async def test_a_key_makes_no_wider_or_longer_lived_key(
    credentials: Credentials, new_caller: NewCaller, clock: Clock
) -> None:
    maker = await new_caller("acme", scopes=frozenset({"keys:write", "captures:read"}))
    await credentials.create(maker, ["captures:read"], "fine")
    for wider in ("captures:write", "consortium:admin"):
        with pytest.raises(ScopeTooWide):
            await credentials.create(maker, ["captures:read", wider], "wider")
    brief = replace(maker, expires_at=clock.now + timedelta(hours=1))
    for expiry in (None, clock.now + timedelta(hours=2)):
        with pytest.raises(BadExpiry):
            await credentials.create(brief, ["captures:read"], "longer", expiry)
    await credentials.create(brief, ["captures:read"], "fine", clock.now + timedelta(minutes=59))
    with pytest.raises(BadExpiry):
        await credentials.create(maker, ["captures:read"], "dead", clock.now)
    with pytest.raises(UnknownScope):
        await credentials.create(maker, ["everything"], "odd")


async def test_only_administrators_make_keys_for_other_parties(
    database: Database, credentials: Credentials, new_caller: NewCaller
) -> None:
    acme, other = await new_caller("acme"), await new_caller("other")
    with pytest.raises(ScopeMissing):
        await credentials.create(acme, ["captures:read"], "not mine", party=other.party)
    admin = await credentials.authenticate(await first_admin_key(database, "did:example:operator", "Operator"))
    _, token = await credentials.create(admin, ["captures:read"], "first", party=other.party)
    assert (await credentials.authenticate(token)).party == other.party
    with pytest.raises(PartyNotFound):
        await credentials.create(admin, ["captures:read"], "nobody's", party=bytes(32))


async def test_nobody_sees_or_revokes_anothers_api_keys(credentials: Credentials, new_caller: NewCaller) -> None:
    acme, stranger = await new_caller("acme"), await new_caller("stranger")
    key, token = await credentials.create(acme, ["captures:read"], "mine")
    assert list(await credentials.listed(stranger, "", 10)) == []
    with pytest.raises(ApiKeyNotFound):
        await credentials.revoke(stranger, key.id)
    await credentials.authenticate(token)


async def test_a_suspension_reaches_the_partys_keys(
    database: Database, credentials: Credentials, new_caller: NewCaller
) -> None:
    acme = await new_caller("acme")
    _, token = await credentials.create(acme, ["captures:write"], "scanner")
    admin = await credentials.authenticate(await first_admin_key(database, "did:example:operator", "Operator"))
    parties = Parties(database, credentials)
    assert not (await credentials.authenticate(token)).suspended
    await parties.suspend(admin, acme.party)
    assert (await credentials.authenticate(token)).suspended
    await parties.reinstate(admin, acme.party)
    assert not (await credentials.authenticate(token)).suspended
