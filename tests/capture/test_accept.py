"""A document is accepted as a whole or not at all, once, whoever sends it at the same time."""

import asyncio
import hashlib
from typing import Any

import orjson
import pytest

from service.capture import Captures, errors
from service.epcis.faults import InvalidDocument
from service.ledger.abi import entries_of
from service.ledger.client import hexed
from service.parties.errors import NoSigningKey, PartyIsSuspended, ScopeMissing
from service.sealing.commitments import salt_of, seal_of, trail_of
from service.sealing.hashing import canonical_json
from service.sealing.signing import recover
from service.sealing.typeddata import capture_id, domain_separator, signing_digest
from tests.capture.conftest import CHAIN_ID, PROVENANCE, TABLES, Room
from tests.ledger.world import CONTEXT, document, item, seen

BODIES: dict[str, bytes] = {
    "malformed": b'{"type": "EPCISDocument", ',
    "no JSON at all": b"\xff\xfe",
    "empty": b"",
    "a list of numbers": b"[1, 2]",
    "unknown field": document(seen(), seen(colour="red")),
    "impossible date": document(seen(), seen(eventTime="2026-02-30T10:00:00.000Z")),
    "no offset": document(seen(), seen(eventTime="2026-02-03T10:00:00.000")),
    "wrong check digit": document(seen(), seen("https://id.gs1.org/01/04012345111119/21/1")),
    "same event twice": document(*[seen("https://id.gs1.org/01/04012345111118/21/77")] * 2),
    "same eventID twice": document(*(seen(eventID="urn:uuid:6e0a3bb0-7a52-4a9b-9d3a-3f0e9b1f6f10") for _ in range(2))),
    "touches nothing": document(seen(), seen(epcList=[])),
    "no events": orjson.dumps(
        {"@context": [CONTEXT], "type": "EPCISDocument", "schemaVersion": "2.0",
         "creationDate": "2026-03-01T00:00:00Z", "epcisBody": {"eventList": []}}
    ),
    "zero byte": document(seen(), seen("https://id.gs1.org/01/04012345111118/21/1\0")),
    "zero byte in an id": document(seen(), seen(eventID="urn:example:\0")),
    "zero byte in a word": document(seen(), seen(bizStep="https://example.org/a\0b")),
    "half a surrogate": document(seen()).replace(b"inspecting", b"https://example.org/\\ud800"),
    "before all years": document(seen(), seen(eventTime="0001-01-01T00:00:00.000+14:00")),
    "after all years": document(seen(), seen(eventTime="9999-12-31T23:59:59.9999999-14:00")),
    "huge number": document(seen()).replace(b'"OBSERVE"', b'"OBSERVE","example:n":123456789012345678901234567890'),
}  # fmt: skip


async def test_everything_that_a_document_says_is_kept(room: Room) -> None:
    thing = item()
    receipt = await room.accept(seen(thing), seen(thing, item()))
    assert (receipt.state, receipt.events, receipt.entries) == ("captured", 2, 3)
    assert [part.entries for part in receipt.parts] == [3]
    rows = await room.rows("SELECT document, nonce, seal FROM events JOIN nonces ON event = seq ORDER BY seq")
    for kept, nonce, seal in rows:
        assert kept == canonical_json(orjson.loads(kept))
        assert seal == hashlib.sha256(b"\0" + nonce + hashlib.sha256(kept).digest()).digest() == seal_of(kept, nonce)
    secret = room.settings.consortium_secret.get_secret_value()
    ((part, entries, signer, signature, deadline),) = await room.rows(
        "SELECT id, entries, signer, signature, deadline FROM parts"
    )
    said = entries_of(entries)
    assert [entry.trail for entry in said][:2] == [trail_of(thing, salt_of(thing, secret))] * 2
    assert part == capture_id(said)
    assert recover(signing_digest(domain_separator(CHAIN_ID, PROVENANCE), part, deadline), signature) == signer
    assert orjson.loads(rows[0][0])["eventID"] == receipt.event_ids[0]


@pytest.mark.parametrize("name", BODIES)
async def test_of_a_document_with_a_fault_nothing_is_kept(room: Room, name: str) -> None:
    with pytest.raises((InvalidDocument, errors.NoEvents, errors.NothingTouched, errors.DuplicateEvent)) as told:
        await room.captures.accept(room.acme, BODIES[name])
    assert told.value.detail
    assert await room.counts() == dict.fromkeys(TABLES, 0)


@pytest.mark.parametrize(
    "name",
    ["unknown field", "impossible date", "wrong check digit", "same event twice", "same eventID twice",
     "touches nothing", "zero byte", "zero byte in an id", "zero byte in a word", "before all years"],
)  # fmt: skip
async def test_proceed_keeps_the_good_events_and_names_the_others(room: Room, name: str) -> None:
    receipt = await room.captures.accept(room.acme, BODIES[name], proceed=True)
    assert receipt.events == 1
    assert [one["index"] for one in receipt.refused] == [1]
    (fault,) = receipt.refused[0]["faults"][:1]
    assert fault["pointer"].startswith("/epcisBody/eventList/1")
    assert (await room.captures.receipt(room.acme, receipt.id)).told() == receipt.told()
    assert (await room.counts())["events"] == 1


