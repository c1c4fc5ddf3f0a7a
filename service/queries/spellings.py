"""The use: how identifiers were sent, which is lost in their canonical form."""

from collections.abc import Sequence
from typing import Literal

import orjson

from service.epcis.query.terms import hashed
from service.epcis.rendering import identifiers_in
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.store import spellings as store
from service.store.database import Database, Session
from service.store.trails import Viewer

Identified = Literal["epcs", "bizLocations", "readPoints"]
_FIELDS: dict[Identified, Literal["readPoint", "bizLocation"]] = {
    "bizLocations": "bizLocation",
    "readPoints": "readPoint",
}


class Spellings:
    """Spellings of identifiers in the events that a party sees."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, caller: Caller, what: Identified, identifiers: Sequence[str]) -> dict[str, str]:
        """Canonical identifiers, and how an event that the caller sees spells each; what none names is left out.

        An EPC URN tells how long its company prefix is, which a GS1 Digital Link does not.
        """
        caller.require(Scope.TRAILS_READ)
        async with self._database.session() as session:
            documents = await self._documents(session, what, identifiers, Viewer(caller.party, caller.sees_all))
        found = {}
        for identifier, document in documents:
            spelled = identifiers_in(orjson.loads(document), "epcs" if what == "epcs" else _FIELDS[what])
            if identifier in spelled:
                found[identifier] = spelled[identifier]
        return found

    async def _documents(
        self, session: Session, what: Identified, identifiers: Sequence[str], viewer: Viewer
    ) -> list[tuple[str, bytes]]:
        if what == "epcs":
            return await store.naming_things(session, identifiers, viewer)
        terms = {hashed(_FIELDS[what]) ^ hashed(identifier): identifier for identifier in identifiers}
        return [(terms[term], event) for term, event in await store.having_terms(session, [*terms], viewer)]
