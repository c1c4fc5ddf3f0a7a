"""Sharing: a party lets another see the trails that it has a part in, all of them, until it takes that back."""

from service.parties.caller import Caller
from service.parties.errors import GrantNotFound, GrantToOneself, PartyNotFound
from service.parties.scopes import Scope
from service.store import parties as stored
from service.store.database import Database
from service.store.parties import Granted


class Grants:
    """What the caller's party shares."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def grant(self, caller: Caller, grantee: bytes) -> Granted:
        """Lets the party with the id `grantee` see the caller's trails; again is as once.

        Raises:
            GrantToOneself, PartyNotFound.
        """
        _may_write(caller)
        if grantee == caller.party:
            raise GrantToOneself("name another party: this one sees its own trails anyway")
        async with self._database.session() as session:
            if await stored.party(session, grantee) is None:
                raise PartyNotFound("there is no party with this id")
            await stored.add_grant(session, caller.party, grantee)
            granted = await stored.grant(session, caller.party, grantee)
        assert granted is not None
        return granted

    async def listed(self, caller: Caller, after: bytes, limit: int) -> list[Granted]:
        """Up to `limit` of the caller's grants whose grantees' ids come after `after`."""
        caller.require(Scope.GRANTS_WRITE)
        async with self._database.session() as session:
            return await stored.grants(session, caller.party, after, limit)

    async def revoke(self, caller: Caller, grantee: bytes) -> None:
        """Takes a grant back, from the next query on; raises `GrantNotFound`."""
        _may_write(caller)
        async with self._database.session() as session:
            if not await stored.remove_grant(session, caller.party, grantee):
                raise GrantNotFound("nothing is granted to this party")


def _may_write(caller: Caller) -> None:
    caller.require(Scope.GRANTS_WRITE)
    caller.require_active()
