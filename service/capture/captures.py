"""The use: a supplier's document is accepted, or prepared for an own signature and then submitted."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from os import urandom
from typing import Any
from uuid import UUID, uuid4

from service.capture import errors
from service.capture.draft import Draft, Drafter, cut, entries_of
from service.capture.receipts import PART_STATES, PartReceipt, Prepared, Receipt, SignedDocument
from service.capture.rows import Accepted, SignedPart, rows_of
from service.config import Settings
from service.epcis.documents import Document, parse
from service.epcis.faults import InvalidDocument
from service.ledger.client import raw
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.parties.signing_keys import SigningKeys, key_of
from service.sealing.entries import Entry
from service.sealing.hashing import canonical_json, sha256
from service.sealing.signing import BadSignature, recover, sign
from service.sealing.typeddata import capture_id, domain_separator, signing_digest, typed_data
from service.store import captures as store
from service.store import chain
from service.store.captures import CaptureRow
from service.store.database import Database, Session

_MANY_EVENTS = 50


@dataclass(frozen=True, slots=True)
class _Drafted:
    drafts: tuple[Draft, ...]
    refused: list[Any]
    parts: list[Sequence[Entry]]


class Captures:
    """Accepting documents; any number of processes may do so at once."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._keys = SigningKeys(database, settings)
        self._drafter = Drafter(settings.consortium_secret.get_secret_value(), urandom)

    async def accept(
        self, caller: Caller, body: bytes, *, idempotency_key: str | None = None, proceed: bool = False
    ) -> Receipt:
        """Accepts a document and signs it with the party's key in our custody. When this returns, it is kept.

        Raises:
            DocumentRefused, NoEvents, TooManyEvents, NothingTouched, DuplicateEvent: what is wrong with the document.
            IdempotencyKeyReused: the key came with another document before.
            parties.errors.NoSigningKey: the party keeps its keys itself; it is to `prepare` and `submit`.
        """
        caller.require(Scope.CAPTURES_WRITE)
        caller.require_active()
        request_hash = sha256(b"proceed" if proceed else b"rollback", body)
        known = await self._known(caller, idempotency_key, request_hash)
        if known is not None:
            return known
        drafted = await self._draft(body, proceed)

        async def signed(session: Session) -> list[SignedPart]:
            return await self._custodial(session, caller, drafted)

        return await self._write(caller, drafted, signed, idempotency_key, request_hash)

    async def prepare(self, caller: Caller, body: bytes, *, proceed: bool = False) -> Prepared:
        """The document's events as they will be sealed, and the typed data to sign; nothing is kept yet.

        Raises: as `accept`, but for the idempotency key.
        """
        caller.require(Scope.CAPTURES_WRITE)
        caller.require_active()
        drafted = await self._draft(body, proceed)
        deadline = self._deadline()
        async with self._database.session() as session:
            deployment = await self._deployment(session)
            await self._refuse_known(session, caller, drafted)
        return Prepared(
            tuple((draft.document, draft.nonce, draft.seal) for draft in drafted.drafts),
            tuple(
                typed_data(deployment.chain_id, deployment.provenance, entries, deadline) for entries in drafted.parts
            ),
            tuple(capture_id(entries) for entries in drafted.parts),
            deadline,
            tuple(drafted.refused),
        )

    async def submit(self, caller: Caller, signed: SignedDocument, *, idempotency_key: str | None = None) -> Receipt:
        """Accepts a prepared document with the party's own signatures.

        Raises:
            SignatureRefused: a signature is malformed, or not by a key that the registry knows as this party's.
            Otherwise as `accept`.
        """
        caller.require(Scope.CAPTURES_WRITE)
        caller.require_active()
        request_hash = sha256(b"signed", canonical_json(signed.model_dump(mode="json")))
        known = await self._known(caller, idempotency_key, request_hash)
        if known is not None:
            return known
        drafted = await self._redraft(signed)
        if len(signed.signatures) != len(drafted.parts):
            raise errors.SignatureRefused(
                f"the document makes {len(drafted.parts)} parts, there are {len(signed.signatures)} signatures:"
                " send one for each, in the order in which they were prepared"
            )

        async def checked(session: Session) -> list[SignedPart]:
            domain = await self._domain(session)
            return [
                await self._own(session, caller, domain, entries, (signed.deadline, signature))
                for entries, signature in zip(drafted.parts, signed.signatures, strict=True)
            ]

        return await self._write(caller, drafted, checked, idempotency_key, request_hash)

    async def receipt(self, caller: Caller, capture: UUID) -> Receipt:
        """The receipt of one of the caller's captures, with what became of it.

        Raises:
            CaptureNotFound: there is none, or it is another party's.
        """
        caller.require(Scope.CAPTURES_READ)
        async with self._database.session() as session:
            row = await store.capture_by_id(session, caller.party, capture)
            if row is None:
                raise errors.CaptureNotFound(f"you have no capture {capture}")
            return await self._receipt(session, row)

    async def receipts(
        self, caller: Caller, before: int | None = None, limit: int = 50
    ) -> tuple[list[Receipt], int | None]:
        """The caller's captures, the newest first, without event ids; and where the next page begins, if any."""
        caller.require(Scope.CAPTURES_READ)
        async with self._database.session() as session:
            rows = await store.captures_before(session, caller.party, before, limit + 1)
            page = rows[:limit]
            statuses = await store.part_statuses(session, [row.id for row in page])
        told = [_told(row, (), [part for part in statuses if part.capture == row.id]) for row in page]
        return told, page[-1].seq if len(rows) > limit else None

    async def _known(self, caller: Caller, idempotency_key: str | None, request_hash: bytes) -> Receipt | None:
        if idempotency_key is None:
            return None
        async with self._database.session() as session:
            row = await store.capture_by_key(session, caller.party, idempotency_key)
            if row is None:
                return None
            if row.request_hash != request_hash:
                raise errors.IdempotencyKeyReused(
                    f"the Idempotency-Key {idempotency_key!r} came with another document before: use a fresh key for"
                    " each document, and the same key only to repeat the same one"
                )
            return await self._receipt(session, row)

    async def _draft(self, body: bytes, proceed: bool) -> _Drafted:
        # Reading a large document takes a while: in a thread, other requests are served meanwhile.
        try:
            document = await asyncio.to_thread(parse, body, proceed=proceed)
        except InvalidDocument as invalid:
            raise errors.DocumentRefused(invalid.faults) from None
        refused = [
            {"index": one.index, "faults": [errors.told(fault) for fault in one.faults]} for one in document.refused
        ]
        return await self._drafted(document, refused)

    async def _drafted(self, document: Document, refused: list[Any], nonces: Sequence[bytes] = ()) -> _Drafted:
        if not document.events:
            raise errors.NoEvents("send at least one event", {"refused": refused})
        if len(document.events) > self._settings.document_events:
            raise errors.TooManyEvents(
                f"{len(document.events)} events are too many for one document; send at most"
                f" {self._settings.document_events}"
            )
        if len(document.events) > _MANY_EVENTS:
            return await asyncio.to_thread(self._draft_all, document, refused, nonces)
        return self._draft_all(document, refused, nonces)

    def _draft_all(self, document: Document, refused: list[Any], nonces: Sequence[bytes]) -> _Drafted:
        given: Sequence[bytes | None] = nonces or [None] * len(document.events)
        drafts = tuple(self._drafter.draft(event, nonce) for event, nonce in zip(document.events, given, strict=True))
        return _Drafted(drafts, refused, cut([entry for _, _, entry in entries_of(drafts)]))

    async def _redraft(self, signed: SignedDocument) -> _Drafted:
        """The drafts of a prepared document; seals and entries are computed anew, never taken from the client."""
        try:
            document = await asyncio.to_thread(_parse_many, [event.document for event in signed.events])
        except InvalidDocument as invalid:
            raise errors.DocumentRefused(invalid.faults) from None
        return await self._drafted(document, [], [raw(event.nonce) for event in signed.events])

    async def _custodial(self, session: Session, caller: Caller, drafted: _Drafted) -> list[SignedPart]:
        domain, deadline = await self._domain(session), self._deadline()
        address, key = await self._keys.signing_key(session, caller.party)
        return [
            SignedPart(entries, part, address, deadline, sign(signing_digest(domain, part, deadline), key))
            for entries in drafted.parts
            for part in (capture_id(entries),)
        ]

    async def _own(
        self, session: Session, caller: Caller, domain: bytes, entries: Sequence[Entry], signed: tuple[int, str]
    ) -> SignedPart:
        part, (deadline, signature) = capture_id(entries), signed
        try:
            given = bytes.fromhex(signature.removeprefix("0x"))
            address = recover(signing_digest(domain, part, deadline), given)
        except (BadSignature, ValueError) as fault:
            raise errors.SignatureRefused(f"the signature of part 0x{part.hex()} does not hold: {fault}") from fault
        if deadline <= time.time():
            raise errors.SignatureRefused("the deadline is over: prepare the document again")
        known = await key_of(session, address)
        if known is None or known.party != caller.party or known.revoked_at is not None:
            raise errors.SignatureRefused(
                f"the signature of part 0x{part.hex()} is by 0x{address.hex()}, which is no active key of yours: sign"
                " the typed data as prepared, with a registered key that is not revoked"
            )
        return SignedPart(entries, part, address, deadline, given)

    async def _write(
        self,
        caller: Caller,
        drafted: _Drafted,
        sign_parts: Callable[[Session], Awaitable[list[SignedPart]]],
        idempotency_key: str | None,
        request_hash: bytes,
    ) -> Receipt:
        """Signs, or checks signatures, in the transaction that writes: a revocation comes wholly before or after it."""
        try:
            async with self._database.session() as session:
                await self._refuse_known(session, caller, drafted)
                parts = await sign_parts(session)
                numbers = await store.reserve_events(session, len(drafted.drafts))
                accepted = Accepted(
                    uuid4(), caller.party, idempotency_key, request_hash, drafted.refused, drafted.drafts, parts
                )
                row = await store.write_capture(session, rows_of(accepted, numbers, self._drafter.trail))
        except store.Conflict:
            # Another request wrote the same key or the same events first: answer as if it had come before this one.
            known = await self._known(caller, idempotency_key, request_hash)
            if known is not None:
                return known
            async with self._database.session() as session:
                await self._refuse_known(session, caller, drafted)
            raise
        states = [
            PartReceipt(part.id, "waiting", len(part.entries), part.signer, part.deadline, None, None, None)
            for part in parts
        ]
        ids = tuple(draft.event_id for draft in drafted.drafts)
        return Receipt(row.id, row.received_at, row.events, row.entries, ids, tuple(states), tuple(row.refused))

    async def _refuse_known(self, session: Session, caller: Caller, drafted: _Drafted) -> None:
        places: dict[tuple[str, bool], str] = {}
        for draft in drafted.drafts:
            identity = (draft.event_id, draft.declares_error)
            if identity in places:
                raise errors.DuplicateEvent(
                    f"the events at {places[identity]} and {draft.event.pointer} are the same: send it once",
                    {"events": [{"eventID": draft.event_id, "pointer": draft.event.pointer}]},
                )
            places[identity] = draft.event.pointer
        known = await store.known_events(session, caller.party, list(places))
        if known:
            told = [{"eventID": event_id, "captureID": str(capture)} for event_id, capture in known[:100]]
            raise errors.DuplicateEvent(
                f"{len(known)} of the events were captured before, the first as {known[0][0]}: leave them out",
                {"events": told},
            )

    async def _receipt(self, session: Session, row: CaptureRow) -> Receipt:
        ids = await store.event_ids(session, row.id)
        return _told(row, ids, await store.part_statuses(session, [row.id]))

    def _deadline(self) -> int:
        return int(time.time()) + self._settings.deadline_seconds

    async def _deployment(self, session: Session) -> chain.Deployed:
        deployment = await chain.deployed(session)
        if deployment is None:
            raise errors.NotDeployed("the contracts are not deployed yet: an operator is to run `trailseal deploy`")
        return deployment

    async def _domain(self, session: Session) -> bytes:
        deployment = await self._deployment(session)
        return domain_separator(deployment.chain_id, deployment.provenance)


def _parse_many(documents: Sequence[dict[str, Any]]) -> Document:
    """Events that each stand alone, as one document; pointers begin with the event's index."""
    events = []
    for index, document in enumerate(documents):
        (event,) = parse(document).events
        events.append(type(event)(event.model, event.source, f"/events/{index}/document", event.prefixes))
    return Document(tuple(events))


def _told(row: CaptureRow, ids: Sequence[str], parts: Sequence[store.PartStatus]) -> Receipt:
    return Receipt(
        row.id,
        row.received_at,
        row.events,
        row.entries,
        tuple(ids),
        tuple(
            PartReceipt(
                part.id,
                PART_STATES[part.state],
                part.entry_count,
                part.signer,
                part.deadline,
                part.transaction,
                part.block,
                part.refusal,
            )
            for part in parts
        ),
        tuple(row.refused),
    )
