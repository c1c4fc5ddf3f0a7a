"""What a party reads of a trail: who sees it, in which order, what waits, and what was altered."""

import pytest
from sqlalchemy import text

from service.epcis.identifiers import epc_urn
from service.ledger.proofs import Proofs
from service.parties.caller import Caller
from service.parties.errors import ScopeMissing
from service.sealing.layout import Custody
from service.store.trails import TrailRow
from service.trails import TrailView
from service.trails.errors import BadPlace, EventNotFound, NotAnIdentifier, TrailNotFound
from tests.trails.consortium import Consortium, item, made, packed, seen, sscc
from tests.trails.freight import CARRIER, SUPPLIER, handover
from tests.trails.test_end_to_end import ALTER, story


@pytest.fixture
def thing() -> str:
    return sscc()


@pytest.mark.parametrize("who", ["supplier", "carrier", "auditor"])
async def test_who_has_a_part_or_audits_sees_it(consortium: Consortium, thing: str, who: str) -> None:
    """The carrier has not said a word: it is named as the recipient."""
    shipped = seen(thing, minute=1, bizStep="shipping", **handover(SUPPLIER, CARRIER))
    await consortium.capture(consortium.supplier, shipped)
    caller: Caller = getattr(consortium, who)
    view = await consortium.trails.read(caller, thing)
    assert len(view.entries) == 1


async def test_for_everybody_else_it_does_not_exist(consortium: Consortium, thing: str) -> None:
    receipt = await consortium.capture(consortium.supplier, seen(thing))
    for ask in (consortium.trails.read, consortium.trails.journey, consortium.trails.bundle):
        with pytest.raises(TrailNotFound) as hidden:
            await ask(consortium.stranger, thing)
        with pytest.raises(TrailNotFound) as missing:
            await ask(consortium.stranger, other := sscc())
        assert hidden.value.detail.replace(thing, other) == missing.value.detail
    with pytest.raises(EventNotFound):
        await consortium.trails.event(consortium.stranger, receipt.event_ids[0])
    assert (await consortium.trails.event(consortium.supplier, receipt.event_ids[0])).intact


async def test_a_grant_shows_what_the_grantor_sees_until_it_is_taken_back(consortium: Consortium, thing: str) -> None:
    await consortium.capture(consortium.supplier, seen(thing))
    grant = {"grantor": consortium.supplier.party, "grantee": consortium.stranger.party}
    await consortium.execute("INSERT INTO grants (grantor, grantee) VALUES (:grantor, :grantee)", **grant)
    assert (await consortium.trails.read(consortium.stranger, thing)).identifier == thing
    listed, _ = await consortium.trails.list(consortium.stranger, limit=500)
    assert thing in {row.identifier for row in listed}
    await consortium.execute("DELETE FROM grants WHERE grantor = :grantor AND grantee = :grantee", **grant)
    with pytest.raises(TrailNotFound):
        await consortium.trails.read(consortium.stranger, thing)


async def test_any_spelling_leads_to_the_one_trail(consortium: Consortium, thing: str) -> None:
    await consortium.capture(consortium.supplier, seen(thing))
    urn, elsewhere = epc_urn(thing, 7), thing.replace("id.gs1.org", "example.com/some/path")
    for spelling in (urn, elsewhere, thing):
        assert (await consortium.trails.read(consortium.supplier, spelling)).identifier == thing
    with pytest.raises(NotAnIdentifier, match="check digit"):
        await consortium.trails.read(consortium.supplier, thing[:-1] + str((int(thing[-1]) + 1) % 10))
    for nonsense in ("", "no identifier", "a\0b"):
        with pytest.raises(NotAnIdentifier):
            await consortium.trails.read(consortium.supplier, nonsense)


async def test_a_key_without_the_scope_reads_nothing(consortium: Consortium, thing: str) -> None:
    caller = Caller(consortium.supplier.party, "did:example:x", "x", 1, frozenset({"captures:write"}))
    trails = consortium.trails
    for asked in (trails.read(caller, thing), trails.journey(caller, thing), trails.bundle(caller, thing)):
        with pytest.raises(ScopeMissing):
            await asked
    with pytest.raises(ScopeMissing):
        await trails.list(caller)
    with pytest.raises(ScopeMissing):
        await trails.event(caller, "urn:x")


