"""Fills a database of the embedded PostgreSQL with a store of so many events, as fast as COPY can."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import get_context

from sqlalchemy import text

from bench.query_load import Told, hierarchy, told
from service.epcis.identifiers import canonical
from service.store.database import Database, copy
from service.store.indexing import span_terms
from service.store.migrate import migrate

CHUNK = 5_000
_TABLES = ("events", "captures", "event_terms", "event_numbers", "event_parties")
_DROPPED = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE conrelid::regclass::text = ANY(:tables) AND contype IN ('p', 'u')
    UNION ALL
    SELECT format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index WHERE indrelid::regclass::text = ANY(:tables)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_VALUES = """
    INSERT INTO party_values SELECT DISTINCT seen.party, seen.by_trail, named.field, named.value
    FROM event_parties AS seen JOIN events ON events.seq = seen.event CROSS JOIN LATERAL (VALUES
     ('event_type', event_type), ('biz_step', biz_step), ('disposition', disposition), ('read_point', read_point),
     ('biz_location', biz_location)) AS named (field, value) WHERE named.value IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Filling:
    """A store that is to be filled."""

    url: str
    size: int


async def build(filling: Filling, processes: int) -> None:
    """Makes the tables, fills them without their indexes, and then makes the same indexes."""
    await migrate(filling.url)
    database = Database(filling.url, 2)
    async with database.session() as session:
        dropped = (await session.execute(text(_DROPPED), {"tables": list(_TABLES)})).all()
        for drop, _ in dropped:
            await session.execute(text(drop))
    chunks = [(filling, start) for start in range(1, filling.size + 1, CHUNK)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        await asyncio.gather(*(asyncio.get_running_loop().run_in_executor(pool, fill, *chunk) for chunk in chunks))
    async with database.session() as session:
        await session.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        for _, make in dropped:
            await session.execute(text(make))
        await copy(session, "vocabulary_children", ("owner", "vocabulary", "parent", "child"), list(hierarchy()))
        await session.execute(text(_VALUES))
        statement = text("SELECT setval(pg_get_serial_sequence('events', 'seq'), :size)")
        await session.execute(statement, {"size": filling.size})
    await database.close()


def fill(filling: Filling, start: int) -> None:
    """Writes the events of one chunk."""
    asyncio.run(_fill(filling, start))


async def _fill(filling: Filling, start: int) -> None:
    events = [told(seq, filling.size) for seq in range(start, min(start + CHUNK, filling.size + 1))]
    database = Database(filling.url, 1)
    async with database.session() as session:
        await session.execute(text("SET LOCAL synchronous_commit = off"))
        await copy(session, "events", _EVENT, [_event(event) for event in events])
        await copy(session, "captures", _CAPTURE, _captures(events))
        await copy(
            session,
            "event_terms",
            ("event", "event_time", "record_time", "terms", "sort_keys"),
            [
                (
                    event.seq,
                    event.event_time,
                    event.record_time,
                    [*event.row.terms, *span_terms("record_time", event.record_time)],
                    event.row.sort_keys,
                )
                for event in events
            ],
        )
        numbers = [number for event in events for number in event.numbers]
        await copy(session, "event_numbers", ("field", "value", "event"), numbers)
        await copy(
            session,
            "event_parties",
            ("party", "record_time", "event", "by_trail", "event_time"),
            [(seer, event.record_time, event.seq, True, event.event_time) for event in events for seer in event.seers],
        )
    await database.close()


_EVENT = (
    "seq", "event_id", "declares_error", "event_hash", "party", "capture", "position", "event_type", "action",
    "biz_step", "disposition", "read_point", "biz_location", "event_time", "record_time", "document", "seal",
)  # fmt: skip
_CAPTURE = ("id", "party", "request_hash", "events", "entries", "refused", "received_at")


def _event(event: Told) -> tuple[object, ...]:
    source = event.source
    return (
        event.seq,
        event.event_id,
        "errorDeclaration" in source,
        f"ni:///sha-256;{sha256(event.document).hexdigest()}?ver=CBV2.0",
        event.party,
        event.capture,
        event.seq % 50,
        source["type"],
        source.get("action"),
        source["bizStep"],
        source["disposition"],
        canonical(source["readPoint"]["id"]),
        canonical(source["bizLocation"]["id"]) if "bizLocation" in source else None,
        event.event_time,
        event.record_time,
        event.document,
        sha256(b"seal" + event.document).digest(),
    )


def _captures(events: list[Told]) -> list[tuple[object, ...]]:
    first = {event.capture: event for event in events if event.seq % 50 == 0 or event.seq == 1}
    return [(one, event.party, b"", 50, 50, "[]", event.record_time) for one, event in first.items()]
