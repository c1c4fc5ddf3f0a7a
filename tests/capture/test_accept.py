"""A document is accepted as a whole or not at all, once, whoever sends it at the same time."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
import rfc8785
from sqlalchemy import text

from service.capture import errors
from service.ledger.client import hexed
from service.parties.errors import NoSigningKey, PartyIsSuspended, ScopeMissing
from service.sealing.commitments import salt_of, trail_of
from service.sealing.signing import recover
from service.sealing.typeddata import capture_id, domain_separator, signing_digest
from service.store import captures, parts_in_trails, signing_keys
from service.store.database import TransactionGivenUp
from tests.capture.conftest import CHAIN_ID, PROVENANCE, TABLES, Room
from tests.ledger.world import CONTEXT, document, item, seen


async def test_everything_that_a_document_says_is_kept(room: Room) -> None:
    thing = item()
    extension = {"shop:note": "\N{SNOWFLAKE} \N{WORLD MAP}", "shop:weights": [4.50, 1e21, 0.1, -0.0]}
    context = {"@context": {"shop": "https://example.org/"}}
    receipt = await room.accept(
        seen(thing, recordTime="2026-03-05T00:00:00.000Z"), seen(thing, item(), **context, **extension)
    )
    assert (receipt.state, receipt.events, receipt.entries) == ("captured", 2, 3)
    entries = await room.assert_told_as_stored(receipt)
    secret = room.settings.consortium_secret.get_secret_value()
    assert [entry.trail for entry in entries][:2] == [trail_of(thing, salt_of(thing, secret))] * 2
    ((part, signer, signature, deadline),) = await room.rows("SELECT id, signer, signature, deadline FROM parts")
    assert part == capture_id(entries)
    assert recover(signing_digest(domain_separator(CHAIN_ID, PROVENANCE), part, deadline), signature) == signer
    first, second = [row[0] for row in await room.rows("SELECT document FROM events ORDER BY seq")]
    for kept, event_id in zip((first, second), receipt.event_ids, strict=True):
        told = json.loads(kept)
        assert kept == rfc8785.dumps(told), "what is sealed is RFC 8785 canonical JSON"
        assert told["eventID"] == event_id
        assert "recordTime" not in told
    assert json.loads(first)["@context"] == [CONTEXT]
    assert json.loads(second)["@context"] == [CONTEXT, {"shop": "https://example.org/"}]
    assert {name: value for name, value in json.loads(second).items() if name in extension} == extension


async def test_the_cbv_hash_names_an_event_without_id_however_it_is_spelled(room: Room) -> None:
    spelled: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T13:00:00.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": ["https://id.gs1.org/01/04012345111118/21/7"],
        "action": "OBSERVE",
        "bizStep": "inspecting",
    }
    receipt = await room.accept(spelled)
    assert receipt.event_ids[0].startswith("ni:///sha-256;")
    again = spelled | {
        "eventTime": "2026-03-01T12:00:00Z",
        "epcList": ["urn:epc:id:sgtin:4012345.011111.7"],
        "bizStep": "https://ref.gs1.org/cbv/BizStep-inspecting",
    }
    with pytest.raises(errors.DuplicateEvent) as told:
        await room.accept(dict(reversed(again.items())))
    assert told.value.extra["events"] == [{"eventID": receipt.event_ids[0], "captureID": str(receipt.id)}]
    assert (await room.counts())["captures"] == 1


async def test_a_compact_event_id_is_what_its_prefix_stands_for(room: Room) -> None:
    """Two parties' systems number their events alike; a prefix tells them apart, not the letters that it is called."""
    first, second = ({"@context": {"erp": f"https://{name}.example.org/events/"}} for name in ("north", "south"))
    north = await room.accept(seen(eventID="erp:1", **first))
    south = await room.accept(seen(eventID="erp:1", **second))
    assert north.event_ids == ("https://north.example.org/events/1",)
    assert south.event_ids == ("https://south.example.org/events/1",)
    with pytest.raises(errors.DuplicateEvent):
        await room.accept(seen(eventID="https://north.example.org/events/1"))
    await room.assert_told_as_stored(south)


