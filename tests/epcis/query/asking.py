"""Asks one event with the parameters of a query."""

from datetime import UTC, datetime
from typing import Any

from service.epcis.documents import parse
from service.epcis.query.language import parse_query
from service.epcis.query.matching import Facts, MasterData, facts, matches
from tests.epcis.examples import document

RECORDED = datetime(2026, 3, 2, tzinfo=UTC)


def seen(event: dict[str, Any], **frame: Any) -> Facts:
    """An event as queries see it; `frame` changes the document around it."""
    return facts(parse(document(event, **frame)).events[0], RECORDED)


def asks(parameters: dict[str, Any], event: dict[str, Any] | Facts, master_data: MasterData | None = None) -> bool:
    """Whether a query with these parameters finds the event."""
    known = event if isinstance(event, Facts) else seen(event)
    return matches(parse_query(parameters), known, master_data)
