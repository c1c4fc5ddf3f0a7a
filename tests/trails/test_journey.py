"""Following a thing through containers, while it was inside, and through what it was made of and became."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.store.ties import TieRow
from service.trails.errors import TrailNotFound
from service.trails.ties import stays
from tests.trails.consortium import Consortium, item, made, packed, seen, sscc

START = datetime(2026, 3, 1, tzinfo=UTC)


async def test_containers_events_belong_to_the_way_while_they_held_the_thing(consortium: Consortium) -> None:
    thing, case, pallet = item(), sscc(), sscc()
    await consortium.capture(
        consortium.supplier,
        seen(pallet, minute=1),  # before anything was in it
        seen(thing, minute=2),
        packed(case, thing, minute=3),
        packed(pallet, case, minute=4),
        seen(pallet, minute=5),
        seen(case, minute=6),
        packed(pallet, case, minute=7, action="DELETE"),
        seen(pallet, minute=8),  # no longer in it
        seen(case, minute=9),
        packed(case, thing, minute=10, action="DELETE"),
        seen(case, minute=11),
    )
    journey = await consortium.trails.journey(consortium.supplier, thing)
    told = [(event.event.event_time.minute, event.of, event.depth) for event in journey.events]
    assert told == [
        (2, thing, 0),
        (3, thing, 0),
        (4, case, 1),
        (5, pallet, 2),
        (6, case, 1),
        (7, case, 1),
        (9, case, 1),
        (10, thing, 0),
    ]
    assert [
        (held.identifier, held.depth, held.since.minute, held.until and held.until.minute)
        for held in journey.containers
    ] == [
        (case, 1, 3, 10),
        (pallet, 2, 4, 7),
    ]
    assert journey.complete
    assert all(event.event.intact for event in journey.events)


async def test_emptying_a_container_ends_every_stay_in_it(consortium: Consortium) -> None:
    thing, other, pallet = sscc(), sscc(), sscc()
    empty = {name: value for name, value in packed(pallet, minute=5, action="DELETE").items() if name != "childEPCs"}
    await consortium.capture(
        consortium.supplier,
        packed(pallet, thing, other, minute=1),
        seen(pallet, minute=3),
        empty,
        seen(pallet, minute=7),
    )
    journey = await consortium.trails.journey(consortium.supplier, thing)
    assert [(held.identifier, held.until and held.until.minute) for held in journey.containers] == [(pallet, 5)]
    assert [event.event.event_time.minute for event in journey.events] == [1, 3, 5]


async def test_what_may_not_be_seen_is_counted_and_not_shown(consortium: Consortium) -> None:
    """The carrier's container is the carrier's business; the supplier learns that there is one."""
    thing, container = sscc(), sscc()
    await consortium.capture(consortium.supplier, seen(thing, minute=1))
    await consortium.capture(consortium.carrier, packed(container, thing, minute=2), seen(container, minute=3))
    journey = await consortium.trails.journey(consortium.supplier, thing)
    assert (journey.containers, journey.hidden) == ((), 1)
    assert [event.event.event_time.minute for event in journey.events] == [1, 2]
    assert (await consortium.trails.read(consortium.supplier, thing)).hidden == 1
    # Whoever packs a thing that it was not offered sees its own container, and not what others said of the thing.
    with pytest.raises(TrailNotFound):
        await consortium.trails.journey(consortium.carrier, thing)
    assert (await consortium.trails.read(consortium.carrier, container)).hidden == 1
    auditor = await consortium.trails.journey(consortium.auditor, thing)
    assert ([held.identifier for held in auditor.containers], auditor.hidden) == ([container], 0)


async def test_ancestors_and_descendants_to_any_depth(consortium: Consortium) -> None:
    generations = [item() for _ in range(6)]
    for minute, (used, became) in enumerate(pairwise(generations)):
        await consortium.capture(consortium.supplier, made([used], [became], minute=minute))
    journey = await consortium.trails.journey(consortium.supplier, generations[3])
    assert [(one.identifier, one.depth) for one in journey.ancestors] == [
        (generations[2], 1),
        (generations[1], 2),
        (generations[0], 3),
    ]
    assert [(one.identifier, one.depth) for one in journey.descendants] == [(generations[4], 1), (generations[5], 2)]


async def test_a_process_joins_inputs_and_outputs_of_several_events(consortium: Consortium) -> None:
    used, became = item(), item()
    process = f"urn:example:process:{uuid4()}"
    await consortium.capture(
        consortium.supplier,
        made([used], [], minute=1, process=process),
        made([], [became], minute=2, process=process),
    )
    journey = await consortium.trails.journey(consortium.supplier, became)
    assert [(one.identifier, one.depth) for one in journey.ancestors] == [(used, 1)]
    assert journey.hidden == 0


async def test_a_circle_ends(consortium: Consortium) -> None:
    first, second = sscc(), sscc()
    await consortium.capture(consortium.supplier, packed(first, second, minute=1), packed(second, first, minute=2))
    await consortium.capture(consortium.supplier, made([first], [second], minute=3), made([second], [first], minute=4))
    journey = await consortium.trails.journey(consortium.supplier, first)
    assert journey.complete
    assert [held.identifier for held in journey.containers] == [second]
    assert [one.identifier for one in journey.ancestors] == [second]


async def test_a_retracted_event_ties_nothing(consortium: Consortium) -> None:
    thing, case = sscc(), sscc()
    event = packed(case, thing, minute=1) | {"eventID": f"urn:uuid:00000000-0000-4000-a000-{thing[-12:]}"}
    await consortium.capture(consortium.supplier, event)
    assert (await consortium.trails.journey(consortium.supplier, thing)).containers
    declaration = {"declarationTime": "2026-03-02T00:00:00Z", "reason": "did_not_occur"}
    await consortium.capture(consortium.supplier, {**event, "errorDeclaration": declaration})
    assert not (await consortium.trails.journey(consortium.supplier, thing)).containers


NAMES = st.sampled_from([b"a", b"b", b"c"])
ROWS = st.builds(
    lambda parent, child, action: (parent, child if action == "delete" or child else b"c", action),
    NAMES,
    st.sampled_from([b"a", b"b", b"c", b""]),
    st.sampled_from(["add", "observe", "delete"]),
)


@given(st.lists(ROWS, max_size=20))
def test_a_thing_is_inside_exactly_while_the_last_word_says_so(words: list[tuple[bytes, bytes, str]]) -> None:
    rows = [
        TieRow(parent, child, "aggregation", action, minute, START + timedelta(minutes=minute))
        for minute, (parent, child, action) in enumerate(words)
    ]
    found = stays(rows)
    inside: set[tuple[bytes, bytes]] = set()
    for row in rows:
        if row.action != "delete":
            inside.add((row.parent, row.child))
        else:
            inside -= {
                (parent, child) for parent, child in inside if parent == row.parent and row.child in (child, b"")
            }
        just_after = row.event_time + timedelta(seconds=1)
        told = {
            (stay.parent, stay.child)
            for stay in found
            if stay.since <= just_after and (stay.until is None or stay.until > just_after)
        }
        assert told == inside
