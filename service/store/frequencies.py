"""How frequent terms are, as PostgreSQL's statistics know it."""

import time
from collections.abc import Mapping, Sequence

from sqlalchemy import text

from service.store.database import Session

REFRESH_SECONDS = 60.0
_STATISTICS = text(
    "SELECT greatest(class.reltuples, 0), CAST(CAST(stats.most_common_elems AS text) AS bigint[]),"
    " stats.most_common_elem_freqs FROM pg_class AS class LEFT JOIN pg_stats AS stats"
    " ON stats.schemaname = class.relnamespace::regnamespace::text AND stats.tablename = class.relname"
    " AND stats.attname = 'terms' WHERE class.oid = CAST('event_terms' AS regclass)"
)


class Frequencies:
    """About how many events have a term: exact enough to tell rare from frequent ones.

    What the statistics do not name is rarer than anything that they do.
    """

    def __init__(self, events: float = 0, shares: Mapping[int, float] | None = None, rest: float = 0.0) -> None:
        self._events, self._shares, self._rest = events, shares or {}, rest

    def fewest(self, alternatives: Sequence[tuple[int, ...]]) -> float:
        """About how many events have the rarest of these sets of terms: one of its terms, that is."""
        return self._events * min(map(self._share, alternatives))

    def _share(self, terms: tuple[int, ...]) -> float:
        """Terms that nobody knows are rare; several of them, still."""
        known = [self._shares[term] for term in terms if term in self._shares]
        return sum(known) + (self._rest if len(known) < len(terms) else 0.0)


async def read_frequencies(session: Session) -> Frequencies:
    """As of the last ANALYZE; before the first one, everything counts as rare."""
    events, terms, shares = (await session.execute(_STATISTICS)).one()
    if not terms:
        return Frequencies()
    # The shares of the terms come first; the last three are their smallest, their largest, and that of null elements.
    return Frequencies(events, dict(zip(terms, shares[: len(terms)], strict=True)), shares[len(terms)] / 2)


class FrequencyCache:
    """The frequencies, read again once a minute."""

    def __init__(self) -> None:
        self._read: tuple[float, Frequencies] | None = None

    async def get(self, session: Session) -> Frequencies:
        """The frequencies, a minute old at most."""
        now = time.monotonic()
        if self._read is None or now - self._read[0] >= REFRESH_SECONDS:
            self._read = now, await read_frequencies(session)
        return self._read[1]
