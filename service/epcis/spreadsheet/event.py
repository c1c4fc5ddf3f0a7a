"""One event from its rows."""

from collections.abc import Sequence

from service.epcis import vocabulary
from service.epcis.contexts import Prefixes
from service.epcis.spreadsheet import identifiers
from service.epcis.spreadsheet.business import put_parties, put_places, put_transactions
from service.epcis.spreadsheet.making import put_extensions, put_ilmd
from service.epcis.spreadsheet.naming import Naming
from service.epcis.spreadsheet.occasion import put_action, put_time, put_type
from service.epcis.spreadsheet.rows import EventRows
from service.epcis.spreadsheet.sensing import put_sensors
from service.epcis.spreadsheet.sheet import Row


def event_of(rows: Sequence[Row], separator: str, prefixes: Prefixes, *, lenient: bool) -> EventRows:
    """The event that rows tell, with every fault in them; its members hold only where there is none."""
    event = EventRows(rows, separator, prefixes, lenient=lenient)
    type_ = put_type(event)
    event.put("eventID", identifiers.event_id)
    put_time(event)
    action = put_action(event, type_)
    event.put("disposition", event.word(vocabulary.DISPOSITIONS))
    put_places(event)
    put_parties(event)
    put_transactions(event)
    put_sensors(event)
    naming = Naming(event)
    naming.put(type_)
    put_extensions(event)
    put_ilmd(event, type_, action)
    if not event.faults:
        naming.check(type_, action)
    return event
