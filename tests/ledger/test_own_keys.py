"""Captures that parties sign with their own keys, on the chain."""

import secrets

import orjson
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data

from service.capture import SignedDocument
from service.ledger.client import hexed
from service.parties.registration import add
from tests.ledger.world import World, caller_of, document, item, seen

IDENTIFIER = "https://id.gs1.org/417/4012345000023"


async def test_a_wallets_signature_is_sealed_and_attributed(ledger: World) -> None:
    wallet = Account.from_key(secrets.token_bytes(32))
    async with ledger.database.session() as session:
        await add(session, IDENTIFIER, "Own", ["supplier"])
    own = caller_of(IDENTIFIER, "Own")
    challenge = await ledger.keys.challenge(own, wallet.address)
    proof = bytes(wallet.sign_message(encode_defunct(text=challenge)).signature)
    await ledger.keys.add_own(own, wallet.address, hexed(proof))
    thing = item()
    prepared = await ledger.captures.prepare(own, document(*(seen(thing, item()) for _ in range(120))))
    signatures = [
        hexed(bytes(wallet.sign_message(encode_typed_data(full_message=orjson.loads(orjson.dumps(part)))).signature))
        for part in prepared.typed_data
    ]
    events = [{"document": orjson.loads(told), "nonce": hexed(nonce)} for told, nonce, _ in prepared.events]
    sent = SignedDocument.model_validate({"events": events, "deadline": prepared.deadline, "signatures": signatures})
    ledger.receipts.append(await ledger.captures.submit(own, sent))
    await ledger.settle()
    said = await ledger.assert_sealed_once()
    assert {one.party for one in said} == {own.party}
    assert [one.seal for one in said][::2] == [seal for _, _, seal in prepared.events]


async def test_an_own_capture_whose_key_is_revoked_before_it_is_sealed_says_so(ledger: World) -> None:
    wallet = Account.from_key(secrets.token_bytes(32))
    async with ledger.database.session() as session:
        await add(session, IDENTIFIER, "Own", ["supplier"])
    own = caller_of(IDENTIFIER, "Own")
    challenge = await ledger.keys.challenge(own, wallet.address)
    proof = bytes(wallet.sign_message(encode_defunct(text=challenge)).signature)
    await ledger.keys.add_own(own, wallet.address, hexed(proof))
    await ledger.settle()
    prepared = await ledger.captures.prepare(own, document(seen()))
    typed = encode_typed_data(full_message=orjson.loads(orjson.dumps(prepared.typed_data[0])))
    events = [{"document": orjson.loads(told), "nonce": hexed(nonce)} for told, nonce, _ in prepared.events]
    signature = hexed(bytes(wallet.sign_message(typed).signature))
    sent = {"events": events, "deadline": prepared.deadline, "signatures": [signature]}
    receipt = await ledger.captures.submit(own, SignedDocument.model_validate(sent))
    await ledger.keys.revoke(own, wallet.address)
    for _ in range(200):
        await ledger.step()
        if (await ledger.states())[0][0] == 3:
            break
        await ledger.mine()
    told = await ledger.captures.receipt(own, receipt.id)
    assert (told.state, told.parts[0].refusal) == ("refused", "KeyRevoked")
    assert told.parts[0].block is not None