async def test_what_waits_comes_after_what_is_sealed_even_if_it_happened_before(
    consortium: Consortium, thing: str
) -> None:
    await consortium.seal(consortium.supplier, seen(thing, minute=9))
    await consortium.capture(consortium.supplier, seen(thing, minute=1))
    view = await consortium.trails.read(consortium.supplier, thing)
    assert [entry.state for entry in view.entries] == ["sealed", "pending"]
    assert (view.entries[1].block, view.entries[1].head) == (None, None)
    await consortium.settle()
    view = await consortium.trails.read(consortium.supplier, thing)
    assert [entry.state for entry in view.entries] == ["sealed", "sealed"]
    assert [entry.event and entry.event.event_time.minute for entry in view.entries] == [9, 1]


async def test_what_the_chain_refused_says_why(consortium: Consortium, thing: str) -> None:
    receipt = await consortium.capture(consortium.supplier, seen(thing))
    await consortium.execute(
        "UPDATE parts SET state = 3, refusal = 'DeadlinePassed' WHERE id = :id", id=receipt.parts[0].id
    )
    (entry,) = (await consortium.trails.read(consortium.supplier, thing)).entries
    assert (entry.state, entry.refusal, entry.intact) == ("refused", "DeadlinePassed", True)


async def pages(consortium: Consortium, thing: str, limit: int) -> list[TrailView]:
    found = [await consortium.trails.read(consortium.supplier, thing, limit=limit)]
    while found[-1].next is not None:
        found.append(await consortium.trails.read(consortium.supplier, thing, found[-1].next, limit))
        assert len(found) < 50
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_pages_give_every_entry_once_in_order(consortium: Consortium, limit: int) -> None:
    thing = sscc()
    await consortium.seal(consortium.supplier, *(seen(thing, minute=minute) for minute in range(4)))
    await consortium.capture(consortium.supplier, *(seen(thing, minute=minute) for minute in range(4, 7)))
    found = await pages(consortium, thing, limit)
    entries = [entry for page in found for entry in page.entries]
    assert [entry.event and entry.event.event_time.minute for entry in entries] == list(range(7))
    assert [entry.state for entry in entries] == ["sealed"] * 4 + ["pending"] * 3
    assert all(page.intact for page in found), "a page in the middle folds on from the page before"
    assert max(len(page.entries) for page in found) <= limit


@pytest.mark.parametrize(
    "place", ["", "sealed", "sealed.1", "sealed.1.-1", "unsealed.x", "sealed.1.99999999999999999999"]
)
async def test_a_place_that_is_none_is_refused(consortium: Consortium, thing: str, place: str) -> None:
    with pytest.raises(BadPlace):
        await consortium.trails.read(consortium.supplier, thing, place)


async def test_altered_rows_are_served_as_altered(consortium: Consortium, thing: str) -> None:
    await story(consortium, thing)
    view = await consortium.trails.read(consortium.auditor, thing)
    seals = [entry.seal for entry in view.entries]
    await consortium.execute(ALTER, seal=seals[0])
    await consortium.execute(
        "UPDATE nonces SET nonce = :nonce FROM events WHERE events.seq = nonces.event AND events.seal = :seal",
        seal=seals[1],
        nonce=bytes(16),
    )
    await consortium.execute(
        "DELETE FROM nonces USING events WHERE events.seq = nonces.event AND events.seal = :seal", seal=seals[3]
    )
    view = await consortium.trails.read(consortium.auditor, thing)
    assert not view.intact
    assert [index for index, entry in enumerate(view.entries) if not entry.intact] == [0, 1, 3]
    event = view.entries[0].event
    assert event is not None
    assert not (await consortium.trails.event(consortium.auditor, event.event_id)).intact


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE events SET seal = sha256(seal) WHERE seal = :seal",
        "UPDATE mentions SET step = 4 FROM events WHERE events.seq = mentions.event AND events.seal = :seal",
        "UPDATE events SET party = sha256(party) WHERE seal = :seal",
    ],
)
async def test_an_event_that_no_longer_fits_its_entry_is_told(
    consortium: Consortium, thing: str, tampering: str
) -> None:
    await consortium.seal(consortium.supplier, seen(thing, minute=1))
    (entry,) = (await consortium.trails.read(consortium.supplier, thing)).entries
    await consortium.execute(tampering, seal=entry.seal)
    view = await consortium.trails.read(consortium.supplier, thing)
    assert not view.intact
    assert any(one.fault and "altered after it was sealed" in one.fault for one in view.entries)


async def test_a_hidden_entry_of_the_mirror_breaks_the_fold_where_it_was(consortium: Consortium, thing: str) -> None:
    await story(consortium, thing)
    await consortium.execute(
        "DELETE FROM ledger_entries WHERE trail = :trail AND step = 0", trail=consortium.trail(thing)
    )
    view = await consortium.trails.read(consortium.auditor, thing)
    folds = [entry.fault is None for entry in view.entries if entry.state == "sealed"]
    assert folds == [True, True, True, False, True]


