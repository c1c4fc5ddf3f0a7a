"""A party erases what an event said: gone everywhere, shown as erased, and all that was proven is proven still."""

import asyncio
from typing import Any
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import text

from service.capture.errors import DuplicateEvent
from service.erasure.erasures import Erasures
from service.erasure.errors import NothingToErase, StatementStays
from service.parties.caller import Caller
from service.parties.errors import ScopeMissing
from service.sealing.bundle import read
from service.sealing.meaning import steps_of
from service.sealing.state import Header
from service.sealing.trust import Trust
from service.sealing.verify import verify
from service.store.tables import metadata
from tests.trails.consortium import Consortium, item, packed, seen, sscc
from tests.trails.freight import CARRIER, SUPPLIER, handover

CANARY = "Wilhelmina-Canary-7731"
REASON = "request of the data subject"


def telling(*things: str, minute: int = 3, **members: Any) -> dict[str, Any]:
    """An event that says who did it, in every place where events say things."""
    place = f"https://example.org/homes/{CANARY}"
    said = {"ex:inspector": CANARY, "readPoint": {"id": place}, "bizLocation": {"id": place}}
    context = {"@context": [{"ex": "https://example.org/ns/"}]}
    return seen(*things, minute=minute, eventID=f"urn:uuid:{uuid4()}") | said | context | members


async def holding(consortium: Consortium, needle: str = CANARY) -> set[str]:
    """The tables that hold the text anywhere, in clear or in bytes."""
    found = set()
    async with consortium.database.session() as session:
        for name in metadata.tables:
            rows = await session.execute(
                text(
                    f"SELECT EXISTS (SELECT FROM {name} AS held WHERE to_jsonb(held)::text LIKE :clear"
                    " OR to_jsonb(held)::text LIKE :hex)"
                ),
                {"clear": f"%{needle}%", "hex": f"%{needle.encode().hex()}%"},
            )
            if rows.scalar_one():
                found.add(name)
    return found


@pytest.fixture
def erasures(consortium: Consortium) -> Erasures:
    return Erasures(consortium.database, consortium.settings)


async def verdict_of(consortium: Consortium, file: bytes) -> Any:
    number = Header.read(read(file).header).number
    block = await consortium.node.call("eth_getBlockByNumber", hex(number), False)
    return verify(file, Trust(block=bytes.fromhex(block["hash"][2:])), steps_of, consortium.deployed.provenance)


async def test_an_event_is_erased_end_to_end(consortium: Consortium, erasures: Erasures) -> None:
    thing, inside = sscc(), item()
    told = telling(thing)
    await consortium.seal(consortium.supplier, seen(thing, minute=1, action="ADD", bizStep="commissioning"))
    await consortium.seal(consortium.supplier, told, packed(thing, inside, minute=4))
    shipped = seen(thing, minute=5, bizStep="shipping", **handover(SUPPLIER, CARRIER))
    await consortium.seal(consortium.supplier, shipped)
    assert {"event_terms", "events", "party_values"} <= await holding(consortium)
    before = await consortium.trails.event(consortium.carrier, told["eventID"])
    assert before.document is not None

    (erased,) = await erasures.erase(consortium.supplier, told["eventID"], REASON)
    assert await holding(consortium) == set()
    assert await holding(consortium, told["eventID"]) == set()
    assert erased.view.stated
    assert erased.seal == before.seal
    await consortium.settle()

    view = await consortium.trails.read(consortium.carrier, thing)
    assert view.intact
    gone = next(entry for entry in view.entries if entry.seal == before.seal)
    assert (gone.state, gone.event and gone.event.document) == ("sealed", None)
    assert gone.event is not None
    assert gone.event.erased is not None
    assert gone.event.erased.by.identifier == SUPPLIER.identifier
    assert (gone.event.erased.reason, gone.event.erased.stated) == (REASON, True)
    assert gone.event.erased.key is None, "with which of its keys is the party's own business"
    statement = view.entries[-1]
    assert statement.event is not None
    assert statement.event.document is not None
    assert orjson.loads(statement.event.document)["trailseal:erases"] == f"0x{before.seal.hex()}"
    assert gone.event.erased.block == statement.block
    again = await consortium.trails.event(consortium.carrier, told["eventID"])
    assert (again.seal, again.erased) == (before.seal, gone.event.erased)

    file = await consortium.trails.bundle(consortium.carrier, thing)
    assert CANARY.encode() not in file
    verdict = await verdict_of(consortium, file)
    assert verdict.failed is None, verdict.failed.detail
    assert (verdict.counts.entries, verdict.counts.withheld, verdict.counts.erased) == (5, 1, 1)
    assert [one.stated for one in verdict.erased] == [True]
    # A recall follows ties: they stay.
    assert [tied.identifier for tied in view.children] == [inside]


