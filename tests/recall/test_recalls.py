"""Recalls on the whole path: events in the database, holds on a real chain, notices to those concerned."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import text

from service.epcis.custody import Step
from service.parties.errors import PartyIsSuspended
from service.parties.signing_keys import SigningKeys
from service.recall import Grower, Question, errors
from service.recall.recalls import Recalls
from service.recall.tracing import Limits
from service.trails.errors import NotAnIdentifier, TrailNotFound
from tests.recall.story import Desk, born, handed, moment
from tests.trails.consortium import Consortium, item, made, packed, sscc


@pytest.fixture(name="desk")
def over(consortium: Consortium) -> Desk:
    return Desk(consortium)


async def test_a_warm_pallet_is_held_and_what_had_left_it_is_not(consortium: Consortium, desk: Desk) -> None:
    pallet, left, stayed, joined, pie = sscc(), item(), item(), item(), item()
    await consortium.capture(
        consortium.supplier,
        born(pallet, left, stayed, joined),
        packed(pallet, left, stayed, minute=1),
        packed(pallet, left, minute=2, action="DELETE"),
        packed(pallet, joined, minute=9),
        made([stayed], [pie], minute=12),
    )
    recall = await desk.open(consortium.supplier, pallet, since=moment(3), until=moment(5), hold=True)
    assert (recall.things, recall.hidden, recall.bound) == (3, 0, None)
    assert recall.acts == (("hold", "waiting", 3),)
    await desk.work()
    assert await desk.affected(consortium.supplier, recall) == [pallet, stayed, pie]
    assert (await desk.recalls.read(consortium.supplier, recall.id)).acts == (("hold", "sealed", 3),)
    for thing in (pallet, stayed, pie):
        assert await desk.holders(thing) == ["Supplier"]
    for thing in (left, joined):
        assert await desk.holders(thing) == []

    # The contract disputes what moves a held thing, and not what moves another.
    await consortium.seal(consortium.supplier, handed(stayed, left, to=consortium.buyer.identifier, minute=20))
    shipped = (await consortium.trails.read(consortium.supplier, stayed)).entries[-1]
    assert shipped.disputes == ("Held",)
    assert (await consortium.trails.read(consortium.supplier, left)).entries[-1].disputes == ()

    await desk.grow()
    closed = await desk.recalls.close(consortium.supplier, recall.id)
    assert closed.closed_at is not None
    await desk.work()
    assert (await desk.recalls.close(consortium.supplier, recall.id)).acts == (("lift", "sealed", 3),)
    assert await desk.holders(stayed) == []
    # Its notice about the shipment, and nothing after the recall was closed.
    assert await desk.told(consortium.buyer, recall) == [("recall-extended", [stayed]), ("recall-closed", [])]


async def test_why_a_thing_is_affected(consortium: Consortium, desk: Desk) -> None:
    pallet, case, milk, cheese = sscc(), sscc(), item(), item()
    process = f"urn:example:process:{uuid4()}"
    await consortium.capture(
        consortium.supplier,
        born(pallet, case, milk),
        packed(case, milk, minute=1),
        packed(pallet, case, minute=2),
        packed(case, milk, minute=7, action="DELETE"),
        made([milk], [], minute=8, process=process),
        made([], [cheese], minute=9, process=process),
    )
    recall = await desk.open(consortium.supplier, pallet, since=moment(3), until=moment(30))
    (told,), _ = await desk.recalls.things(consortium.supplier, recall.id, None, 10, cheese)
    assert [(step.how, step.identifier) for step in told.path] == [
        (None, pallet),
        ("was-in", case),
        ("was-in", milk),
        ("made-of", None),
        ("made-of", cheese),
    ]
    assert [(step.since, step.until) for step in told.path] == [
        (moment(3), moment(30)),
        (moment(3), moment(30)),
        (moment(3), moment(7)),
        (None, None),
        (moment(9), None),
    ]
    assert [step.began and step.began.event_time for step in told.path] == [
        None, moment(2), moment(1), moment(8), moment(9),
    ]  # fmt: skip
    assert [step.ended and step.ended.event_time for step in told.path] == [None, None, moment(7), None, None]
    assert (told.depth, told.omitted, told.supposed) == (3, 0, False)
    # The same without writing anything.
    traced = await desk.recalls.trace(consortium.supplier, Question((pallet,), since=moment(3), until=moment(30)))
    assert traced.affected[-1].path == told.path
    back = await desk.recalls.trace(consortium.supplier, Question((cheese,), direction="backward"))
    assert [one.identifier for one in back.affected] == [cheese, milk, case, pallet]


async def test_what_is_taken_back_does_not_count(consortium: Consortium, desk: Desk) -> None:
    pallet, thing, flour, bread = sscc(), item(), item(), item()
    wrong = [
        packed(pallet, thing, minute=1) | {"eventID": f"urn:uuid:{uuid4()}"},
        made([flour], [bread], minute=2) | {"eventID": f"urn:uuid:{uuid4()}"},
    ]
    await consortium.capture(consortium.supplier, born(pallet, thing, flour), *wrong)
    trace = desk.recalls.trace
    assert (await trace(consortium.supplier, Question((pallet, flour)))).things == 4
    declaration = {"declarationTime": "2026-03-02T00:00:00Z", "reason": "did_not_occur"}
    await consortium.capture(consortium.supplier, *({**event, "errorDeclaration": declaration} for event in wrong))
    assert (await trace(consortium.supplier, Question((pallet, flour)))).things == 2


async def test_a_part_of_a_lot_stays_in_its_container(consortium: Consortium, desk: Desk) -> None:
    pallet, lot = sscc(), f"https://id.gs1.org/01/09521141234563/10/{uuid4().hex[:12]}"

    def moved(action: str, quantity: int, minute: int) -> dict[str, object]:
        event = packed(pallet, minute=minute, action=action) | {
            "childQuantityList": [{"epcClass": lot, "quantity": quantity}]
        }
        return {name: value for name, value in event.items() if name != "childEPCs"}

    await consortium.capture(consortium.supplier, moved("ADD", 100, 1), moved("DELETE", 60, 2), moved("DELETE", 40, 8))
    for since, things in ((5, 2), (9, 1)):
        found = await desk.recalls.trace(consortium.supplier, Question((pallet,), since=moment(since)))
        assert found.things == things


async def test_whom_a_recall_reaches_and_what_each_may_know(consortium: Consortium, desk: Desk) -> None:
    """The supplier's lot goes to the buyer, who makes something of it that the supplier never sees."""
    lot, mine, theirs = item(), item(), item()
    await consortium.capture(
        consortium.supplier,
        born(lot),
        made([lot], [mine], minute=2),
        handed(lot, to=consortium.buyer.identifier, minute=1),
    )
    await consortium.capture(consortium.buyer, made([lot], [theirs], minute=3))
    recall = await desk.open(consortium.supplier, lot, hold=True)
    assert (recall.things, recall.hidden) == (3, 1)
    assert await desk.affected(consortium.supplier, recall) == [lot, mine]
    assert [one.name for one in recall.notified] == ["Buyer"]
    assert recall.others == (0, 0)
    # The buyer is told of its things, and of no others; the recall itself is not its business.
    assert await desk.told(consortium.buyer, recall) == [("recall-opened", sorted([lot, theirs]))]
    for use in (desk.recalls.read(consortium.buyer, recall.id), desk.recalls.close(consortium.buyer, recall.id)):
        with pytest.raises(errors.RecallNotFound):
            await use
    with pytest.raises(errors.ThingNotFound):
        await desk.recalls.things(consortium.supplier, recall.id, None, 10, theirs)
    assert await desk.told(consortium.carrier, recall) == []
    assert await desk.told(consortium.supplier, recall) == []
    # Held is what the supplier commissioned; the rest is only noticed.
    await desk.work()
    assert [await desk.holders(thing) for thing in (lot, mine, theirs)] == [["Supplier"], ["Supplier"], []]
    # An auditor sees all of it; what it shows of the hold tells of no other thing.
    assert sorted(await desk.affected(consortium.auditor, recall)) == sorted([lot, mine, theirs])
    entry = (await consortium.trails.read(consortium.buyer, lot)).entries[-1]
    assert entry.event is not None
    assert entry.event.document is not None
    assert mine.encode() not in entry.event.document

    (notice,), _ = await desk.notices.listed(consortium.buyer, None, 1)
    with pytest.raises(errors.NoticeNotFound):
        await desk.notices.acknowledge(consortium.carrier, notice.id)
    first = await desk.notices.acknowledge(consortium.buyer, notice.id)
    assert first.acknowledged_at is not None
    assert (await desk.notices.acknowledge(consortium.buyer, notice.id)).acknowledged_at == first.acknowledged_at
    left, _ = await desk.notices.listed(consortium.buyer, None, 9, unacknowledged=True)
    assert recall.id not in {one.recall for one in left}
    (buyer,) = (await desk.recalls.read(consortium.supplier, recall.id)).notified
    assert buyer.acknowledged_at == first.acknowledged_at


