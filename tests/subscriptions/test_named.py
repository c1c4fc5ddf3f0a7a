from typing import Any

import pytest

from service.epcis.query.faults import QueryParameterFault, QueryValidationFault
from service.parties.errors import PartyIsSuspended, ScopeMissing
from service.queries.errors import BadPageToken
from service.subscriptions import BadQueryName, NameTaken, QueryNotFound, ReservedName, SubscriptionNotFound
from tests.subscriptions.conftest import INSPECTIONS, Room
from tests.subscriptions.receiver import Receiver

PARAMETERS = {
    "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://example.org/"}],
    "EQ_bizStep": ["shipping", "receiving"],
    "eventType": ["ObjectEvent"],
    "EQ_ex:colour": ["r\u00f6t"],
}


async def test_a_query_is_kept_as_it_was_given(room: Room) -> None:
    made = await room.queries.create(room.acme, "shipments", PARAMETERS)
    assert (made.name, made.parameters) == ("shipments", PARAMETERS)
    assert await room.queries.read(room.acme, "shipments") == made
    assert len(made.query.conditions) == 3


async def test_names_are_the_partys_own(room: Room) -> None:
    await room.queries.create(room.acme, "shipments", PARAMETERS)
    with pytest.raises(QueryNotFound):
        await room.queries.read(room.bolt, "shipments")
    with pytest.raises(QueryNotFound):
        await room.queries.delete(room.bolt, "shipments")
    await room.queries.create(room.bolt, "shipments", INSPECTIONS)
    assert (await room.queries.read(room.acme, "shipments")).parameters == PARAMETERS
    with pytest.raises(NameTaken) as refusal:
        await room.queries.create(room.acme, "shipments", INSPECTIONS)
    assert refusal.value.status == 409


@pytest.mark.parametrize("name", ["SimpleEventQuery", "SimpleMasterDataQuery"])
async def test_names_of_epcis_itself_are_taken(room: Room, name: str) -> None:
    with pytest.raises(ReservedName) as refusal:
        await room.queries.create(room.acme, name, INSPECTIONS)
    assert refusal.value.status == 409


@pytest.mark.parametrize("name", ["", "a/b", "a b", "ä", "a" * 129, ".", "..", "-a", "a\0", "a\n", "a?b", "a%2Fb"])
async def test_names_that_no_path_can_hold_are_refused(room: Room, name: str) -> None:
    with pytest.raises(BadQueryName):
        await room.queries.create(room.acme, name, INSPECTIONS)
    with pytest.raises(QueryNotFound):
        await room.queries.read(room.acme, name)
    with pytest.raises(QueryNotFound):
        await room.queries.delete(room.acme, name)


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"EQ_nonsense": "1"}, QueryParameterFault),
        ({"GE_quantity": float("nan")}, QueryValidationFault),
        ({"EQ_bizStep": ["x" * 1000] * 66}, QueryValidationFault),
        ({"EQ_bizStep": object()}, QueryValidationFault),
    ],
)
async def test_a_faulty_query_is_refused_when_it_is_made(
    room: Room, parameters: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        await room.queries.create(room.acme, "shipments", parameters)
    assert (await room.queries.list(room.acme, limit=10)).queries == ()


async def test_pages_show_each_query_once_in_the_order_of_names(room: Room) -> None:
    names = ["b", "a", "B", "a.1", "a-1", "_", "10", "9"]
    for name in names:
        await room.queries.create(room.acme, name, INSPECTIONS)
    await room.queries.create(room.bolt, "another", INSPECTIONS)
    shown: list[str] = []
    token = None
    while True:
        page = await room.queries.list(room.acme, limit=3, token=token)
        shown += [query.name for query in page.queries]
        token = page.following
        if token is None:
            break
        with pytest.raises(BadPageToken):
            await room.queries.list(room.bolt, limit=3, token=token)
    assert shown == sorted(names)
    for token in ("", "x", "\xff", "W10", "e30", "a" * 10_000):
        with pytest.raises(BadPageToken):
            await room.queries.list(room.acme, limit=3, token=token)


async def test_who_may_only_read_keeps_nothing(room: Room) -> None:
    reader = _with(room, scopes=frozenset({"trails:read"}))
    with pytest.raises(ScopeMissing):
        await room.queries.create(reader, "mine", INSPECTIONS)
    with pytest.raises(ScopeMissing):
        await room.queries.delete(reader, "mine")
    await room.queries.create(room.acme, "mine", INSPECTIONS)
    assert (await room.queries.read(reader, "mine")).name == "mine"
    with pytest.raises(PartyIsSuspended):
        await room.queries.create(_with(room, suspended=True), "more", INSPECTIONS)


async def test_deleting_a_query_ends_its_subscriptions(room: Room, receiver: Receiver) -> None:
    await room.queries.create(room.acme, "other", INSPECTIONS)
    kept = await room.queries.create(room.acme, "inspections", INSPECTIONS)
    subscribed = await room.subscribe(receiver.url)
    receiver.usual = 500
    await room.capture()
    await room.deliver()
    assert await room.rows("SELECT 1 FROM deliveries")
    await room.queries.delete(room.acme, "inspections")
    with pytest.raises(QueryNotFound):
        await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    with pytest.raises(QueryNotFound):
        await room.queries.delete(room.acme, "inspections")
    assert await room.rows("SELECT FROM subscriptions UNION ALL SELECT FROM deliveries") == []
    again = await room.queries.create(room.acme, "inspections", INSPECTIONS)
    assert again.id != kept.id
    with pytest.raises(SubscriptionNotFound):
        await room.subscriptions.read(room.acme, "inspections", subscribed.id)
    assert [query.name for query in (await room.queries.list(room.acme, limit=10)).queries] == ["inspections", "other"]


def _with(room: Room, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(room.acme, **changes)
