"""A party that keeps its keys itself: prepare, sign with any wallet, submit."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from pydantic import ValidationError

from service.capture import Prepared, SignedDocument, errors
from service.epcis.faults import InvalidDocument
from service.ledger.client import hexed
from service.parties.caller import Caller
from service.parties.errors import NoSigningKey
from service.parties.registration import add
from service.store import signing_keys
from tests.capture.conftest import TABLES, Room
from tests.ledger.world import World, caller_of, document, item, seen

OWN = "https://id.gs1.org/417/4012345000023"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass
class Wallet:
    """A key that the service never sees."""

    key: str

    @property
    def address(self) -> bytes:
        return bytes.fromhex(Account.from_key(self.key).address[2:])

    def sign(self, typed_data: dict[str, Any]) -> str:
        """As a wallet would: from the JSON alone."""
        message = encode_typed_data(full_message=orjson.loads(orjson.dumps(typed_data)))
        return "0x" + bytes(Account.sign_message(message, self.key).signature).hex()


def signed(prepared: Prepared, signatures: list[str], **other: Any) -> SignedDocument:
    events = [{"document": orjson.loads(told), "nonce": hexed(nonce)} for told, nonce, _ in prepared.events]
    return SignedDocument.model_validate(
        {"events": events, "deadline": prepared.deadline, "signatures": signatures} | other
    )


async def bind(room: Room | World, caller: Caller, wallet: Wallet) -> None:
    async with room.database.session() as session:
        assert await signing_keys.add_signing_key(session, wallet.address, caller.party, None)


@pytest.fixture
def wallet() -> Wallet:
    return Wallet("0x" + "a7" * 32)


@pytest.fixture
async def own(room: Room, wallet: Wallet) -> Caller:
    """A party with no key in our custody."""
    caller = caller_of(OWN, "Own")
    await bind(room, caller, wallet)
    return caller


async def test_prepared_signed_by_a_wallet_and_submitted_it_is_accepted(
    room: Room, own: Caller, wallet: Wallet
) -> None:
    prepared = await room.captures.prepare(own, document(*(seen(item(), item()) for _ in range(150))))
    assert len(prepared.typed_data) == 2
    assert await room.counts() == dict.fromkeys(TABLES, 0), "nothing is kept before it is signed"
    sent = signed(prepared, [wallet.sign(part) for part in prepared.typed_data])
    receipt = await room.captures.submit(own, sent, idempotency_key="k")
    assert (receipt.events, receipt.entries) == (150, 300)
    assert tuple(part.id for part in receipt.parts) == prepared.part_ids
    kept = await room.rows("SELECT document, nonce, seal FROM events JOIN nonces ON event = seq ORDER BY seq")
    assert [tuple(row) for row in kept] == list(prepared.events)
    assert (await room.captures.submit(own, sent, idempotency_key="k")).id == receipt.id
    with pytest.raises(errors.DuplicateEvent):
        await room.captures.submit(own, sent)


async def test_a_party_without_custodial_key_cannot_be_signed_for(room: Room, own: Caller) -> None:
    with pytest.raises(NoSigningKey, match="prepare, sign and submit"):
        await room.captures.accept(own, document())
    assert await room.counts() == dict.fromkeys(TABLES, 0)


async def test_signatures_that_do_not_hold_are_refused(room: Room, own: Caller, wallet: Wallet) -> None:
    prepared = await room.captures.prepare(own, document(seen()))
    (typed,) = prepared.typed_data
    good = wallet.sign(typed)
    raw = bytes.fromhex(good[2:])
    high_s = (ORDER - int.from_bytes(raw[32:64], "big")).to_bytes(32, "big")
    malleable = raw[:32] + high_s + bytes([55 - raw[64]])
    bolt = Wallet("0x" + "b0" * 32)
    await bind(room, room.bolt, bolt)
    later = {**typed, "message": {**typed["message"], "deadline": prepared.deadline + 1}}
    elsewhere = {**typed, "domain": {**typed["domain"], "chainId": 1}}
    for signature, words in (
        ("0x" + malleable.hex(), "upper half"),
        (Wallet("0x" + "c1" * 32).sign(typed), "no active key of yours"),
        (bolt.sign(typed), "no active key of yours"),
        (wallet.sign(later), "no active key of yours"),
        (wallet.sign(elsewhere), "no active key of yours"),
        ("0x" + bytes(65).hex(), "v must be"),
        (good[:-2], "65 bytes"),
        ("0x" + (raw[:64] + bytes([raw[64] - 27])).hex(), "v must be 27 or 28"),
        ("not hex", "does not hold"),
    ):
        with pytest.raises(errors.SignatureRefused, match=words):
            await room.captures.submit(own, signed(prepared, [signature]))
    with pytest.raises(errors.SignatureRefused, match="1 parts, there are 2 signatures"):
        await room.captures.submit(own, signed(prepared, [good, good]))
    assert await room.counts() == dict.fromkeys(TABLES, 0)
    await room.captures.submit(own, signed(prepared, [good]))


async def test_a_revoked_key_signs_no_more(room: Room, own: Caller, wallet: Wallet) -> None:
    prepared = await room.captures.prepare(own, document())
    good = signed(prepared, [wallet.sign(prepared.typed_data[0])])
    await room.keys.revoke(own, hexed(wallet.address))
    with pytest.raises(errors.SignatureRefused, match="not revoked"):
        await room.captures.submit(own, good)
    assert await room.counts() == dict.fromkeys(TABLES, 0)


async def test_what_was_changed_after_it_was_signed_is_refused(room: Room, own: Caller, wallet: Wallet) -> None:
    prepared = await room.captures.prepare(own, document(seen(), seen()))
    good = signed(prepared, [wallet.sign(prepared.typed_data[0])])
    first, second = good.events
    changed = first.model_copy(update={"document": {**first.document, "bizStep": "receiving"}})
    other_nonce = first.model_copy(update={"nonce": "0x" + "00" * 16})
    for events in ([changed, second], [other_nonce, second], [second, first], [first]):
        with pytest.raises(errors.SignatureRefused, match="no active key of yours"):
            await room.captures.submit(own, good.model_copy(update={"events": events}))
    with pytest.raises(errors.SignatureRefused, match="deadline"):
        await room.captures.submit(own, good.model_copy(update={"deadline": 1}))
    await room.captures.submit(own, good)


async def test_a_signed_document_is_judged_like_any_other(room: Room, own: Caller, wallet: Wallet) -> None:
    prepared = await room.captures.prepare(own, document())
    good = signed(prepared, [wallet.sign(prepared.typed_data[0])])
    (event,) = good.events
    whole = orjson.loads(document(seen(), seen()))
    unsayable = [{**event.document, "https://example.org/n": number} for number in (2**53, 10**400, 1e16, "\0")]
    for told in (
        {**event.document, "eventTime": "yesterday"}, {**event.document, "colour": "red"}, whole, {}, *unsayable
    ):  # fmt: skip
        sent = good.model_copy(update={"events": [event.model_copy(update={"document": told})]})
        with pytest.raises(InvalidDocument) as refused:
            await room.captures.submit(own, sent)
        assert refused.value.extra["faults"][0]["pointer"].startswith("/events/0/document")
    for wrong in ({"nonce": "0x12"}, {"nonce": "00" * 16}, {"more": 1}):
        with pytest.raises(ValidationError):
            SignedDocument.model_validate(
                {"deadline": 1, "signatures": ["0x"], "events": [{"document": {}, "nonce": "0x" + "00" * 16} | wrong]}
            )
    with pytest.raises(ValidationError):
        SignedDocument.model_validate(good.model_dump() | {"deadline": 2**63})


async def test_a_deadline_beyond_what_doubles_count_is_a_deadline(room: Room, own: Caller, wallet: Wallet) -> None:
    prepared = await room.captures.prepare(own, document())
    (typed,) = prepared.typed_data
    typed["message"]["deadline"] = 2**63 - 1
    sent = signed(prepared, [wallet.sign(typed)], deadline=2**63 - 1)
    receipt = await room.captures.submit(own, sent, idempotency_key="k")
    assert [part.deadline for part in receipt.parts] == [2**63 - 1]
    assert (await room.captures.submit(own, sent, idempotency_key="k")).told() == receipt.told()


async def test_signatures_belong_to_their_parts_in_order(room: Room, own: Caller, wallet: Wallet) -> None:
    prepared = await room.captures.prepare(own, document(seen(*(item() for _ in range(250)))))
    first, second = [wallet.sign(part) for part in prepared.typed_data]
    for signatures, words in (([second, first], "no active key"), ([first], "2 parts, there are 1")):
        with pytest.raises(errors.SignatureRefused, match=words):
            await room.captures.submit(own, signed(prepared, signatures))
    assert await room.counts() == dict.fromkeys(TABLES, 0)
    await room.assert_told_as_stored(await room.captures.submit(own, signed(prepared, [first, second])))


async def test_a_submission_waits_for_a_revocation_under_way(room: Room, own: Caller, wallet: Wallet) -> None:
    prepared = await room.captures.prepare(own, document())
    sent = signed(prepared, [wallet.sign(prepared.typed_data[0])])
    async with room.database.session() as session:
        await signing_keys.locked_signing_key(session, wallet.address)
        await signing_keys.revoke_signing_key(session, wallet.address, datetime.now(UTC), datetime.now(UTC))
        submission = asyncio.create_task(room.captures.submit(own, sent))
        await room.someone_waits()
        assert not submission.done()
    with pytest.raises(errors.SignatureRefused, match="not revoked"):
        await submission
    assert await room.counts() == dict.fromkeys(TABLES, 0)


async def test_what_a_wallet_signed_is_sealed_under_its_key(ledger: World) -> None:
    """From the challenge that binds the wallet's key to the chain that takes its signature."""
    account = Account.create()
    async with ledger.database.session() as session:
        await add(session, OWN, "Own", ("supplier",))
    own = caller_of(OWN, "Own")
    challenge = await ledger.keys.challenge(own, account.address)
    proof = Account.sign_message(encode_defunct(text=challenge), account.key).signature
    await ledger.keys.add_own(own, account.address, hexed(bytes(proof)))
    prepared = await ledger.captures.prepare(own, document(seen(*(item() for _ in range(250))), seen()))
    signatures = [
        hexed(bytes(Account.sign_typed_data(account.key, full_message=typed).signature))
        for typed in prepared.typed_data
    ]
    ledger.receipts.append(await ledger.captures.submit(own, signed(prepared, signatures)))
    await ledger.settle()
    said = await ledger.assert_sealed_once()
    assert [one.party for one in said] == [own.party] * 251
    assert [one.seal for one in said] == [prepared.events[0][2]] * 250 + [prepared.events[1][2]]
    receipt = await ledger.captures.receipt(own, ledger.receipts[0].id)
    assert receipt.state == "sealed"
    assert {part.signer for part in receipt.parts} == {bytes.fromhex(account.address[2:])}
    assert all(part.block for part in receipt.parts)