async def test_who_may_recall(consortium: Consortium, desk: Desk) -> None:
    lot = item()
    await consortium.capture(consortium.supplier, born(lot), handed(lot, to=consortium.buyer.identifier, minute=1))
    with pytest.raises(errors.NotYoursToRecall):
        await desk.open(consortium.buyer, lot)
    with pytest.raises(errors.ThingNotFound):
        await desk.open(consortium.stranger, lot)
    # Who writes on another's trail that it commissioned the thing sees no more of it than before.
    await consortium.capture(consortium.stranger, born(lot))
    with pytest.raises(errors.ThingNotFound):
        await desk.open(consortium.stranger, lot)
    # An auditor may recall it and tell everybody, but the contract takes no hold of an auditor.
    recall = await desk.open(consortium.auditor, lot, hold=True)
    assert recall.acts == ()
    assert await desk.told(consortium.supplier, recall) == [("recall-opened", [lot])]
    regulator = await desk.regulator(1)
    await desk.open(regulator, lot, hold=True)
    await desk.work()
    assert await desk.holders(lot) == ["Regulator 1"]


async def test_a_lie_on_paper_lets_nobody_count_what_others_have(consortium: Consortium, desk: Desk) -> None:
    pallet, secrets, crate = sscc(), [item() for _ in range(5)], sscc()
    await consortium.capture(consortium.supplier, born(pallet), packed(pallet, *secrets, minute=1))
    await consortium.capture(consortium.stranger, born(crate), packed(crate, pallet, minute=0))
    traced = await desk.recalls.trace(consortium.stranger, Question((crate,)))
    assert (traced.things, traced.hidden) == (2, 1)
    recall = await desk.open(consortium.stranger, crate)
    assert (recall.things, recall.hidden, recall.notified, recall.others) == (2, 1, (), (1, 0))
    # For who sees all anyway, every word counts: too much rather than too little.
    assert (await desk.recalls.trace(consortium.auditor, Question((crate,)))).things == 7
    # A trace of who could not recall the thing ends at what it does not see.
    lot, theirs, beyond = item(), item(), item()
    await consortium.capture(consortium.carrier, born(lot), handed(lot, to=consortium.buyer.identifier, minute=1))
    await consortium.capture(consortium.carrier, made([lot], [theirs], minute=2), made([theirs], [beyond], minute=3))
    traced = await desk.recalls.trace(consortium.buyer, Question((lot,)))
    assert (traced.things, traced.hidden) == (2, 1)