async def test_one_event_about_more_things_than_a_part_holds_is_cut(room: Room) -> None:
    things = [item() for _ in range(450)]
    receipt = await room.accept(seen(things[0]), seen(*things), seen(things[1]))
    assert [part.entries for part in receipt.parts] == [200, 200, 52]
    entries = await room.assert_told_as_stored(receipt)
    secret = room.settings.consortium_secret.get_secret_value()
    told = [things[0], *things, things[1]]
    assert [entry.trail for entry in entries] == [trail_of(thing, salt_of(thing, secret)) for thing in told]
    assert len({entry.seal for entry in entries[1:451]}) == 1, "one event has one seal on all its trails"


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


async def test_a_thing_in_two_roles_of_one_event_is_one_entry(room: Room) -> None:
    thing, other = "https://id.gs1.org/01/04012345111118/21/twice", item()
    spelled = "urn:epc:id:sgtin:4012345.011111.twice"
    when = {"eventTime": "2026-03-01T00:00:00.000Z", "eventTimeZoneOffset": "+00:00"}
    made = {"type": "TransformationEvent", "inputEPCList": [thing], "outputEPCList": [spelled, other]}
    inside = {"type": "AggregationEvent", "action": "ADD", "parentID": thing, "childEPCs": [spelled, other]}
    for event in (made, inside):
        receipt = await room.accept(event | when)
        assert receipt.entries == 2
        await room.assert_told_as_stored(receipt)
    roles = await room.rows("SELECT role, step FROM mentions JOIN events ON seq = event ORDER BY seq, role")
    assert [tuple(row) for row in roles] == [("input", 0), ("output", 1), ("child", 0), ("parent", 0)]
    assert await room.rows("SELECT kind FROM trails WHERE identifier = :thing", thing=spelled) == []


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


async def test_a_repeated_request_gets_its_receipt_also_where_it_would_be_refused_by_now(room: Room) -> None:
    body = document()
    first = await room.captures.accept(room.acme, body, idempotency_key="a")
    await room.keys.revoke(room.acme, hexed(first.parts[0].signer))
    assert (await room.captures.accept(room.acme, body, idempotency_key="a")).id == first.id
    with pytest.raises(NoSigningKey):
        await room.accept()


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
        with pytest.raises(NoSigningKey):
            await room.accept()


@pytest.mark.parametrize("spare", [False, True])
async def test_a_capture_waits_for_a_revocation_under_way_and_never_uses_that_key(room: Room, spare: bool) -> None:
    ((revoked,),) = await room.rows("SELECT address FROM signing_keys WHERE party = :p", p=room.acme.party)
    other = await room.keys.create(room.acme) if spare else None
    async with room.database.session() as session:
        await session.execute(text("UPDATE signing_keys SET registered_at = now() WHERE address = :a"), {"a": revoked})
    async with room.database.session() as session:
        await signing_keys.locked_signing_key(session, revoked)
        await signing_keys.revoke_signing_key(session, revoked, datetime.now(UTC), datetime.now(UTC))
        capture = asyncio.create_task(room.accept())
        await room.someone_waits()
        assert not capture.done()
    if other is None:
        with pytest.raises(NoSigningKey):
            await capture
        assert await room.counts() == dict.fromkeys(TABLES, 0)
    else:
        assert [part.signer for part in (await capture).parts] == [other.address]


async def test_a_revocation_waits_for_a_capture_that_was_signed_already(room: Room) -> None:
    thing = item()
    ((address,),) = await room.rows("SELECT address FROM signing_keys WHERE party = :p", p=room.acme.party)
    async with room.database.session() as session:
        # What holds the capture up after it was signed and before it is kept: somebody writes of the same new thing.
        trail = trail_of(thing, salt_of(thing, room.settings.consortium_secret.get_secret_value()))
        await parts_in_trails.begin_trails(session, room.bolt.party, [(trail, thing, "item")])
        capture = asyncio.create_task(room.accept(seen(thing)))
        await room.someone_waits()
        revocation = asyncio.create_task(room.keys.revoke(room.acme, hexed(address)))
        await asyncio.sleep(0.3)
        assert not capture.done()
        assert not revocation.done(), "revoked under a capture that is signed and not yet kept"
    assert [part.signer for part in (await capture).parts] == [address]
    assert (await revocation).revoked_at is not None
    with pytest.raises(NoSigningKey):
        await room.accept()