async def test_anothers_seals_cannot_be_taken(room: Room, own: Caller, wallet: Wallet) -> None:
    """Who was shown a document and its nonce cannot capture the same entries as its own."""
    prepared = await room.captures.prepare(own, document())
    thief, key = caller_of("https://id.gs1.org/417/4012345000030", "Thief"), Wallet("0x" + "d2" * 32)
    await bind(room, thief, key)
    await room.captures.submit(own, signed(prepared, [wallet.sign(prepared.typed_data[0])]))
    with pytest.raises(errors.DuplicateEvent, match="fresh nonces"):
        await room.captures.submit(thief, signed(prepared, [key.sign(prepared.typed_data[0])]))
    assert (await room.counts())["captures"] == 1


async def test_one_signed_document_that_is_submitted_at_once_is_one_capture(
    room: Room, own: Caller, wallet: Wallet
) -> None:
    prepared = await room.captures.prepare(own, document(seen(), seen()))
    sent = signed(prepared, [wallet.sign(prepared.typed_data[0])])
    receipts = await asyncio.gather(*(room.captures.submit(own, sent, idempotency_key="k") for _ in range(5)))
    assert len({receipt.id for receipt in receipts}) == 1
    assert (await room.counts())["events"] == 2


async def test_prepare_refuses_what_submit_would(room: Room, own: Caller) -> None:
    with pytest.raises(InvalidDocument):
        await room.captures.prepare(own, document(seen(colour="red")))
    known = seen()
    await room.accept(known)
    with pytest.raises(errors.DuplicateEvent):
        await room.captures.prepare(room.acme, document(known))
    kept = await room.captures.prepare(room.acme, document(known, seen()), proceed=True)
    assert (len(kept.events), len(kept.refused)) == (1, 1)