async def test_a_recall_grows_with_what_is_captured_later(consortium: Consortium, desk: Desk) -> None:
    lot, pie, slice_, pallet, found = item(), item(), item(), sscc(), item()
    process = f"urn:example:process:{uuid4()}"
    await consortium.capture(consortium.supplier, born(lot, pallet), made([lot], [], minute=2, process=process))
    recall = await desk.open(consortium.supplier, lot, pallet, hold=True)
    await desk.work()
    assert (await desk.recalls.read(consortium.supplier, recall.id)).things == 2
    await consortium.capture(consortium.supplier, made([], [pie], minute=4, process=process))
    await desk.grow()
    await consortium.capture(
        consortium.supplier, made([pie], [slice_], minute=5), handed(pie, to=consortium.buyer.identifier, minute=6)
    )
    await consortium.capture(consortium.supplier, packed(pallet, found, minute=1))
    # Any number of workers at once find each thing once.
    await asyncio.gather(*(desk.grow() for _ in range(4)))
    await asyncio.gather(*(Desk(consortium).hold() for _ in range(3)))
    await desk.work()
    grown = await desk.recalls.read(consortium.supplier, recall.id)
    assert grown.acts == (("hold", "sealed", 5 - 1),)
    assert sorted(await desk.affected(consortium.supplier, recall)) == sorted([lot, pie, slice_, pallet, found])
    assert [await desk.holders(thing) for thing in (lot, pie, slice_, pallet, found)] == [["Supplier"]] * 4 + [[]]
    assert await desk.told(consortium.buyer, recall) == [("recall-extended", [pie])]
    view = await consortium.trails.read(consortium.supplier, pie)
    assert [entry.step for entry in view.entries].count(Step.HOLD) == 1
    # Closed, it grows no more.
    await desk.recalls.close(consortium.supplier, recall.id)
    await consortium.capture(consortium.supplier, made([slice_], [item()], minute=9))
    await desk.grow()
    assert (await desk.recalls.read(consortium.supplier, recall.id)).things == 5


