"""Which key signed an entry, and what became of the key and its party since: shown beside it, never hidden; pure.

The registry's logs are the truth. A revocation that was asked for here and is not mined yet is shown as one already: it
can only be refused by the chain where the chain has an earlier one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from service.store.register import KEY_ADDED, KEY_REVOKED, REINSTATED, SUSPENDED, RegistryLog
from service.store.tables import SigningKey
from service.trails.views import KeyView, SuspensionView, TrailEntry

Keys = Mapping[bytes, KeyView]


def key_views(addresses: Iterable[bytes], logs: Sequence[RegistryLog], kept: Sequence[SigningKey]) -> Keys:
    """What is known of keys: the registry's logs about them in the chain's order, and the keys that are kept here."""
    rows = {row.address: row for row in kept}
    said: dict[bytes | None, list[RegistryLog]] = {}
    for log in logs:
        said.setdefault(log.key, []).append(log)
    return {address: _key_view(address, said.get(address, ()), rows.get(address)) for address in addresses}


def _key_view(address: bytes, logs: Sequence[RegistryLog], row: SigningKey | None) -> KeyView:
    bound = next((log for log in logs if log.kind == KEY_ADDED), None)
    revoked = next((log for log in logs if log.kind == KEY_REVOKED), None)
    since = [log.compromised_from for log in logs if log.compromised_from is not None]
    if row is not None and row.compromised_from is not None:
        since.append(int(row.compromised_from.timestamp()))
    return KeyView(
        address,
        None if row is None else "own" if row.wrapped is None else "service",
        bound.block if bound else None,
        bound.time if bound else None,
        revoked is not None or (row is not None and row.revoked_at is not None),
        revoked.block if revoked else None,
        revoked.time if revoked else None,
        min(since) if since else None,
    )


@dataclass(frozen=True, slots=True)
class Suspensions:
    """A party's suspensions as the registry logged them, each from one moment to another (None: still)."""

    periods: tuple[tuple[int, int | None], ...]

    def at(self, moment: int | None) -> SuspensionView | None:
        """How the party stands now, and stood at the moment of a block; None where it never was suspended."""
        if not self.periods:
            return None
        since, until = self.periods[-1]
        then = moment is not None and any(
            begin < moment and (end is None or moment < end) for begin, end in self.periods
        )
        return SuspensionView(until is None, since, until, then)


def suspensions(logs: Sequence[RegistryLog]) -> dict[bytes, Suspensions]:
    """The suspensions of each party in the logs, which are in the chain's order."""
    found: dict[bytes, list[tuple[int, int | None]]] = {}
    for log in logs:
        periods = found.setdefault(log.party, [])
        if log.kind == SUSPENDED:
            periods.append((log.time, None))
        elif log.kind == REINSTATED and periods:
            periods[-1] = (periods[-1][0], log.time)
    return {party: Suspensions(tuple(periods)) for party, periods in found.items()}


def shown(entry: TrailEntry, signer: bytes | None, keys: Keys, stood: Mapping[bytes, Suspensions]) -> TrailEntry:
    """The entry with its key and its party's standing."""
    key = keys.get(signer) if signer is not None else None
    party = stood.get(entry.party.id)
    suspension = party.at(entry.block_time) if party is not None else None
    return replace(entry, key=key, doubtful=_doubtful(entry, key), suspension=suspension)


def _doubtful(entry: TrailEntry, key: KeyView | None) -> bool | None:
    """Whether the entry was recorded when the key was not to be trusted any more; None where no key is known."""
    if key is None:
        return None
    if key.compromised_from is None:
        return False
    return entry.block_time is None or entry.block_time >= key.compromised_from
