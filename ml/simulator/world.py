"""The world of the simulator: airports on a plane, who works there, what is sent. It is the same for every seed.

Airports are those of `ml.simulate`; where they lie, and who handles goods there, is made up.
"""

from __future__ import annotations

import math
import random
from functools import lru_cache
from typing import Final

from ml.gs1_keys import COMPANY, gln
from ml.simulate import DESTINATIONS, HUBS, ORIGINS, STOPS

AIRPORTS: Final = tuple(sorted({*ORIGINS, *HUBS, *DESTINATIONS, *STOPS}))
STRANGE: Final = tuple(range(900, 960))
"""Places where nobody usually works; sometimes used for benign reasons too."""
PARTY: Final = "https://id.gs1.org/417/"


@lru_cache(maxsize=65_536)
def checked(digits: str) -> str:
    """`digits` with the GS1 mod-10 check digit behind."""
    total = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def party(number: int) -> str:
    """The PGLN of a party of this world, as a Digital Link."""
    return PARTY + checked(f"{COMPANY}{number:05d}")


def item(company: int, reference: int, serial: int) -> str:
    """A carton: SGTIN as a Digital Link."""
    return f"https://id.gs1.org/01/{checked(f'0{COMPANY}{company:02d}{reference:03d}')}/21/{serial}"


def lot(company: int, reference: int, number: int) -> str:
    """A lot of a product: LGTIN as a Digital Link."""
    return f"https://id.gs1.org/01/{checked(f'0{COMPANY}{company:02d}{reference:03d}')}/10/L{number}"


@lru_cache(maxsize=4096)
def handlers(place: int) -> tuple[str, ...]:
    """Who handles goods at an airport, the usual one first."""
    draw = random.Random(place)
    return tuple(party(20_000 + place * 4 + at) for at in range(draw.choice((1, 2, 2, 3))))


def supplier(place: int, which: int) -> str:
    """One of the three suppliers that send from an airport."""
    return party(30_000 + place * 3 + which % 3)


def consignee(place: int, which: int) -> str:
    """One of the four consignees at an airport."""
    return party(40_000 + place * 4 + which % 4)


@lru_cache(maxsize=4096)
def _position(place: int) -> tuple[float, float]:
    draw = random.Random(place * 7 + 1)
    return draw.uniform(0, 7000), draw.uniform(0, 4000)


def hours(one: int, other: int) -> float:
    """The least hours from airport to airport: 45 minutes and 850 km/h."""
    return 0.75 + math.dist(_position(one), _position(other)) / 850


def warmth(place: int, hour: float, season: float) -> float:
    """Air temperature in °C: by place, hour of the day (0..24) and season (-1 winter .. 1 summer)."""
    draw = random.Random(place * 13 + 5)
    mean, swing = draw.uniform(6, 28), draw.uniform(3, 9)
    return mean + 8 * season + swing * math.sin((hour - 9) / 24 * 2 * math.pi)


@lru_cache(maxsize=4096)
def _gln(place: int) -> str:
    return gln(place)


def location(place: int) -> dict[str, str]:
    """A read point or business location at an airport."""
    return {"id": _gln(place)}


@lru_cache(maxsize=4096)
def reports_in_the_evening(by: str) -> bool:
    """Whether a party sends what it recorded once a day."""
    return random.Random(by).random() < 0.15