async def test_a_thing_in_two_recalls_is_held_until_both_are_closed(consortium: Consortium, desk: Desk) -> None:
    lot = item()
    await consortium.capture(consortium.supplier, born(lot))
    first, second = [await desk.open(consortium.supplier, lot, hold=True) for _ in range(2)]
    await desk.work()
    await desk.recalls.close(consortium.supplier, first.id)
    await desk.work()
    assert await desk.holders(lot) == ["Supplier"]
    third = await desk.open(consortium.supplier, lot, hold=True)
    # At once, and neither leaves the lift to the other.
    await asyncio.gather(*(desk.recalls.close(consortium.supplier, one.id) for one in (second, third)))
    await desk.work()
    assert await desk.holders(lot) == []
    entries = (await consortium.trails.read(consortium.supplier, lot)).entries
    assert [reason for entry in entries for reason in entry.disputes] == []


async def test_one_key_opens_one_recall(consortium: Consortium, desk: Desk) -> None:
    lot, key = item(), uuid4()
    await consortium.capture(consortium.supplier, born(lot), handed(lot, to=consortium.buyer.identifier, minute=1))
    opened = await asyncio.gather(*(desk.open(consortium.supplier, lot, hold=True, key=key) for _ in range(4)))
    assert len({one.id for one in opened}) == 1
    assert len(await desk.told(consortium.buyer, opened[0])) == 1
    with pytest.raises(errors.RecallKeyReused):
        await desk.open(consortium.supplier, lot, key=key)
    others = await asyncio.gather(*(desk.open(consortium.supplier, lot, hold=True) for _ in range(10)))
    assert len({one.id for one in others}) == 10
    await desk.work()
    assert await desk.holders(lot) == ["Supplier"]


async def test_a_worker_that_dies_after_the_capture_leaves_no_second_hold(consortium: Consortium, desk: Desk) -> None:
    lot = item()
    await consortium.capture(consortium.supplier, born(lot))
    recall = await desk.open(consortium.supplier, lot, hold=True)
    await desk.hold()
    # What it looks like where the worker was killed between the capture and its note of it.
    await consortium.execute(
        "UPDATE recall_acts SET settled = false, leased_until = now() + interval '1 hour' WHERE recall = :id",
        id=recall.id,
    )
    await desk.hold()
    assert (await desk.recalls.read(consortium.supplier, recall.id)).acts == (("hold", "captured", 1),)
    await consortium.execute("UPDATE recall_acts SET leased_until = now() WHERE recall = :id", id=recall.id)
    await desk.hold()
    async with consortium.database.session() as session:
        left = await session.execute(
            text("SELECT settled, fault FROM recall_acts WHERE recall = :id"), {"id": recall.id}
        )
        assert left.all() == [(True, None)]
    await consortium.settle()
    steps = [entry.step for entry in (await consortium.trails.read(consortium.supplier, lot)).entries]
    assert steps == [1, 5]


