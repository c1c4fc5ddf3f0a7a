"""Captures whose signature became stale before the chain had them are signed anew, in the same words.

A part's id is the hash of its entries, so whatever signature it carries, the contract records it once.
"""

import time

import structlog

from service.config import Settings
from service.ledger.abi import entries_of
from service.parties.errors import KeyEncryptionKeyMissing, NoSigningKey, WrappedKeyDamaged
from service.parties.signing_keys import SigningKeys
from service.sealing.signing import sign
from service.sealing.typeddata import capture_id, domain_separator, signing_digest
from service.store import chain, resign, transactions
from service.store.chain import Deployed
from service.store.database import Database, Session
from service.store.resign import StalePart

_log = structlog.get_logger(__name__)

STALE = ("KeyRevoked", "KeyExpired", "DeadlinePassed", "UnknownKey")
"""Refusals that a fresh signature of the same party mends."""
_AT_ONCE = 500


class Resigner:
    """Signs again what the service signs for its parties; `step` does what there is to do now."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._keys = SigningKeys(database, settings)

    async def step(self) -> bool:
        """Signs some parts anew, before they are sent or after the chain refused them; whether there were any.

        Parts that a party signed with its own key are left as they are: their receipts say `refused` and why.
        """
        patience = min(60, self._settings.deadline_seconds // 4)
        async with self._database.session() as session:
            now = await _now(session)
            if not await resign.stale_parts(session, STALE, now + patience, limit=1):
                return False
        async with self._database.session() as session:
            # No relay packs meanwhile: what is signed anew keeps its place in the order.
            await transactions.lock_order(session)
            deployment = await chain.deployed(session)
            stale = await resign.stale_parts(session, STALE, now + patience, _AT_ONCE)
            if deployment is None or not stale:
                return False
            signed = await self._sign(session, deployment, stale, now + self._settings.deadline_seconds)
        if signed:
            _log.info("signed captures anew", parts=signed)
        return signed > 0

    async def _sign(self, session: Session, deployment: Deployed, stale: list[StalePart], deadline: int) -> int:
        domain, signed = domain_separator(deployment.chain_id, deployment.provenance), 0
        for party in {part.party for part in stale}:
            try:
                address, key = await self._keys.signing_key(session, party)
            except NoSigningKey:
                continue
            except (WrappedKeyDamaged, KeyEncryptionKeyMissing) as fault:  # other parties' captures go on
                _log.error("a signing key cannot be used", party=f"0x{party.hex()}", reason=fault.detail)
                continue
            for part in stale:
                if part.party == party and _is_intact(part):
                    signature = sign(signing_digest(domain, part.id, deadline), key)
                    await resign.replace_signature(session, part.id, address, deadline, signature)
                    signed += 1
        return signed


def _is_intact(part: StalePart) -> bool:
    """Whether these are still the words that were signed: nobody gets another statement signed by editing a row."""
    if capture_id(entries_of(part.entries)) == part.id:
        return True
    _log.error(
        "kept entries were altered after they were signed", part=f"0x{part.id.hex()}", party=f"0x{part.party.hex()}"
    )
    return False


async def _now(session: Session) -> int:
    """Our time, or the chain's where that is ahead: deadlines are judged by the chain's."""
    followed = await chain.last_block(session)
    return max(int(time.time()), followed.time if followed else 0)
