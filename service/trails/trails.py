"""The use: reading trails, following things, and taking the proof away."""

from collections.abc import Sequence

from service.config import Settings
from service.epcis.identifiers import InvalidIdentifier, canonical
from service.erasure.alias import alias_of, mac_of
from service.ledger.proofs import Proofs
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.sealing.commitments import salt_of
from service.store import ties as tie_store
from service.store import trails as store
from service.store.database import Database, Session
from service.store.trails import SealedRow, TrailRow, UnsealedRow, Viewer
from service.trails import custody, journeys, reading
from service.trails.assemble import Thing
from service.trails.bundling import MOST_THINGS, Bundler
from service.trails.disclosure import EVERYTHING, Disclosure
from service.trails.errors import BadPlace, BundleTooLarge, EventNotFound, NotAnIdentifier, TrailNotFound
from service.trails.facts import erasures_in, facts_of
from service.trails.journeys import Journey, JourneyEvent
from service.trails.ties import stays
from service.trails.views import EventView, TrailView, event_view

__all__ = ["Trails"]

_FIRST = (-1, -1)


class Trails:
    """Trails as one party sees them. What it may not see is told like what does not exist (DESIGN, G5)."""

    def __init__(self, database: Database, settings: Settings, proofs: Proofs) -> None:
        self._database, self._settings = database, settings
        self._bundler = Bundler(database, proofs)

    async def read(self, caller: Caller, identifier: str, place: str | None = None, limit: int = 500) -> TrailView:
        """A page of up to `limit` entries of the thing's trail, from `place` (a former page's `next`) on.

        `identifier` may be spelt in any way: EPC URN, or GS1 Digital Link of any resolver.

        Raises:
            TrailNotFound, NotAnIdentifier, BadPlace.
        """
        start = _place(place)
        async with self._database.session() as session:
            trail = await self._trail(session, caller, identifier)
            sealed, unsealed, following = await _page(session, trail.id, start, limit)
            before = await store.head_at(session, trail.id, start) if isinstance(start, tuple) else None
            disputes = await store.disputes(session, trail.id)
            held = custody.replay(await store.moves(session, trail.id), disputes)
            names = await store.parties_by_id(session, reading.parties_in(sealed, unsealed, held))
            ties = await self._ties(session, caller, trail.id)
            head = await store.head_at(session, trail.id, (2**62, 0))
            facts = await facts_of(session, caller.party, trail.id, sealed, unsealed)
        entries = facts.shown(
            reading.sealed_views(sealed, before, disputes, names, facts.erased),
            reading.unsealed_views(unsealed, names, facts.erased),
        )
        return TrailView(
            trail.identifier,
            trail.kind,
            trail.id,
            head,
            reading.custody_view(held, names),
            tuple(entries),
            following,
            ties.parents,
            ties.children,
            ties.inputs,
            ties.outputs,
            ties.hidden,
        )

    async def journey(self, caller: Caller, identifier: str) -> Journey:
        """The thing's way: its events and its containers' while they held it, what it was made of and became.

        Raises:
            TrailNotFound, NotAnIdentifier.
        """
        viewer = _viewer(caller)
        async with self._database.session() as session:
            trail = await self._trail(session, caller, identifier)
            held, all_held = await journeys.containers_of(session, trail.id)
            made_of = await journeys.relatives_of(session, trail.id, viewer, made_of=True)
            became = await journeys.relatives_of(session, trail.id, viewer, made_of=False)
            met = {one.trail for one in held} | made_of.near.keys() | became.near.keys()
            known = await store.known_trails(session, sorted(met), viewer)
            shown = [one for one in held if known.get(one.trail, (trail, False))[1]]
            rows, all_seen = await journeys.seen_on_the_way(session, trail.id, shown)
            names = await store.parties_by_id(session, sorted({row.event.party for row in rows}))
            erased = await erasures_in(session, caller.party, (row.event for row in rows))
        places = {one.trail: (known[one.trail][0].identifier, one.depth) for one in reversed(shown)}
        places[trail.id] = (trail.identifier, 0)
        return Journey(
            trail.identifier,
            tuple(
                JourneyEvent(
                    *places[row.trail],
                    row.role,
                    row.step,
                    row.sealed_at,
                    event_view(row.event, reading.name_of(row.event.party, names), erased.get(row.event.seq)),
                )
                for row in rows
            ),
            journeys.containers(held, known),
            journeys.relatives(made_of, known),
            journeys.relatives(became, known),
            sum(1 for _, visible in known.values() if not visible),
            all_held and made_of.complete and became.complete and all_seen,
        )

    async def bundle(
        self, caller: Caller, *identifiers: str, block: int | None = None, disclosure: Disclosure = EVERYTHING
    ) -> bytes:
        """The bundle file of the things' trails (docs/format.md section 5), as of the newest block or the one given.

        It discloses the salts of these trails and of no other. A thing that is named twice is in it once.

        Raises:
            TrailNotFound, NotAnIdentifier; otherwise as `Bundler.bundle`.
        """
        async with self._database.session() as session:
            trails = {await self._trail(session, caller, identifier) for identifier in identifiers}
        secret = self._settings.consortium_secret.get_secret_value()
        things = [Thing(trail.identifier, salt_of(trail.identifier, secret)) for trail in trails]
        return await self._bundler.bundle(things, block, disclosure)

    async def with_journeys(self, caller: Caller, identifiers: Sequence[str]) -> Sequence[str]:
        """The things, and what carried them, what they were made of and what became of them, as far as it is seen.

        Raises:
            TrailNotFound, NotAnIdentifier.
            BundleTooLarge: these are more things than one bundle takes, or than are followed.
        """
        found: dict[str, None] = {}
        for identifier in identifiers:
            way = await self.journey(caller, identifier)
            relatives = (*way.ancestors, *way.descendants)
            found |= dict.fromkeys([way.identifier, *(one.identifier for one in way.containers)])
            found |= dict.fromkeys(one.identifier for one in relatives)
            if len(found) > MOST_THINGS or not way.complete:
                raise BundleTooLarge(
                    f"the way of {way.identifier} leads to more things than one bundle takes ({MOST_THINGS}): ask for"
                    " fewer, and without `withJourney` for those on the way that matter"
                )
        return list(found)

    async def list(
        self, caller: Caller, after: bytes = b"", limit: int = 50
    ) -> tuple[Sequence[TrailRow], bytes | None]:
        """Up to `limit` trails that the caller may see, by trail id from after `after`; and the next page's `after`."""
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            rows = await store.visible_trails(session, _viewer(caller), after, limit + 1)
        return rows[:limit], rows[limit - 1].id if len(rows) > limit else None

    async def event(self, caller: Caller, event_id: str) -> EventView:
        """The event with this eventID.

        Raises:
            EventNotFound: there is none, or it touches no trail that the caller sees.
        """
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            viewer, secret = _viewer(caller), self._settings.consortium_secret.get_secret_value()
            row = await store.visible_event(session, event_id, viewer)
            if row is None:
                row = await store.visible_event(session, alias_of(mac_of(event_id, secret)), viewer)
            if row is None:
                raise EventNotFound(f"you see no event {event_id[:200]!r}; check its eventID")
            names = await store.parties_by_id(session, [row.party])
            erased = await erasures_in(session, caller.party, [row])
        return event_view(row, reading.name_of(row.party, names), erased.get(row.seq))

    async def _trail(self, session: Session, caller: Caller, identifier: str) -> TrailRow:
        caller.require(Scope.TRAILS_READ)
        try:
            thing = canonical(identifier)
        except InvalidIdentifier as fault:
            raise NotAnIdentifier(f"{fault}") from fault
        row = await store.visible_trail(session, thing, _viewer(caller)) if "\0" not in thing else None
        if row is None:
            raise TrailNotFound(
                f"you see no trail of {thing[:200]}; check the identifier, or ask a party on it to share"
            )
        return row

    async def _ties(self, session: Session, caller: Caller, trail: bytes) -> reading.Ties:
        told = stays(await tie_store.ties_of(session, [trail]))
        others = reading.others_in(trail, told)
        known = await store.known_trails(session, others, _viewer(caller)) if others else {}
        return reading.Ties(trail, told, known)


