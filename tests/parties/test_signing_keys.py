import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from sqlalchemy import text

from service.config import Settings
from service.parties.bootstrap import first_admin_key
from service.parties.errors import (
    BadAddress,
    BadProof,
    BadRevocation,
    NoSigningKey,
    NotDeployed,
    PartyIsSuspended,
    ScopeMissing,
    SigningKeyExists,
    SigningKeyNotFound,
    WrappedKeyDamaged,
)
from service.parties.signing_keys import SigningKeys, key_of
from service.sealing.signing import address_of, recover, sign
from service.store import signing_keys as stored
from service.store.chain import Deployed
from service.store.database import Database
from service.store.outbox import waiting_calls
from service.store.tables import SigningKey

from .conftest import NewCaller


@pytest.fixture
def keys(database: Database, settings: Settings) -> SigningKeys:
    return SigningKeys(database, settings)


async def purposes(database: Database) -> list[str]:
    async with database.session() as session:
        return [call.purpose for call in await waiting_calls(session, 100)]


async def test_a_custodial_key_signs_for_its_party(
    database: Database, keys: SigningKeys, new_caller: NewCaller
) -> None:
    caller = await new_caller("acme")
    made = await keys.create(caller)
    async with database.session() as session:
        address, key = await keys.signing_key(session, caller.party)
    assert address == made.address == address_of(key)
    assert recover(b"\x07" * 32, sign(b"\x07" * 32, key)) == address
    assert await purposes(database) == ["registerParties", "addKeys"]


async def test_a_private_key_is_shown_by_no_repr(database: Database, keys: SigningKeys, new_caller: NewCaller) -> None:
    caller = await new_caller("acme")
    await keys.create(caller)
    async with database.session() as session:
        found = await keys.signing_key(session, caller.party)
    assert found.key.hex() not in repr(found)
    assert repr(found.key) not in repr(found)


async def test_a_wrapped_key_moved_to_another_row_does_not_sign(
    database: Database, keys: SigningKeys, new_caller: NewCaller
) -> None:
    victim, thief = await new_caller("victim"), await new_caller("thief")
    stolen, own = await keys.create(victim), await keys.create(thief)
    async with database.session() as session:
        await session.execute(
            text("UPDATE signing_keys SET wrapped = :wrapped WHERE address = :address"),
            {"wrapped": stolen.wrapped, "address": own.address},
        )
    async with database.session() as session:
        with pytest.raises(WrappedKeyDamaged):
            await keys.signing_key(session, thief.party)
    async with database.session() as session:
        await session.execute(
            text("UPDATE signing_keys SET party = :party WHERE address = :address"),
            {"party": thief.party, "address": stolen.address},
        )
        await session.execute(text("DELETE FROM signing_keys WHERE address = :address"), {"address": own.address})
    async with database.session() as session:
        with pytest.raises(WrappedKeyDamaged):
            await keys.signing_key(session, thief.party)


async def test_rotation_signs_with_the_old_key_until_the_registry_has_the_new_one(
    database: Database, keys: SigningKeys, new_caller: NewCaller
) -> None:
    caller = await new_caller("acme")

    async def signs_with() -> bytes:
        async with database.session() as session:
            return (await keys.signing_key(session, caller.party)).address

    async def mined(address: bytes) -> None:
        async with database.session() as session:
            await session.execute(
                text("UPDATE signing_keys SET registered_at = now() WHERE address = :address"), {"address": address}
            )

    old = await keys.create(caller)
    await mined(old.address)
    new = await keys.create(caller)
    assert await signs_with() == old.address
    await mined(new.address)
    assert await signs_with() == new.address
    await keys.revoke(caller, f"0x{new.address.hex()}")
    assert await signs_with() == old.address
    await keys.revoke(caller, f"0x{old.address.hex()}")
    with pytest.raises(NoSigningKey):
        await signs_with()


async def test_a_revoked_key_is_revoked_a_moment_later(
    database: Database, keys: SigningKeys, new_caller: NewCaller
) -> None:
    caller = await new_caller("acme")
    made = await keys.create(caller)
    await keys.revoke(caller, f"0x{made.address.hex()}")
    async with database.session() as session:
        found = await key_of(session, made.address)
    assert found is not None
    assert found.revoked_at is not None
    assert await purposes(database) == ["registerParties", "addKeys", "revokeKey"]


async def test_a_revocation_waits_for_a_signature_under_way(
    database: Database, keys: SigningKeys, new_caller: NewCaller
) -> None:
    caller = await new_caller("acme")
    made = await keys.create(caller)
    async with database.session() as session:
        await keys.signing_key(session, caller.party)
        revoking = asyncio.create_task(keys.revoke(caller, f"0x{made.address.hex()}"))
        await asyncio.sleep(0.2)
        assert not revoking.done()
    assert (await revoking).revoked_at is not None