async def test_what_waits_is_erased_and_sealed_all_the_same(consortium: Consortium, erasures: Erasures) -> None:
    thing = sscc()
    told = telling(thing)
    await consortium.capture(consortium.supplier, told)
    (erased,) = await erasures.erase(consortium.supplier, told["eventID"], REASON)
    await consortium.settle()
    view = await consortium.trails.read(consortium.supplier, thing)
    assert [(entry.state, entry.seal == erased.seal) for entry in view.entries] == [("sealed", True), ("sealed", False)]
    assert view.intact
    assert (await verdict_of(consortium, await consortium.trails.bundle(consortium.supplier, thing))).holds


async def test_erasing_twice_and_at_once_erases_once(consortium: Consortium, erasures: Erasures) -> None:
    told = telling(sscc())
    await consortium.capture(consortium.supplier, told)
    every = await asyncio.gather(
        *(erasures.erase(consortium.supplier, told["eventID"], f"{REASON} {number}") for number in range(4))
    )
    assert len({one.view.statement for (one,) in every}) == 1
    (later,) = await erasures.erase(consortium.supplier, told["eventID"], "another reason")
    assert later.view.reason.startswith(REASON)
    async with consortium.database.session() as session:
        stated = await session.execute(
            text("SELECT count(*) FROM events WHERE event_id = :id"), {"id": later.view.statement}
        )
    assert stated.scalar_one() == 1
    assert not await erasures.step()
    with pytest.raises(StatementStays):
        await erasures.erase(consortium.supplier, later.view.statement, REASON)


async def test_what_was_erased_is_not_captured_again(consortium: Consortium, erasures: Erasures) -> None:
    """A client that never got the receipt sends the document once more, with its key or without."""
    told = telling(sscc())
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-03-01T00:00:00Z",
        "epcisBody": {"eventList": [told]},
    }
    body = orjson.dumps(document)
    first = await consortium.captures.accept(consortium.supplier, body, idempotency_key="once")
    for _ in range(3):
        racing = await asyncio.gather(
            erasures.erase(consortium.supplier, told["eventID"], REASON),
            consortium.captures.accept(consortium.supplier, body),
            return_exceptions=True,
        )
        assert isinstance(racing[1], DuplicateEvent), racing
    assert (await consortium.captures.accept(consortium.supplier, body, idempotency_key="once")).id == first.id
    assert await holding(consortium) == set()


async def test_only_the_party_that_captured_erases(consortium: Consortium, erasures: Erasures) -> None:
    told = telling(sscc())
    await consortium.capture(consortium.supplier, told, seen(sscc(), bizStep="shipping", **handover(SUPPLIER, CARRIER)))
    for other in (consortium.carrier, consortium.auditor, consortium.stranger):
        with pytest.raises(NothingToErase):
            await erasures.erase(other, told["eventID"], REASON)
    whole = consortium.supplier
    narrow = Caller(whole.party, whole.identifier, whole.name, whole.roles, frozenset({"captures:write"}), "scanner")
    with pytest.raises(ScopeMissing):
        await erasures.erase(narrow, told["eventID"], REASON)
    event = await consortium.trails.event(whole, told["eventID"])
    assert event.document is not None
    await erasures.erase(whole, told["eventID"], REASON)


async def test_an_event_and_its_declaration_as_an_error_go_together(consortium: Consortium, erasures: Erasures) -> None:
    thing = sscc()
    told = telling(thing)
    await consortium.capture(consortium.supplier, told)
    declared = told | {"errorDeclaration": {"declarationTime": "2026-03-02T00:00:00Z", "reason": "incorrect_data"}}
    await consortium.capture(consortium.supplier, declared)
    erased = await erasures.erase(consortium.supplier, told["eventID"], REASON)
    assert len({one.seal for one in erased}) == 2
    assert await holding(consortium) == set()
    view = await consortium.trails.read(consortium.supplier, thing)
    assert sum(entry.event is not None and entry.event.erased is not None for entry in view.entries) == 2
    assert [entry.event.retracted for entry in view.entries if entry.event][:1] == [True]