async def _page(
    session: Session, trail: bytes, start: tuple[int, int] | int, limit: int
) -> tuple[list[SealedRow], list[UnsealedRow], str | None]:
    """The sealed and unsealed rows of a page, and where the next one begins."""
    sealed: list[SealedRow] = []
    after = 0
    if isinstance(start, tuple):
        found = await store.sealed_entries(session, trail, start, limit + 1)
        if len(found) > limit:
            return found[:limit], [], f"sealed.{found[limit - 1].block}.{found[limit - 1].log}"
        sealed = found
    else:
        after = start
    room = limit - len(sealed)
    waiting = await store.unsealed_entries(session, trail, after, room + 1)
    if len(waiting) <= room:
        return sealed, waiting, None
    return sealed, waiting[:room], f"unsealed.{waiting[room - 1].event.seq if room else after}"


def _place(place: str | None) -> tuple[int, int] | int:
    """Where a page begins: after (block, log) among the sealed entries, or after an event among the unsealed ones."""
    if place is None:
        return _FIRST
    match place.split("."):
        case ["sealed", block, log] if _is_number(block) and _is_number(log):
            return int(block), int(log)
        case ["unsealed", event] if _is_number(event):
            return int(event)
    raise BadPlace("begin at a place that a former page gave as its next, or leave it out")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _viewer(caller: Caller) -> Viewer:
    return Viewer(caller.party, caller.sees_all)