async def test_a_retracted_event_is_marked_and_still_there(consortium: Consortium, thing: str) -> None:
    event = seen(thing, minute=1, eventID=f"urn:uuid:00000000-0000-4000-9000-{thing[-12:]}")
    await consortium.seal(consortium.supplier, event)
    declaration = {"declarationTime": "2026-03-02T00:00:00Z", "reason": "did_not_occur"}
    await consortium.seal(consortium.supplier, {**event, "errorDeclaration": declaration})
    view = await consortium.trails.read(consortium.supplier, thing)
    assert [entry.event and entry.event.retracted for entry in view.entries] == [True, False]


async def test_custody_is_what_the_contract_has(consortium: Consortium) -> None:
    """Disputes, holds and contradictions among them: the replay agrees with the slot."""
    thing = sscc()
    supplier, carrier = consortium.supplier, consortium.carrier
    await consortium.seal(supplier, seen(thing, minute=1, action="ADD", bizStep="commissioning"))
    await consortium.seal(carrier, seen(thing, minute=2, bizStep="receiving", **handover(SUPPLIER, CARRIER)))
    await consortium.seal(supplier, seen(thing, minute=3, bizStep="holding"))
    await consortium.seal(carrier, seen(thing, minute=4, bizStep="holding"))
    await consortium.seal(supplier, seen(thing, minute=5, bizStep="shipping", **handover(SUPPLIER, CARRIER)))
    view = await consortium.trails.read(supplier, thing)
    assert [entry.disputes for entry in view.entries] == [(), ("NotOffered",), (), ("NotEntitled",), ("Held",)]
    custody = view.custody
    assert custody.custodian is not None
    assert custody.offered_to is not None
    assert (custody.custodian.name, custody.offered_to.name, custody.disputes) == ("Supplier", "Carrier", 3)
    assert [holder.name for holder in custody.holders] == ["Supplier"]

    async with consortium.database.session() as session:
        rows = (await session.execute(text("SELECT name, number FROM parties"))).all()
    numbers: dict[str, int] = dict(rows)
    proofs = Proofs(consortium.node)
    trail = consortium.trail(thing)
    state = await proofs.trails(consortium.deployed.provenance, [trail], await proofs.newest_block())
    assert state.trails[trail].custody == Custody(
        numbers["Supplier"], numbers["Carrier"], numbers["Supplier"], 1, 3, commissioned=True
    )


async def test_direct_ties_both_ways_with_their_times(consortium: Consortium) -> None:
    pallet, case, other = sscc(), sscc(), sscc()
    inside = item()
    await consortium.capture(consortium.supplier, packed(case, inside, minute=1))
    await consortium.capture(consortium.supplier, packed(pallet, case, other, minute=2))
    await consortium.capture(consortium.supplier, packed(pallet, case, minute=8, action="DELETE"))
    view = await consortium.trails.read(consortium.supplier, case)
    assert [(tied.identifier, tied.since.minute, tied.until and tied.until.minute) for tied in view.parents] == [
        (pallet, 2, 8)
    ]
    assert [(tied.identifier, tied.until) for tied in view.children] == [(inside, None)]
    below = await consortium.trails.read(consortium.supplier, pallet)
    assert {(tied.identifier, tied.until is None) for tied in below.children} == {(case, False), (other, True)}


async def test_transformations_both_ways(consortium: Consortium) -> None:
    flour, water, bread = item(), item(), item()
    await consortium.capture(consortium.supplier, made([flour, water], [bread], minute=1))
    view = await consortium.trails.read(consortium.supplier, bread)
    assert {tied.identifier for tied in view.inputs} == {flour, water}
    assert [tied.identifier for tied in (await consortium.trails.read(consortium.supplier, flour)).outputs] == [bread]


async def test_lists_page_through_what_may_be_seen(consortium: Consortium) -> None:
    things = {sscc() for _ in range(5)}
    await consortium.capture(consortium.buyer, *(seen(thing) for thing in things))
    for caller in (consortium.buyer, consortium.auditor):
        found: list[TrailRow] = []
        after = b""
        while True:
            rows, following = await consortium.trails.list(caller, after, 2)
            found += rows
            if following is None:
                break
            after = following
        assert things <= {row.identifier for row in found}
        assert len(found) == len({row.id for row in found})
    seen_by_stranger, _ = await consortium.trails.list(consortium.stranger, limit=500)
    assert not things & {row.identifier for row in seen_by_stranger}
