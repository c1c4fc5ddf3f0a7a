"""Traces over given ties, against an evaluator that knows single moments only."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.recall.stays import Tie
from service.recall.tracing import Asked, Direction, Limits, Spread, Traced, trace
from service.trails.ties import EARLIEST, LATEST

START = datetime(2026, 3, 1, tzinfo=UTC)
FIRST, LAST = -1.0, 11.0
ALL_TIME = (EARLIEST, LATEST)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def inside(parent: str, child: str, since: float | None = None, until: float | None = None) -> Tie:
    return tie(parent, child, "aggregation", EARLIEST if since is None else at(since), at(until) if until else LATEST)


def used(parent: str, child: str, minute: float) -> Tie:
    return tie(parent, child, "transformation", at(minute), at(minute))


def tie(parent: str, child: str, kind: str, since: datetime, until: datetime) -> Tie:
    ends = parent.encode(), child.encode()
    processes = parent.startswith("p:"), child.startswith("p:")
    return Tie(*ends, kind, since, until, 1, 0, False, True, True, frozenset((b"x",)), *processes)


async def traced(
    ties: Sequence[Tie],
    *seeds: str,
    window: tuple[datetime, datetime] = ALL_TIME,
    direction: Direction = "forward",
    spread: Spread = "contents",
    everywhere: bool = True,
    limits: Limits | None = None,
) -> Traced:
    async def read(
        trails: Sequence[bytes], down: Sequence[str], up: Sequence[str], limit: int
    ) -> tuple[list[Tie], int]:
        assert limit > 0
        here = set(trails)
        found = [
            one for one in ties if (one.parent in here and one.kind in down) or (one.child in here and one.kind in up)
        ]
        return found, len(found)

    asked = Asked(tuple(seed.encode() for seed in seeds), *window, direction, spread, everywhere)
    return await trace(asked, read, limits)


async def reached(ties: Sequence[Tie], *seeds: str, window: tuple[datetime, datetime] = ALL_TIME, **asked: str) -> str:
    found = await traced(ties, *seeds, window=window, **asked)  # type: ignore[arg-type]
    return " ".join(sorted(trail.decode() for trail in found.first))


async def test_only_what_was_inside_at_the_time_is_affected() -> None:
    ties = [inside("P", "left", 0, 2), inside("P", "stayed", 0), inside("P", "joined", 6), inside("P", "passed", 3, 5)]
    assert await reached(ties, "P", window=(at(3), at(5))) == "P passed stayed"
    # Nobody knows which of two claims with one time came first: what left or came just then may be affected.
    assert await reached(ties, "P", window=(at(2), at(2))) == "P left stayed"


async def test_what_joins_the_content_after_it_left_is_not_affected() -> None:
    ties = [inside("P", "case", 0, 4), inside("case", "early", 1), inside("case", "late", 5)]
    assert await reached(ties, "P", window=(at(2), at(9))) == "P case early"


async def test_what_is_made_of_an_affected_thing_afterwards_is_affected_for_good() -> None:
    ties = [
        used("flour", "before", 1),
        used("flour", "bread", 5),
        inside("bread", "crumb", 9),
        used("bread", "toast", 8),
    ]
    assert await reached(ties, "flour", window=(at(3), at(4))) == "bread crumb flour toast"


async def test_a_process_takes_inputs_after_its_outputs_too() -> None:
    ties = [used("p:1", "out", 1), used("in", "p:1", 5), used("other", "p:1", 0), used("p:1", "later", 9)]
    assert await reached(ties, "in", window=(at(4), at(6))) == "in later out p:1"
    assert await reached(ties, "in", window=(at(6), at(6))) == "in"  # it was put in before
    assert await reached(ties, "out", direction="backward") == "in other out p:1"


async def test_a_neighbour_is_affected_only_where_it_spreads_to_the_container() -> None:
    ties = [inside("P", "leaking", 0, 5), inside("P", "next", 2), inside("P", "late", 6), inside("truck", "P", 1, 9)]
    assert await reached(ties, "leaking") == "leaking"
    assert await reached(ties, "leaking", spread="container") == "P leaking next truck"


async def test_a_transfer_does_not_spread_to_the_next_container() -> None:
    ties = [inside("P", "leaking", 0, 5), inside("P", "moved", 0, 3), inside("Q", "moved", 3), inside("Q", "far", 0)]
    found = await reached(ties, "leaking", window=(at(1), at(3)), spread="container")
    assert found == "P leaking moved"


async def test_a_thing_in_two_containers_is_affected_by_both() -> None:
    ties = [inside("P", "c", 0), inside("Q", "c", 0)]
    assert await reached(ties, "P") == "P c"
    assert await reached(ties, "Q") == "Q c"


async def test_circles_end() -> None:
    ties = [inside("a", "b", 0), inside("b", "a", 0), used("a", "b", 3), used("b", "a", 4), inside("a", "a", 0)]
    for direction in ("forward", "backward"):
        found = await traced(ties, "a", direction=direction, spread="container")
        assert found.complete
        assert sorted(found.first) == [b"a", b"b"]


@pytest.mark.parametrize(
    ("limits", "bound"),
    [(Limits(things=50), "things"), (Limits(levels=10), "levels"), (Limits(seconds=0), "seconds"), (Limits(), None)],
)
async def test_what_ends_a_trace_is_said(limits: Limits, bound: str | None) -> None:
    names = [f"n{number}" for number in range(100)]
    found = await traced([used(*pair, 1) for pair in pairwise(names)], "n0", limits=limits)
    assert found.bound == bound
    assert found.complete is (bound is None)


async def test_every_step_of_a_path_is_a_tie_that_explains_it() -> None:
    names = [f"n{number}" for number in range(1000)]
    found = await traced([used(*pair, 1) for pair in pairwise(names)], "n0")
    path = found.path(found.first[b"n999"])
    assert [found.reaches[place].trail.decode() for place in path] == names
    assert [found.reaches[place].depth for place in path] == list(range(1000))


async def test_who_does_not_see_all_is_not_led_on_by_ties_of_strangers() -> None:
    """Else anybody could put another's pallet into a crate of its own on paper, and count what is in the pallet."""
    lie = inside("crate", "pallet", 0)._replace(to_child=False, tellers=frozenset((b"liar",)))
    ties = [lie, inside("pallet", "secret", 0)]
    assert sorted((await traced(ties, "crate", everywhere=False)).first) == [b"crate", b"pallet"]
    assert sorted((await traced(ties, "crate")).first) == [b"crate", b"pallet", b"secret"]
    # Nor by naming another's process.
    lie = used("mine", "p:1", 0)._replace(tellers=frozenset((b"liar",)), to_child=False)
    ties = [lie, used("p:1", "secret", 1), used("p:1", "own", 1)._replace(tellers=frozenset((b"liar",)))]
    assert sorted((await traced(ties, "mine", everywhere=False)).first) == [b"mine", b"own", b"p:1"]
    # A truthful tie to the same thing leads on, whichever is read first.
    ties = [
        inside("crate", "pallet", 0)._replace(to_child=False),
        inside("crate", "pallet", 2),
        inside("pallet", "x", 0),
    ]
    for order in (ties, ties[::-1]):
        assert b"x" in (await traced(order, "crate", everywhere=False)).first


