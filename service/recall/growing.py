"""The worker that looks what later captures mean for open recalls: whatever they reach now is held and told of, too.

A recall never shrinks: an event that is taken back may free a thing, which somebody has to decide; closing lifts.
"""

import time

import structlog

from service.parties.roles import SEES_ALL
from service.recall import deciding
from service.recall.reading import Reader
from service.recall.tracing import Asked, Direction, Limits, Spread, trace
from service.store import notices
from service.store import recall as store
from service.store.database import Database, Session
from service.store.parties import party as stored_party
from service.store.recall import RecallRow
from service.store.trails import Viewer
from service.trails.ties import EARLIEST, LATEST

_log = structlog.get_logger(__name__)

_CAPTURES = 1000
_PAUSE_SECONDS = 0.5
_SHARE = 4
"""It rests so many times as long as a round took, so that open recalls never take more than a fifth of a core."""
_DIRECTIONS: dict[str, Direction] = {"forward": "forward", "backward": "backward"}
_SPREADS: dict[str, Spread] = {"contents": "contents", "container": "container"}


class Grower:
    """Follows the captures for each open recall; any number may run at once. `step` does what there is to do.

    What a round finds is written in the transaction that moves the recall's place, under the lock of its row: so it is
    found once, whoever looks.
    """

    def __init__(self, database: Database, limits: Limits | None = None, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._database, self._limits = database, limits
        self._pause, self._next = pause_seconds, 0.0

    async def step(self) -> bool:
        """Looks through the next captures for one recall; False where there were none, or it is not time yet."""
        began = time.monotonic()
        if began < self._next:
            return False
        async with self._database.session() as session:
            recall = await store.behind(session)
            if recall is not None:
                await self._follow(session, recall)
        if recall is None:
            self._next = time.monotonic() + self._pause
            return False
        self._next = time.monotonic() + _SHARE * (time.monotonic() - began)
        return True

    async def _follow(self, session: Session, recall: RecallRow) -> None:
        until = await store.next_captures(session, recall.followed, _CAPTURES)
        touched = await store.touched(session, recall, until)
        await store.follow(session, recall.id, until)
        party = await stored_party(session, recall.party) if any(touched) else None
        if party is None:
            return
        await store.lock_party(session, recall.party)
        grown = 0
        if touched.ties:
            grown = await self._grow(session, recall, party.roles)
        await notices.lock_notices(session)
        told = await notices.notify(session, recall.id, recall.party, "recall-extended")
        if told and not touched.ties and not party.roles & SEES_ALL:
            # Who got a part in a thing's trail may have told of ties that lead on only now.
            grown = await self._grow(session, recall, party.roles)
            told += await notices.notify(session, recall.id, recall.party, "recall-extended")
        if grown or told:
            _log.info("a recall grew", recall=str(recall.id), things=grown, notices=told)

    async def _grow(self, session: Session, recall: RecallRow, roles: int) -> int:
        sees_all = bool(roles & SEES_ALL)
        seeds = list(recall.seeds)
        if recall.classes:
            viewer = Viewer(recall.party, sees_all)
            members = [row.id for row in await store.of_classes(session, recall.classes, viewer, 2 * _MOST_SEEDS)]
            if not sees_all:
                of = await store.commissioners(session, members)
                members = [member for member in members if of.get(member) == recall.party]
            seeds += members
        asked = Asked(
            tuple(seeds),
            recall.since or EARLIEST,
            recall.until or LATEST,
            _DIRECTIONS[recall.direction],
            _SPREADS[recall.spread],
            sees_all,
        )
        traced = await trace(asked, Reader(session, everywhere=sees_all), self._limits)
        grown = recall._replace(batch=recall.batch + 1)
        things = await deciding.keep(session, grown, traced, roles)
        if things or traced.bound != recall.bound:
            await store.grown(session, recall.id, grown.batch if things else recall.batch, traced.bound)
        return things


_MOST_SEEDS = 10_000
