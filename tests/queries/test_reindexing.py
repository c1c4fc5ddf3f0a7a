"""Events from before there was an index become findable, whoever indexes them."""

import asyncio

from service.queries.reindexing import Reindexer
from tests.ledger.world import item, seen
from tests.queries.conftest import House, where

_FORGET = ("DELETE FROM event_terms", "DELETE FROM event_numbers", "INSERT INTO events_to_index SELECT seq FROM events")


async def _everything(house: House) -> tuple[list[object], list[object]]:
    rows = await house.execute("SELECT * FROM event_terms ORDER BY event")
    return [tuple(row) for row in rows], [
        tuple(row) for row in await house.execute("SELECT * FROM event_numbers ORDER BY 1, 2, 3")
    ]


def measured() -> dict[str, object]:
    reports = [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]
    return seen(sensorElementList=[{"sensorReport": reports}], **{"https://example.com/ns/rank": 3})


async def test_old_events_are_indexed_as_new_ones_are(house: House) -> None:
    thing = item()
    receipt = await house.capture(seen(thing), measured())
    before = await _everything(house)
    for statement in _FORGET:
        await house.execute(statement)
    assert await house.ids(where()) == []
    reindexer = Reindexer(house.database)
    assert await reindexer.step()
    assert not await reindexer.step()
    assert await _everything(house) == before
    assert await house.ask({"MATCH_epc": [thing]}) == [receipt.event_ids[0]]
    await house.execute(_FORGET[2])
    assert await reindexer.step()
    assert await _everything(house) == before, "indexing anew changes nothing"


async def test_many_workers_share_the_work_and_captures_go_on(house: House) -> None:
    for _ in range(3):
        await house.capture(*(seen() for _ in range(150)))
    for statement in _FORGET:
        await house.execute(statement)
    busy = [Reindexer(house.database).step() for _ in range(4)]
    results = await asyncio.gather(*busy, house.capture(seen()))
    assert any(results[:4])
    while await Reindexer(house.database).step():
        pass
    assert len(await house.ids(where())) == 451


async def test_an_event_that_cannot_be_read_any_more_is_found_by_its_columns(house: House) -> None:
    await house.capture(seen())
    await house.execute("UPDATE events SET document = '{}'")
    for statement in _FORGET:
        await house.execute(statement)
    assert await Reindexer(house.database).step()
    assert len(await house.ask({"eventType": ["ObjectEvent"]})) == 1
    assert await house.ask({"EQ_bizStep": ["inspecting"]}) == []
