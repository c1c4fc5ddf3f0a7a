"""Events that were captured before there was an index, or under an older one, become findable."""

import structlog

from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from service.epcis.query.conditions import Indexed
from service.epcis.query.indexing import indexed
from service.store.database import Database
from service.store.indexing import UnindexedRow, index_row, number_rows, replace_index, take_unindexed

_log = structlog.get_logger(__name__)
_AT_ONCE = 200


class Reindexer:
    """Indexes what waits for it; any number may run at once. `step` does what there is to do now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def step(self) -> bool:
        """Indexes some events; whether there were any."""
        async with self._database.session() as session:
            waiting = await take_unindexed(session, _AT_ONCE)
            read = [(row, _indexed(row)) for row in waiting]
            rows = [
                (index_row(row.event, row.event_time, row.event_type, row.action, found), row.record_time)
                for row, found in read
            ]
            numbers = [number for row, found in read for number in number_rows(row.event, found)]
            if rows:
                await replace_index(session, rows, numbers)
        if rows:
            _log.info("indexed events", events=len(rows))
        return bool(rows)


def _indexed(row: UnindexedRow) -> Indexed:
    """What the event is found by. One that today's rules refuse is found by its type, action and times only."""
    try:
        return indexed(parse(row.document, lenient=True).events[0])
    except InvalidDocument as fault:
        _log.warning("an event cannot be indexed wholly", seq=row.event, faults=len(fault.faults))
        return Indexed((), (), {})
