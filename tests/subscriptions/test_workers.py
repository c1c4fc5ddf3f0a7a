"""Many workers, captures at the same time, receivers that fail, and `kill -9`: nothing missed, nothing doubled."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.subscriptions import leased, preparing
from tests.subscriptions.conftest import Room, eventually, seen
from tests.subscriptions.receiver import Deed, Handler, Receiver, hang_up, slowly

CHECKOUT = Path(__file__).resolve().parents[2]


class Workers:
    """Begins workers, each a process of its own, that are killed before the next begins."""

    def __init__(self, nest: "subprocess.Popen[str]") -> None:
        self._nest = nest
        self._worker = 0

    def begin(self) -> None:
        assert self._nest.stdin is not None
        assert self._nest.stdout is not None
        print(file=self._nest.stdin, flush=True)
        self._worker = int(self._nest.stdout.readline())

    def kill(self) -> None:
        """`kill -9`; returns when it is gone. Nothing if it is."""
        while self._worker:
            try:
                os.kill(self._worker, signal.SIGKILL)
            except ProcessLookupError:
                self._worker = 0
            time.sleep(0.002)


@pytest.fixture
def workers(room: Room) -> Iterator[Workers]:
    environment = {
        "TRAILSEAL_DATABASE_URL": room.settings.database_url,
        "TRAILSEAL_CONSORTIUM_SECRET": room.settings.consortium_secret.get_secret_value().hex(),
        "TRAILSEAL_KEY_ENCRYPTION_KEY": room.settings.key_encryption_key.get_secret_value().hex(),
        "TRAILSEAL_WEBHOOK_NETWORKS": "127.0.0.0/8",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "tests.subscriptions.worker"],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as nest:
        yield Workers(nest)
        os.killpg(nest.pid, signal.SIGKILL)


async def expire_leases(room: Room) -> None:
    """Time passes."""
    await room.rows("UPDATE subscriptions SET leased_until = now(), next_at = now()")


async def test_a_worker_killed_before_it_recorded_success_leaves_one_identical_resend(
    room: Room, receiver: Receiver, workers: Workers
) -> None:
    await room.subscribe(receiver.url, signatureToken="secret")
    caught = await room.capture(seen(), seen())
    killed = threading.Event()

    def take_and_kill(handler: Handler) -> None:
        with receiver.lock:
            receiver.taken.append(receiver.calls[-1])
        workers.kill()
        killed.set()
        hang_up(handler)

    receiver.deeds = [take_and_kill]
    workers.begin()
    await eventually(killed.is_set, 40)
    # So that a slow machine does not outlast it.
    await room.rows("UPDATE subscriptions SET leased_until = now() + interval '60 s' WHERE leased_until > now()")
    later = await room.capture(seen())
    await room.deliver()
    assert len(receiver.calls) == 1, "the dead worker's lease still holds"
    await expire_leases(room)
    await room.deliver()
    first, again, rest = receiver.taken
    assert (again.delivery, again.body) == (first.delivery, first.body)
    assert [event["eventID"] for event in first.events] == await room.ids(caught)
    assert rest.delivery != first.delivery
    assert [event["eventID"] for event in rest.events] == await room.ids(later)


async def test_a_lease_that_runs_out_while_a_worker_sends_does_no_harm(room: Room, receiver: Receiver) -> None:
    """Both send the same bytes under the same id; success is recorded once, and nothing is skipped."""
    await room.subscribe(receiver.url)
    caught = await room.capture(seen())
    slow, quick = room.deliverer(), room.deliverer()
    answer = threading.Event()
    receiver.deeds = [slowly(answer)]
    await slow.step()
    await eventually(lambda: len(receiver.calls) == 1)
    await expire_leases(room)
    later = await room.capture(seen())
    await room.deliver(quick)
    answer.set()
    await slow.finish()
    await room.deliver()
    assert receiver.calls[1].delivery == receiver.calls[0].delivery
    assert receiver.calls[0].body == receiver.calls[1].body
    distinct = {call.delivery: [event["eventID"] for event in call.events] for call in receiver.taken}
    assert [one for ids in distinct.values() for one in ids] == await room.ids(caught) + await room.ids(later)


async def test_an_attempt_that_takes_longer_than_a_lease_keeps_it(
    room: Room, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (leased, preparing):
        monkeypatch.setattr(module, "LEASE_SECONDS", 2.0)
    monkeypatch.setattr(leased, "RENEW_SECONDS", 0.3)
    await room.subscribe(receiver.url)
    await room.capture(seen())
    slow, other = room.deliverer(), room.deliverer()
    answer = threading.Event()
    receiver.deeds = [slowly(answer)]
    await slow.step()
    await eventually(lambda: len(receiver.calls) == 1)
    await asyncio.sleep(3)
    assert not await other.step(), "it was claimed though its worker lives"
    answer.set()
    await slow.finish()
    assert len(receiver.calls) == 1


@pytest.mark.slow
async def test_workers_share_the_subscriptions_and_send_each_event_once(room: Room, receiver: Receiver) -> None:
    for _ in range(12):
        await room.subscribe(receiver.url)
    workers = [room.deliverer() for _ in range(4)]
    stop = asyncio.Event()

    async def work(number: int) -> None:
        while not stop.is_set():
            if not await workers[number].step():
                await asyncio.sleep(0.01)

    async def capture() -> list[str]:
        ids = []
        for _ in range(15):
            ids += await room.ids(await room.capture(seen(), seen()))
        return ids

    working = [asyncio.create_task(work(number)) for number in range(4)]
    captured = [one for ids in await asyncio.gather(*(capture() for _ in range(4))) for one in ids]
    await eventually(lambda: len(receiver.ids) >= 12 * len(captured), 60)
    await asyncio.sleep(0.5)
    stop.set()
    await asyncio.gather(*working)
    assert Counter(receiver.ids) == Counter(dict.fromkeys(captured, 12))
    assert len({call.delivery for call in receiver.taken}) == len(receiver.taken)
    for subscription in await room.rows("SELECT id FROM subscriptions"):
        mine = [
            event["recordTime"]
            for call in receiver.taken
            if call.document["epcisBody"]["queryResults"]["subscriptionID"] == str(subscription[0])
            for event in call.events
        ]
        assert len(mine) == len(captured)


@pytest.mark.slow
async def test_receivers_that_fail_and_workers_that_die_lose_nothing(
    room: Room, receiver: Receiver, workers: Workers
) -> None:
    """Killed at any moment; receivers take, refuse and hang up as they like."""
    chance = random.Random(7)
    for _ in range(3):
        await room.subscribe(receiver.url)
    some: list[Deed] = [200, 200, 500, hang_up, 413]
    receiver.remembers = True
    receiver.deeds = [chance.choice(some) for _ in range(150)]
    captured: list[str] = []
    delivering, over = asyncio.Event(), asyncio.Event()

    async def capture() -> None:
        captured.extend(await room.ids(await room.capture(seen(), seen(), seen())))

    async def go_on_capturing() -> None:
        """While a worker delivers and is killed, not while it starts: that may take long."""
        while not over.is_set():
            await capture()
            await asyncio.sleep(0.02)
            await delivering.wait()

    async def die() -> None:
        for _ in range(6):
            await capture()
            workers.begin()
            before, enough = len(receiver.calls), chance.randint(1, 4)
            await eventually(lambda before=before: len(receiver.calls) > before, 40)  # type: ignore[misc]
            delivering.set()
            await eventually(lambda until=before + enough: len(receiver.calls) >= until, 40)  # type: ignore[misc]
            await asyncio.sleep(chance.uniform(0, 0.05))
            workers.kill()
            await expire_leases(room)
            delivering.clear()
        over.set()
        delivering.set()

    await asyncio.gather(go_on_capturing(), go_on_capturing(), die())
    await deliver_all(room, receiver)
    bodies = {call.delivery: call.body for call in receiver.calls}
    assert all(call.body == bodies[call.delivery] for call in receiver.calls)
    taken = {call.delivery: call for call in receiver.taken}
    once = Counter(event["eventID"] for call in taken.values() for event in call.events)
    assert once == Counter(dict.fromkeys(captured, 3))


async def deliver_all(room: Room, receiver: Receiver) -> None:
    """Ends pauses again and again, until after one nothing is sent: then the workers say that nothing is left."""
    before = -1
    while len(receiver.calls) > before:
        before = len(receiver.calls)
        await expire_leases(room)
        await room.deliver()