async def test_proceed_leaves_out_what_was_captured_before(room: Room) -> None:
    known = seen()
    await room.accept(known)
    receipt = await room.accept(seen(), known, seen(), proceed=True)
    assert receipt.events == 2
    assert [(one["index"], one["faults"][0]["rule"]) for one in receipt.refused] == [(1, "duplicate-event")]
    with pytest.raises(errors.NoEvents) as told:
        await room.accept(known, proceed=True)
    assert told.value.extra["refused"]


async def test_what_was_captured_before_is_refused_by_name(room: Room) -> None:
    known = seen()
    receipt = await room.accept(known)
    with pytest.raises(errors.DuplicateEvent) as told:
        await room.accept(seen(), known)
    assert told.value.extra["events"] == [{"eventID": receipt.event_ids[0], "captureID": str(receipt.id)}]
    assert (await room.counts())["events"] == 1
    assert (await room.accept(known, caller=room.bolt)).events == 1, "another party may see the same"


async def test_an_error_declaration_may_carry_the_id_of_what_it_takes_back(room: Room) -> None:
    wrong = seen(eventID="urn:uuid:6e0a3bb0-7a52-4a9b-9d3a-3f0e9b1f6f11")
    await room.accept(wrong)
    declared = wrong | {"errorDeclaration": {"declarationTime": "2026-03-02T00:00:00.000Z"}}
    await room.accept(declared)
    with pytest.raises(errors.DuplicateEvent):
        await room.accept(declared)


async def test_more_events_than_allowed_are_refused(room: Room) -> None:
    small = Captures(room.database, room.settings.model_copy(update={"document_events": 3}))
    with pytest.raises(errors.TooManyEvents, match="at most 3"):
        await small.accept(room.acme, document(*(seen() for _ in range(4))))
    bad = [seen(colour="red") for _ in range(2)]
    with pytest.raises(errors.TooManyEvents):
        await small.accept(room.acme, document(seen(), seen(), *bad), proceed=True)
    await small.accept(room.acme, document(*(seen() for _ in range(3))))


async def test_a_thing_in_two_roles_of_one_event_is_one_entry(room: Room) -> None:
    thing, other = item(), item()
    made: dict[str, Any] = {
        "type": "TransformationEvent",
        "inputEPCList": [thing, thing],
        "outputEPCList": [thing, other],
    }
    made |= {"eventTime": "2026-03-01T00:00:00.000Z", "eventTimeZoneOffset": "+00:00"}
    inside: dict[str, Any] = {
        "type": "AggregationEvent",
        "action": "ADD",
        "parentID": thing,
        "childEPCs": [thing, other, other],
    }
    inside |= {"eventTime": "2026-03-01T00:00:01.000Z", "eventTimeZoneOffset": "+00:00"}
    for event in (made, inside):
        try:
            receipt = await room.accept(event)
        except InvalidDocument:
            continue
        mentions = await room.rows(
            "SELECT count(*) FROM mentions JOIN events ON seq = event WHERE capture = :id", id=receipt.id
        )
        assert mentions[0][0] == receipt.entries


async def test_an_idempotency_key_gives_the_same_receipt_again(room: Room) -> None:
    body = document()
    first = await room.captures.accept(room.acme, body, idempotency_key="a")
    again = await room.captures.accept(room.acme, body, idempotency_key="a")
    assert again.told() == first.told()
    with pytest.raises(errors.IdempotencyKeyReused):
        await room.captures.accept(room.acme, document(), idempotency_key="a")
    with pytest.raises(errors.IdempotencyKeyReused):
        await room.captures.accept(room.acme, body, idempotency_key="a", proceed=True)
    other = await room.captures.accept(room.bolt, body, idempotency_key="a")
    assert other.id != first.id
    assert (await room.counts())["captures"] == 2


async def test_requests_that_race_with_one_key_are_one_capture(room: Room) -> None:
    for round_ in range(8):
        body = document(seen(), seen())
        receipts = await asyncio.gather(
            *(room.captures.accept(room.acme, body, idempotency_key=f"key-{round_}") for _ in range(6))
        )
        assert len({receipt.id for receipt in receipts}) == 1
        assert len({orjson.dumps(receipt.told()) for receipt in receipts}) == 1
    assert (await room.counts())["events"] == 16


async def test_different_documents_that_race_with_one_key_are_one_capture(room: Room) -> None:
    outcomes = await asyncio.gather(
        *(room.captures.accept(room.acme, document(), idempotency_key="k") for _ in range(6)), return_exceptions=True
    )
    refused = [one for one in outcomes if isinstance(one, BaseException)]
    assert len(refused) == 5
    assert all(isinstance(one, errors.IdempotencyKeyReused) for one in refused), refused
    assert (await room.counts())["captures"] == 1


