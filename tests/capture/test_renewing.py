"""What a party signed itself and the chain refused is signed anew by another key of the party, and sealed once."""

import secrets

import orjson
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from eth_account.signers.local import LocalAccount

from service.capture import SignedDocument, errors
from service.capture.renewing import Renewals
from service.ledger.client import hexed
from tests.ledger.world import World, document, item, seen


async def bind(world: World) -> LocalAccount:
    wallet: LocalAccount = Account.from_key(secrets.token_bytes(32))
    challenge = await world.keys.challenge(world.acme, wallet.address)
    proof = bytes(wallet.sign_message(encode_defunct(text=challenge)).signature)
    await world.keys.add_own(world.acme, wallet.address, hexed(proof))
    return wallet


def signed(wallet: LocalAccount, typed: object) -> str:
    plain = orjson.loads(orjson.dumps(typed))
    return hexed(bytes(wallet.sign_message(encode_typed_data(full_message=plain)).signature))


async def test_nothing_accepted_is_lost_when_an_own_key_is_revoked(ledger: World) -> None:
    old = await bind(ledger)
    await ledger.settle()
    prepared = await ledger.captures.prepare(ledger.acme, document(*(seen(item(), item()) for _ in range(150))))
    sent = {
        "events": [{"document": orjson.loads(told), "nonce": hexed(nonce)} for told, nonce, _ in prepared.events],
        "deadline": prepared.deadline,
        "signatures": [signed(old, typed) for typed in prepared.typed_data],
    }
    receipt = await ledger.captures.submit(ledger.acme, SignedDocument.model_validate(sent))
    ledger.receipts.append(receipt)
    renewals = Renewals(ledger.database, ledger.settings)
    assert (await renewals.prepare(ledger.acme, receipt.id)).parts == ()
    await ledger.keys.revoke(ledger.acme, old.address)
    await ledger.settle()
    told = await ledger.captures.receipt(ledger.acme, receipt.id)
    assert (told.state, {part.refusal for part in told.parts}) == ("refused", {"KeyRevoked"})

    new = await bind(ledger)
    asked = await renewals.prepare(ledger.acme, receipt.id)
    assert [(part, refusal) for part, refusal, _ in asked.parts] == [(one.id, "KeyRevoked") for one in told.parts]
    with pytest.raises(errors.CaptureNotFound):
        await renewals.prepare(ledger.bolt, receipt.id)
    by_old = {f"0x{part.hex()}": signed(old, typed) for part, _, typed in asked.parts}
    with pytest.raises(errors.SignatureRefused, match="no active key of yours"):
        await renewals.submit(ledger.acme, receipt.id, asked.deadline, by_old)
    by_new = {f"0x{part.hex()}": signed(new, typed) for part, _, typed in asked.parts}
    waiting = await renewals.submit(ledger.acme, receipt.id, asked.deadline, by_new)
    assert waiting.state == "captured"
    with pytest.raises(errors.SignatureRefused, match="needs no signature"):
        await renewals.submit(ledger.acme, receipt.id, asked.deadline, by_new)
    await ledger.settle()
    assert (await ledger.captures.receipt(ledger.acme, receipt.id)).state == "sealed"
    await ledger.assert_sealed_once()
