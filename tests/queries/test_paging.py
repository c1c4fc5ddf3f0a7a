"""Pages of a query: in order, each event once, whatever is captured between them; and tokens that are no good."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.epcis.query.conditions import OneOf
from service.parties.errors import ScopeMissing
from service.queries import BadPageToken, QueryTooLarge
from service.queries.tokens import Onward, onward_of, token_of
from service.store import queries as store
from service.store.queries import Place
from tests.ledger.world import seen
from tests.queries.conftest import House, where

WAYS = [(None, False), ("eventTime", True), ("eventTime", False), ("recordTime", True), ("recordTime", False)]


@pytest.fixture(params=["gathered", "walked"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of taking a page; walks so short that what lies beyond them is needed."""
    if request.param == "walked":
        monkeypatch.setattr(store, "FEW", -1)
        monkeypatch.setattr(store, "_STEPS", 3)
        monkeypatch.setattr(store, "_STEPS_PER_ROW", 1)
    return str(request.param)


def at(number: int, **members: Any) -> dict[str, Any]:
    """An event every two months, two of them at the same time."""
    told = f"20{20 + number // 12}-{number % 12 // 2 * 2 + 1:02d}-01T00:00:00.000Z"
    return seen(eventID=f"urn:uuid:00000000-0000-4000-8000-{number:012d}", eventTime=told, **members)


