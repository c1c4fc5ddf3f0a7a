"""From a supplier's document to an auditor's verdict, through every room in between."""

import pytest

from service.ledger.proofs import StateUnavailable
from service.sealing.bundle import read
from service.sealing.commitments import salt_of
from service.sealing.entries import Step
from service.sealing.meaning import steps_of
from service.sealing.state import Header
from service.sealing.verify import verify
from service.trails.errors import NotYetSealed, TrailNotFound, TrailNotIntact
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
    verdict = verify(file, await trusted(consortium, file), steps_of, consortium.deployed.provenance)
    assert verdict.failed is None, verdict.failed.detail
    assert verdict.custodian == BUYER.identifier
    assert (verdict.entries, verdict.withheld) == (6, 0)
    assert {party.identifier for party in bundle.participants.parties} == {
        SUPPLIER.identifier,
        CARRIER.identifier,
        BUYER.identifier,
    }


async def test_a_bundle_is_had_of_an_earlier_block_too(consortium: Consortium) -> None:
    thing = sscc()
    await consortium.seal(consortium.supplier, seen(thing, minute=1))
    view = await consortium.trails.read(consortium.supplier, thing)
    before = view.entries[0].block
    assert before is not None
    await consortium.seal(consortium.supplier, seen(thing, minute=2))
    file = await consortium.trails.bundle(consortium.supplier, thing, before)
    verdict = verify(file, await block_hash(consortium, before), steps_of, consortium.deployed.provenance)
    assert verdict.holds
    assert (verdict.block, verdict.entries) == (before, 1)
    with pytest.raises(NotYetSealed):
        await consortium.trails.bundle(consortium.supplier, thing, before - 1)
    with pytest.raises(StateUnavailable):
        await consortium.trails.bundle(consortium.supplier, thing, before + 1_000_000)


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
    verdict = verify(file, await trusted(consortium, file), steps_of, consortium.deployed.provenance)
    assert verdict.holds
    assert verdict.withheld == 1
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
    with pytest.raises(TrailNotIntact, match="do not fold"):
        await consortium.trails.bundle(consortium.auditor, thing)
    view = await consortium.trails.read(consortium.auditor, thing)
    assert not view.intact
