# ruff: noqa: S608 (statements are put together from the constants of this file; every value is bound)
"""Erasing an event: what is taken away, what stays, and the list of what was erased.

What stays: the seal, who captured it when, its type and event time, its entries (`mentions`) and its ties (`links`),
which are ids and times only. The chain has most of that anyway, and a recall follows ties: nobody erases a way out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session
from service.store.indexing import column_term

STATEMENT = "urn:uuid:"
"""The eventID of the statement of an erasure is this and the erasure's id."""
_LISTED = ("event_type", "biz_step", "disposition", "read_point", "biz_location")


class Erasable(NamedTuple):
    """An event as far as its erasure needs it; `erased` where that was done before."""

    event: int
    event_id: str
    declares_error: bool
    seal: bytes
    party: bytes
    capture: UUID
    erased: bool


class ErasureRow(NamedTuple):
    """An erasure, in the columns of `erasures` but `seq`."""

    id: UUID
    event: int
    event_mac: bytes
    declares_error: bool
    seal: bytes
    party: bytes
    by_party: bytes
    by_key: str
    by_label: str
    reason: str
    at: datetime


class ToldErasure(NamedTuple):
    """An erasure and its statement: whether that is captured, and block and time where the ledger has it."""

    erasure: ErasureRow
    stated: bool
    block: int | None
    block_time: int | None


_COLUMNS = (
    "erasures.id, erasures.event, erasures.event_mac, erasures.declares_error, erasures.seal, erasures.party,"
    " erasures.by_party, erasures.by_key, erasures.by_label, erasures.reason, erasures.at"
)
_STATED = (
    f" LEFT JOIN events AS statement ON statement.party = erasures.party AND NOT statement.declares_error"
    f" AND statement.event_id = '{STATEMENT}' || CAST(erasures.id AS text)"
)


async def lock_events(session: Session, party: bytes, names: Sequence[str]) -> list[Erasable]:
    """The party's events with one of these eventIDs, which nobody changes, indexes or sends before the commit.

    Their trails come first, as in a capture: nobody gets a part in one, and so the event's values, meanwhile.
    """
    values = {"party": party, "names": list(names)}
    await session.execute(
        text(
            "SELECT id FROM trails WHERE id IN (SELECT trail FROM mentions JOIN events ON events.seq = mentions.event"
            " WHERE events.party = :party AND events.event_id = ANY(:names)) ORDER BY id FOR KEY SHARE"
        ),
        values,
    )
    rows = await session.execute(
        text(
            "SELECT seq, event_id, declares_error, seal, party, capture, document IS NULL FROM events"
            " WHERE party = :party AND event_id = ANY(:names) ORDER BY seq FOR UPDATE"
        ),
        values,
    )
    return [Erasable(*row) for row in rows.all()]


async def lock_sealed(session: Session, seal: bytes) -> Erasable | None:
    """As `lock_events`, the event with this seal."""
    row = (
        await session.execute(text("SELECT party, event_id FROM events WHERE seal = :seal"), {"seal": seal})
    ).one_or_none()
    found = await lock_events(session, row[0], [row[1]]) if row is not None else []
    return next((one for one in found if one.seal == seal), None)


async def erase(session: Session, found: Erasable, alias: str) -> None:
    """Takes away the event's document and all that derives from it; `alias` is its eventID from now on."""
    values = {"event": found.event, "alias": alias, "capture": found.capture}
    await _forget_values(session, found.event)
    await session.execute(text("DELETE FROM nonces WHERE event = :event"), values)
    # A trigger forgets its terms and numbers, and who sees it.
    await session.execute(
        text(
            "UPDATE events SET document = NULL, event_id = :alias, event_hash = '', action = NULL, biz_step = NULL,"
            " disposition = NULL, read_point = NULL, biz_location = NULL WHERE seq = :event"
        ),
        values,
    )
    # The hash of a document is a hash of what it said: without the rest, it could be tried out.
    await session.execute(
        text(
            "UPDATE captures SET header = NULL, request_hash = '', refused = coalesce((SELECT jsonb_agg("
            " jsonb_build_object('index', told -> 'index', 'faults', '[]'::jsonb)) FROM jsonb_array_elements(refused)"
            " AS told), '[]'::jsonb) WHERE id = :capture"
        ),
        values,
    )
    await session.execute(text("DELETE FROM deliveries WHERE events @> ARRAY[CAST(:event AS bigint)]"), values)
    await session.execute(
        text(
            "UPDATE assessments SET reasons = '[]' WHERE trail IN (SELECT shipments.trail FROM mentions AS told"
            " JOIN mentions AS units ON units.trail = told.trail JOIN shipments ON shipments.event = units.event"
            " WHERE told.event = :event)"
        ),
        values,
    )
    await session.execute(text("DELETE FROM shipments WHERE event = :event"), values)


async def _forget_values(session: Session, event: int) -> None:
    """Takes the event's values off the lists of those who see it, where no other event that they see has them."""
    row = (
        await session.execute(
            text(f"SELECT {', '.join(_LISTED)} FROM events WHERE seq = :event"),
            {"event": event},
        )
    ).one()
    for field, value in zip(_LISTED, row, strict=True):
        if value is None:
            continue
        statement = text(
            "DELETE FROM party_values AS named WHERE named.field = :field AND named.value = :value AND named.party IN"
            " (SELECT part.party FROM mentions JOIN trail_parties AS part USING (trail) WHERE mentions.event = :event"
            " UNION SELECT party FROM events WHERE seq = :event)"
            " AND NOT EXISTS (SELECT FROM event_terms AS other JOIN event_parties AS shown ON shown.event = other.event"
            " AND shown.record_time = other.record_time AND shown.party = named.party"
            " AND shown.by_trail = named.by_trail JOIN events ON events.seq = other.event"
            f" WHERE other.terms && ARRAY[CAST(:term AS bigint)] AND other.event <> :event AND events.{field} = :value)"
        )
        term = column_term(field, value)  # type: ignore[arg-type]
        await session.execute(statement, {"event": event, "field": field, "value": value, "term": term})


