"""A watchlist finds the shipments that its party sees by unit, party, place and lane, and tells nobody else of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.risk import errors
from service.risk.policies import Policies, Policy
from service.risk.routes import route
from service.risk.watchlists import Watchlists
from tests.risk.desk import Desk, at, desk_over

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["trailseal:plan", "trailseal:leg", "trailseal:milestone", "trailseal:place"]), inner
        )
    ),
    max_leaves=12,
)


@pytest.fixture(name="desk")
async def running(database_url: str) -> AsyncIterator[Desk]:
    async with desk_over(database_url) as made:
        yield made


async def scored(desk: Desk, count: int, caller: Any = None) -> list[bytes]:
    """Booked shipments with a latest score, the first the likeliest to be late."""
    trails = await desk.book(count, caller)
    rows = await desk.score({trail: 0.9 - 0.01 * place for place, trail in enumerate(trails)}, at(12))
    for trail, row in rows.items():
        latest = (
            "INSERT INTO shipment_scores (booking, trail, assessment, as_of, probability, band, rank, codes, overrun,"
            " under_way) SELECT event, trail, :id, :as_of, :chance, 'low', :chance, '{}', false, true FROM shipments"
            " WHERE trail = :trail"
        )
        await desk.rows(latest, id=row.id, as_of=row.as_of, chance=row.probability, trail=trail)
    return trails


async def on(desk: Desk, watchlist: dict[str, Any], caller: Any = None) -> list[str]:
    lists = Watchlists(desk.database, desk.settings)
    found, _ = await lists.shipments(caller or desk.analyst, UUID(watchlist["watchlistID"]), None, 100)
    return [one["shipment"] for one in found]


async def route_of(desk: Desk, trail: bytes) -> Any:
    return (await desk.rows("SELECT hub, destination, places, ways FROM routes WHERE trail = :trail", trail=trail))[0]


async def test_each_kind_of_entry_finds_its_shipments(desk: Desk) -> None:
    await Policies(desk.database, desk.settings).put(desk.analyst, Policy(alerts=True))
    trails = await scored(desk, 4)
    others = await scored(desk, 2, desk.bolt)
    lists = Watchlists(desk.database, desk.settings)
    units = [desk.units[trail] for trail in trails]
    hub, destination, places, ways = await route_of(desk, trails[0])
    assert f"{hub}>{destination}" in ways
    every = {trail: await route_of(desk, trail) for trail in [*trails, *others]}
    one = await lists.create(desk.analyst, "one", 1, [{"kind": "shipment", "value": units[2]}])
    bolts = await lists.create(desk.analyst, "bolt", 1, [{"kind": "party", "value": desk.bolt.identifier}])
    place = await lists.create(desk.analyst, "place", 1, [{"kind": "place", "value": places[0]}])
    lane = await lists.create(desk.analyst, "lane", 1, [{"kind": "lane", "value": hub, "until": destination}])
    back = await lists.create(desk.analyst, "back", 1, [{"kind": "lane", "value": destination, "until": hub}])
    assert await on(desk, one) == [units[2]]
    assert await on(desk, bolts) == [desk.units[trail] for trail in others]
    assert set(await on(desk, place)) == {desk.units[trail] for trail, row in every.items() if places[0] in row[2]}
    assert set(await on(desk, lane)) == {
        desk.units[trail] for trail, row in every.items() if f"{hub}>{destination}" in row[3]
    }
    assert set(await on(desk, back)) == {
        desk.units[trail] for trail, row in every.items() if f"{destination}>{hub}" in row[3]
    }
    assert await on(desk, await lists.create(desk.acme, "bolt", 1, bolts["entries"]), desk.acme) == []


async def test_pages_are_whole_and_bands_are_the_callers_own(desk: Desk) -> None:
    trails = await scored(desk, 5)
    lists = Watchlists(desk.database, desk.settings)
    entries = [{"kind": "shipment", "value": desk.units[trail]} for trail in trails]
    made = await lists.create(desk.analyst, "all", 1, entries)
    found, place = [], None
    while True:
        page, place = await lists.shipments(desk.analyst, UUID(made["watchlistID"]), place, 2)
        found += page
        if place is None:
            break
    assert [one["shipment"] for one in found] == [desk.units[trail] for trail in trails]
    assert {one["band"] for one in found} == {"low"}
    await Policies(desk.database, desk.settings).put(desk.analyst, Policy())
    page, _ = await lists.shipments(desk.analyst, UUID(made["watchlistID"]), None, 5)
    assert {one["band"] for one in page} == {"high"}


async def test_lists_are_private_and_names_are_ones_own(desk: Desk) -> None:
    lists = Watchlists(desk.database, desk.settings)
    mine = await lists.create(desk.analyst, "mine", 2, [], idempotency_key="k")
    assert await lists.create(desk.analyst, "mine", 2, [], idempotency_key="k") == mine
    with pytest.raises(errors.WorkKeyReused):
        await lists.create(desk.analyst, "other", 2, [], idempotency_key="k")
    with pytest.raises(errors.WatchlistNameTaken):
        await lists.create(desk.analyst, "mine", 1, [])
    await lists.create(desk.acme, "mine", 1, [])
    for unknown in (UUID(mine["watchlistID"]), uuid4()):
        for refused in (
            lists.read(desk.acme, unknown),
            lists.put(desk.acme, unknown, "x", 1, []),
            lists.delete(desk.acme, unknown),
            lists.shipments(desk.acme, unknown, None, 5),
        ):
            with pytest.raises(errors.WatchlistNotFound):
                await refused
    other = await lists.create(desk.analyst, "other", 1, [])
    with pytest.raises(errors.WatchlistNameTaken):
        await lists.put(desk.analyst, UUID(other["watchlistID"]), "mine", 1, [])
    page, after = await lists.listed(desk.analyst, None, 1)
    assert [*page, *(await lists.listed(desk.analyst, after, 5))[0]] == [mine, other]
    await lists.delete(desk.analyst, UUID(mine["watchlistID"]))
    assert (await lists.listed(desk.analyst, None, 5))[0] == [other]


async def test_two_at_once_make_one_list_of_a_name(desk: Desk) -> None:
    lists = Watchlists(desk.database, desk.settings)
    made = await asyncio.gather(*(lists.create(desk.analyst, "one", 1, []) for _ in range(4)), return_exceptions=True)
    assert sum(isinstance(one, dict) for one in made) == 1
    assert sum(isinstance(one, errors.WatchlistNameTaken) for one in made) == 3


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "lane", "value": "https://id.gs1.org/414/9521321002568"},
        {"kind": "place", "value": "https://id.gs1.org/414/9521321002568", "until": "https://example.org/x"},
        {"kind": "shipment", "value": "no identifier"},
        {"kind": "party", "value": "https://id.gs1.org/414/9521321002568"},
        {"kind": "place", "value": "https://example.org/\0"},
    ],
)
async def test_what_names_nothing_is_refused(desk: Desk, entry: dict[str, Any]) -> None:
    with pytest.raises(errors.BadWatchlist):
        await Watchlists(desk.database, desk.settings).create(desk.analyst, "odd", 1, [entry])


async def test_erasing_a_booking_takes_its_route_along(desk: Desk) -> None:
    (trail,) = await scored(desk, 1)
    await desk.rows("DELETE FROM shipments WHERE trail = :trail", trail=trail)
    assert await desk.rows("SELECT FROM routes WHERE trail = :trail", trail=trail) == []


@given(JSON)
def test_whatever_a_booking_says_has_a_route(told: Any) -> None:
    found = route(orjson.dumps({"trailseal:plan": told}))
    assert len(found.places) <= 1600


def test_a_route_without_a_document_leads_nowhere() -> None:
    assert route(None).places == route(b"\xff").ways == route(b"[]").places == []
