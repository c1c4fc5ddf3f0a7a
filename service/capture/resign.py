"""Captures that the chain refused because their signature had become stale are signed anew, in the same words.

A part's id is the hash of its entries, so whatever signature it carries, the contract records it once.
"""

import time

import structlog

from service.config import Settings
from service.ledger.abi import entries_of
from service.parties.errors import NoSigningKey
from service.parties.signing_keys import SigningKeys
from service.sealing.signing import sign
from service.sealing.typeddata import capture_id, domain_separator, signing_digest
from service.store import chain, resign
from service.store.database import Database

_log = structlog.get_logger(__name__)

STALE = ("KeyRevoked", "KeyExpired", "DeadlinePassed")
"""Refusals that a fresh signature of the same party mends."""


class Resigner:
    """Signs again what the service signs for its parties; `step` does what there is to do now."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings = database, settings
        self._keys = SigningKeys(database, settings)

    async def step(self) -> bool:
        """Signs some refused parts anew and lets them wait again; whether there were any.

        Parts that a party signed with its own key are left as they are: their receipts say `refused` and why.
        """
        async with self._database.session() as session:
            deployment = await chain.deployed(session)
            refused = await resign.refused_custodial_parts(session, STALE, limit=500)
            if deployment is None or not refused:
                return False
            domain = domain_separator(deployment.chain_id, deployment.provenance)
            deadline = int(time.time()) + self._settings.deadline_seconds
            signed = 0
            for part in refused:
                try:
                    address, key = await self._keys.signing_key(session, part.party)
                except NoSigningKey:
                    continue
                signature = sign(signing_digest(domain, capture_id(entries_of(part.entries)), deadline), key)
                await resign.replace_signature(session, part.id, address, deadline, signature)
                signed += 1
        if signed:
            _log.info("signed refused captures anew", parts=signed)
        return signed > 0
