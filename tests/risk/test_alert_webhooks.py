"""Alerts reach their receiver signed, in order, each once by its id, whatever the receiver does."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Iterator

import pytest

from service.risk.policies import Policies, Policy, Webhook
from service.risk.telling import AlertSender
from tests.risk.desk import Desk, at, desk_over
from tests.subscriptions.receiver import Receiver, hang_up, receiving, silent


@pytest.fixture(name="desk")
async def running(database_url: str) -> AsyncIterator[Desk]:
    async with desk_over(database_url) as made:
        yield made


@pytest.fixture(name="receiver")
def listening() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


async def alert(desk: Desk, count: int = 1) -> None:
    await desk.score(dict.fromkeys(await desk.book(count), 0.9), at(23.9))


async def want(desk: Desk, url: str | None, token: str | None = None) -> None:
    hook = None if url is None else Webhook(url, token)
    await Policies(desk.database, desk.settings).put(desk.analyst, Policy(alerts=True, inspection=0, webhook=hook))


async def send(desk: Desk, *senders: AlertSender) -> None:
    """Until nothing is due."""
    working = senders or (AlertSender(desk.database, desk.settings, chance=lambda: 1.0, total_seconds=0.5),)
    while any(await asyncio.gather(*(sender.step() for sender in working))):
        await asyncio.gather(*(sender.finish() for sender in working))
    for sender in working if not senders else ():
        await sender.close()


async def hurry(desk: Desk) -> None:
    await desk.rows("UPDATE alert_hooks SET next_at = now() - interval '1 hour'")


async def test_alerts_are_sent_in_order_signed_and_again_until_they_are_taken(desk: Desk, receiver: Receiver) -> None:
    await alert(desk)
    await want(desk, receiver.url, "s3cret")
    await alert(desk, 3)
    receiver.deeds = [500, hang_up, 302, silent(2)]
    for _ in range(5):
        await send(desk)
        await hurry(desk)
    due = [str(row[0]) for row in await desk.rows("SELECT id FROM alerts ORDER BY seq")]
    assert [one.document["alertID"] for one in receiver.taken] == due
    assert [one.delivery for one in receiver.taken] == due
    assert len({call.body for call in receiver.calls[:5]}) == 1
    for call in receiver.taken:
        time, given = (part.partition("=")[2] for part in call.headers["gs1-signature"].split(","))
        signed = b"%s.%s." % (time.encode(), call.delivery.encode()) + call.body
        assert hmac.compare_digest(given, hmac.new(b"s3cret", signed, "sha256").hexdigest())
    told = (await Policies(desk.database, desk.settings).read(desk.analyst))["webhook"]
    assert (told["state"], told["failures"], told["fault"]) == ("active", 0, None)


async def test_what_was_alerted_before_the_webhook_was_set_is_not_sent(desk: Desk, receiver: Receiver) -> None:
    await want(desk, None)
    await alert(desk)
    await want(desk, receiver.url)
    await send(desk)
    assert receiver.calls == []


async def test_two_senders_send_each_alert_once(desk: Desk, receiver: Receiver) -> None:
    await want(desk, receiver.url)
    await alert(desk, 6)
    senders = [AlertSender(desk.database, desk.settings) for _ in range(3)]
    await send(desk, *senders)
    for sender in senders:
        await sender.close()
    assert len(receiver.calls) == len({call.delivery for call in receiver.calls}) == 6


async def test_a_sender_that_dies_after_sending_sends_the_same_under_the_same_id(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.store import alert_hooks

    async def die(*_: object) -> None:
        raise RuntimeError("killed")

    await want(desk, receiver.url)
    await alert(desk)
    with monkeypatch.context() as patched:
        patched.setattr(alert_hooks, "taken", die)
        await send(desk)
    await desk.rows("UPDATE alert_hooks SET leased_until = now() - interval '1 s'")
    await hurry(desk)
    await send(desk)
    first, second = receiver.calls
    assert (first.delivery, first.body) == (second.delivery, second.body)


async def test_a_receiver_that_is_gone_is_left_alone_and_one_that_hangs_holds_nobody_up(
    desk: Desk, receiver: Receiver
) -> None:
    policies = Policies(desk.database, desk.settings)
    with receiving() as hanging:
        hanging.usual = silent(5)
        await want(desk, receiver.url)
        hook = Policy(alerts=True, inspection=0, webhook=Webhook(hanging.url))
        await policies.put(desk.acme, hook)
        await alert(desk, 2)
        await asyncio.wait_for(send(desk), 8)
    assert len(receiver.taken) == 2
    assert (await policies.read(desk.acme))["webhook"]["failures"] == 1
    receiver.usual = 410
    await alert(desk)
    await send(desk)
    assert (await policies.read(desk.analyst))["webhook"]["state"] == "ended"


async def test_who_may_not_see_the_shipment_any_more_is_sent_nothing_of_it(desk: Desk, receiver: Receiver) -> None:
    await want(desk, receiver.url)
    await alert(desk, 2)
    await desk.rows("DELETE FROM grants")
    await send(desk)
    assert receiver.calls == []
