"""What is odd about the reports on a leg, as notes on its shipment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from ml.report_events import Booking, Report
from ml.shipment import Leg, Note

CONTRADICTORY: Final = timedelta(hours=1)
"""Two reports of one milestone that lie further apart contradict each other; nearer ones repeat each other."""


class Notes:
    """What was noticed, in `found`: the first five events of each kind."""

    def __init__(self, booking: Booking, leg: Leg) -> None:
        self._booking, self._leg = booking, leg
        self._compared = set[int]()
        self.found: list[Note] = []

    def add(self, code: str, said: str, reports: Sequence[Report], milestone: str | None = None) -> None:
        """Notes what is said of these reports, if there are any."""
        if reports:
            ids = tuple(sorted({one.event for one in reports if one.event}))[:5]
            since = self._booking.minutes(min(max(one.recorded, one.happened) for one in reports))
            self.found.append(Note(code, said, float(since), ids, self._leg.slot, milestone))

    def compare(self, at: int, first: Report, other: Report) -> None:
        """Notes the first two reports of milestone `at` that contradict each other."""
        apart = abs(first.happened - other.happened)
        if apart > CONTRADICTORY and at not in self._compared:
            self._compared.add(at)
            name = self._leg.milestones[at].name
            hours = apart / timedelta(hours=1)
            said = f"two reports of {name} lie {hours:.0f} h apart: the one recorded first counts"
            self.add("CONTRADICTION", said, [first, other], name)
            self.found[-1] = replace(self.found[-1], since=float(self._booking.minutes(other.recorded)))

    def back_dated(self, at: int, report: Report) -> None:
        """Notes that a report counts from when it was recorded."""
        name = self._leg.milestones[at].name
        hours = (report.recorded - report.happened) / timedelta(hours=1)
        said = f"{name} was reported {hours:.0f} h after it is said to have happened: it counts from its report"
        self.add("BACK_DATED", said, [report], name)
