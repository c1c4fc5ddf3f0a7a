"""The first administrator, whom nobody can register over HTTP."""

from collections.abc import Iterable

from service.parties.credentials import Credentials
from service.parties.identity import canonical_party
from service.parties.registration import add
from service.parties.scopes import Scope
from service.sealing.commitments import party_of
from service.store import parties as stored
from service.store.database import Database


async def first_admin_key(database: Database, identifier: str, name: str, roles: Iterable[str] = ()) -> str:
    """An API key with `consortium:admin` for the operator's party, which is registered where it is not yet.

    Whoever may run this may write to the database anyway, so it also makes a further key where the first was lost.

    Raises:
        BadPartyIdentifier, UnknownRole.
    """
    party = party_of(canonical_party(identifier))
    async with database.session() as session:
        if await stored.party(session, party) is None:
            await add(session, identifier, name, roles)
    _, token = await Credentials(database).issue(
        party, [Scope.CONSORTIUM_ADMIN], "administrator, from the command line"
    )
    return token
