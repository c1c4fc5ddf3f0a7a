# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""The holds and lifts that recalls put on chain: decided in one order for each party, captured in the same."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session, insert
from service.store.recall import lock_party

HOLD, LIFT = 5, 6
_CAPTURED = (
    "EXISTS (SELECT FROM events WHERE events.party = act.party AND events.event_id = act.event_id"
    " AND NOT events.declares_error)"
)


class NewAct(NamedTuple):
    """A hold or lift that was decided on, in the columns of `recall_acts`."""

    recall: UUID
    party: bytes
    trail: bytes
    step: int
    event_id: str


class ActRow(NamedTuple):
    """A hold or lift to be captured, with the thing, and what its recall says."""

    seq: int
    recall: UUID
    party: bytes
    identifier: str
    kind: str
    step: int
    event_id: str
    event_time: datetime
    reason: str
    disposition: str


async def add_acts(session: Session, acts: Sequence[NewAct]) -> None:
    """Writes decisions, in this order; `recall.lock_party` is held."""
    await insert(session, "recall_acts", NewAct._fields, acts)


async def held_trails(session: Session, recall: UUID) -> list[bytes]:
    """The things that the recall holds."""
    statement = text("SELECT DISTINCT trail FROM recall_acts WHERE recall = :recall AND step = 5 ORDER BY trail")
    return list((await session.execute(statement, {"recall": recall})).scalars())


async def held_elsewhere(session: Session, party: bytes, recall: UUID, trails: Sequence[bytes]) -> set[bytes]:
    """Those of the things that another open recall of the party holds too."""
    statement = text(
        "SELECT DISTINCT act.trail FROM recall_acts AS act JOIN recalls ON recalls.id = act.recall"
        " WHERE act.party = :party AND act.trail = ANY(:trails) AND act.step = 5 AND act.recall <> :recall"
        " AND recalls.closed_at IS NULL"
    )
    values = {"party": party, "recall": recall, "trails": list(trails)}
    return set((await session.execute(statement, values)).scalars())


_ROWS = (
    "SELECT act.seq, act.recall, act.party, trails.identifier, trails.kind, act.step, act.event_id, act.event_time,"
    " recalls.reason, recalls.disposition FROM {acts} AS act JOIN trails ON trails.id = act.trail"
    " JOIN recalls ON recalls.id = act.recall ORDER BY act.seq"
)
_CUSTODIAL = (
    "EXISTS (SELECT FROM signing_keys AS key WHERE key.party = {party} AND key.wrapped IS NOT NULL"
    " AND key.revoked_at IS NULL)"
)


async def claim(session: Session, limit: int, lease_seconds: int) -> list[ActRow]:
    """The next acts of one party whose key is in our custody, in their order; nobody else has any of that party."""
    waiting = text(
        "SELECT act.party FROM recall_acts AS act JOIN parties ON parties.id = act.party"
        " WHERE NOT act.settled AND act.fault IS NULL AND NOT parties.suspended"
        f" AND {_CUSTODIAL.format(party='act.party')} GROUP BY act.party"
        " HAVING bool_and(act.leased_until IS NULL OR act.leased_until < now()) ORDER BY min(act.seq) LIMIT 1"
    )
    party = (await session.execute(waiting)).scalar_one_or_none()
    if party is None:
        return []
    await lock_party(session, party)
    # What was leased while we waited for the lock is seen now.
    statement = text(
        "WITH chosen AS (SELECT seq FROM recall_acts WHERE party = :party AND NOT settled AND fault IS NULL"
        " AND NOT EXISTS (SELECT FROM recall_acts AS other WHERE other.party = :party AND NOT other.settled"
        " AND other.leased_until >= now()) ORDER BY seq LIMIT :limit),"
        " taken AS (UPDATE recall_acts SET leased_until = now() + make_interval(secs => :seconds)"
        " WHERE seq IN (SELECT seq FROM chosen) RETURNING *)"
        f" {_ROWS.format(acts='taken')}"
    )
    values = {"party": party, "limit": limit, "seconds": lease_seconds}
    return [ActRow(*row) for row in (await session.execute(statement, values)).all()]


