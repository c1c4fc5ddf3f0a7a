"""Training on the consortium's own history: what is sealed and delivered, as who may see it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from ml.datasets.cargo2000 import read
from ml.datasets.table import numbered, write
from ml.lanes import as_of
from ml.shipment import effective_end, late
from service.risk import ledger_history
from service.risk.errors import NotEnoughHistory
from service.risk.ledger_history import Reader, enough, history
from tests.risk.desk import Desk, desk_over
from tests.risk.story import LATER, events_of, follow, story, tell

SEAL = (
    'INSERT INTO ledger_entries (block, log, trail, party, part, seal, "to", step, time, head)'
    " SELECT 1, row_number() OVER (), mentions.trail, events.party, mentions.part, events.seal, events.party, 0, 0,"
    " events.seal FROM events JOIN mentions ON mentions.event = events.seq"
)
"""As if the chain had everything that was captured so far."""


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    async with desk_over(database_url) as made:
        yield made


async def test_only_what_is_sealed_and_visible_teaches(desk: Desk) -> None:
    shipments = story(5)
    for one in shipments[:3]:
        await tell(desk, events_of(one))
    await tell(desk, events_of(shipments[3]), caller=desk.bolt)
    await desk.rows(SEAL)
    await tell(desk, events_of(shipments[4]))
    await follow(desk)
    found = [told async for told in history(desk.database, Reader())]
    assert [late(told) for told in found] == [late(one) for one in shipments[:4]]
    assert [told.inbound for told in found] == [one.inbound for one in shipments[:4]]
    seen = [told async for told in history(desk.database, Reader.of(desk.bolt))]
    assert len(seen) == 1
    assert [told async for told in history(desk.database, Reader.of(desk.stranger))] == []
    with pytest.raises(NotEnoughHistory, match=r"there are 4, .* Of 5 shipments booked, 5 have a plan"):
        await enough(desk.database, Reader())


async def test_training_knows_of_others_what_was_known_at_the_booking(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ledger_history, "LEAST", 4)
    monkeypatch.setattr(ledger_history, "LEAST_OF_A_KIND", 0)
    for one in story(40):
        await tell(desk, events_of(one))
    await desk.rows(SEAL)
    await follow(desk)
    write(tmp_path / "table.csv", numbered(await enough(desk.database, Reader())))
    seen = []
    found = read(tmp_path / "table.csv")
    for shipment, rates in as_of(found, lag=1):
        known = [one for one in found if one.known and shipment.booked and one.known <= shipment.booked]
        assert (rates.total.seen, rates.total.late) == (len(known), sum(bool(late(one)) for one in known))
        seen.append(len(known))
    assert 0 < seen[-1] < len(found) - 1


async def test_what_was_brought_in_later_counts_from_its_delivery(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_history, "LEAST", 2)
    monkeypatch.setattr(ledger_history, "LEAST_OF_A_KIND", 0)
    at_once, brought = story(2)
    await tell(desk, events_of(at_once)[:-1])
    await tell(desk, events_of(at_once)[-1:], recorded=LATER)
    await tell(desk, events_of(brought), recorded=LATER)
    await desk.rows(SEAL)
    await follow(desk)
    found = await enough(desk.database, Reader())
    ends = [one.booked + timedelta(minutes=effective_end(one) or 0) for one in found if one.booked]
    assert [one.known for one in found] == [LATER, ends[1]]


async def test_one_delivery_too_few_is_told_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_history, "LEAST", 4)
    monkeypatch.setattr(ledger_history, "LEAST_OF_A_KIND", 1)
    for one in story(3):
        await tell(desk, events_of(one))
    await desk.rows(SEAL)
    await follow(desk)
    words = (
        r"takes 4 sealed deliveries, .*there are 3, \d of them late.*are not sealed as a whole\. Until there are more"
    )
    with pytest.raises(NotEnoughHistory, match=words):
        await enough(desk.database, Reader())


def test_a_table_of_any_shipments_is_read_back(tmp_path: Path) -> None:
    shipments = list(numbered(story(20)))
    write(tmp_path / "table.csv", shipments)
    found = read(tmp_path / "table.csv")
    assert found == shipments
    assert [one.booked for one in found] == [one.booked for one in shipments]