async def test_a_recall_of_a_class_begins_with_all_its_things_and_grows_with_new_ones(
    consortium: Consortium, desk: Desk
) -> None:
    gtin = "https://id.gs1.org/01/09521147777774"
    things = [f"{gtin}/21/{uuid4().hex[:8]}", f"{gtin}/10/{uuid4().hex[:8]}"]
    born_lot = {name: value for name, value in born(minute=0).items() if name != "epcList"}
    await consortium.capture(
        consortium.supplier, born(things[0]), born_lot | {"quantityList": [{"epcClass": things[1], "quantity": 5}]}
    )
    other = f"{gtin}/21/{uuid4().hex[:8]}"
    await consortium.capture(consortium.carrier, born(other))
    recall = await desk.open(consortium.supplier, classes=(gtin,), hold=True)
    assert sorted(await desk.affected(consortium.supplier, recall)) == sorted(things)
    late = f"{gtin}/21/{uuid4().hex[:8]}"
    await consortium.capture(consortium.supplier, born(late))
    await desk.work()
    assert sorted(await desk.affected(consortium.supplier, recall)) == sorted([*things, late])
    assert [await desk.holders(thing) for thing in (*things, late, other)] == [["Supplier"]] * 3 + [[]]
    everybodys = await desk.recalls.trace(consortium.auditor, Question((), (gtin,)))
    assert everybodys.things == 4


async def test_a_trace_that_does_not_end_says_so(consortium: Consortium) -> None:
    chain = [item() for _ in range(6)]
    events = [made([used], [became], minute=minute) for minute, (used, became) in enumerate(pairwise(chain))]
    await consortium.capture(consortium.supplier, born(chain[0]), *events)
    recalls = Recalls(consortium.database, consortium.settings, Limits(levels=3))
    recall = await recalls.open(consortium.supplier, Question((chain[0],)), reason="cut short")
    assert (recall.bound, recall.things) == ("levels", 4)


async def test_who_signs_itself_signs_its_holds(consortium: Consortium, desk: Desk) -> None:
    lot = item()
    await consortium.capture(consortium.carrier, born(lot))
    await consortium.settle()
    recall = await desk.open(consortium.carrier, lot, hold=True)
    await consortium.execute("UPDATE signing_keys SET wrapped = NULL WHERE party = :p", p=consortium.carrier.party)
    await desk.hold()
    assert (await desk.recalls.read(consortium.carrier, recall.id)).acts == (("hold", "to-sign", 1),)
    prepared = await desk.recalls.prepare(consortium.carrier, recall.id)
    assert len(prepared.events) == 1
    assert lot.encode() in prepared.events[0][0]
    await SigningKeys(consortium.database, consortium.settings).create(consortium.carrier)
    await desk.work()
    assert await desk.holders(lot) == ["Carrier"]
    with pytest.raises(errors.NothingToSign):
        await desk.recalls.prepare(consortium.carrier, recall.id)


async def test_a_suspended_party_opens_nothing(consortium: Consortium, desk: Desk) -> None:
    lot = item()
    await consortium.capture(consortium.supplier, born(lot))
    with pytest.raises(PartyIsSuspended):
        await desk.open(replace(consortium.supplier, suspended=True), lot)


async def test_what_is_asked_wrongly_is_refused(consortium: Consortium, desk: Desk) -> None:
    lot = item()
    await consortium.capture(consortium.supplier, born(lot))
    for question, refusal in (
        (Question(), errors.NothingToTrace),
        (Question((lot,), since=moment(2), until=moment(1)), errors.BadWindow),
        (Question((item(),)), errors.ThingNotFound),
        (Question(("no identifier",)), NotAnIdentifier),
        (Question((), ("https://id.gs1.org/01/09521149999990",)), errors.NothingToTrace),
    ):
        with pytest.raises(refusal):
            await desk.recalls.trace(consortium.supplier, question)
    with pytest.raises(TrailNotFound):
        await consortium.trails.read(consortium.stranger, lot)


async def test_growing_rests_while_nothing_is_captured(consortium: Consortium) -> None:
    grower = Grower(consortium.database)
    while await grower.step():
        grower._next = 0
    assert not await grower.step()