def number_of(event_id: str) -> int:
    return int(event_id[-12:])


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("order", "ascending"), WAYS)
async def test_every_page_size_gives_the_same_events_in_order(house: House, order: str | None, ascending: bool) -> None:
    for start in (20, 0, 10):
        steps = {True: "shipping", False: "storing"}
        await house.capture(*(at(number, bizStep=steps[number % 3 > 0]) for number in range(start, start + 10)))
    for conditions in ((), (OneOf("biz_step", ("shipping",)),), (OneOf("biz_step", ("storing",)),)):
        query = where(*conditions, order=order, ascending=ascending)
        whole = [number_of(one) for one in await house.ids(query)]
        recorded = [*range(20, 30), *range(10), *range(10, 20)]
        wanted = [number for number in recorded if not conditions or (number % 3 > 0) == ("shipping" in str(query))]
        place = {number: place for place, number in enumerate(recorded)}
        if order == "eventTime":
            wanted.sort(key=lambda number: (number // 2, place[number]), reverse=not ascending)
        elif order and not ascending:
            wanted.reverse()
        assert whole == wanted
        for by in (house.auditor, house.acme):
            for size in (1, 4, 30):
                assert [number_of(one) for one in await house.ids(query, by, size)] == whole


@pytest.mark.usefixtures("way")
async def test_an_extension_field_orders_texts_before_numbers_and_what_lacks_it_last(house: House) -> None:
    values: list[Any] = ["b", 10, None, "a", 9.5, None, "B", -3, "a"]
    extra = [{} if value is None else {"https://example.com/ns/rank": value} for value in values]
    await house.capture(*(at(number, **one) for number, one in enumerate(extra)))
    for size in (1, 2, 100):
        up = await house.ids(where(order="httpsexample.comnsrank", ascending=True), page=size)
        down = await house.ids(where(order="httpsexample.comnsrank"), page=size)
        found = [number_of(one) for one in up]
        texts, numbers, lacking = found[:4], found[4:7], found[7:]
        assert (numbers, lacking) == ([7, 4, 1], [2, 5])
        assert [texts.index(3) + 1, set(texts)] == [texts.index(8), {0, 3, 6, 8}]
        assert [number_of(one) for one in down] == [*reversed(found[:7]), 5, 2]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("order", "ascending"), WAYS)
async def test_what_is_captured_between_pages_neither_repeats_nor_hides_others(
    house: House, order: str | None, ascending: bool
) -> None:
    await house.capture(*(at(number, bizStep="storing") for number in range(0, 24, 2)))
    query = where(OneOf("biz_step", ("storing",)), order=order, ascending=ascending)
    before = await house.ids(query, house.acme)
    found: list[str] = []
    token = None
    for number in range(1, 100, 2):
        page = await house.queries.events(house.acme, query, limit=2, token=token)
        found += [event.event_id for event in page.events]
        token = page.following
        if token is None:
            break
        await house.capture(at(number, bizStep="storing"))
    assert len(set(found)) == len(found)
    assert [one for one in found if one in before] == before


@pytest.mark.usefixtures("way")
async def test_only_so_many_over_all_pages(house: House) -> None:
    await house.capture(*(at(number) for number in range(9)))
    for size in (1, 2, 3, 5, 9, 20):
        for first in (1, 4, 9, 12):
            query = where(order="eventTime", first=first)
            assert await house.ids(query, house.acme, size) == (await house.ids(where(order="eventTime")))[:first]


@pytest.mark.usefixtures("way")
async def test_a_query_that_finds_more_than_its_most_is_refused(house: House) -> None:
    await house.capture(*(at(number, bizStep="storing") for number in range(5)), at(9, bizStep="shipping"))
    stored = OneOf("biz_step", ("storing",))
    for most in (5, 6):
        for by in (house.acme, house.auditor):
            assert len(await house.ids(where(stored, most=most), by, page=2)) == 5
    for most in (0, 4):
        with pytest.raises(QueryTooLarge, match=f"more than {most} events match") as refusal:
            await house.queries.events(house.acme, where(stored, most=most), limit=2)
        assert refusal.value.status == 413
    assert await house.ids(where(stored, most=0), house.bolt) == [], "what bolt does not see does not count"


async def test_a_token_is_good_for_its_own_query_and_party_only(house: House) -> None:
    await house.capture(*(at(number) for number in range(4)))
    query = where(order="eventTime")
    token = (await house.queries.events(house.acme, query, limit=1)).following
    assert token is not None
    assert (await house.queries.events(house.acme, query, limit=1, token=token)).events
    misuses: list[tuple[Any, Any, str]] = [
        (house.acme, where(order="recordTime"), token),
        (house.acme, where(OneOf("action", ("OBSERVE",)), order="eventTime"), token),
        (house.bolt, query, token),
        (house.acme, query, token[:-4]),
        (house.acme, query, ""),
        (house.acme, query, "ä\0?"),
        (house.acme, query, "A" * 100_000),
        (house.acme, query, "bnVsbA"),
        (house.acme, query, "W10"),
    ]
    for by, asked, sent in misuses:
        with pytest.raises(BadPageToken):
            await house.queries.events(by, asked, limit=1, token=sent)


async def test_reading_needs_its_scope(house: House) -> None:
    bare = replace(house.acme, scopes=frozenset())
    with pytest.raises(ScopeMissing):
        await house.queries.events(bare, where(), limit=1)
    with pytest.raises(ScopeMissing):
        await house.queries.event(bare, "urn:uuid:0")
    with pytest.raises(ScopeMissing):
        await house.queries.values(bare, "epcs", limit=1)
    with pytest.raises(ScopeMissing):
        await house.queries.knows(bare, "epcs", "urn:uuid:0")


@given(
    st.one_of(
        st.datetimes(timezones=st.just(UTC)),
        st.none(),
        st.floats(allow_nan=False, allow_infinity=False).map(str),
        st.sampled_from(['"text"', '"\\"quoted\\""']),
    ),
    st.integers(0, 2**62 - 1),
    st.integers(0, 2**31),
)
def test_tokens_come_back_as_they_were_given(key: datetime | str | None, event: int, before: int) -> None:
    onward = Onward(Place(key, event), before)
    token = token_of("0123456789abcdef", onward)
    assert token.isascii()
    assert not set("+/=&?#% ") & set(token)
    assert onward_of(token, "0123456789abcdef") == onward
    with pytest.raises(BadPageToken):
        onward_of(token, "0123456789abcde0")


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.hex()))
def test_no_text_is_taken_for_a_token_by_chance(text: str) -> None:
    with pytest.raises(BadPageToken):
        onward_of(text, "0123456789abcdef")
