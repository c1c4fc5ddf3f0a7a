"""From a supplier's document to an auditor's verdict, through every room in between."""

import pytest

from service.ledger import recordings
from service.ledger.proofs import Proofs, StateUnavailable
from service.parties.caller import Caller
from service.parties.signing_keys import SigningKeys
from service.sealing.bundle import read
from service.sealing.commitments import salt_of
from service.sealing.entries import Entry, Step
from service.sealing.meaning import steps_of
from service.sealing.state import Header
from service.sealing.trust import Trust
from service.sealing.verdict import Counts, Verdict
from service.sealing.verify import verify
from service.trails import bundling
from service.trails.disclosure import Disclosure
from service.trails.errors import (
    BundleTooLarge,
    MirrorBehind,
    NothingToWithhold,
    NotYetSealed,
    TrailNotFound,
    TrailNotIntact,
)
from tests.trails.chain import Chain, Speaker
from tests.trails.consortium import Consortium, seen, sscc
from tests.trails.freight import BUYER, CARRIER, SUPPLIER, handover

ALTER = (
    "UPDATE events SET document = convert_to(replace(convert_from(document, 'UTF8'), '00:01:00', '00:00:00'), 'UTF8')"
    " WHERE seal = :seal"
)


async def story(consortium: Consortium, thing: str) -> None:
    """Commissioned, handed to the carrier, sensed, handed to the buyer."""
    first = seen(thing, minute=1, action="ADD", bizStep="commissioning")
    shipped = seen(thing, minute=2, bizStep="shipping", **handover(SUPPLIER, CARRIER))
    await consortium.seal(consortium.supplier, first, shipped)
    received = seen(thing, minute=3, bizStep="receiving", **handover(SUPPLIER, CARRIER))
    report = {"type": "Temperature", "value": 4.25, "uom": "CEL"}
    sensed = seen(thing, minute=4, sensorElementList=[{"sensorReport": [report]}])
    onward = seen(thing, minute=5, bizStep="shipping", **handover(CARRIER, BUYER))
    await consortium.seal(consortium.carrier, received, sensed, onward)
    await consortium.seal(consortium.buyer, seen(thing, minute=6, bizStep="receiving", **handover(CARRIER, BUYER)))


async def block_hash(consortium: Consortium, number: int) -> bytes:
    block = await consortium.node.call("eth_getBlockByNumber", hex(number), False)
    return bytes.fromhex(block["hash"][2:])


async def trusted(consortium: Consortium, file: bytes) -> bytes:
    """What the auditor's own node says is the hash of the block that the bundle is of."""
    return await block_hash(consortium, Header.read(read(file).header).number)


async def judged(consortium: Consortium, file: bytes, block: bytes | None = None) -> Verdict:
    """The verdict of an auditor with a node of its own."""
    trust = Trust(block or await trusted(consortium, file))
    return verify(file, trust, steps_of, consortium.deployed.provenance)


async def test_a_consignment_is_told_sealed_read_and_verified(consortium: Consortium) -> None:
    thing = sscc()
    await story(consortium, thing)

    view = await consortium.trails.read(consortium.buyer, thing)
    assert [entry.step for entry in view.entries] == [
        Step.COMMISSION,
        Step.SHIP,
        Step.RECEIVE,
        Step.OBSERVE,
        Step.SHIP,
        Step.RECEIVE,
    ]
    assert {entry.state for entry in view.entries} == {"sealed"}
    assert view.intact
    assert view.head == view.entries[-1].head
    assert [entry.party.name for entry in view.entries] == ["Supplier"] * 2 + ["Carrier"] * 3 + ["Buyer"]
    recipient = view.entries[1].recipient
    assert recipient is not None
    assert recipient.identifier == CARRIER.identifier
    assert view.custody.custodian is not None
    assert view.custody.custodian.name == "Buyer"

    file = await consortium.trails.bundle(consortium.buyer, thing)
    bundle = read(file)
    verdict = await judged(consortium, file)
    assert verdict.failed is None, verdict.failed.detail
    assert verdict.name_of(verdict.trails[0].custody.custodian) == BUYER.identifier
    assert verdict.counts == Counts(entries=6)
    assert {party.identifier for party in bundle.parties} == {
        SUPPLIER.identifier,
        CARRIER.identifier,
        BUYER.identifier,
    }
    assert sorted(key.entries for key in verdict.keys) == [1, 2, 3]