async def is_statement(session: Session, party: bytes, event_id: str) -> bool:
    """Whether an event of the party with this eventID is, or would be, the statement of an erasure."""
    statement = text(
        f"SELECT EXISTS (SELECT FROM erasures WHERE party = :party AND '{STATEMENT}' || CAST(id AS text) = :event_id)"
    )
    return bool((await session.execute(statement, {"party": party, "event_id": event_id})).scalar_one())


async def add_erasure(session: Session, row: ErasureRow) -> bool:
    """Notes the erasure, for good; False where one of this event is noted already."""
    names = ", ".join(ErasureRow._fields)
    values = ", ".join(f":{name}" for name in ErasureRow._fields)
    statement = text(f"INSERT INTO erasures ({names}) VALUES ({values}) ON CONFLICT (event) DO NOTHING RETURNING id")
    return (await session.execute(statement, row._asdict())).first() is not None


async def label_of(session: Session, key_id: str) -> str:
    """The label of an API key, empty where there is none."""
    found = await session.execute(text("SELECT label FROM api_keys WHERE id = :id"), {"id": key_id})
    return found.scalar_one_or_none() or ""


async def erasures_of(session: Session, events: Sequence[int]) -> list[ToldErasure]:
    """The erasures of these events (by number)."""
    return await _told(session, "erasures.event = ANY(CAST(:events AS bigint[]))", events=list(events))


async def erasures_by_party(
    session: Session, party: bytes, before: int | None, limit: int
) -> list[tuple[int, ToldErasure]]:
    """Up to `limit` erasures of a party's events, the newest first, each with its place in the list."""
    statement = text(
        f"SELECT erasures.seq, {_COLUMNS}, statement.seq IS NOT NULL, sealed.block, sealed.time"
        f" FROM (SELECT * FROM erasures WHERE party = :party AND (CAST(:before AS bigint) IS NULL OR seq < :before)"
        f" ORDER BY seq DESC LIMIT :limit) AS erasures{_STATED}{_SEALED} ORDER BY erasures.seq DESC"
    )
    rows = await session.execute(statement, {"party": party, "before": before, "limit": limit})
    return [(row[0], _row(row[1:])) for row in rows.all()]


_SEALED = (
    " LEFT JOIN LATERAL (SELECT entry.block, entry.time FROM ledger_entries AS entry WHERE entry.seal = statement.seal"
    " AND entry.party = statement.party ORDER BY entry.block, entry.log LIMIT 1) AS sealed ON true"
)


async def _told(session: Session, where: str, **values: object) -> list[ToldErasure]:
    statement = text(
        f"SELECT {_COLUMNS}, statement.seq IS NOT NULL, sealed.block, sealed.time"
        f" FROM erasures{_STATED}{_SEALED} WHERE {where} ORDER BY erasures.seq"
    )
    return [_row(row) for row in (await session.execute(statement, values)).all()]


def _row(row: Sequence[object]) -> ToldErasure:
    return ToldErasure(ErasureRow._make(row[:11]), *row[11:])  # type: ignore[arg-type]


async def things_of(session: Session, event: int) -> list[str]:
    """The canonical identifiers of the things on whose trails the event stands; journals are none."""
    statement = text(
        "SELECT trails.identifier FROM mentions JOIN trails ON trails.id = mentions.trail"
        " WHERE mentions.event = :event AND trails.kind <> 'journal' ORDER BY 1"
    )
    return list((await session.execute(statement, {"event": event})).scalars())


async def unstated(session: Session, limit: int, *, after: int = 0) -> list[tuple[int, ErasureRow]]:
    """Up to `limit` erasures (with their places in the list) that lack a statement the service could sign now.

    That takes a party that is not suspended and a key in our custody.
    """
    statement = text(
        f"SELECT erasures.seq, {_COLUMNS} FROM erasures JOIN parties ON parties.id = erasures.party"
        f" AND NOT parties.suspended{_STATED} WHERE erasures.seq > :after AND statement.seq IS NULL"
        " AND EXISTS (SELECT FROM signing_keys AS custodial WHERE custodial.party = erasures.party"
        " AND custodial.wrapped IS NOT NULL AND custodial.revoked_at IS NULL) ORDER BY erasures.seq LIMIT :limit"
    )
    rows = await session.execute(statement, {"after": after, "limit": limit})
    return [(row[0], ErasureRow(*row[1:])) for row in rows.all()]


async def all_erasures(session: Session, after: int, limit: int) -> list[tuple[int, ErasureRow]]:
    """The list of erasures from after a place, with their places."""
    statement = text(f"SELECT seq, {_COLUMNS} FROM erasures WHERE seq > :after ORDER BY seq LIMIT :limit")
    rows = await session.execute(statement, {"after": after, "limit": limit})
    return [(row[0], ErasureRow(*row[1:])) for row in rows.all()]
