"""What a subscription may ask for, and what is told of it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from service.parties.errors import PartyIsSuspended, ScopeMissing
from service.queries.errors import BadPageToken
from service.subscriptions import (
    Controls,
    QueryNotFound,
    SubscriptionControlsFault,
    SubscriptionNotFound,
    SubscriptionRequest,
    TooManyQueries,
    webhooks,
)
from tests.subscriptions.conftest import INSPECTIONS, Room
from tests.subscriptions.receiver import Receiver

DEST = "https://client.example.com/queryCallback"


def test_the_examples_of_the_openapi_are_understood() -> None:
    daily = {
        "dest": DEST,
        "signatureToken": "13df38d8275b13f05704629e5f1cf3d45d6132d5",
        "reportIfEmpty": True,
        "schedule": {"hour": "1", "minute": "5"},
    }
    read = SubscriptionRequest.read(daily)
    assert read.signature_token == daily["signatureToken"]
    assert read.controls.report_if_empty
    assert read.controls.schedule is not None
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert read.controls.schedule.following(noon) == datetime(2026, 3, 2, 1, 5, tzinfo=UTC)
    assert SubscriptionRequest.read({"dest": DEST, "stream": True}).controls == Controls()
    told = {"dest": DEST, "schedule": {"second": "0/30"}, "initialRecordTime": "2022-01-06T06:52:24.880Z"}
    assert SubscriptionRequest.read(told).controls.initial_record_time is not None
    assert SubscriptionRequest.read({"dest": DEST, "secret": "x", "stream": True}).signature_token == "x"


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        (None, ""),
        ([], ""),
        ({"dest": DEST}, ""),
        ({"dest": DEST, "stream": False}, ""),
        ({"dest": DEST, "stream": True, "schedule": {"hour": "1"}}, ""),
        ({"dest": DEST, "stream": True, "schedule": {}}, ""),
        ({"dest": DEST, "schedule": {}}, "/schedule"),
        ({"dest": DEST, "schedule": {"hour": "25"}}, "/schedule/hour"),
        ({"dest": DEST, "stream": "true"}, "/stream"),
        ({"dest": DEST, "stream": True, "reportIfEmpty": "no"}, "/reportIfEmpty"),
        ({"dest": DEST, "stream": True, "initialRecordTime": "yesterday"}, "/initialRecordTime"),
        ({"dest": DEST, "stream": True, "initialRecordTime": "2026-03-01T00:00:00"}, "/initialRecordTime"),
        ({"dest": DEST, "stream": True, "initialRecordTime": 5}, "/initialRecordTime"),
        ({"dest": DEST, "stream": True, "format": "text/csv"}, "/format"),
        ({"dest": DEST, "stream": True, "epcFormat": "Any"}, "/epcFormat"),
        ({"dest": DEST, "stream": True, "cbvXmlFormat": ["Always_URN"]}, "/cbvXmlFormat"),
        ({"stream": True}, "/dest"),
        ({"dest": "mailto:a@example.com", "stream": True}, "/dest"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(given: object, pointer: str) -> None:
    with pytest.raises(SubscriptionControlsFault) as refusal:
        SubscriptionRequest.read(given)
    assert refusal.value.extra["pointer"] == pointer


def test_headers_say_what_the_body_leaves_open() -> None:
    given = {"dest": DEST, "stream": True, "epcFormat": "Always_EPC_URN"}
    read = SubscriptionRequest.read(given, epc_format="Always_GS1_Digital_Link", media_type="application/xml")
    assert (read.controls.epc_format, read.controls.media_type) == ("Always_EPC_URN", "application/xml")


async def test_a_subscription_is_told_as_the_standard_has_it(room: Room, receiver: Receiver) -> None:
    made = await room.subscribe(receiver.url, schedule={"hour": 1, "minute": "5"}, reportIfEmpty=True)
    told: dict[str, Any] = made.told()
    assert told["subscriptionID"] == str(made.id)
    assert (told["dest"], told["queryName"]) == (receiver.url, "inspections")
    assert (told["schedule"], told["reportIfEmpty"]) == ({"hour": "1", "minute": "5"}, True)
    assert "stream" not in told
    assert datetime.fromisoformat(told["createdAt"]) == made.created_at
    assert told["initialRecordTime"] == told["minRecordTime"] == told["createdAt"]
    assert told["lastNotifiedAt"] is None
    assert (await room.subscriptions.read(room.acme, "inspections", made.id)) == made
    streaming = (await room.subscribe(receiver.url)).told()
    assert streaming["stream"] is True
    assert "schedule" not in streaming


async def test_subscriptions_are_their_partys_and_their_querys(room: Room, receiver: Receiver) -> None:
    made = await room.subscribe(receiver.url)
    await room.queries.create(room.acme, "other", INSPECTIONS)
    with pytest.raises(SubscriptionNotFound):
        await room.subscriptions.read(room.acme, "other", made.id)
    with pytest.raises(QueryNotFound):
        await room.subscriptions.read(room.bolt, "inspections", made.id)
    await room.queries.create(room.bolt, "inspections", INSPECTIONS)
    with pytest.raises(SubscriptionNotFound):
        await room.subscriptions.delete(room.bolt, "inspections", made.id)
    request = SubscriptionRequest(receiver.url, Controls())
    with pytest.raises(QueryNotFound):
        await room.subscriptions.create(room.acme, "none", request)


async def test_pages_show_each_subscription_once(room: Room, receiver: Receiver) -> None:
    made = {(await room.subscribe(receiver.url)).id for _ in range(7)}
    await room.subscribe(receiver.url, caller=room.bolt)
    shown = []
    token = None
    while True:
        page = await room.subscriptions.list(room.acme, "inspections", limit=3, token=token)
        shown += [one.id for one in page.subscriptions]
        token = page.following
        if token is None:
            break
        with pytest.raises(BadPageToken):
            await room.subscriptions.list(room.bolt, "inspections", limit=3, token=token)
    assert len(shown) == 7
    assert set(shown) == made


async def test_who_may_not_write_subscribes_to_nothing(room: Room, receiver: Receiver) -> None:
    await room.queries.create(room.acme, "inspections", INSPECTIONS)
    request = SubscriptionRequest(receiver.url, Controls())
    for scopes in (frozenset({"trails:read"}), frozenset({"subscriptions:write"})):
        with pytest.raises(ScopeMissing):
            await room.subscriptions.create(replace(room.acme, scopes=scopes), "inspections", request)
    with pytest.raises(PartyIsSuspended):
        await room.subscriptions.create(replace(room.acme, suspended=True), "inspections", request)


async def test_there_is_an_end_to_subscribing(room: Room, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MOST", 2)
    await room.subscribe(receiver.url)
    await room.subscribe(receiver.url)
    with pytest.raises(TooManyQueries):
        await room.subscribe(receiver.url)