async def test_a_later_revocation_moves_the_time_of_compromise_only_back(
    database: Database, keys: SigningKeys, new_caller: NewCaller
) -> None:
    caller = await new_caller("acme")
    address = f"0x{(await keys.create(caller)).address.hex()}"
    first = await keys.revoke(caller, address)
    assert await keys.revoke(caller, address) == first
    assert await purposes(database) == ["registerParties", "addKeys", "revokeKey"]
    earlier = datetime.now(UTC) - timedelta(days=3)
    moved = await keys.revoke(caller, address, earlier)
    assert moved.compromised_from == earlier
    assert moved.revoked_at == first.revoked_at
    assert await keys.revoke(caller, address, earlier + timedelta(days=1)) == moved
    assert (await purposes(database)).count("revokeKey") == 2
    with pytest.raises(BadRevocation):
        await keys.revoke(caller, address, datetime.now(UTC) + timedelta(hours=1))


async def test_an_own_key_comes_with_a_proof_that_any_wallet_makes(
    database: Database, keys: SigningKeys, new_caller: NewCaller, deployed: Deployed
) -> None:
    caller, account = await new_caller("acme"), Account.create()
    asked = await keys.challenge(caller, account.address)
    assert caller.identifier in asked
    assert account.address.lower() in asked
    assert str(deployed.chain_id) in asked
    proof = account.sign_message(encode_defunct(text=asked)).signature.hex()
    added = await keys.add_own(caller, account.address, proof)
    assert added.wrapped is None
    assert f"0x{added.address.hex()}" == account.address.lower()
    with pytest.raises(SigningKeyExists):
        await keys.add_own(caller, account.address, proof)
    async with database.session() as session:
        with pytest.raises(NoSigningKey):
            await keys.signing_key(session, caller.party)


async def test_a_proof_serves_one_party_one_address_and_one_registry(
    database: Database, keys: SigningKeys, new_caller: NewCaller, deployed: Deployed
) -> None:
    caller, stranger = await new_caller("acme"), await new_caller("stranger")
    account, other = Account.create(), Account.create()
    asked = await keys.challenge(caller, account.address)
    proof = account.sign_message(encode_defunct(text=asked)).signature.hex()
    wrong = [
        (stranger, account.address, proof),
        (caller, other.address, proof),
        (caller, account.address, other.sign_message(encode_defunct(text=asked)).signature.hex()),
        (
            caller,
            account.address,
            account.sign_message(encode_defunct(text=asked.replace("31337", "1"))).signature.hex(),
        ),
        (caller, account.address, proof[:-2]),
        (caller, account.address, "no hex"),
    ]
    for party, address, signature in wrong:
        with pytest.raises(BadProof):
            await keys.add_own(party, address, signature)
    async with database.session() as session:
        assert await stored.signing_keys(session, caller.party, b"", 10) == []


async def test_without_contracts_there_is_nothing_to_challenge_with(keys: SigningKeys, new_caller: NewCaller) -> None:
    with pytest.raises(NotDeployed):
        await keys.challenge(await new_caller("acme"), Account.create().address)


@pytest.mark.parametrize(
    "address",
    ["", "0x", "52908400098527886E0F7030069857D2E4169EE7", "0x" + "0" * 40, "0x" + "zz" * 20, "0x" + " 1" * 20],
)
async def test_what_is_no_address_is_refused(keys: SigningKeys, new_caller: NewCaller, address: str) -> None:
    with pytest.raises(BadAddress):
        await keys.challenge(await new_caller("acme"), address)


async def test_nobody_touches_anothers_keys(keys: SigningKeys, new_caller: NewCaller) -> None:
    owner, stranger = await new_caller("owner"), await new_caller("stranger")
    made = await keys.create(owner)
    with pytest.raises(SigningKeyNotFound):
        await keys.revoke(stranger, f"0x{made.address.hex()}")
    assert await keys.listed(stranger, b"", 10) == []
    with pytest.raises(ScopeMissing):
        await keys.create(await new_caller("reader", scopes=frozenset({"captures:read"})))


async def test_a_suspended_party_gets_no_new_key(keys: SigningKeys, new_caller: NewCaller) -> None:
    caller = await new_caller("acme")
    with pytest.raises(PartyIsSuspended):
        await keys.create(replace(caller, suspended=True))


async def test_listing_goes_on_where_it_stopped(keys: SigningKeys, new_caller: NewCaller) -> None:
    caller = await new_caller("acme")
    made = sorted([(await keys.create(caller)).address for _ in range(5)])
    seen: list[SigningKey] = []
    after = b""
    while page := await keys.listed(caller, after, 2):
        seen.extend(page)
        after = page[-1].address
    assert [key.address for key in seen] == made


async def test_the_first_administrator_comes_from_the_command_line(database: Database) -> None:
    first = await first_admin_key(database, "urn:epc:id:pgln:9521321.00001", "Operator", ["regulator"])
    again = await first_admin_key(database, "https://id.gs1.org/417/9521321000018", "Operator")
    assert first != again
    assert await purposes(database) == ["registerParties"]
