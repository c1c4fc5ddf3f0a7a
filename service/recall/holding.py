"""Holds and lifts as EPCIS events, and the worker that captures them in the order in which they were decided.

Each is an event of its own, about one thing: who sees that thing's trail learns nothing of the others that were held
with it. Its eventID follows from the recall and the thing, so that it is captured once, whoever tries, and how often.
"""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

import orjson
import structlog

from service.capture import Captures
from service.capture.errors import NoEvents
from service.config import Settings
from service.epcis.faults import InvalidDocument
from service.errors import TrailsealError
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.store import recall_acts
from service.store.database import Database
from service.store.parties import party as stored_party
from service.store.recall_acts import HOLD, ActRow

_log = structlog.get_logger(__name__)

AT_ONCE = 500
LEASE_SECONDS = 120
NAMESPACE = "urn:trailseal:epcis:"
_CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"trailseal": NAMESPACE}]


def document_of(acts: Sequence[ActRow]) -> bytes:
    """The EPCIS document of these holds and lifts, in their order."""
    document = {
        "@context": _CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": _moment(acts[-1]),
        "epcisBody": {"eventList": [_event(act) for act in acts]},
    }
    return orjson.dumps(document)


def _event(act: ActRow) -> dict[str, Any]:
    is_hold = act.step == HOLD
    event: dict[str, Any] = {
        "type": "ObjectEvent",
        "eventID": act.event_id,
        "eventTime": _moment(act),
        "eventTimeZoneOffset": "+00:00",
        "action": "OBSERVE",
        "persistentDisposition": {"set" if is_hold else "unset": [act.disposition]},
        "trailseal:recall": str(act.recall),
        "trailseal:reason": act.reason,
    }
    if act.kind == "lot":
        event["quantityList"] = [{"epcClass": act.identifier}]
    else:
        event["epcList"] = [act.identifier]
    if is_hold:
        event |= {"bizStep": "holding", "disposition": act.disposition}
    return event


def _moment(act: ActRow) -> str:
    return act.event_time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Holder:
    """Captures what recalls decided to hold and to lift; any number may run at once. `step` does what there is to do.

    A worker that dies in between leaves its lease; whoever comes after it finds what it captured, and goes on.
    """

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._captures = Captures(database, settings)

    async def step(self) -> bool:
        """Captures some holds or lifts; whether there were any."""
        async with self._database.session() as session:
            acts = await recall_acts.claim(session, AT_ONCE, LEASE_SECONDS)
            party = await stored_party(session, acts[0].party) if acts else None
        if party is None:
            return False
        scopes = frozenset((str(Scope.CAPTURES_WRITE),))
        caller = Caller(party.id, party.identifier, party.name, party.roles, scopes, "recall", party.suspended)
        faults: dict[str, str] = {}
        try:
            receipt = await self._captures.accept(caller, document_of(acts), proceed=True)
            faults = _faults(acts, receipt.refused)
        except NoEvents as none:
            faults = _faults(acts, none.extra.get("refused", ()))
        except InvalidDocument as refusal:
            faults = {act.event_id: str(refusal) for act in acts}
        except TrailsealError as waiting:
            # No signing key any more, suspended meanwhile, too many writers at once: tried again when the lease ends.
            _log.warning("holds wait", reason=waiting.slug)
            return False
        async with self._database.session() as session:
            done = await recall_acts.captured(session, [act.seq for act in acts])
            failed = [(act.seq, faults.get(act.event_id, "not captured")) for act in acts if act.seq not in done]
            await recall_acts.finish(session, sorted(done), failed)
        _log.info("captured holds and lifts", captured=len(done), failed=len(failed))
        return True


def _faults(acts: Sequence[ActRow], refused: Sequence[Any]) -> dict[str, str]:
    """What was wrong with each event that was left out, by eventID."""
    return {acts[int(one["index"])].event_id: orjson.dumps(one).decode()[:500] for one in refused}
