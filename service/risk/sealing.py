"""Scores are sealed: stored ones become statements of the scoring party, captured and signed like any other.

1. In one transaction, scores that wait are put into a batch, whose id is the Idempotency-Key of its capture.
2. Their document, which follows from the stored rows and the batch, byte for byte, is captured under that key.
3. The batch is noted as captured, and who sees the shipments gets to see the risk trails.

A worker that dies between two of these leaves a batch that is not noted as captured; another captures it again after
some seconds, which does nothing where that was done: one key is one capture, and an eventID is captured once.
"""

from uuid import UUID, uuid4

import structlog

from service.capture import Captures
from service.capture.errors import DuplicateEvent, IdempotencyKeyReused, NoEvents
from service.config import Settings
from service.errors import TrailsealError
from service.parties.caller import Caller
from service.parties.errors import NoSigningKey, NotDeployed, PartyIsSuspended
from service.parties.identity import party_id
from service.parties.scopes import Scope
from service.risk.statement import document_of
from service.sealing.commitments import risk_of, salt_of, trail_of
from service.store import parties as party_store
from service.store import score_seals as store
from service.store.chain import deployed
from service.store.database import Database, DatabaseUnavailable, Session
from service.store.score_seals import Batch, ScoreRow
from service.store.signing_keys import newest_custodial_key

_log = structlog.get_logger(__name__)
AT_ONCE = 200
"""Scores in one capture: each is one entry, and so many are signed together (docs/format.md, section 2)."""
_PATIENCE_SECONDS = 5.0
_GIVEN_UP_SECONDS = 600.0
_SHARES = 500


class Sealer:
    """Captures scores; any number of processes may do so at once."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._captures = Captures(database, settings)
        self._secret = settings.consortium_secret.get_secret_value()
        self._party = None if settings.risk_party is None else party_id(settings.risk_party)
        self._failed: set[UUID] = set()
        self._told: str | None = None

    async def step(self) -> bool:
        """Captures the statements of some scores that wait; whether there was anything to do."""
        async with self._database.session() as session:
            busy = await store.share_waiting(session, _SHARES)
            author = await self._author(session)
            batch = None if author is None else await self._batch(session, author.party)
        if author is None or batch is None:
            return busy
        return await self._seal(author, batch) or busy

    async def _batch(self, session: Session, party: bytes) -> Batch | None:
        left = await store.unfinished(session, _PATIENCE_SECONDS, sorted(self._failed))
        if left is not None and left.party != party:  # the scoring party is another one now
            await self._take_over(session, left)
            left = None
        return left or await store.claim(session, uuid4(), party, AT_ONCE)

    async def _take_over(self, session: Session, left: Batch) -> None:
        if await store.was_captured(session, left):
            await self._finish(session, left)
        elif await store.unfinished(session, _GIVEN_UP_SECONDS, ()) == left:
            await store.release(session, left.id)

    async def _seal(self, author: Caller, batch: Batch) -> bool:
        async with self._database.session() as session:
            scores = await store.scores_of(session, batch.id)
        try:
            if scores:
                document = document_of(scores, batch.made_at)
                receipt = await self._captures.accept(author, document, idempotency_key=str(batch.id), proceed=True)
                if receipt.refused:
                    _log.error("some scores cannot be told", batch=str(batch.id), refused=list(receipt.refused)[:3])
        except (DuplicateEvent, IdempotencyKeyReused, NoEvents):
            _log.warning("scores were captured before, in other words", batch=str(batch.id))
        except (NotDeployed, DatabaseUnavailable, PartyIsSuspended, NoSigningKey):
            return False
        except TrailsealError as fault:
            self._failed.add(batch.id)  # for this process: it would fail again
            _log.error("scores cannot be sealed", batch=str(batch.id), reason=fault.slug, detail=fault.detail)
            return False
        async with self._database.session() as session:
            await self._finish(session, batch, scores)
        return True

    async def _finish(self, session: Session, batch: Batch, scores: list[ScoreRow] | None = None) -> None:
        if scores is None:
            scores = await store.scores_of(session, batch.id)
        trails = sorted({score.trail for score in scores})
        await store.finish(session, batch, [(risk_trail(trail, self._secret), trail) for trail in trails])

    async def _author(self, session: Session) -> Caller | None:
        """The scoring party, where it can sign now; said in the log once where it cannot."""
        why = await unable(session, self._party)
        if why != self._told:
            self._told = why
            if why is not None:
                _log.warning("scores are stored, not sealed", why=why)
        row = await party_store.party(session, self._party) if why is None and self._party is not None else None
        if row is None:
            return None
        scopes = frozenset((str(Scope.CAPTURES_WRITE),))
        return Caller(row.id, row.identifier, row.name, row.roles, scopes, "scores", row.suspended)


async def unable(session: Session, party: bytes | None) -> str | None:
    """Why scores cannot be sealed now; None where they can."""
    if party is None:
        return "no scoring party configured"
    row = await party_store.party(session, party)
    if row is None:
        return "the scoring party is not registered"
    if row.suspended:
        return "the scoring party is suspended"
    if await newest_custodial_key(session, party) is None:
        return "the service keeps no signing key of the scoring party"
    return None if await deployed(session) is not None else "the contracts are not deployed"


def risk_trail(trail: bytes, secret: bytes) -> bytes:
    """The trail id of a shipment's risk trail."""
    identifier = risk_of(trail)
    return trail_of(identifier, salt_of(identifier, secret))
