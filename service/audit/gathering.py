"""Gathering what is judged: the statements of a thing and of what lies on its way, as one party may see them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from service.audit.errors import AuditTooLarge
from service.epcis.identifiers import InvalidIdentifier, canonical
from service.findings import KeyFacts, Statement
from service.findings.report import Looked, Relation
from service.findings.told import moment
from service.parties.caller import Caller
from service.sealing.commitments import seal_of
from service.sealing.entries import NOBODY, Step
from service.store import audit as store
from service.store import trails as trail_store
from service.store.audit import DisputedRow, StatementRow
from service.store.database import Session
from service.store.trails import PartyRow, TrailRow, Viewer
from service.trails import custody, journeys
from service.trails.errors import NotAnIdentifier, TrailNotFound

MOST_STATEMENTS = 12_000
"""Over all trails of one audit."""
_MOST_CONTAINED = 200
"""Things of which the containers are looked for."""


@dataclass(frozen=True, slots=True)
class Way:
    """The trails to look at, the subject's first; `hidden` more may not be seen, `complete` says if these are all."""

    trails: Sequence[tuple[TrailRow, Relation, int]]
    hidden: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Gathered:
    """Statements, with what is known of where they come from; `names` are those of parties by identifier."""

    statements: Sequence[Statement]
    looked: Sequence[Looked]
    names: Mapping[str, str]
    block: tuple[int, int] | None


async def subject(session: Session, caller: Caller, identifier: str) -> TrailRow:
    """The trail of the thing, in any spelling.

    Raises:
        NotAnIdentifier; TrailNotFound: there is none, or the caller may not see it.
    """
    try:
        thing = canonical(identifier)
    except InvalidIdentifier as fault:
        raise NotAnIdentifier(f"{fault}") from fault
    viewer = Viewer(caller.party, caller.sees_all)
    row = await trail_store.visible_trail(session, thing, viewer) if "\0" not in thing else None
    if row is None:
        raise TrailNotFound(f"you see no trail of {thing[:200]}; check the identifier, or ask a party on it to share")
    return row


async def way_of(session: Session, caller: Caller, trail: TrailRow, *, of_all: bool = False) -> Way:
    """The thing with its containers, what it was made of and what was made of it; `of_all`: their containers too."""
    viewer = Viewer(caller.party, caller.sees_all)
    made_of = await journeys.relatives_of(session, trail.id, viewer, made_of=True)
    became = await journeys.relatives_of(session, trail.id, viewer, made_of=False)
    near: dict[bytes, tuple[Relation, int]] = {}
    for id_, depth in made_of.near.items():
        near.setdefault(id_, ("ancestor", depth))
    for id_, depth in became.near.items():
        near.setdefault(id_, ("descendant", depth))
    held_by, all_held = await _containers(session, [trail.id, *(near if of_all else ())])
    for id_, depth in held_by.items():
        near.setdefault(id_, ("container", depth))
    near.pop(trail.id, None)
    known = await trail_store.known_trails(session, sorted(near), viewer) if near else {}
    shown = [(known[id_][0], *place) for id_, place in near.items() if id_ in known and known[id_][1]]
    shown.sort(key=lambda one: (one[2], one[1], one[0].identifier))
    hidden = sum(1 for _, visible in known.values() if not visible)
    return Way([(trail, "subject", 0), *shown], hidden, all_held and made_of.complete and became.complete)


async def _containers(session: Session, trails: Sequence[bytes]) -> tuple[dict[bytes, int], bool]:
    """The containers of the first of these things, with their distance; and whether these are all."""
    found: dict[bytes, int] = {}
    complete = len(trails) <= _MOST_CONTAINED
    for trail in trails[:_MOST_CONTAINED]:
        held, whole = await journeys.containers_of(session, trail)
        complete = complete and whole
        for one in held:
            found[one.trail] = min(one.depth, found.get(one.trail, one.depth))
    return found, complete


async def bounded(session: Session, way: Way) -> Way:
    """As much of the way as may be judged at once, whole trails only, the nearest first.

    Raises:
        AuditTooLarge: the subject's own trail is too long.
    """
    counts = await store.counts(session, [row.id for row, _, _ in way.trails])
    room, kept = MOST_STATEMENTS, []
    for one in way.trails:
        room -= counts.get(one[0].id, 0)
        if room < 0:
            break
        kept.append(one)
    if not kept:
        raise AuditTooLarge(
            f"the trail has {counts[way.trails[0][0].id]} statements, at most {MOST_STATEMENTS} are judged at once:"
            " fetch its bundle, and run `trailseal audit FILE`"
        )
    return way if len(kept) == len(way.trails) else Way(kept, way.hidden, complete=False)


async def gather(session: Session, way: Way) -> Gathered:
    """The statements of the trails on the way."""
    ids = [row.id for row, _, _ in way.trails]
    rows = await store.statements(session, ids)
    disputed = await store.disputes(session, ids)
    waiting = await store.unsealed(session, ids)
    parties = sorted({row.party for row in rows} | {row.to for row in rows} - {NOBODY})
    names = await trail_store.parties_by_id(session, parties)
    by_trail: dict[bytes, list[StatementRow]] = {id_: [] for id_ in ids}
    for row in rows:
        by_trail[row.trail].append(row)
    statements: list[Statement] = []
    looked: list[Looked] = []
    for trail, relation, depth in way.trails:
        own = by_trail[trail.id]
        statements += _statements(trail.identifier, own, [one for one in disputed if one.trail == trail.id], names)
        looked.append(_looked(trail.identifier, relation, depth, own, waiting.get(trail.id, 0)))
    told = {row.identifier: row.name for row in names.values()}
    return Gathered(statements, looked, told, await store.last_block(session))


def _statements(
    trail: str, rows: Sequence[StatementRow], disputed: Sequence[DisputedRow], names: Mapping[bytes, PartyRow]
) -> Iterator[Statement]:
    reasons = custody.disputes_of(
        [(row.block, row.log) for row in rows],
        [trail_store.DisputeRow(one.block, one.log, one.reason) for one in disputed],
    )
    for index, row in enumerate(rows):
        yield Statement(
            trail,
            index,
            row.seal,
            orjson.loads(row.document) if row.document is not None and not _is_altered(row) else None,
            _name(row.party, names),
            Step(row.step),
            None if row.to == NOBODY else _name(row.to, names),
            row.time,
            _key(row),
            reasons.get((row.block, row.log), ()),
            row.erased,
        )


def _looked(trail: str, relation: Relation, depth: int, rows: Sequence[StatementRow], unsealed: int) -> Looked:
    return Looked(
        trail,
        relation,
        depth,
        len(rows),
        withheld=sum(not row.captured for row in rows),
        erased=sum(row.erased for row in rows),
        altered=sum(_is_altered(row) for row in rows),
        unsealed=unsealed,
    )


def _is_altered(row: StatementRow) -> bool:
    if row.document is None:
        return False
    return row.nonce is None or seal_of(row.document, row.nonce) != row.seal


def _key(row: StatementRow) -> KeyFacts | None:
    if row.signer is None:
        return None
    bound = None if row.bound_from is None else moment(row.bound_from)
    return KeyFacts(row.signer, bound, None if row.compromised_from is None else moment(row.compromised_from))


def _name(party: bytes, names: Mapping[bytes, PartyRow]) -> str:
    return names[party].identifier if party in names else f"0x{party.hex()}"
