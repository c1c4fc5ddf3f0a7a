"""A history of trails as sums of whole numbers under keys, as a store adds them up in any order and takes them back.

A trail that is over tells what it adds (`told_by`); one that is under way, what it is measured by (`asked`), and from
these sums comes the part of the history that its rules look at (`history_from`). The shortest passages between places
are no sums: they are left out, and rules about travel go by coordinates, or two hours, as they do without a history.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice, product
from typing import Final

from ml.trail import Trail
from ml.trail_rules.history import TrailHistory
from ml.usual import MICRO, Sums

Key = tuple[str, str]
Named = tuple[str, tuple[str, ...]]
"""A kind of count and the names that it is of."""
TRAILS: Final[Key] = ("trail", "")
ENOUGH: Final = 300
"""Trails that must be over before a history is asked: in a young one everybody is a stranger."""
MOST: Final = 400
"""Keys of one trail: who tells of more places than any journey has is not measured by all of them."""
_ENDS: Final = 16
"""Places of departure, and of arrival, whose flights are asked for."""


def told_by(trail: Trail) -> dict[Key, Sums]:
    """What a trail that is over adds to the sums."""
    alone = TrailHistory()
    alone.add(trail)
    if not alone.trails:
        return {}
    found: dict[Named, Sums] = {}
    for party in alone.parties:
        found["party", (party,)] = Sums(1, alone.told[party], alone.late[party])
    found |= {("place", (place,)): Sums(1) for place in alone.places}
    found |= {("worker", pair): Sums(1) for pair in alone.workers}
    found |= {("step", pair): Sums(1) for pair in alone.steps}
    for pair, (count, logs, squares) in alone.flights.items():
        found["flight", pair] = Sums(round(count), round(logs * MICRO), took_took=round(squares * MICRO))
    kept = sorted(found.items())[:MOST]
    return {TRAILS: Sums(1)} | {_key(named): sums for named, sums in kept}


def asked(trail: Trail) -> set[Key]:
    """The keys that a trail under way is measured by."""
    return {TRAILS, *map(_key, _names(trail))}


def history_from(trail: Trail, sums: Mapping[Key, tuple[int, ...]]) -> TrailHistory | None:
    """As much of the history as the rules need for `trail`; None while too few trails are over."""
    total = Sums(*sums.get(TRAILS, ())).seen
    if total < ENOUGH:
        return None
    found = TrailHistory(trails=total)
    for kind, names in _names(trail):
        known = Sums(*sums.get(_key((kind, names)), ()))
        if not known.seen:
            continue
        if kind == "party":
            found.parties[names[0]], found.told[names[0]], found.late[names[0]] = known[:3]
        elif kind == "place":
            found.places[names[0]] = known.seen
        elif kind == "flight":
            found.flights[names[0], names[1]] = [float(known.seen), known.took / MICRO, known.took_took / MICRO]
        else:
            (found.workers if kind == "worker" else found.steps)[names[0], names[1]] = known.seen
    return found


def _names(trail: Trail) -> Iterator[Named]:
    """What a trail is measured by, each once, the first `MOST` in the order of its events."""
    return islice(dict.fromkeys(_named(trail)), MOST)


def _named(trail: Trail) -> Iterator[Named]:
    from_, to = dict[str, None](), dict[str, None]()
    for seen in trail.events:
        party, place, step = seen.party, seen.place, seen.step
        if party:
            yield "party", (party,)
        if place:
            yield "place", (place,)
            if step in {"departing", "arriving"}:
                (from_ if step == "departing" else to).setdefault(place)
        if party and place:
            yield "worker", (party, place)
        if party and step:
            yield "step", (party, step)
    for one, other in product(islice(from_, _ENDS), islice(to, _ENDS)):
        if one != other:
            yield "flight", (one, other)


@lru_cache(maxsize=65_536)
def _key(named: Named) -> Key:
    """Names may be long and are somebody's: the store keeps a digest."""
    kind, names = named
    written = json.dumps(names, ensure_ascii=False, separators=(",", ":"))
    return f"trail {kind}", hashlib.sha256(written.encode()).hexdigest()[:32]