async def test_documents_that_race_with_the_same_events_are_captured_once(room: Room) -> None:
    for _ in range(6):
        events = [seen() for _ in range(30)]
        # In opposite orders: whoever locks the first of its events waits for who locked the last of them.
        outcomes = await asyncio.gather(
            *(room.accept(*(events if turn % 2 else events[::-1])) for turn in range(4)), return_exceptions=True
        )
        refused = [one for one in outcomes if isinstance(one, BaseException)]
        assert len(refused) == 3
        assert all(isinstance(one, errors.DuplicateEvent) for one in refused), refused
    counts = await room.counts()
    assert (counts["captures"], counts["events"], counts["nonces"], counts["mentions"]) == (6, 180, 180, 180)


async def test_documents_that_race_with_the_same_events_and_proceed_lose_none_and_double_none(room: Room) -> None:
    shared = [seen() for _ in range(20)]
    outcomes = await asyncio.gather(
        *(room.accept(*shared, seen(), proceed=True) for _ in range(5)), return_exceptions=True
    )
    accepted = [one for one in outcomes if not isinstance(one, BaseException)]
    assert len(accepted) == 5, outcomes
    assert sorted(one.events for one in accepted) == [1, 1, 1, 1, 21]
    assert (await room.counts())["events"] == 25


async def test_captures_of_the_same_new_things_do_not_lock_each_other_up(room: Room) -> None:
    things = [item() for _ in range(40)]
    await asyncio.gather(
        *(room.accept(*(seen(*(things if turn % 2 else things[::-1])) for _ in range(2))) for turn in range(8))
    )
    counts = await room.counts()
    assert (counts["captures"], counts["trails"], counts["trail_parties"]) == (8, 40, 40)


async def test_a_revocation_comes_wholly_before_or_after_a_capture(room: Room) -> None:
    """Whatever is accepted was signed by a key that was active then, or nothing is."""
    for _ in range(6):
        key = await room.keys.create(room.acme)
        others = await room.rows("SELECT address FROM signing_keys WHERE party = :p AND revoked_at IS NULL",
                                 p=room.acme.party)  # fmt: skip
        for (address,) in others:
            if address != key.address:
                await room.keys.revoke(room.acme, hexed(address))
        before = (await room.counts())["captures"]
        outcomes = await asyncio.gather(
            *(room.accept() for _ in range(4)),
            room.keys.revoke(room.acme, hexed(key.address)),
            *(room.accept() for _ in range(4)),
            return_exceptions=True,
        )
        refused = [one for one in outcomes if isinstance(one, BaseException)]
        assert all(isinstance(one, NoSigningKey) for one in refused), refused
        assert (await room.counts())["captures"] == before + 8 - len(refused)
    late = await room.rows(
        "SELECT count(*) FROM parts JOIN captures ON captures.id = capture JOIN signing_keys ON address = signer"
        " WHERE received_at > revoked_at"
    )
    assert late[0][0] == 0


async def test_who_may_not_write_does_not(room: Room) -> None:
    reader = type(room.acme)(room.acme.party, room.acme.identifier, "reader", 1, frozenset({"captures:read"}), "r")
    with pytest.raises(ScopeMissing):
        await room.captures.accept(reader, document())
    suspended = type(room.acme)(room.acme.party, room.acme.identifier, "late", 1, room.acme.scopes, "s", suspended=True)
    with pytest.raises(PartyIsSuspended):
        await room.captures.accept(suspended, document())
    receipt = await room.accept()
    with pytest.raises(errors.CaptureNotFound):
        await room.captures.receipt(room.bolt, receipt.id)


async def test_ten_thousand_events_are_one_capture(room: Room) -> None:
    things = [item() for _ in range(100)]
    body = document(*(seen(things[index % 100]) for index in range(10_000)))
    receipt = await room.captures.accept(room.acme, body, idempotency_key="big")
    assert (receipt.events, receipt.entries, len(receipt.parts)) == (10_000, 10_000, 50)
    assert (await room.captures.accept(room.acme, body, idempotency_key="big")).id == receipt.id
    order = await room.rows("SELECT event_id FROM events ORDER BY seq")
    assert tuple(row[0] for row in order) == receipt.event_ids
    parts = await room.rows("SELECT id FROM parts ORDER BY seq")
    assert [row[0] for row in parts] == [part.id for part in receipt.parts]
    with pytest.raises(errors.DuplicateEvent, match="10000 of the events"):
        await room.captures.accept(room.acme, body)


async def test_receipts_page_from_the_newest(room: Room) -> None:
    made = [(await room.accept()).id for _ in range(5)]
    first, following = await room.captures.receipts(room.acme, None, 2)
    second, last = await room.captures.receipts(room.acme, following, 10)
    assert [one.id for one in first + second] == made[::-1]
    assert last is None
    assert await room.captures.receipts(room.bolt) == ([], None)
