"""The use: named lists of what a party watches, and the scores of the shipments that are on one."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import orjson

from service.config import Settings
from service.epcis.identifiers import InvalidIdentifier, canonical
from service.parties.caller import Caller
from service.parties.errors import BadPartyIdentifier
from service.parties.identity import party_id
from service.parties.scopes import Scope
from service.risk import errors
from service.risk.policies import costs_for
from service.risk.reading import viewer_of
from service.sealing.commitments import salt_of, trail_of
from service.sealing.hashing import sha256
from service.store import watchlists as store
from service.store.database import Database, Session
from service.store.idempotency import claim
from service.store.risk_trust import shown
from service.store.watchlists import Entry, WatchedShipment, WatchlistRow

MOST = 200
"""Watchlists of one party."""
MOST_ENTRIES = 500
_USE = "watchlist"
Given = Sequence[Mapping[str, Any]]


class Watchlists:
    """The caller's party's own; what is named in one need not be there, and other parties never read it."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._secret = settings.consortium_secret.get_secret_value()

    async def create(
        self, caller: Caller, name: str, weight: float, entries: Given, *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """Makes a watchlist. `entries`: `kind`, `value` and, of a lane, `until`, each an identifier in any spelling.

        Raises:
            WatchlistNameTaken, TooManyWatchlists, BadWatchlist, WorkKeyReused, PartyIsSuspended.
        """
        _may_write(caller)
        new, watchlist = [self._entry(one) for one in entries], uuid4()
        said = sha256(orjson.dumps([name, weight, *([one.kind, one.value, one.until] for one in new)]))
        async with self._database.session() as session:
            if idempotency_key is not None:
                before = await claim(
                    session, caller.party, use=_USE, key=idempotency_key, request_hash=said, made=str(watchlist)
                )
                if before is not None and before.request_hash != said:
                    raise errors.WorkKeyReused(
                        "the Idempotency-Key came with another watchlist before: use a fresh key for each"
                    )
                if before is not None:
                    return await _told(session, await _row(session, caller, UUID(before.made)))
            await store.lock_watchlists(session, caller.party)
            if await store.count(session, caller.party) >= MOST:
                raise errors.TooManyWatchlists(f"{MOST} watchlists are kept for one party; delete one first")
            if not await store.add(session, watchlist, caller.party, name, weight):
                raise _taken(name)
            await store.put_entries(session, watchlist, new)
            return await _told(session, await _row(session, caller, watchlist))

    async def listed(self, caller: Caller, after: int | None, limit: int) -> tuple[list[dict[str, Any]], int | None]:
        """Up to `limit` watchlists, the oldest first; and where the next page begins, if any."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            rows = await store.of_party(session, caller.party, after or 0, limit + 1)
            entries = await store.entries(session, [row.id for row in rows[:limit]])
        told = [_watchlist(row, entries[row.id]) for row in rows[:limit]]
        return told, rows[limit - 1].seq if len(rows) > limit else None

    async def read(self, caller: Caller, watchlist: UUID) -> dict[str, Any]:
        """One watchlist; raises WatchlistNotFound."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            return await _told(session, await _row(session, caller, watchlist))

    async def put(self, caller: Caller, watchlist: UUID, name: str, weight: float, entries: Given) -> dict[str, Any]:
        """Writes a watchlist anew; raises WatchlistNotFound, WatchlistNameTaken, BadWatchlist, PartyIsSuspended."""
        _may_write(caller)
        new = [self._entry(one) for one in entries]
        async with self._database.session() as session:
            await store.lock_watchlists(session, caller.party)
            await _row(session, caller, watchlist, locked=True)
            if await store.named_otherwise(session, caller.party, watchlist, name):
                raise _taken(name)
            await store.change(session, watchlist, name, weight)
            await store.put_entries(session, watchlist, new)
            return await _told(session, await _row(session, caller, watchlist))

    async def delete(self, caller: Caller, watchlist: UUID) -> None:
        """Deletes a watchlist; raises WatchlistNotFound, PartyIsSuspended."""
        _may_write(caller)
        async with self._database.session() as session:
            if not await store.delete(session, caller.party, watchlist):
                raise _not_found(watchlist)

    async def shipments(
        self, caller: Caller, watchlist: UUID, after: tuple[float, int] | None, limit: int
    ) -> tuple[list[dict[str, Any]], tuple[float, int] | None]:
        """Up to `limit` shipments under way on it, as they were scored last, the likeliest to be late first.

        Raises WatchlistNotFound.
        """
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            await _row(session, caller, watchlist)
            rows = await store.shipments_on(session, viewer_of(caller), watchlist, after, limit + 1)
            costs = await costs_for(session, caller.party)
            await shown(session, caller.party, [row.assessment for row in rows[:limit]], ranked=after is None)
        told = [_shipment(row, row.band if costs is None else costs.band(row.probability)) for row in rows[:limit]]
        return told, (rows[limit - 1].rank, rows[limit - 1].booking) if len(rows) > limit else None

    def _entry(self, given: Mapping[str, Any]) -> Entry:
        kind, value, until = given["kind"], str(given["value"]), given.get("until")
        if (kind == "lane") != (until is not None):
            raise errors.BadWatchlist("a lane has a value (where it begins) and an until (where it ends), nothing else")
        try:
            if kind == "party":
                return Entry(kind, value, None, party_id(value))
            where = _canonical(value)
        except BadPartyIdentifier as fault:
            raise errors.BadWatchlist(fault.detail) from None
        key = trail_of(where, salt_of(where, self._secret)) if kind == "shipment" else None
        return Entry(kind, where, None if until is None else _canonical(str(until)), key)


def _canonical(identifier: str) -> str:
    try:
        found = canonical(identifier)
    except InvalidIdentifier as fault:
        raise errors.BadWatchlist(str(fault)) from None
    if "\0" in found:
        raise errors.BadWatchlist("no identifier has zero bytes")
    return found


def _may_write(caller: Caller) -> None:
    caller.require(Scope.RISK_WRITE)
    caller.require_active()


async def _row(session: Session, caller: Caller, watchlist: UUID, *, locked: bool = False) -> WatchlistRow:
    row = await store.by_id(session, caller.party, watchlist, locked=locked)
    if row is None:
        raise _not_found(watchlist)
    return row


def _not_found(watchlist: UUID) -> errors.WatchlistNotFound:
    return errors.WatchlistNotFound(f"you have no watchlist {watchlist}")


def _taken(name: str) -> errors.WatchlistNameTaken:
    return errors.WatchlistNameTaken(f"you have a watchlist {name!r}: choose another name, or change that one")


async def _told(session: Session, row: WatchlistRow) -> dict[str, Any]:
    return _watchlist(row, (await store.entries(session, [row.id]))[row.id])


def _watchlist(row: WatchlistRow, entries: Sequence[Entry]) -> dict[str, Any]:
    return {
        "watchlistID": str(row.id),
        "name": row.name,
        "weight": row.weight,
        "entries": [
            {"kind": one.kind, "value": one.value, **({} if one.until is None else {"until": one.until})}
            for one in entries
        ],
        "createdAt": row.created_at,
        "changedAt": row.changed_at,
    }


def _shipment(row: WatchedShipment, band: str | None) -> dict[str, Any]:
    return {
        "assessmentID": str(row.assessment),
        "shipment": row.identifier,
        "bookedAt": row.booked_at,
        "asOf": row.as_of,
        "stage": row.stage,
        "probability": row.probability,
        "band": band,
        "expectedEnd": row.expected_end,
        "plannedEnd": row.planned_end,
        "reasons": row.reasons,
    }
