"""Queries: the events that a party may see, found by what they say (EPCIS 2.0 section 8.2.7)."""

from service.queries.errors import BadPageToken, QueryTooLarge
from service.queries.queries import EventPage, FoundEvent, Queries, ValuePage, What

__all__ = ["BadPageToken", "EventPage", "FoundEvent", "Queries", "QueryTooLarge", "ValuePage", "What"]
