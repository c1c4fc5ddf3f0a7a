"""Who has a part in a trail, and so may read it: `service.store.parts_in_trails`."""

import pytest

from service.trails.errors import TrailNotFound
from tests.trails.consortium import Consortium, item, packed, seen, sscc
from tests.trails.freight import BUYER, CARRIER, SUPPLIER, handover


def shipped(*things: str, minute: int, to_buyer: bool = False) -> dict[str, object]:
    hands = handover(CARRIER, BUYER) if to_buyer else handover(SUPPLIER, CARRIER)
    return seen(*things, minute=minute, bizStep="shipping", **hands)


@pytest.mark.parametrize("step", ["inspecting", "commissioning", "accepting"])
async def test_writing_on_another_s_trail_does_not_open_it(consortium: Consortium, step: str) -> None:
    """A competitor that knows a serial number adds a statement of its own, and still reads nothing of the others'."""
    thing = item()
    await consortium.capture(consortium.supplier, seen(thing, minute=1))
    receipt = await consortium.capture(consortium.stranger, seen(thing, minute=2, bizStep=step))
    for ask in (consortium.trails.read, consortium.trails.journey, consortium.trails.bundle):
        with pytest.raises(TrailNotFound):
            await ask(consortium.stranger, thing)
    listed, _ = await consortium.trails.list(consortium.stranger, limit=500)
    assert thing not in {row.identifier for row in listed}
    # What it said itself it may read, and those who have a part see that it said so.
    assert (await consortium.trails.event(consortium.stranger, receipt.event_ids[0])).intact
    view = await consortium.trails.read(consortium.supplier, thing)
    assert {entry.party.identifier for entry in view.entries} == {
        consortium.supplier.identifier,
        consortium.stranger.identifier,
    }


async def test_a_stranger_cannot_let_an_accomplice_in(consortium: Consortium) -> None:
    thing = item()
    await consortium.capture(consortium.supplier, seen(thing, minute=1))
    await consortium.capture(consortium.stranger, shipped(thing, minute=2, to_buyer=True))
    with pytest.raises(TrailNotFound):
        await consortium.trails.read(consortium.buyer, thing)


async def test_who_is_offered_a_pallet_sees_what_is_in_it_and_what_was_taken_out_stays_hidden(
    consortium: Consortium,
) -> None:
    kept, taken, case, pallet = item(), item(), sscc(), sscc()
    await consortium.capture(
        consortium.supplier,
        seen(kept, taken, minute=1),
        packed(case, kept, taken, minute=2),
        packed(pallet, case, minute=3),
        packed(case, taken, minute=4, action="DELETE"),
        shipped(pallet, minute=5),
    )
    for thing in (pallet, case, kept):
        assert (await consortium.trails.read(consortium.carrier, thing)).identifier == thing
    with pytest.raises(TrailNotFound):
        await consortium.trails.read(consortium.carrier, taken)


async def test_contents_that_the_shipper_may_not_read_are_not_its_to_show(consortium: Consortium) -> None:
    thing, pallet = item(), sscc()
    await consortium.capture(consortium.stranger, seen(thing, minute=1))
    await consortium.capture(consortium.supplier, packed(pallet, thing, minute=2), shipped(pallet, minute=3))
    assert (await consortium.trails.read(consortium.carrier, pallet)).identifier == pallet
    with pytest.raises(TrailNotFound):
        await consortium.trails.read(consortium.carrier, thing)
