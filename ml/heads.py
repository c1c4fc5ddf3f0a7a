"""What a release says beside the probability of lateness: when it arrives, what its sensors and its trail say.

Heads are loaded when first asked; none of them loads torch. A head that the release lacks says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from ml.abstention import Limits, abstains, strangeness
from ml.anomaly import Anomalies
from ml.arrays import Array
from ml.arrival import Arrival
from ml.assessment import Case
from ml.conformal import Conformal
from ml.excursion import Excursion
from ml.lanes import LaneRates
from ml.reasons import Reason
from ml.release import Release
from ml.shipment import Shipment

_LAST, _MINUTE = datetime(9999, 12, 31, tzinfo=UTC), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the trail of a case says: probability of an excursion, anomaly, and what was found. None, None, nothing
    without a trail.
    """

    excursion: float | None = None
    anomaly: float | None = None
    findings: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Expected:
    """`arrival` (n, 5) quantiles in minutes since the booking; `strange` (n,) as in `ml.abstention`."""

    arrival: Array
    strange: Array


class Heads:
    """The heads of a release."""

    def __init__(self, release: Release) -> None:
        self._folders = release.folders

    @cached_property
    def arrival(self) -> Arrival | None:
        return Arrival.load(self._folders["arrival"]) if "arrival" in self._folders else None

    @cached_property
    def anomalies(self) -> Anomalies | None:
        return Anomalies.load(self._folders["anomaly"]) if "anomaly" in self._folders else None

    @cached_property
    def excursion(self) -> Excursion | None:
        return Excursion.load(self._folders["excursion"]) if "excursion" in self._folders else None

    def expected(
        self,
        names: Sequence[str],
        states: Array,
        minutes: Array,
        projected_end: Array,
        conformal: Conformal | None = None,
    ) -> Expected | None:
        """When n cases arrive, from their states (n, f) with columns `names`; `conformal` as in `Arrival.quantiles`."""
        head = self.arrival
        if head is None:
            return None
        chosen = states[:, [names.index(name) for name in head.names]]
        return Expected(
            head.quantiles(chosen, minutes, projected_end, conformal),
            strangeness(head.scaling, chosen),
        )

    def silent(self, shipment: Shipment, rates: LaneRates, expected: Expected | None, at: int) -> Reason | None:
        """Why case number `at` had better not be scored."""
        limits = Limits() if self.arrival is None else self.arrival.limits
        if expected is None:
            return abstains(shipment, rates, 0.0, limits)
        return abstains(shipment, rates, float(expected.strange[at]), limits)

    def seen(self, case: Case) -> Seen:
        """What the trail of a case says at its moment."""
        if case.trail is None:
            return Seen()
        chance, found = None, tuple[Reason, ...]()
        if self.excursion is not None:
            chance, found = self.excursion.chance(case.trail, case.moment)
        if self.anomalies is None:
            return Seen(chance, None, found)
        odd = self.anomalies.score(case.trail, case.shipment, case.moment, case.history)
        return Seen(chance, odd.score, (*odd.findings, *found))


def instants(booked: datetime, minutes: Iterable[float]) -> tuple[datetime, ...]:
    """Minutes since a booking as instants; those beyond the end of the calendar are at its end."""
    most = max((_LAST - booked) / _MINUTE, 0.0)
    return tuple(booked + timedelta(minutes=min(one, most)) for one in minutes)
