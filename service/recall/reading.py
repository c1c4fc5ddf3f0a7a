"""The ties of things as they are stored, told with caution."""

import asyncio
from collections.abc import Sequence

from service.recall.amounts import amounts_in
from service.recall.stays import Amount, Tie, portions, taken_out_unexplained, ties
from service.recall.tracing import TooManyTies
from service.store import ties as store
from service.store.database import Session
from service.store.trails import Viewer

_MANY = 2000


class Reader:
    """Reads the ties of a level: one query for the words, and where rules 3 and 4 of `stays` need them, one for births
    and one for quantities.

    `everywhere` as in `tracing.Asked`. With `viewer`, nothing is read beyond what that one sees: a tie may lead to a
    thing that it does not see, and ends there.
    """

    def __init__(self, session: Session, *, everywhere: bool, viewer: Viewer | None = None) -> None:
        self._session, self._everywhere, self._viewer = session, everywhere, viewer

    async def __call__(
        self, trails: Sequence[bytes], down: Sequence[str], up: Sequence[str], limit: int
    ) -> tuple[list[Tie], int]:
        """As `tracing.ReadTies`."""
        if self._viewer is not None:
            trails = await store.readable(self._session, trails, self._viewer)
        words = await store.words_of(
            self._session, trails, down=down, up=up, everywhere=self._everywhere, limit=limit + 1
        )
        if len(words) > limit:
            raise TooManyTies
        unexplained = taken_out_unexplained(words)
        born = await store.commissioned_at(self._session, sorted(unexplained)) if unexplained else {}
        amounts = await self._amounts(*portions(words))
        if len(words) > _MANY:
            return await asyncio.to_thread(ties, words, born, amounts), len(words)
        return ties(words, born, amounts), len(words)

    async def _amounts(self, lots: set[bytes], events: set[int]) -> dict[tuple[int, bytes], Amount]:
        if not events:
            return {}
        names = await store.identifiers_of(self._session, sorted(lots))
        lots_by_name = {name: trail for trail, name in names.items()}
        documents = await store.documents_of(self._session, sorted(events))
        return await asyncio.to_thread(_amounts, documents, lots_by_name)


def _amounts(documents: dict[int, bytes], lots: dict[str, bytes]) -> dict[tuple[int, bytes], Amount]:
    return {
        (event, lots[name]): amount
        for event, document in documents.items()
        for name, amount in amounts_in(document).items()
        if name in lots
    }