async def finish(session: Session, acts: Sequence[int], faults: Sequence[tuple[int, str]]) -> None:
    """These acts are captured; those with a fault cannot be."""
    statement = text("UPDATE recall_acts SET settled = true, leased_until = NULL WHERE seq = ANY(:acts)")
    await session.execute(statement, {"acts": list(acts)})
    if faults:
        numbers, reasons = zip(*faults, strict=True)
        statement = text(
            "UPDATE recall_acts SET fault = given.fault, leased_until = NULL FROM"
            " unnest(CAST(:acts AS bigint[]), CAST(:faults AS text[])) AS given (seq, fault)"
            " WHERE recall_acts.seq = given.seq"
        )
        await session.execute(statement, {"acts": list(numbers), "faults": list(reasons)})


async def captured(session: Session, acts: Sequence[int]) -> set[int]:
    """Those of the acts whose events are captured."""
    statement = text(f"SELECT act.seq FROM recall_acts AS act WHERE act.seq = ANY(:acts) AND {_CAPTURED}")
    return set((await session.execute(statement, {"acts": list(acts)})).scalars())


async def to_sign(session: Session, recall: UUID, limit: int) -> list[ActRow]:
    """The recall's next acts that are not captured, none before an earlier one of the party on the same thing."""
    await session.execute(
        text(f"UPDATE recall_acts AS act SET settled = true WHERE recall = :recall AND NOT settled AND {_CAPTURED}"),
        {"recall": recall},
    )
    statement = text(
        "WITH chosen AS (SELECT act.* FROM recall_acts AS act WHERE act.recall = :recall AND NOT act.settled"
        " AND act.fault IS NULL AND NOT EXISTS (SELECT FROM recall_acts AS earlier WHERE earlier.party = act.party"
        " AND earlier.trail = act.trail AND earlier.seq < act.seq AND NOT earlier.settled AND earlier.fault IS NULL)"
        f" ORDER BY act.seq LIMIT :limit) {_ROWS.format(acts='chosen')}"
    )
    return [ActRow(*row) for row in (await session.execute(statement, {"recall": recall, "limit": limit})).all()]


class ActCount(NamedTuple):
    """So many things whose last act is this step in this state: `waiting` to be captured, `failed`, `captured`,
    `sealed` or `refused`.
    """

    step: int
    state: str
    things: int


async def act_counts(session: Session, recalls: Sequence[UUID]) -> dict[UUID, list[ActCount]]:
    """The last acts on the things of these recalls, counted."""
    statement = text(
        "WITH last AS (SELECT DISTINCT ON (act.recall, act.trail) act.* FROM recall_acts AS act"
        " WHERE act.recall = ANY(:recalls) ORDER BY act.recall, act.trail, act.seq DESC)"
        " SELECT last.recall, last.step, CASE WHEN parts.state IS NULL THEN"
        " CASE WHEN last.fault IS NULL THEN 'waiting' ELSE 'failed' END"
        " WHEN parts.state = 2 THEN 'sealed' WHEN parts.state = 3 THEN 'refused' ELSE 'captured' END, count(*)"
        " FROM last LEFT JOIN events ON events.party = last.party AND events.event_id = last.event_id"
        " AND NOT events.declares_error LEFT JOIN mentions ON mentions.event = events.seq"
        " AND mentions.trail = last.trail LEFT JOIN parts ON parts.id = mentions.part"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    found: dict[UUID, list[ActCount]] = {}
    for row in (await session.execute(statement, {"recalls": list(recalls)})).all():
        found.setdefault(row[0], []).append(ActCount(*row[1:]))
    return found


async def signs_itself(session: Session, party: bytes) -> bool:
    """Whether no key of the party is in our custody, so that it has to sign its holds itself."""
    statement = text(f"SELECT NOT {_CUSTODIAL.format(party=':party')}")
    found: bool = (await session.execute(statement, {"party": party})).scalar_one()
    return found
