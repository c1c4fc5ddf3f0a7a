"""Changes to the registry of parties and keys, as calls that wait in the caller's own transaction."""

from collections.abc import Sequence

from service.ledger.abi import calldata
from service.ledger.client import hexed
from service.store.database import Session
from service.store.outbox import add_registry_call

FOREVER = 2**64 - 1
_BATCH = 100


async def register_parties(session: Session, parties: Sequence[tuple[bytes, int]]) -> None:
    """Registers parties by their 32-byte ids, each with its roles (bitmask)."""
    for start in range(0, len(parties), _BATCH):
        await _wait(session, "registerParties", [list(parties[start : start + _BATCH])])


async def add_keys(session: Session, keys: Sequence[tuple[bytes, bytes, int, int]]) -> None:
    """Binds signing keys: (20-byte address, party id, valid from, valid to), times in Unix seconds."""
    for start in range(0, len(keys), _BATCH):
        batch = [(hexed(address), party, begin, end) for address, party, begin, end in keys[start : start + _BATCH]]
        await _wait(session, "addKeys", [batch])


async def revoke_key(session: Session, address: bytes, compromised_from: int = 0) -> None:
    """Revokes a key; its signatures are not to be trusted from `compromised_from` (Unix seconds; 0: from now) on."""
    await _wait(session, "revokeKey", [hexed(address), compromised_from])


async def suspend(session: Session, party: bytes) -> None:
    """Stops all keys of a party from recording."""
    await _wait(session, "suspend", [party])


async def reinstate(session: Session, party: bytes) -> None:
    """Lets a suspended party record again."""
    await _wait(session, "reinstate", [party])


async def set_roles(session: Session, party: bytes, roles: int) -> None:
    """Replaces a party's roles (bitmask)."""
    await _wait(session, "setRoles", [party, roles])


async def _wait(session: Session, function: str, arguments: Sequence[object]) -> None:
    await add_registry_call(session, function, calldata("Participants", function, arguments))
