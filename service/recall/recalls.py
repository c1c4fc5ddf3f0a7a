"""The use: tracing what a thing may have affected or come from, and recalling it."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID, uuid4

import orjson

from service.capture import Captures, Prepared
from service.config import Settings
from service.epcis.identifiers import InvalidIdentifier, canonical
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.recall import deciding, errors, views
from service.recall.holding import document_of
from service.recall.reading import Reader
from service.recall.tracing import Asked, Limits, Traced, trace
from service.recall.views import Affected, Question, RecallView, TraceView
from service.sealing.hashing import sha256
from service.store import notices, recall_acts
from service.store import recall as store
from service.store.database import Database, Session
from service.store.recall import NewRecall, RecallRow
from service.store.trails import TrailRow, Viewer, known_trails, parties_by_id
from service.trails.errors import NotAnIdentifier
from service.trails.ties import EARLIEST, LATEST

__all__ = ["Recalls"]

SEEDS = 10_000
"""Things that one trace begins with, those of its classes included."""
PREVIEW = 500
"""Affected things that a preview shows."""
SIGNED_AT_ONCE = 200


class _Begun(NamedTuple):
    seeds: list[TrailRow]
    classes: list[str]
    entitled: bool


class Recalls:
    """Traces and recalls, as one party may have them (docs/recall.md)."""

    def __init__(self, database: Database, settings: Settings, limits: Limits | None = None) -> None:
        self._database, self._limits = database, limits
        self._captures = Captures(database, settings)

    async def trace(self, caller: Caller, question: Question) -> TraceView:
        """What a recall would reach; nothing is written.

        Who could not recall these things gets an answer too, but the trace ends at what the caller does not see.

        Raises:
            NothingToTrace, ThingNotFound, NotAnIdentifier, BadWindow, TooManyThings.
        """
        caller.require(Scope.TRAILS_READ)
        viewer = _viewer(caller)
        async with self._database.session() as session:
            begun = await self._begin(session, caller, question)
            traced = await self._trace(session, caller, question, begun)
            known = await known_trails(session, list(traced.first), viewer)
            counted = [place for trail, place in traced.first.items() if trail in known]
            seen = [place for place in counted if known[traced.reaches[place].trail][1]]
            shown = seen[:PREVIEW]
            ways = list(views.on_the_ways(traced, shown))
            numbers = {event or 0 for place in ways for event in views.events_of(traced.reaches[place])}
            events = await store.event_names(session, sorted(numbers - {0}), viewer)
        rows = views.rows_of(traced, ways, known, events)
        affected = []
        for place in shown:
            reach = traced.reaches[place]
            path, omitted = views.path_of(traced.path(place), rows, whole=False)
            thing = known[reach.trail][0]
            last = path[-1]
            affected.append(
                Affected(
                    place, thing.identifier, thing.kind, reach.depth, last.since, last.until, reach.supposed, path,
                    omitted,
                )
            )  # fmt: skip
        hidden = len(counted) - len(seen)
        return TraceView(question, len(counted), hidden, traced.bound, tuple(affected), len(seen) - len(shown))

    async def open(
        self,
        caller: Caller,
        question: Question,
        *,
        reason: str,
        disposition: str = "recalled",
        hold: bool = False,
        idempotency_key: str | None = None,
    ) -> RecallView:
        """Opens a recall: what it reaches, the notices and the decision to hold are written together, or nothing is.

        Raises:
            NotYoursToRecall: the caller is no regulator or auditor, and did not commission every thing that is named.
            RecallKeyReused; otherwise as `trace`, PartyIsSuspended.
        """
        _may_write(caller)
        said = [*sorted(question.things), "", *sorted(question.classes), "", reason, disposition, str(hold)]
        said += [str(question.since), str(question.until), question.direction, question.spread]
        request_hash = sha256(orjson.dumps(said))
        async with self._database.session() as session:
            row = await self._known(session, caller, idempotency_key, request_hash)
            if row is not None:
                return await self._view(session, caller, row)
            begun = await self._begin(session, caller, question)
            if not begun.entitled:
                raise errors.NotYoursToRecall(
                    "regulators and auditors may recall anything, everybody else what they commissioned themselves: ask"
                    " who commissioned it, or hold what you have; a trace (POST /v1/traces) needs no such right"
                )
            followed = await store.settled_transaction(session)
            traced = await self._trace(session, caller, question, begun)
            await store.lock_party(session, caller.party)
            row = await self._known(session, caller, idempotency_key, request_hash)
            if row is not None:
                return await self._view(session, caller, row)
            new = NewRecall(
                uuid4(), caller.party, reason, disposition, question.direction, question.spread, question.since,
                question.until, sorted(seed.id for seed in begun.seeds), sorted(begun.classes), hold, traced.bound,
                followed, idempotency_key, request_hash,
            )  # fmt: skip
            row = await store.add_recall(session, new)
            await deciding.keep(session, row, traced, caller.roles)
            await notices.lock_notices(session)
            await notices.notify(session, row.id, caller.party, "recall-opened")
            return await self._view(session, caller, row)

    async def listed(self, caller: Caller, before: int | None, limit: int) -> tuple[list[RecallView], int | None]:
        """The caller's recalls, or everybody's where it sees all, the newest first; and where the next page begins."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            rows = await store.before(session, _viewer(caller), before, limit + 1)
            told = await self._views(session, caller, rows[:limit])
        return told, rows[limit - 1].seq if len(rows) > limit else None

    async def read(self, caller: Caller, recall: UUID) -> RecallView:
        """A recall with its parties; raises RecallNotFound."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            return await self._view(session, caller, await self._row(session, caller, recall))

    async def things(
        self, caller: Caller, recall: UUID, after: int | None, limit: int, identifier: str | None = None
    ) -> tuple[list[Affected], int | None]:
        """Up to `limit` affected things that the caller sees, the nearest first; where the next page begins, if any.

        With `identifier`, that thing alone, and its whole path. Raises RecallNotFound, ThingNotFound, NotAnIdentifier.
        """
        caller.require(Scope.TRAILS_READ)
        viewer = _viewer(caller)
        thing = None if identifier is None else _canonical(identifier)
        async with self._database.session() as session:
            row = await self._row(session, caller, recall)
            found = await store.things(
                session, recall, viewer, after=-1 if after is None else after, limit=limit + 1, identifier=thing
            )
            page = found[:limit]
            steps = await store.paths(session, recall, [one.number for one in page], viewer)
            own_key = await recall_acts.signs_itself(session, row.party)
        if thing is not None and not page:
            raise errors.ThingNotFound(
                f"the recall did not reach {thing[:200]}, as far as you see; check the identifier"
            )
        told = [views.affected(one, steps, whole=thing is not None, signs_itself=own_key) for one in page]
        return told, page[-1].number if len(found) > limit else None

    async def close(self, caller: Caller, recall: UUID) -> RecallView:
        """Closes a recall: its holds are lifted, except where another open one of the party holds the thing, too.

        Closing it again does nothing. Raises RecallNotFound, PartyIsSuspended.
        """
        _may_write(caller)
        async with self._database.session() as session:
            row = await self._row(session, caller, recall, locked=True, own=True)
            if row.closed_at is None:
                await store.lock_party(session, row.party)
                await store.close(session, recall)
                await deciding.lift(session, row)
                await notices.lock_notices(session)
                await notices.tell_all(session, recall, "recall-closed")
            closed = await store.by_id(session, recall)
            assert closed is not None
            return await self._view(session, caller, closed)

    async def prepare(self, caller: Caller, recall: UUID) -> Prepared:
        """The next holds or lifts of a recall, for a party that signs with a key of its own to sign and to submit.

        Raises:
            RecallNotFound; NothingToSign; otherwise as `Captures.prepare`.
        """
        _may_write(caller)
        async with self._database.session() as session:
            await self._row(session, caller, recall, own=True)
            acts = await recall_acts.to_sign(session, recall, SIGNED_AT_ONCE)
        if not acts:
            raise errors.NothingToSign("all holds and lifts of the recall are captured; see what became of them there")
        return await self._captures.prepare(caller, document_of(acts), proceed=True)

    async def _begin(self, session: Session, caller: Caller, question: Question) -> _Begun:
        if question.since is not None and question.until is not None and question.since > question.until:
            raise errors.BadWindow("since lies after until: exchange them")
        viewer = _viewer(caller)
        identifiers = list(dict.fromkeys(_canonical(thing) for thing in question.things))
        classes = list(dict.fromkeys(_canonical(name) for name in question.classes))
        if not identifiers and not classes:
            raise errors.NothingToTrace("name at least one thing or class")
        rows = await store.named(session, identifiers, viewer) if identifiers else {}
        missing = next((name for name in identifiers if name not in rows), None)
        if missing is not None:
            raise errors.ThingNotFound(f"you see no trail of {missing[:200]}; check the identifier")
        members = await store.of_classes(session, classes, viewer, SEEDS + 1) if classes else []
        if not rows and not members:
            raise errors.NothingToTrace("you see no thing of these classes; check them, or name things")
        named = {row.id: row for row in rows.values()}
        seeds = named | {row.id: row for row in members}
        entitled = caller.sees_all
        if not entitled:
            of = await store.commissioners(session, list(seeds))
            # Of a class, everybody recalls what is its own.
            own = {trail: row for trail, row in seeds.items() if trail in named or of.get(trail) == caller.party}
            entitled = bool(own) and all(of.get(trail) == caller.party for trail in own)
            seeds = own if entitled else seeds
        if len(seeds) > SEEDS:
            raise errors.TooManyThings(f"more than {SEEDS} things; name lots, or fewer")
        return _Begun(list(seeds.values()), classes, entitled)

    async def _trace(self, session: Session, caller: Caller, question: Question, begun: _Begun) -> Traced:
        asked = Asked(
            tuple(seed.id for seed in begun.seeds),
            question.since or EARLIEST,
            question.until or LATEST,
            question.direction,
            question.spread,
            caller.sees_all,
        )
        visible = None if begun.entitled else _viewer(caller)
        return await trace(asked, Reader(session, everywhere=caller.sees_all, viewer=visible), self._limits)

    async def _known(
        self, session: Session, caller: Caller, idempotency_key: str | None, request_hash: bytes
    ) -> RecallRow | None:
        row = await store.by_key(session, caller.party, idempotency_key) if idempotency_key is not None else None
        if row is not None and row.request_hash != request_hash:
            raise errors.RecallKeyReused(
                "the Idempotency-Key came with another recall before: use a fresh key for each recall, and the same key"
                " only to repeat the same one"
            )
        return row

    async def _row(
        self, session: Session, caller: Caller, recall: UUID, *, locked: bool = False, own: bool = False
    ) -> RecallRow:
        row = await store.by_id(session, recall, locked=locked)
        if row is None or (row.party != caller.party and (own or not caller.sees_all)):
            raise errors.RecallNotFound(f"you opened no recall {recall}")
        return row

    async def _views(self, session: Session, caller: Caller, rows: Sequence[RecallRow]) -> list[RecallView]:
        viewer, ids = _viewer(caller), [row.id for row in rows]
        counts = await store.counts(session, ids, viewer) if ids else {}
        acts = await recall_acts.act_counts(session, ids) if ids else {}
        names = await parties_by_id(session, sorted({row.party for row in rows}))
        own_key = {party: await recall_acts.signs_itself(session, party) for party in names}
        trails = await known_trails(session, sorted({seed for row in rows for seed in row.seeds}), viewer)
        return [
            views.recall(
                row,
                names[row.party],
                counts.get(row.id),
                acts.get(row.id, ()),
                trails,
                signs_itself=own_key[row.party],
            )
            for row in rows
        ]

    async def _view(self, session: Session, caller: Caller, row: RecallRow) -> RecallView:
        told = (await self._views(session, caller, [row]))[0]
        return views.with_parties(told, await notices.notified_by(session, row.id, _viewer(caller)))


def _canonical(identifier: str) -> str:
    try:
        thing = canonical(identifier)
    except InvalidIdentifier as fault:
        raise NotAnIdentifier(f"{fault}") from fault
    if "\0" in thing:
        raise NotAnIdentifier("no identifier has zero bytes")
    return thing


def _may_write(caller: Caller) -> None:
    caller.require(Scope.TRAILS_READ)
    caller.require(Scope.CAPTURES_WRITE)
    caller.require_active()


def _viewer(caller: Caller) -> Viewer:
    return Viewer(caller.party, caller.sees_all)
