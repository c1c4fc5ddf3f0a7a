"""A party signs anew, with a key of its own, what it captured and the chain did not take as it was signed.

The words stay: a part's id is the hash of its entries, so whatever signature it carries, it is recorded once. What the
service signs itself, it signs anew by itself (`service.capture.resign`).
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from service.capture import errors
from service.capture.captures import Captures, signed_part
from service.capture.receipts import Receipt
from service.capture.resign import STALE
from service.config import Settings
from service.ledger.abi import entries_of
from service.parties.caller import Caller
from service.parties.errors import NotDeployed
from service.parties.scopes import Scope
from service.parties.signing_keys import key_of
from service.sealing.typeddata import domain_separator, typed_data
from service.store import captures as capture_store
from service.store import chain, transactions
from service.store.database import Database, Session
from service.store.renewals import LapsedPart, lapsed_parts
from service.store.resign import replace_signature


@dataclass(frozen=True, slots=True)
class Renewal:
    """What is to be signed: part ids with their typed data (EIP-712), and the deadline in it (Unix seconds)."""

    parts: tuple[tuple[bytes, str | None, dict[str, Any]], ...]
    deadline: int


class Renewals:
    """Preparing and taking fresh signatures of parts that wait in vain or were refused."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._captures = Captures(database, settings)

    async def prepare(self, caller: Caller, capture: UUID) -> Renewal:
        """What of the capture needs the party's signature now; nothing, where all of it is sealed or on its way.

        Raises:
            CaptureNotFound, NotDeployed.
        """
        _may_write(caller)
        deadline = int(time.time()) + self._settings.deadline_seconds
        async with self._database.session() as session:
            lapsed, deployed = await self._lapsed(session, caller, capture), await _deployed(session)
        return Renewal(
            tuple(
                (
                    part.id,
                    part.refusal,
                    typed_data(deployed.chain_id, deployed.provenance, entries_of(part.entries), deadline),
                )
                for part in lapsed
            ),
            deadline,
        )

    async def submit(self, caller: Caller, capture: UUID, deadline: int, signatures: Mapping[str, str]) -> Receipt:
        """Takes signatures (65 bytes in hex) by part id (0x and hex); those parts wait for the chain again.

        Raises:
            CaptureNotFound, NotDeployed; SignatureRefused: of a part that needs none, or not by an active key.
        """
        _may_write(caller)
        if deadline <= time.time():
            raise errors.SignatureRefused("the deadline is over: ask anew what to sign")
        async with self._database.session() as session:
            await transactions.lock_order(session)
            lapsed = {f"0x{part.id.hex()}": part for part in await self._lapsed(session, caller, capture)}
            deployed = await _deployed(session)
            domain = domain_separator(deployed.chain_id, deployed.provenance)
            for name, signature in signatures.items():
                part = lapsed.get(name)
                if part is None:
                    raise errors.SignatureRefused(f"the part {name[:80]} of this capture needs no signature")
                signed = signed_part(part.id, entries_of(part.entries), domain, deadline, signature)
                key = await key_of(session, signed.signer)
                if key is None or key.party != caller.party or key.revoked_at is not None:
                    raise errors.SignatureRefused(
                        f"the signature of part {name} is by 0x{signed.signer.hex()}, which is no active key of yours"
                    )
                await replace_signature(session, part.id, signed.signer, deadline, signed.signature)
        return await self._captures.receipt(caller, capture)

    async def _lapsed(self, session: Session, caller: Caller, capture: UUID) -> list[LapsedPart]:
        if await capture_store.capture_by_id(session, caller.party, capture) is None:
            raise errors.CaptureNotFound(f"you have no capture {capture}")
        return await lapsed_parts(session, caller.party, capture, STALE, int(time.time()))


async def _deployed(session: Session) -> chain.Deployed:
    found = await chain.deployed(session)
    if found is None:
        raise NotDeployed("the contracts are not deployed yet, so nothing can be signed for them")
    return found


def _may_write(caller: Caller) -> None:
    caller.require(Scope.CAPTURES_WRITE)
    caller.require_active()
