"""Rule about places: nothing is read in two places faster than it can have travelled between them."""

from collections.abc import Iterator

from service.findings.case import Case
from service.findings.finding import Severity
from service.findings.places import Point, kilometres, locate
from service.findings.rule import Draft
from service.findings.told import Told, written

Reading = tuple[Told, Point]


def impossible_travel(case: Case) -> Iterator[Draft]:
    """Readings of one thing, one after the other, further apart than the fastest transport gets in the time.

    Lots are not judged: parts of one lot are in many places. One stray reading is one finding, not two: the place
    before it counts on, unless what follows agrees with the stray reading only, so that the thing did move.
    """
    for trail in case.trails.values():
        if not trail.is_single:
            continue
        before: Reading | None = None
        stray: Reading | None = None
        for one in trail.standing:
            point = locate(one.place, case.places) if one.place is not None and one.at is not None else None
            if point is None:
                continue
            reading = one, point
            draft = _between(trail.identifier, before, reading, case)
            if draft is not None and (stray is None or _between(trail.identifier, stray, reading, case)):
                yield draft
                stray = reading
            else:
                before, stray = reading, None


def _between(trail: str, former: Reading | None, latter: Reading, case: Case) -> Draft | None:
    if former is None:
        return None
    (one, start), (other, end) = former, latter
    if one.at is None or other.at is None:
        return None
    km = kilometres(start, end)
    hours = (other.at - one.at).total_seconds() / 3600
    allowed = (hours + case.limits.clock_minutes / 60) * case.limits.fastest_kmh
    if km <= case.limits.least_km or km <= allowed:
        return None
    speed = f"{km / hours:,.0f} km/h" if hours > 0 else "no time at all"
    detail = (
        f"read at {one.place} on {written(one.at)} by {one.statement.party}, and at {other.place} on"
        f" {written(other.at)} by {other.statement.party}: at least {km:,.0f} km in {_spelt(hours)}, that is {speed};"
        f" {case.limits.transport} allows {case.limits.fastest_kmh:,.0f} km/h"
    )
    return Draft(trail, (one, other), detail, Severity.HIGH)


def _spelt(hours: float) -> str:
    minutes = round(hours * 60)
    return f"{minutes // 60} h {minutes % 60:02} min"
