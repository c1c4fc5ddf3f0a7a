"""The mirror of the chain's registry: what it logged of parties and keys, and what follows from it here.

What this service asked for is written here when it is asked for; what other registrars did past it is written when the
chain has it. Where the chain is rolled back, what others did there is taken back too, but for revocations: a key that
was revoked once is not used again for being revoked in a block that is gone.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session, insert

SUSPENDED, REINSTATED = "PartySuspended", "PartyReinstated"
REGISTERED, ROLES_SET = "PartyRegistered", "RolesSet"
KEY_ADDED, KEY_REVOKED = "KeyAdded", "KeyRevoked"


class RegistryLog(NamedTuple):
    """A log of the registry, in the columns of `registry_events`; times in Unix seconds, `valid_to` None: no end."""

    block: int
    log: int
    time: int
    transaction: bytes
    kind: str
    party: bytes
    key: bytes | None = None
    number: int | None = None
    roles: int | None = None
    valid_from: int | None = None
    valid_to: int | None = None
    compromised_from: int | None = None


_COLUMNS = '"block", "log", "time", "transaction", kind, party, "key", "number", roles, valid_from, valid_to,'
_COLUMNS += " compromised_from"
_OURS = text(
    "SELECT asked.hash FROM unnest(CAST(:hashes AS bytea[])) AS asked (hash)"
    " WHERE EXISTS (SELECT FROM transactions WHERE transactions.hash = asked.hash)"
)


async def follow(session: Session, logs: Sequence[RegistryLog]) -> None:
    """Takes logs into the mirror, in their order, and does here what others did past this service."""
    if not logs:
        return
    # A mirror that is followed anew has some of them already.
    blocks = {"blocks": list({log.block for log in logs})}
    await session.execute(text("DELETE FROM registry_events WHERE block = ANY(CAST(:blocks AS bigint[]))"), blocks)
    await insert(session, "registry_events", RegistryLog._fields, logs)
    for log in await _past_us(session, logs):
        await _apply(session, log)


async def take_back(session: Session, ancestor: int) -> None:
    """Forgets what the registry logged after a block that the chain no longer has."""
    rows = await session.execute(
        text(f"DELETE FROM registry_events WHERE block > :ancestor RETURNING {_COLUMNS}"),  # noqa: S608
        {"ancestor": ancestor},
    )
    gone = [RegistryLog(*row) for row in rows.all()]
    keys = [log.key for log in gone if log.kind == KEY_ADDED]
    await session.execute(
        text("UPDATE signing_keys SET registered_at = NULL WHERE address = ANY(:keys)"), {"keys": keys}
    )
    for party in sorted({log.party for log in await _past_us(session, gone)}):
        before = await of_party(session, party)
        standing = next((log for log in reversed(before) if log.kind in {SUSPENDED, REINSTATED}), None)
        roles = next((log.roles for log in reversed(before) if log.roles is not None), None)
        await session.execute(
            text(
                "UPDATE parties SET suspended = :suspended, roles = coalesce(CAST(:roles AS integer), roles)"
                " WHERE id = :party"
            ),
            {"party": party, "roles": roles, "suspended": standing is not None and standing.kind == SUSPENDED},
        )


async def _past_us(session: Session, logs: Sequence[RegistryLog]) -> list[RegistryLog]:
    hashes = list({log.transaction for log in logs})
    ours = set((await session.execute(_OURS, {"hashes": hashes})).scalars())
    return [log for log in logs if log.transaction not in ours]


async def _apply(session: Session, log: RegistryLog) -> None:
    values = {"party": log.party, "key": log.key, "roles": log.roles, "suspended": log.kind == SUSPENDED}
    if log.kind in {SUSPENDED, REINSTATED}:
        await session.execute(text("UPDATE parties SET suspended = :suspended WHERE id = :party"), values)
    elif log.kind in {ROLES_SET, REGISTERED}:
        await session.execute(text("UPDATE parties SET roles = :roles WHERE id = :party"), values)
    elif log.kind == KEY_ADDED:
        await session.execute(
            text(
                "INSERT INTO signing_keys (address, party, registered_at) SELECT :key, id, now() FROM parties"
                " WHERE id = :party ON CONFLICT DO NOTHING"
            ),
            values,
        )


async def anything(session: Session) -> bool:
    """Whether the mirror has anything of the registry."""
    return bool((await session.execute(text("SELECT EXISTS (SELECT FROM registry_events)"))).scalar_one())


async def of_party(session: Session, party: bytes) -> list[RegistryLog]:
    """What the registry logged of a party, in the chain's order."""
    return await of_parties(session, [party])


async def of_parties(session: Session, parties: Iterable[bytes], kinds: Sequence[str] = ()) -> list[RegistryLog]:
    """What the registry logged of these parties (of these kinds only, where some are given), in the chain's order."""
    statement = text(
        f"SELECT {_COLUMNS} FROM registry_events WHERE party = ANY(:parties)"  # noqa: S608
        " AND (cardinality(CAST(:kinds AS text[])) = 0 OR kind = ANY(CAST(:kinds AS text[]))) ORDER BY block, log"
    )
    rows = await session.execute(statement, {"parties": list(parties), "kinds": list(kinds)})
    return [RegistryLog(*row) for row in rows.all()]


async def of_keys(session: Session, keys: Iterable[bytes]) -> list[RegistryLog]:
    """What the registry logged of these keys (addresses), in the chain's order."""
    statement = text(f'SELECT {_COLUMNS} FROM registry_events WHERE "key" = ANY(:keys) ORDER BY block, log')  # noqa: S608
    return [RegistryLog(*row) for row in (await session.execute(statement, {"keys": list(keys)})).all()]