THINGS = ["a", "b", "c", "d"]
MINUTE = st.integers(0, 10)
STAYS = st.builds(
    lambda parent, child, since, length: inside(parent, child, since, since + length if length else None),
    st.sampled_from(THINGS), st.sampled_from(THINGS), MINUTE, st.integers(0, 4),
)  # fmt: skip
USES = st.one_of(
    st.builds(used, st.sampled_from(THINGS), st.sampled_from(THINGS), MINUTE),
    st.builds(used, st.sampled_from(THINGS), st.just("p:1"), MINUTE),
    st.builds(used, st.just("p:1"), st.sampled_from(THINGS), MINUTE),
)
TIES = st.lists(st.one_of(STAYS, USES), max_size=9)
WINDOWS = st.one_of(
    st.just((FIRST, LAST)), st.tuples(MINUTE, MINUTE).map(lambda pair: (float(min(pair)), float(max(pair))))
)


@given(TIES, WINDOWS, st.sampled_from(["forward", "backward"]), st.sampled_from(["contents", "container"]))
async def test_a_trace_reaches_exactly_what_single_moments_reach(
    ties: list[Tie], window: tuple[float, float], direction: Direction, spread: Spread
) -> None:
    begin, end = (EARLIEST if window[0] == FIRST else at(window[0])), (LATEST if window[1] == LAST else at(window[1]))
    found = await traced(ties, "a", window=(begin, end), direction=direction, spread=spread)
    assert found.complete
    assert set(found.first) == naive(ties, window, direction, spread)


@given(TIES, st.sampled_from(["contents", "container"]))
async def test_backward_is_forward_from_the_other_end(ties: list[Tie], spread: Spread) -> None:
    forward = {one: set((await traced(ties, one, spread=spread)).first) for one in THINGS}
    for one in THINGS:
        back = set((await traced(ties, one, direction="backward", spread=spread)).first) - {b"p:1"}
        assert back == {other.encode() for other in THINGS if one.encode() in forward[other]}


def naive(ties: list[Tie], window: tuple[float, float], direction: Direction, spread: Spread) -> set[bytes]:
    """Which (thing, moment) pairs are affected, half a minute apart, by going round until nothing is new."""
    moments = [FIRST + half / 2 for half in range(int((LAST - FIRST) * 2) + 1)]
    forward = direction == "forward"
    affected = {(b"a", moment) for moment in moments if window[0] <= moment <= window[1]}
    processes: set[bytes] = set()
    while True:
        new = set(affected)
        passed = set(processes)
        for one in ties:
            near, far = (one.parent, one.child) if forward else (one.child, one.parent)
            if one.kind == "transformation":
                use = (one.since - START).total_seconds() / 60
                touched = near in processes or any(
                    thing == near and (moment <= use if forward else moment >= use) for thing, moment in affected
                )
                if touched and far.startswith(b"p:"):
                    passed.add(far)
                elif touched:
                    new |= {(far, moment) for moment in moments if (moment >= use if forward else moment <= use)}
                continue
            held = [moment for moment in moments if one.since <= at(moment) <= one.until]
            new |= {(far, moment) for moment in held if (near, moment) in affected}
            if spread == "container":
                together = [moment for moment in held if (far, moment) in affected]
                if window[0] != window[1]:
                    together = [m for m in together if m + 0.5 in together or m - 0.5 in together]
                new |= {(near, moment) for moment in together}
        if new == affected and passed == processes:
            return {thing for thing, _ in affected} | processes
        affected, processes = new, passed
