"""Rotation of the key-encryption key while the service runs, stopped half way, and with a key that is missing."""

import secrets

import pytest
from pydantic import SecretBytes
from sqlalchemy import text

from service.config import Settings
from service.parties.errors import KeyEncryptionKeyMissing
from service.parties.keyring import id_of
from service.parties.rewrapping import Rewrapped, Rewrapper
from service.parties.signing_keys import SigningKeys
from service.store.chain import Deployed
from service.store.database import Database
from tests.parties.conftest import NewCaller

KEYS = 7


class Killed(BaseException):
    """The process ends here."""


def rotated(settings: Settings, *, keeping: bool = True) -> Settings:
    """The settings after rotation to a new key, with or without the former one."""
    fresh = SecretBytes(secrets.token_bytes(32))
    former = (settings.key_encryption_key,) if keeping else ()
    return settings.model_copy(update={"key_encryption_key": fresh, "former_key_encryption_keys": former})


async def signs(database: Database, settings: Settings, party: bytes) -> bytes:
    async with database.session() as session:
        return (await SigningKeys(database, settings).signing_key(session, party)).key


async def heads(database: Database) -> list[bytes]:
    async with database.session() as session:
        rows = await session.execute(text("SELECT substring(wrapped FROM 2 FOR 8) FROM signing_keys"))
        return list(rows.scalars())


@pytest.mark.usefixtures("deployed")
async def test_a_rotation_that_is_killed_half_way_goes_on_and_loses_no_key(
    settings: Settings, database: Database, new_caller: NewCaller
) -> None:
    callers = [await new_caller(f"party{number}") for number in range(KEYS)]
    for caller in callers:
        await SigningKeys(database, settings).create(caller)
    before = [await signs(database, settings, caller.party) for caller in callers]
    after = rotated(settings)

    def kill(done: Rewrapped) -> None:
        if done.signing_keys >= 4:
            raise Killed

    with pytest.raises(Killed):
        await Rewrapper(database, after, batch=2).run(kill)
    new, old = (id_of(one.key_encryption_key.get_secret_value()) for one in (after, settings))
    assert sorted(await heads(database)) == sorted([new] * 4 + [old] * 3)
    # Half way, the service runs with both; keys that are made now are the new key's already.
    assert [await signs(database, after, caller.party) for caller in callers] == before
    await SigningKeys(database, after).create(await new_caller("late"))

    done = await Rewrapper(database, after, batch=2).run()
    assert (done.signing_keys, done.left) == (3, [])
    assert set(await heads(database)) == {new}
    alone = after.model_copy(update={"former_key_encryption_keys": ()})
    assert [await signs(database, alone, caller.party) for caller in callers] == before
    assert (await Rewrapper(database, alone).run()) == Rewrapped()


async def test_a_key_that_another_key_wrapped_is_refused_by_name_and_left_alone(
    settings: Settings, database: Database, new_caller: NewCaller, deployed: Deployed
) -> None:
    del deployed
    caller = await new_caller("acme")
    await SigningKeys(database, settings).create(caller)
    other = rotated(settings, keeping=False)
    old = id_of(settings.key_encryption_key.get_secret_value())
    with pytest.raises(KeyEncryptionKeyMissing, match=old.hex()):
        await signs(database, other, caller.party)
    done = await Rewrapper(database, other).run()
    assert done.signing_keys == 0
    assert len(done.left) == 1
    assert old.hex() in done.left[0]
    assert await heads(database) == [old]
    await signs(database, settings, caller.party)
