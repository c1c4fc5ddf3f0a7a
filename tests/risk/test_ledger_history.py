"""Training on the consortium's own history: what is sealed and delivered, as who may see it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from ml.datasets.cargo2000 import read
from ml.datasets.table import numbered, write
from ml.shipment import late
from service.risk import ledger_history
from service.risk.errors import NotEnoughHistory
from service.risk.ledger_history import Reader, enough, history, lag
from tests.risk.desk import Desk, desk_over
from tests.risk.story import events_of, follow, story, tell

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
    assert [late(told.shipment) for told in found] == [late(one) for one in shipments[:4]]
    assert [told.shipment.inbound for told in found] == [one.inbound for one in shipments[:4]]
    seen = [told async for told in history(desk.database, Reader.of(desk.bolt))]
    assert len(seen) == 1
    assert [told async for told in history(desk.database, Reader.of(desk.stranger))] == []
    with pytest.raises(NotEnoughHistory, match=r"there are 4, .* Of 5 shipments booked, 5 have a plan"):
        await enough(desk.database, Reader())


async def test_training_looks_back_no_nearer_than_outcomes_were_known(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_history, "LEAST", 4)
    monkeypatch.setattr(ledger_history, "LEAST_OF_A_KIND", 0)
    for one in story(12):
        await tell(desk, events_of(one))
    await desk.rows(SEAL)
    await follow(desk)
    found = await enough(desk.database, Reader())
    nearest = lag(found)
    for at, told in enumerate(found):
        after = found[at + nearest :]
        assert all(other.shipment.booked and other.shipment.booked >= told.known_at for other in after)
    assert nearest > 1
    assert found[-1].known_at - found[0].known_at < timedelta(days=60)


def test_a_table_of_any_shipments_is_read_back(tmp_path: Path) -> None:
    shipments = list(numbered(story(20)))
    write(tmp_path / "table.csv", shipments)
    assert read(tmp_path / "table.csv") == shipments
