"""Conditions in which goods must travel: told by the booking, or those of a class of products.

A booking tells them as the extension `trailseal:conditions`, for example
`{"trailseal:profile": "2-8"}` or `{"trailseal:temperature": {"trailseal:min": 2, "trailseal:max": 8}}`, with
`humidity` (per cent) and `shock` (g) likewise; a `uom` (UN/CEFACT Recommendation 20) may stand beside min and max.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from ml.lenient import number, own, text
from ml.readings import Quantity, converted
from ml.trail import Trail


@dataclass(frozen=True, slots=True)
class Conditions:
    """Limits in °C, % and g; infinite where there is none. `name` says where they come from."""

    name: str
    low: float = float("-inf")
    high: float = float("inf")
    most_humidity: float = float("inf")
    most_shock: float = 10.0

    @property
    def has_temperature(self) -> bool:
        """Whether temperatures are limited on any side."""
        return self.low > float("-inf") or self.high < float("inf")


PROFILES: Final[Mapping[str, Conditions]] = MappingProxyType(
    {
        "2-8": Conditions("2-8", 2.0, 8.0),
        "15-25": Conditions("15-25", 15.0, 25.0, 65.0),
        "frozen": Conditions("frozen", -25.0, -10.0),
    }
)
"""Refrigerator and freezer as in USP <659>; 15-25 °C as in the WHO's TRS 961, annex 9."""


def conditions_of(trail: Trail) -> Conditions | None:
    """What the earliest standing event that tells conditions says; None where none does, or nothing readable."""
    told = next((seen.conditions for seen in trail.standing if seen.conditions is not None), None)
    return None if told is None else _read(told)


def _read(told: Mapping[str, Any]) -> Conditions | None:
    name = text(_member(told, "profile"))
    found = PROFILES.get((name or "").replace("–", "-").lower()) or Conditions("booking")
    low, high = _limits(told, "temperature")
    found = replace(found, low=found.low if low is None else low, high=found.high if high is None else high)
    most_humidity, most_shock = _limits(told, "humidity")[1], _limits(told, "shock")[1]
    if most_humidity is not None:
        found = replace(found, most_humidity=most_humidity)
    if most_shock is not None:
        found = replace(found, most_shock=most_shock)
    said = found != Conditions("booking")
    return found if said and found.low < found.high else None


def _limits(told: Mapping[str, Any], quantity: Quantity) -> tuple[float | None, float | None]:
    limits = _member(told, quantity)
    if not isinstance(limits, Mapping):
        return None, None
    unit = text(_member(limits, "uom"))
    return tuple(_limit(_member(limits, side), quantity, unit) for side in ("min", "max"))  # type: ignore[return-value] # two


def _limit(value: Any, quantity: Quantity, unit: str | None) -> float | None:
    found = number(value)
    return None if found is None else converted(found, quantity, unit)


def _member(holder: Mapping[str, Any], name: str) -> Any:
    """A member with our prefix, our namespace or, inside our own extension, by its bare name."""
    found = own(holder, name)
    return holder.get(name) if found is None else found
