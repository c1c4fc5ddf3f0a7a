"""The use: a supplier's document is accepted, or prepared for an own signature and then submitted."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from uuid import UUID, uuid4

from service.capture import errors
from service.capture.drafted import Documents, Drafted
from service.capture.reading import Format, Source
from service.capture.receipts import PART_STATES, PartReceipt, Prepared, Receipt, SignedDocument
from service.capture.rows import Accepted, SignedPart, rows_of
from service.config import Settings
from service.erasure.alias import mac_of
from service.errors import TrailsealError
from service.masterdata.telling import tell
from service.parties.caller import Caller
from service.parties.errors import NotDeployed
from service.parties.scopes import Scope
from service.parties.signing_keys import SigningKeys, key_of
from service.sealing.entries import Entry
from service.sealing.hashing import sha256
from service.sealing.signing import BadSignature, recover, sign
from service.sealing.typeddata import domain_separator, signing_digest, typed_data
from service.store import captures as store
from service.store import chain
from service.store.captures import CaptureRow
from service.store.database import Database, Session, TransactionGivenUp

_WRITES = 5

Sign = Callable[[Session, Drafted], Awaitable[list[SignedPart]]]


class Captures:
    """Accepting documents; any number of processes may do so at once."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._keys = SigningKeys(database, settings)
        self._documents = Documents(settings)

    async def accept(
        self,
        caller: Caller,
        body: bytes,
        *,
        format: Format = "json",  # noqa: A002 the field's own word
        idempotency_key: str | None = None,
        proceed: bool = False,
    ) -> Receipt:
        """Accepts a document and signs it with the party's key in our custody. When this returns, it is kept.

        Raises:
            InvalidDocument, NoEvents, TooManyEvents, DuplicateEvent: what is wrong with the document.
            IdempotencyKeyReused: the key came with another document before.
            parties.errors.NoSigningKey: the party keeps its keys itself; it is to `prepare` and `submit`.
        """
        caller.require(Scope.CAPTURES_WRITE)
        caller.require_active()
        request_hash = sha256(
            b"proceed" if proceed else b"rollback", b"" if format == "json" else format.encode(), body
        )
        drafted = await self._documents.read(Source(body, format, proceed, caller.lenient), caller.party)

        async def signed(session: Session, drafted: Drafted) -> list[SignedPart]:
            return await self._custodial(session, caller, drafted)

        return await self._write(caller, drafted, signed, idempotency_key, request_hash)

    async def prepare(
        self,
        caller: Caller,
        body: bytes,
        *,
        format: Format = "json",  # noqa: A002 the field's own word
        proceed: bool = False,
    ) -> Prepared:
        """The document's events as they will be sealed, and the typed data to sign; nothing is kept yet.

        Raises: as `accept`, but for the idempotency key; MasterDataUnsigned.
        """
        caller.require(Scope.CAPTURES_WRITE)
        caller.require_active()
        drafted = await self._documents.read(Source(body, format, proceed, caller.lenient), caller.party)
        if drafted.vocabularies:
            raise errors.MasterDataUnsigned(
                "master data is kept but not signed: hand it in as a document without events, and prepare the events"
            )
        deadline = self._deadline()
        async with self._database.session() as session:
            deployment = await self._deployment(session)
            drafted = await self._without_known(session, caller, drafted)
        return Prepared(
            tuple((draft.document, draft.nonce, draft.seal) for draft in drafted.drafts),
            tuple(
                typed_data(deployment.chain_id, deployment.provenance, entries, deadline)
                for _, entries in drafted.parts
            ),
            tuple(part for part, _ in drafted.parts),
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
        request_hash = sha256(b"signed", signed.model_dump_json().encode())
        drafted = await self._documents.read_signed(signed, caller.party, lenient=caller.lenient)

        async def checked(session: Session, drafted: Drafted) -> list[SignedPart]:
            return await self._own(session, caller, drafted, signed)

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
            if row.request_hash and row.request_hash != request_hash:  # none: an event of it was erased
                raise errors.IdempotencyKeyReused(
                    f"the Idempotency-Key {idempotency_key!r} came with another document before: use a fresh key for"
                    " each document, and the same key only to repeat the same one"
                )
            return await self._receipt(session, row)

    async def _custodial(self, session: Session, caller: Caller, drafted: Drafted) -> list[SignedPart]:
        domain, deadline = await self._domain(session), self._deadline()
        address, key = await self._keys.signing_key(session, caller.party)
        return [
            SignedPart(entries, part, address, deadline, sign(signing_digest(domain, part, deadline), key))
            for part, entries in drafted.parts
        ]

    async def _own(
        self, session: Session, caller: Caller, drafted: Drafted, signed: SignedDocument
    ) -> list[SignedPart]:
        if len(signed.signatures) != len(drafted.parts):
            raise errors.SignatureRefused(
                f"the document makes {len(drafted.parts)} parts, there are {len(signed.signatures)} signatures:"
                " send one for each, in the order in which they were prepared"
            )
        if signed.deadline <= time.time():
            raise errors.SignatureRefused("the deadline is over: prepare the document again")
        domain = await self._domain(session)
        parts = [
            signed_part(part, entries, domain, signed.deadline, signature)
            for (part, entries), signature in zip(drafted.parts, signed.signatures, strict=True)
        ]
        for address in sorted({part.signer for part in parts}):
            key = await key_of(session, address)
            if key is None or key.party != caller.party or key.revoked_at is not None:
                first = next(part.id for part in parts if part.signer == address)
                raise errors.SignatureRefused(
                    f"the signature of part 0x{first.hex()} is by 0x{address.hex()}, which is no active key of yours:"
                    " sign the typed data as prepared, with a registered key that is not revoked"
                )
        return parts

    async def _write(
        self,
        caller: Caller,
        drafted: Drafted,
        sign_parts: Sign,
        idempotency_key: str | None,
        request_hash: bytes,
    ) -> Receipt:
        """Writes the document, or answers for the request that did so before, or meanwhile, with the same key.

        Most keys are fresh, so the key is looked for only where the writing fails, for whatever reason.
        """
        for attempt in range(1, _WRITES + 1):
            try:
                return await self._write_once(caller, drafted, sign_parts, idempotency_key, request_hash)
            except (store.Conflict, TrailsealError) as fault:
                known = await self._known(caller, idempotency_key, request_hash)
                if known is not None:
                    return known
                again = isinstance(fault, TransactionGivenUp) and attempt < _WRITES
                if not again and not isinstance(fault, store.Conflict):
                    raise
        raise errors.DuplicateEvent(
            "the seal of an event was captured before, by this party or another: prepare the document again, so that"
            " its events get fresh nonces"
        )

    async def _write_once(
        self, caller: Caller, drafted: Drafted, sign_parts: Sign, idempotency_key: str | None, request_hash: bytes
    ) -> Receipt:
        """Signs, or checks signatures, in the transaction that writes: a revocation comes wholly before or after it."""
        async with self._database.session() as session:
            drafted = await self._without_known(session, caller, drafted)
            parts = await sign_parts(session, drafted) if drafted.parts else []
            numbers = await store.reserve_events(session, len(drafted.drafts))
            accepted = Accepted(
                uuid4(),
                caller.party,
                idempotency_key,
                request_hash,
                list(drafted.refused),
                drafted.drafts,
                parts,
                drafted.proceed,
                drafted.opened.document.header,
            )
            rows = partial(rows_of, accepted, numbers, self._documents.drafter.trail)
            row = await store.write_capture(session, await asyncio.to_thread(rows) if drafted.large else rows())
            await tell(session, caller.party, drafted.vocabularies)
        states = [
            PartReceipt(part.id, "waiting", len(part.entries), part.signer, part.deadline, None, None, None)
            for part in parts
        ]
        ids = tuple(draft.event_id for draft in drafted.drafts)
        refused = tuple(row.refused)
        return Receipt(
            row.id, row.received_at, row.events, row.entries, ids, tuple(states), refused, row.proceed, row.header
        )

    async def _without_known(self, session: Session, caller: Caller, drafted: Drafted) -> Drafted:
        """The document, refused where the party captured an event of it before; with `proceed`, without such events."""
        secret = self._settings.consortium_secret.get_secret_value()
        macs = [mac_of(event_id, secret) for event_id, _ in drafted.identities]
        known = await store.known_events(session, caller.party, drafted.identities, macs) if drafted.drafts else []
        if not known:
            return drafted
        if drafted.proceed:
            return drafted.without({(event_id, declares) for event_id, declares, _ in known})
        told = [{"eventID": event_id, "captureID": capture and str(capture)} for event_id, _, capture in known[:100]]
        erased = " and erased" if known[0][2] is None else ""
        raise errors.DuplicateEvent(
            f"{len(known)} of the events were captured before{erased}, the first as {known[0][0]}: leave them out",
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
            raise NotDeployed("the contracts are not deployed yet: an operator is to run `trailseal deploy`")
        return deployment

    async def _domain(self, session: Session) -> bytes:
        deployment = await self._deployment(session)
        return domain_separator(deployment.chain_id, deployment.provenance)


def signed_part(part: bytes, entries: Sequence[Entry], domain: bytes, deadline: int, signature: str) -> SignedPart:
    """A part as an own key signed it (65 bytes in hex); raises `SignatureRefused` where that is no signature."""
    try:
        given = bytes.fromhex(signature.removeprefix("0x"))
        address = recover(signing_digest(domain, part, deadline), given)
    except (BadSignature, ValueError) as fault:
        raise errors.SignatureRefused(f"the signature of part 0x{part.hex()} does not hold: {fault}") from fault
    return SignedPart(entries, part, address, deadline, given)


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
        row.proceed,
        row.header,
    )
