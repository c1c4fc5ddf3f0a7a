"""Which reports of milestones count, and from when: what no one can talk away, and no one can talk up.

1. Only who is entitled is heard: who booked the shipment; where the plan names parties for a unit, those; and those to
   whom an entitled party handed the unit over (`possessing_party` or `owning_party` among its event's destinations).
   Where neither plan nor event names anyone, all parties are heard. A report without a known party is heard.
2. The first report counts: of several reports of one milestone the one recorded first. Repeating it changes nothing.
3. A report recorded more than `BACK_DATED` after its own time counts from when it was recorded. Whole histories that
   were recorded together with their booking, or before, are no late reports: the booking's record time is the floor.
4. A report dated more than `AHEAD` after it was recorded announces something: it does not count at all.
5. An error declaration takes back reports of its own party only. What replaces them falls under rule 3.
6. A milestone dated before the one ahead of it counts as simultaneous with that one, before the booking as at it.

Without record times the event times stand in for them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from ml.lenient import text
from ml.plans import Plan
from ml.report_events import Booking, Known, Report, code_of, party_of, place_of, takers_of, units_of
from ml.report_notes import Notes
from ml.shipment import Code, Leg, Note

AHEAD: Final = timedelta(minutes=15)
MOST_REPORTS: Final = 256
"""Reports of one kind and place on one unit that are kept: the ones recorded first. The rest cannot matter."""


class Reports:
    """The reports on the units of a plan. `add` every event that stands, then `of` each unit."""

    def __init__(
        self,
        plan: Plan,
        booking: Booking,
        known: Known,
        taken_back: Mapping[str, Mapping[str | None, datetime]],
    ) -> None:
        self._plan, self._booking, self._known, self._taken_back = plan, booking, known, taken_back
        self._withdrawn: dict[str, list[Report]] = defaultdict(list)
        self._kept: dict[tuple[str, Code, int | None, str | None], list[Report]] = defaultdict(list)
        self._given: dict[str, set[tuple[str | None, str]]] = defaultdict(set)

    def add(self, event: Any) -> None:
        """Takes an event in, if it can be read, is known, and says anything of the plan's units."""
        if not isinstance(event, Mapping) or event.get("errorDeclaration") is not None:
            return
        code, handed = code_of(event), event.get("destinationList")
        if code is None and handed is None:
            return
        units = {unit for unit in units_of(event) if unit in self._plan.legs}
        times = self._known.times(event) if units else None
        if times is None:
            return
        party = party_of(event)
        for unit in units if handed is not None else ():
            self._given[unit].update((party, taker) for taker in takers_of(handed))
        if code is not None:
            told = Report(times[1], times[0], text(event.get("eventID")) or "", party, code, place_of(event))
            for unit in units:
                self._keep(unit, told)

    def _keep(self, unit: str, told: Report) -> None:
        if self._is_taken_back(told):
            if len(self._withdrawn[unit]) < MOST_REPORTS:
                self._withdrawn[unit].append(told)
            return
        kept = self._kept[unit, told.code, told.place, told.party]
        kept.append(told)
        if len(kept) >= 2 * MOST_REPORTS:
            kept.sort(key=_order)
            del kept[MOST_REPORTS:]

    def _is_taken_back(self, told: Report) -> bool:
        by = self._taken_back.get(told.event)
        return by is not None and (told.party is None or told.party in by or None in by)

    def began_before(self, moment: datetime) -> bool:
        """Whether any milestone had been reported by a moment."""
        return any(one.recorded < moment for kept in self._kept.values() for one in kept)

    def of(self, unit: str) -> tuple[dict[int, Report], list[Note]]:
        """For each milestone of the unit's leg, by its position, the report that counts; and what is odd about them."""
        leg, heard = self._plan.legs[unit], self._entitled(unit)
        found: list[Report] = []
        unheard: list[Report] = []
        for (of, _, _, party), kept in self._kept.items():
            if of == unit:
                (found if heard is None or party is None or party in heard else unheard).extend(kept)
        announced = [one for one in found if one.happened - one.recorded > AHEAD]
        standing = sorted((one for one in found if one.happened - one.recorded <= AHEAD), key=_order)
        notes = Notes(self._booking, leg)
        notes.add(
            "PARTY_WITHOUT_CUSTODY", "not counted: reports by a party that neither booked it nor holds it", unheard
        )
        notes.add("WITHDRAWN", "not counted: reports that their party took back", self._withdrawn.get(unit, ()))
        notes.add("CLOCK_JUMP", "not counted: reports dated later than they were recorded", announced)
        return self._matched(leg, standing, notes), notes.found

    def _entitled(self, unit: str) -> set[str | None] | None:
        """Who is heard on a unit; None: everyone."""
        given, named = self._given.get(unit, set()), self._plan.parties.get(unit)
        if named is None and not given:
            return None
        heard: set[str | None] = {self._booking.party, *(named or ())}
        grown = True
        while grown:
            more = {taker for giver, taker in given if giver in heard or giver is None} - heard
            heard |= more
            grown = bool(more)
        return heard if named is not None or len(heard) > 1 else None

    def _matched(self, leg: Leg, standing: Sequence[Report], notes: Notes) -> dict[int, Report]:
        """The first recorded report of each milestone; where a report may be of several, they are taken by time."""
        found: dict[int, Report] = {}
        unsure: list[Report] = []
        for report in standing:
            fitting = _fitting(leg, report)
            if len(fitting) != 1:
                unsure += [report] if fitting else []
            elif (first := found.setdefault(fitting[0], report)) is not report:
                notes.compare(fitting[0], first, report)
        for report in sorted(unsure, key=self._booking.counted):
            at = next(
                (at for at in _fitting(leg, report) if at not in found and self._follows(at, report, found)), None
            )
            if at is not None:
                found[at] = report
        for at, report in found.items():
            if self._booking.counted(report) == report.recorded > report.happened:
                notes.back_dated(at, report)
        return found

    def _follows(self, at: int, report: Report, found: Mapping[int, Report]) -> bool:
        """Whether a report that names no place of its own may be of milestone `at`: the one before was reported."""
        first = at <= 2
        before = found.get(at - 1)
        return first or report.place is not None or (before is not None and before.happened <= report.happened)


def _order(report: Report) -> tuple[datetime, datetime, str]:
    return report.recorded, report.happened, report.event


def _fitting(leg: Leg, report: Report) -> list[int]:
    """Milestones of this kind that are planned at this place, or anywhere, where either is unknown."""
    return [
        at
        for at, milestone in enumerate(leg.milestones)
        if milestone.code == report.code and (report.place is None or milestone.place in (None, report.place))
    ]