async def test_a_bundle_is_had_of_an_earlier_block_too(consortium: Consortium) -> None:
    thing = sscc()
    await consortium.seal(consortium.supplier, seen(thing, minute=1))
    view = await consortium.trails.read(consortium.supplier, thing)
    before = view.entries[0].block
    assert before is not None
    await consortium.seal(consortium.supplier, seen(thing, minute=2))
    file = await consortium.trails.bundle(consortium.supplier, thing, block=before)
    verdict = await judged(consortium, file, await block_hash(consortium, before))
    assert verdict.holds
    assert (verdict.block, verdict.counts.entries) == (before, 1)
    with pytest.raises(NotYetSealed):
        await consortium.trails.bundle(consortium.supplier, thing, block=before - 1)
    with pytest.raises(StateUnavailable):
        await consortium.trails.bundle(consortium.supplier, thing, block=before + 1_000_000)


async def test_an_erased_event_is_withheld_and_the_trail_still_verifies(consortium: Consortium) -> None:
    thing = sscc()
    await story(consortium, thing)
    view = await consortium.trails.read(consortium.auditor, thing)
    seal = view.entries[3].seal
    await consortium.execute(
        "DELETE FROM nonces USING events WHERE events.seq = nonces.event AND events.seal = :seal", seal=seal
    )
    await consortium.execute("UPDATE events SET document = NULL WHERE seal = :seal", seal=seal)
    file = await consortium.trails.bundle(consortium.auditor, thing)
    verdict = await judged(consortium, file)
    assert verdict.holds
    assert verdict.counts.withheld == 1
    assert (await consortium.trails.read(consortium.auditor, thing)).intact


async def test_nothing_sealed_has_no_bundle(consortium: Consortium) -> None:
    thing = sscc()
    await consortium.capture(consortium.supplier, seen(thing))
    with pytest.raises(NotYetSealed):
        await consortium.trails.bundle(consortium.supplier, thing)
    await consortium.settle()
    assert await consortium.trails.bundle(consortium.supplier, thing)


async def test_a_bundle_discloses_the_salt_of_its_own_trail_only(consortium: Consortium) -> None:
    """One event on two trails: the other's salt and trail id are nowhere in the file."""
    thing, other = sscc(), sscc()
    await consortium.seal(consortium.supplier, seen(thing, other, minute=1))
    file = await consortium.trails.bundle(consortium.supplier, thing)
    secret = consortium.settings.consortium_secret.get_secret_value()
    assert salt_of(thing, secret).hex().encode() in file
    assert salt_of(other, secret).hex().encode() not in file
    assert consortium.trail(other).hex().encode() not in file
    assert secret.hex().encode() not in file


async def test_who_has_no_part_gets_no_bundle(consortium: Consortium) -> None:
    thing = sscc()
    await consortium.seal(consortium.supplier, seen(thing))
    with pytest.raises(TrailNotFound) as refused:
        await consortium.trails.bundle(consortium.stranger, thing)
    with pytest.raises(TrailNotFound) as missing:
        await consortium.trails.bundle(consortium.stranger, sscc())
    assert type(refused.value) is type(missing.value)


async def test_an_altered_event_gets_no_bundle(consortium: Consortium) -> None:
    thing = sscc()
    await story(consortium, thing)
    seal = (await consortium.trails.read(consortium.auditor, thing)).entries[0].seal
    await consortium.execute(ALTER, seal=seal)
    with pytest.raises(TrailNotIntact, match="altered"):
        await consortium.trails.bundle(consortium.auditor, thing)


@pytest.mark.parametrize(
    "tampering",
    [
        "DELETE FROM ledger_entries WHERE trail = :trail AND step = 0",
        "UPDATE ledger_entries SET time = time - 60 WHERE trail = :trail AND step = 0",
        "UPDATE ledger_entries SET party = :trail WHERE trail = :trail AND step = 0",
    ],
)
async def test_an_altered_mirror_gets_no_bundle(consortium: Consortium, tampering: str) -> None:
    thing = sscc()
    await story(consortium, thing)
    await consortium.execute(tampering, trail=consortium.trail(thing))
    async with consortium.watching():
        with pytest.raises(TrailNotIntact, match="do not fold"):
            await consortium.trails.bundle(consortium.auditor, thing)
    view = await consortium.trails.read(consortium.auditor, thing)
    assert not view.intact


