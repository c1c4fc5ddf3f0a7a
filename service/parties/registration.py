"""Who belongs to the consortium: registering, suspending and reinstating parties."""

from collections.abc import Iterable, Sequence

from service.ledger import registry
from service.parties.caller import Caller
from service.parties.credentials import Credentials
from service.parties.errors import PartyExists, PartyNotFound, PartyStateUnchanged, SuspendingOneself
from service.parties.identity import canonical_party
from service.parties.roles import mask, names_of
from service.parties.scopes import Scope
from service.sealing.commitments import party_of
from service.store import parties as stored
from service.store.database import Database, Session
from service.store.party_log import note
from service.store.tables import Party


class Parties:
    """The consortium's members. Every member may look at them; administrators change them."""

    def __init__(self, database: Database, credentials: Credentials) -> None:
        self._database = database
        self._credentials = credentials

    async def register(self, caller: Caller, identifier: str, name: str, roles: Iterable[str]) -> Party:
        """Registers a party, here at once and on chain with the next block.

        Raises:
            BadPartyIdentifier, UnknownRole; PartyExists: under this identifier in any spelling.
        """
        _may_administer(caller)
        async with self._database.session() as session:
            party = await add(session, identifier, name, roles)
            details = {"identifier": party.identifier, "name": party.name, "roles": names_of(party.roles)}
            await note(session, party.id, "party-registered", caller.author, details=details)
        return party

    async def listed(self, caller: Caller, after: str, limit: int) -> Sequence[Party]:
        """Up to `limit` parties whose canonical identifiers come after `after`."""
        del caller
        async with self._database.session() as session:
            return await stored.parties(session, after, limit)

    async def one(self, caller: Caller, party: bytes) -> Party:
        """The party with this 32-byte id; raises `PartyNotFound`."""
        del caller
        async with self._database.session() as session:
            return _there(await stored.party(session, party))

    async def suspend(self, caller: Caller, party: bytes) -> Party:
        """Stops a party from capturing, here within seconds and on chain with the next block; it may still read.

        Raises:
            PartyNotFound, PartyStateUnchanged, SuspendingOneself.
        """
        if party == caller.party:
            raise SuspendingOneself("nobody could reinstate it: ask another administrator")
        return await self._set_suspended(caller, party, suspended=True)

    async def reinstate(self, caller: Caller, party: bytes) -> Party:
        """Lets a suspended party capture again; raises `PartyNotFound`, `PartyStateUnchanged`."""
        return await self._set_suspended(caller, party, suspended=False)

    async def set_roles(self, caller: Caller, party: bytes, roles: Iterable[str]) -> Party:
        """Replaces a party's roles; raises `PartyNotFound`, `UnknownRole`."""
        _may_administer(caller)
        wanted = mask(roles)
        async with self._database.session() as session:
            found = _there(await stored.locked_party(session, party))
            if found.roles != wanted:
                await stored.set_roles(session, party, wanted)
                await registry.set_roles(session, party, wanted)
                details = {"roles": names_of(wanted), "before": names_of(found.roles)}
                await note(session, party, "roles-set", caller.author, details=details)
            changed = _there(await stored.party(session, party))
        self._credentials.forget(party)
        return changed

    async def set_lenient(self, caller: Caller, party: bytes, lenient: bool) -> Party:
        """Says whether a party's documents may use words that no standard vocabulary has; raises `PartyNotFound`."""
        _may_administer(caller)
        async with self._database.session() as session:
            _there(await stored.locked_party(session, party))
            await stored.set_lenient(session, party, lenient)
            changed = _there(await stored.party(session, party))
        self._credentials.forget(party)
        return changed

    async def _set_suspended(self, caller: Caller, party: bytes, *, suspended: bool) -> Party:
        _may_administer(caller)
        async with self._database.session() as session:
            found = _there(await stored.locked_party(session, party))
            if found.suspended == suspended:
                raise PartyStateUnchanged(
                    "the party is suspended already" if suspended else "the party is not suspended"
                )
            await stored.set_suspended(session, party, suspended)
            await (registry.suspend if suspended else registry.reinstate)(session, party)
            await note(session, party, "party-suspended" if suspended else "party-reinstated", caller.author)
            changed = _there(await stored.party(session, party))
        self._credentials.forget(party)
        return changed


async def add(session: Session, identifier: str, name: str, roles: Iterable[str]) -> Party:
    """Writes a party and asks the registry to take it, in the session's transaction; raises as `Parties.register`."""
    text, bits = canonical_party(identifier), mask(roles)
    party = party_of(text)
    if not await stored.add_party(session, party, text, name, bits):
        raise PartyExists(f"{text} is registered already", {"party": f"0x{party.hex()}"})
    await registry.register_parties(session, [(party, bits)])
    return _there(await stored.party(session, party))


def _may_administer(caller: Caller) -> None:
    caller.require(Scope.CONSORTIUM_ADMIN)
    caller.require_active()


def _there(party: Party | None) -> Party:
    if party is None:
        raise PartyNotFound("there is no party with this id")
    return party
