"""Where a shipment's plan leads, as watchlists and scorecards ask for it. Pure."""

from collections.abc import Iterable
from itertools import combinations
from typing import Any, NamedTuple

import orjson

from ml.vocabulary import own
from service.epcis.identifiers import InvalidIdentifier, canonical

_MOST = 40
"""Legs, and milestones of one, that are looked at."""


class Way(NamedTuple):
    """Canonical places: the ends of the last leg, all in the order of the plan, and `A>B` wherever A comes before B.

    `reports`: how many milestones are planned.
    """

    hub: str | None
    destination: str | None
    reports: int
    places: list[str]
    ways: list[str]


def route(document: bytes | None) -> Way:
    """The route in a booking event's document; nothing of what it does not say, or says in another way."""
    try:
        event = orjson.loads(document or b"{}")
    except orjson.JSONDecodeError:
        event = {}
    planned = [_many(own(leg, "milestone"))[:_MOST] for leg in _many(own(own(event, "plan"), "leg"))[:_MOST]]
    legs = [list(_canonical(own(point, "place") for point in points)) for points in planned]
    if not legs:
        return Way(None, None, 0, [], [])
    *inbound, last = legs
    whole = [leg + last for leg in inbound] or [last]
    ways = dict.fromkeys(f"{a}>{b}" for places in whole for a, b in combinations(places, 2) if a != b)
    ends = (last[0], last[-1]) if last else (None, None)
    return Way(
        ends[0],
        ends[1],
        sum(map(len, planned)),
        list(dict.fromkeys(place for leg in legs for place in leg)),
        list(ways),
    )


def _canonical(places: Iterable[Any]) -> Iterable[str]:
    last = None
    for place in places:
        try:
            told = canonical(place) if isinstance(place, str) and "\0" not in place else None
        except InvalidIdentifier:
            continue
        if told is not None and told != last:
            yield told
            last = told


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