async def test_a_bundle_waits_for_the_watcher(consortium: Consortium) -> None:
    """An entry lands that the mirror does not have yet."""
    thing = sscc()
    await consortium.seal(consortium.supplier, seen(thing, minute=1))
    await consortium.capture(consortium.supplier, seen(thing, minute=2))
    while not (await _head(consortium, thing))[1]:
        await consortium.relay.step()
    async with consortium.watching():
        file = await consortium.trails.bundle(consortium.supplier, thing)
    verdict = await judged(consortium, file)
    assert verdict.holds
    assert verdict.counts.entries == 2


async def _head(consortium: Consortium, thing: str) -> tuple[bytes, bool]:
    """The head on the chain, and whether the mirror is behind it."""
    proofs = Proofs(consortium.node)
    trail = consortium.trail(thing)
    state = await proofs.trails(consortium.deployed.provenance, [trail], await proofs.newest_block())
    head = state.trails[trail].head
    return head, head != (await consortium.trails.read(consortium.supplier, thing)).head


async def test_without_a_watcher_the_bundle_is_refused_for_now(
    consortium: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundling, "_PAUSE_SECONDS", 0.01)
    thing = sscc()
    await consortium.seal(consortium.supplier, seen(thing, minute=1))
    await consortium.capture(consortium.supplier, seen(thing, minute=2))
    while not (await _head(consortium, thing))[1]:
        await consortium.relay.step()
    with pytest.raises(MirrorBehind):
        await consortium.trails.bundle(consortium.supplier, thing)
    await consortium.settle()
    assert await consortium.trails.bundle(consortium.supplier, thing)


async def test_another_partys_copy_of_a_seal_does_not_spoil_the_bundle(consortium: Consortium) -> None:
    """Seals are public: anyone registered may record one again, on any trail, with any step, past our service."""
    thing = sscc()
    await consortium.seal(consortium.supplier, seen(thing, minute=1))
    (entry,) = (await consortium.trails.read(consortium.supplier, thing)).entries
    await record_past_us(consortium, consortium.stranger, Entry(consortium.trail(thing), entry.seal, Step.DECOMMISSION))
    await consortium.settle()

    view = await consortium.trails.read(consortium.supplier, thing)
    assert [(one.party.name, one.step, one.event is not None) for one in view.entries] == [
        ("Supplier", Step.OBSERVE, True),
        ("Stranger", Step.DECOMMISSION, False),
    ]
    assert view.intact
    file = await consortium.trails.bundle(consortium.supplier, thing)
    verdict = await judged(consortium, file)
    assert verdict.failed is None, verdict.failed.detail
    assert verdict.counts == Counts(entries=2, contradicted=1, copied=2)


async def test_a_party_that_contradicts_its_own_event_past_us_does_not_spoil_the_bundle(consortium: Consortium) -> None:
    """The same seal and step, offered to another than the event says."""
    thing = sscc()
    shipped = seen(thing, minute=2, bizStep="shipping", **handover(SUPPLIER, CARRIER))
    await consortium.seal(consortium.supplier, shipped)
    (entry,) = (await consortium.trails.read(consortium.supplier, thing)).entries
    other = Entry(consortium.trail(thing), entry.seal, Step.SHIP, consortium.buyer.party)
    await record_past_us(consortium, consortium.supplier, other)
    await consortium.settle()
    file = await consortium.trails.bundle(consortium.supplier, thing)
    verdict = await judged(consortium, file)
    assert verdict.failed is None, verdict.failed.detail
    assert verdict.counts == Counts(entries=2, contradicted=1)


