"""The parameters of the rules, with their defaults and why these."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Literal

Transport = Literal["air", "rail", "road", "sea"]
FASTEST_KMH: Mapping[str, float] = MappingProxyType({"air": 1100.0, "rail": 350.0, "road": 130.0, "sea": 75.0})
"""Ground speed that no scheduled transport of the mode exceeds for long: airliner with tail wind, high-speed train,
lorry or van on a motorway, fast container ship (40 knots)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Parameters of the rules.

    `transport`: the fastest mode by which goods may have travelled; EPCIS events do not say it, so by default any.
    `least_km`, `clock_minutes`: distances up to this are never judged, and clocks of readers may be this far apart.
    `late_hours`: from the event to the block that sealed it; three days, so that a long weekend is no finding.
    `ahead_minutes`: how far an event may lie in the future of its block, for clocks that are fast.
    `unreceived_days`: how long goods may be on their way, ocean freight included.
    `gain`: share by which outputs may outweigh inputs (scales, moisture). `loss`: share of the inputs that may be lost;
    drying, roasting and peeling lose much.
    """

    transport: Transport = "air"
    least_km: float = 50.0
    clock_minutes: float = 15.0
    late_hours: float = 72.0
    ahead_minutes: float = 10.0
    unreceived_days: float = 60.0
    gain: float = 0.02
    loss: float = 0.9

    @property
    def fastest_kmh(self) -> float:
        """Kilometres per hour that `transport` allows."""
        return FASTEST_KMH[self.transport]

    def as_json(self) -> dict[str, Any]:
        """The parameters by name."""
        return {one.name: getattr(self, one.name) for one in fields(self)}
