"""What happened to a party and its keys: as the chain's registry logged it, and who asked for it here."""

from collections.abc import Sequence

from service.parties.caller import Caller
from service.parties.errors import LogNotFound, PartyNotFound
from service.parties.possession import read_address
from service.parties.scopes import Scope
from service.store import parties as party_store
from service.store import party_log, register
from service.store.database import Database
from service.store.party_log import LogRow
from service.store.register import RegistryLog


class Histories:
    """Reading both."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, caller: Caller, party: bytes, key: str | None = None) -> Sequence[RegistryLog]:
        """What the registry logged of a party (of one of its keys, with `key`), in the chain's order.

        Every member may know it: the chain tells it to everybody who knows the party's identifier.

        Raises:
            PartyNotFound, BadAddress.
        """
        del caller
        address = read_address(key) if key is not None else None
        async with self._database.session() as session:
            if await party_store.party(session, party) is None:
                raise PartyNotFound("there is no party with this id")
            logs = await register.of_party(session, party)
        return [log for log in logs if address is None or log.key == address]

    async def log(
        self, caller: Caller, party: bytes, before: int | None, limit: int
    ) -> tuple[Sequence[LogRow], int | None]:
        """Up to `limit` entries of a party's log, the newest first; and where the next page begins.

        Raises:
            LogNotFound: it is neither the caller's own, nor the caller an administrator.
        """
        own = caller.party == party and caller.allows(Scope.KEYS_WRITE)
        if not own and not caller.allows(Scope.CONSORTIUM_ADMIN):
            raise LogNotFound("a party reads its own log, with the scope keys:write; administrators read everybody's")
        async with self._database.session() as session:
            rows = await party_log.log_of(session, party, before, limit + 1)
        return rows[:limit], rows[limit - 1].seq if len(rows) > limit else None