async def test_a_seal_recorded_on_a_trail_of_ones_own_does_not_show_anothers_event(consortium: Consortium) -> None:
    """A party copies a seal from the chain onto a trail that it may read, to have the event behind it."""
    secret, own = sscc(), sscc()
    await consortium.seal(consortium.supplier, seen(secret, minute=1))
    await consortium.seal(consortium.stranger, seen(own, minute=2))
    (entry,) = (await consortium.trails.read(consortium.supplier, secret)).entries
    await record_past_us(consortium, consortium.stranger, Entry(consortium.trail(own), entry.seal, Step.OBSERVE))
    await consortium.settle()
    file = await consortium.trails.bundle(consortium.stranger, own)
    verdict = await judged(consortium, file)
    assert verdict.failed is None, verdict.failed.detail
    assert verdict.counts == Counts(entries=2, withheld=1)
    assert secret.encode() not in file


async def test_signatures_of_what_was_recorded_past_us_are_read_from_the_chain(
    consortium: Consortium, monkeypatch: pytest.MonkeyPatch
) -> None:
    thing = sscc()
    await consortium.seal(consortium.supplier, seen(thing, minute=1))
    await record_past_us(consortium, consortium.supplier, Entry(consortium.trail(thing), bytes(32), Step.OBSERVE))
    await consortium.settle()
    signed = await judged(consortium, await consortium.trails.bundle(consortium.supplier, thing))
    assert (signed.failed, signed.counts) == (None, Counts(entries=2, withheld=1))

    async def forgotten(*_: object) -> list[object]:
        return []

    monkeypatch.setattr(recordings, "captures_in", forgotten)
    unsigned = await judged(consortium, await consortium.trails.bundle(consortium.supplier, thing))
    assert (unsigned.failed, unsigned.counts) == (None, Counts(entries=2, withheld=1, unsigned=1))


async def test_a_recall_is_one_bundle_that_shares_what_its_trails_share(consortium: Consortium) -> None:
    things = [sscc() for _ in range(30)]
    await consortium.seal(consortium.supplier, seen(*things, minute=1))
    alone = await consortium.trails.bundle(consortium.auditor, things[0])
    file = await consortium.trails.bundle(consortium.auditor, *things, things[0])
    verdict = await judged(consortium, file)
    assert verdict.failed is None, verdict.failed.detail
    assert sorted(trail.identifier for trail in verdict.trails) == sorted(things)
    bundle = read(file)
    assert (len(bundle.events), len(bundle.captures)) == (1, 1)
    assert len(file) < 10 * len(alone)
    with pytest.raises(TrailNotFound):
        await consortium.trails.bundle(consortium.stranger, *things)


async def test_who_asks_can_leave_out(consortium: Consortium) -> None:
    thing = sscc()
    await story(consortium, thing)
    (_, second, *_) = (await consortium.trails.read(consortium.auditor, thing)).entries
    assert second.event is not None
    hidden = Disclosure(withheld=frozenset((second.event.event_id,)))
    file = await consortium.trails.bundle(consortium.auditor, thing, disclosure=hidden)
    verdict = await judged(consortium, file)
    assert (verdict.failed, verdict.counts) == (None, Counts(entries=6, withheld=1))
    assert second.event.event_id.encode() not in file
    nothing = await consortium.trails.bundle(consortium.auditor, thing, disclosure=Disclosure(shown=False))
    assert (await judged(consortium, nothing)).counts == Counts(entries=6, withheld=6)
    with pytest.raises(NothingToWithhold):
        await consortium.trails.bundle(
            consortium.auditor, thing, disclosure=Disclosure(withheld=frozenset(("urn:uuid:no",)))
        )


async def test_a_bundle_too_large_is_refused(consortium: Consortium, monkeypatch: pytest.MonkeyPatch) -> None:
    thing = sscc()
    await story(consortium, thing)
    monkeypatch.setattr(bundling, "MOST_ENTRIES", 5)
    with pytest.raises(BundleTooLarge, match="6 entries"):
        await consortium.trails.bundle(consortium.auditor, thing)


async def record_past_us(consortium: Consortium, caller: Caller, entry: Entry) -> None:
    """A party signs with its key and relays by itself."""
    async with consortium.database.session() as session:
        _, key = await SigningKeys(consortium.database, consortium.settings).signing_key(session, caller.party)
    chain = Chain(consortium.node, (await consortium.node.call("eth_accounts"))[0], consortium.deployed.chain_id)
    chain.provenance = consortium.deployed.provenance
    await chain.record(Speaker(caller.identifier, key=key), [entry])
