"""A capture whose signature the chain will not take is signed anew by its party's other key, or says why it is not."""

import asyncio

import pytest

from service.capture import Receipt
from service.capture.resign import Resigner
from service.ledger.client import hexed
from tests.ledger.world import World, item, seen


async def refused_by_the_chain(world: World, *reasons: str) -> None:
    """Relays and watches, without signing anew, until the chain has refused what waits."""
    for _ in range(300):
        await world.relay.step()
        await world.watcher.step()
        if await world.states() == [(3, reason) for reason in reasons]:
            return
        await asyncio.sleep(0.03)
    pytest.fail(f"the chain did not refuse: {await world.states()}")


async def told(world: World) -> Receipt:
    return await world.captures.receipt(world.acme, world.receipts[0].id)


async def revoke_signer(world: World) -> bytes:
    signer: bytes = await world.one("SELECT DISTINCT signer FROM parts")
    await world.keys.revoke(world.acme, hexed(signer))
    return signer


async def test_what_the_chain_refused_is_signed_by_the_other_key_and_sealed_once(ledger: World) -> None:
    await ledger.keys.create(ledger.acme)
    await ledger.settle()
    accepted = await ledger.accept(seen(*(item() for _ in range(250))))
    revoked = await revoke_signer(ledger)
    await refused_by_the_chain(ledger, "KeyRevoked", "KeyRevoked")
    assert [(part.state, part.refusal) for part in (await told(ledger)).parts] == [("refused", "KeyRevoked")] * 2

    # Workers that find the refused parts at once share them out, and leave none.
    others = [Resigner(ledger.database, ledger.settings) for _ in range(3)]
    assert any(await asyncio.gather(*(one.step() for one in others)))
    assert not any([await one.step() for one in others])
    again = await told(ledger)
    assert again.state == "captured"
    assert [part.id for part in again.parts] == [part.id for part in accepted.parts], "the same words"
    assert revoked not in {part.signer for part in again.parts}

    await ledger.settle()
    await ledger.assert_sealed_once()
    receipt = await told(ledger)
    assert receipt.state == "sealed"
    assert {(part.signer, part.refusal) for part in receipt.parts} == {(again.parts[0].signer, None)}
    assert not any([await one.step() for one in others]), "what is sealed stays as it is"


async def test_without_another_key_the_receipt_says_refused_and_why(ledger: World) -> None:
    await ledger.accept(seen())
    await revoke_signer(ledger)
    await ledger.settle()
    receipt = await told(ledger)
    assert receipt.state == "refused"
    assert [(part.state, part.refusal) for part in receipt.parts] == [("refused", "KeyRevoked")]
    assert not await ledger.resigner.step()
    assert (await told(ledger)).told() == receipt.told()
    # A new key mends it, as soon as the registry has that.
    await ledger.keys.create(ledger.acme)
    await ledger.settle()
    assert (await told(ledger)).state == "sealed"
    await ledger.assert_sealed_once()


async def test_what_a_party_signed_itself_is_never_signed_by_the_service(ledger: World) -> None:
    """Not even where the party has a key in our custody too: it may have wished that the signature lapses."""
    await ledger.accept(seen())
    own = await revoke_signer(ledger)
    await ledger.keys.create(ledger.acme)
    await ledger.rows("UPDATE signing_keys SET wrapped = NULL WHERE address = :own", own=own)
    await ledger.settle()
    receipt = await told(ledger)
    assert (receipt.state, receipt.parts[0].signer, receipt.parts[0].refusal) == ("refused", own, "KeyRevoked")


async def test_a_signature_that_would_lapse_while_it_waits_is_renewed(ledger: World) -> None:
    await ledger.accept(seen())
    before = (await told(ledger)).parts[0]
    await ledger.rows("UPDATE parts SET deadline = extract(epoch FROM now())::bigint - 1")
    assert await ledger.resigner.step()
    assert not await ledger.resigner.step()
    after = (await told(ledger)).parts[0]
    assert (after.id, after.state) == (before.id, "waiting")
    assert after.deadline >= before.deadline
    later = await ledger.accept(seen())
    await ledger.settle()
    said = await ledger.assert_sealed_once()
    assert [one.part for one in said] == [before.id, later.parts[0].id], "it kept its place"


async def test_entries_that_were_altered_in_the_database_are_not_signed(ledger: World) -> None:
    """Who can write in the database alone does not get the party's signature under other words."""
    await ledger.accept(seen())
    before = (await told(ledger)).parts[0]
    await ledger.rows(
        "UPDATE parts SET deadline = extract(epoch FROM now())::bigint - 1,"
        " entries = set_byte(entries, 0, get_byte(entries, 0) # 1)"
    )
    assert not await ledger.resigner.step()
    assert (await told(ledger)).parts[0].signer == before.signer
    assert await ledger.one("SELECT signature FROM parts") is not None
    assert await ledger.one("SELECT deadline < extract(epoch FROM now()) FROM parts")