async def test_who_may_not_write_does_not(room: Room) -> None:
    reader = type(room.acme)(room.acme.party, room.acme.identifier, "reader", 1, frozenset({"captures:read"}), "r")
    for use in (room.captures.accept, room.captures.prepare):
        with pytest.raises(ScopeMissing):
            await use(reader, document())
    suspended = type(room.acme)(room.acme.party, room.acme.identifier, "late", 1, room.acme.scopes, "s", suspended=True)
    for use in (room.captures.accept, room.captures.prepare):
        with pytest.raises(PartyIsSuspended):
            await use(suspended, document())
    assert await room.counts() == dict.fromkeys(TABLES, 0)
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
    entries = await room.assert_told_as_stored(receipt)
    assert len({entry.seal for entry in entries}) == 10_000
    assert await room.rows("SELECT count(DISTINCT xmin::text) FROM events") == [(1,)], "one transaction wrote all"
    with pytest.raises(errors.DuplicateEvent, match="10000 of the events"):
        await room.captures.accept(room.acme, body)


async def test_receipts_page_from_the_newest(room: Room) -> None:
    made = [(await room.accept()).id for _ in range(5)]
    first, following = await room.captures.receipts(room.acme, None, 2)
    second, last = await room.captures.receipts(room.acme, following, 10)
    assert [one.id for one in first + second] == made[::-1]
    assert last is None
    assert await room.captures.receipts(room.bolt) == ([], None)


async def test_an_event_of_no_thing_is_sealed_on_its_partys_journal_which_that_party_alone_reads(room: Room) -> None:
    sensed = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T10:00:00Z",
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "epcList": [],
        "readPoint": {"id": "urn:epc:id:sgln:4012345.00000.0"},
        "sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]}],
    }
    receipt = await room.accept(sensed)
    assert (receipt.events, receipt.entries) == (1, 1)
    (entry,) = await room.assert_told_as_stored(receipt)
    journal = f"urn:trailseal:journal:0x{room.acme.party.hex()}"
    assert await room.rows("SELECT identifier, kind FROM trails WHERE id = :id", id=entry.trail) == [
        (journal, "journal")
    ]
    assert await room.rows("SELECT party FROM trail_parties WHERE trail = :id", id=entry.trail) == [(room.acme.party,)]
    theirs = await room.accept(sensed, caller=room.bolt)
    (other,) = await room.assert_told_as_stored(theirs)
    assert other.trail != entry.trail


async def test_what_a_document_says_of_itself_is_kept_with_its_capture(room: Room) -> None:
    body = json.loads(document(seen()))
    body |= {"sender": "urn:epc:id:pgln:4012345.00000", "instanceIdentifier": "4711"}
    receipt = await room.captures.accept(room.acme, orjson.dumps(body))
    assert receipt.document == {name: member for name, member in body.items() if name != "epcisBody"}
    assert (await room.captures.receipt(room.acme, receipt.id)).document == receipt.document
    bare = {"@context": body["@context"], **body["epcisBody"]["eventList"][0], "eventID": "urn:example:bare"}
    assert (await room.captures.accept(room.acme, orjson.dumps(bare))).document is None


async def test_a_capture_that_the_database_gave_up_for_another_is_written_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two transactions that wait for each other: PostgreSQL ends one of them (40P01), and its client learns nothing."""
    write, given_up = captures.write_capture, 3

    async def crossed(session: Any, rows: Any) -> Any:
        nonlocal given_up
        if given_up:
            given_up -= 1
            await session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$"))
        return await write(session, rows)

    monkeypatch.setattr(captures, "write_capture", crossed)
    receipt = await room.accept(seen(item()))
    assert receipt.state == "captured"
    assert await room.rows("SELECT count(*) FROM captures") == [(1,)]

    given_up = 1000
    with pytest.raises(TransactionGivenUp, match="ask again"):
        await room.accept(seen(item()))
    assert await room.rows("SELECT count(*) FROM captures") == [(1,)]
