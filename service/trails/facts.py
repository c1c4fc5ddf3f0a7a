"""What is known beside a page of entries: the keys that signed them, their parties' suspensions, and erasures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.store import erasure as erasure_store
from service.store import register
from service.store import signing_keys as key_store
from service.store import trails as store
from service.store.database import Session
from service.store.erasure import STATEMENT, ToldErasure
from service.store.trails import EventRow, SealedRow, UnsealedRow
from service.trails import standing
from service.trails.standing import Keys, Suspensions
from service.trails.views import ErasureView, PartyName, TrailEntry


@dataclass(frozen=True, slots=True)
class Facts:
    """`sealed` and `unsealed` are the signers of the rows in their order, None where they are not known.

    `erased` are the erasures by the numbers of their events.
    """

    sealed: Sequence[bytes | None]
    unsealed: Sequence[bytes | None]
    keys: Keys
    suspensions: dict[bytes, Suspensions]
    erased: dict[int, ErasureView]

    def shown(self, sealed: Iterable[TrailEntry], unsealed: Iterable[TrailEntry]) -> list[TrailEntry]:
        """The entries of the rows with what is known beside them."""
        told = [*zip(sealed, self.sealed, strict=True), *zip(unsealed, self.unsealed, strict=True)]
        return [standing.shown(entry, signer, self.keys, self.suspensions) for entry, signer in told]


async def facts_of(
    session: Session, viewer: bytes, trail: bytes, sealed: Sequence[SealedRow], unsealed: Sequence[UnsealedRow]
) -> Facts:
    """The facts of a page of a trail, as the party `viewer` may know them."""
    by_part = await key_store.signers_of_sealed(session, [(row.part, row.party, row.block) for row in sealed])
    by_event = await key_store.signers_of_unsealed(session, trail, [row.event.seq for row in unsealed])
    addresses = sorted({*by_part.values(), *by_event.values()})
    parties = {row.party for row in sealed} | {row.event.party for row in unsealed}
    logs = await register.of_parties(session, sorted(parties), (register.SUSPENDED, register.REINSTATED))
    events = [row.event for row in sealed if row.event is not None] + [row.event for row in unsealed]
    return Facts(
        [by_part.get(row.part) for row in sealed],
        [by_event.get(row.event.seq) for row in unsealed],
        standing.key_views(
            addresses, await register.of_keys(session, addresses), await key_store.keys_at(session, addresses)
        ),
        standing.suspensions(logs),
        await erasures_in(session, viewer, events),
    )


async def erasures_in(session: Session, viewer: bytes, events: Iterable[EventRow]) -> dict[int, ErasureView]:
    """How those of the events that are erased were erased, by their numbers, as the party `viewer` may know it."""
    erased = [event.seq for event in events if event.document is None]
    told = await erasure_store.erasures_of(session, erased) if erased else []
    names = await store.parties_by_id(session, sorted({one.erasure.by_party for one in told})) if told else {}
    return {
        one.erasure.event: erasure_view(one, viewer, PartyName(row.id, row.identifier, row.name) if row else None)
        for one in told
        for row in (names.get(one.erasure.by_party),)
    }


def erasure_view(told: ToldErasure, viewer: bytes, by: PartyName | None) -> ErasureView:
    """The erasure; with which of its API keys a party did it is told to that party only."""
    erasure = told.erasure
    own = viewer == erasure.by_party
    return ErasureView(
        by or PartyName(erasure.by_party),
        erasure.by_key if own else None,
        erasure.by_label if own else None,
        erasure.at,
        erasure.reason,
        f"{STATEMENT}{erasure.id}",
        told.stated,
        told.block,
        told.block_time,
    )
