"""Edits of a plan, and how they are written in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ml.shipment import SLOTS, Slot

MOST_EDITS: Final = 50


class BadEdit(ValueError):
    """An edit that cannot be made; the message says which, and what to change. `at` is its position."""

    def __init__(self, at: int, fault: str) -> None:
        super().__init__(f"edit {at + 1}: {fault}")
        self.at = at


@dataclass(frozen=True, slots=True)
class PlannedMinutes:
    """The open `milestone` (such as `DEP 1` or `DLV`) of `leg` is planned to take `minutes` since the one before."""

    leg: Slot
    milestone: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Slack:
    """The last milestone of `leg` may take `minutes` more than planned (negative: less)."""

    leg: Slot
    minutes: int


@dataclass(frozen=True, slots=True)
class Stop:
    """`leg` leads over `place` at its stop number `stop` (0 is its first), a masked airport id or any identifier.

    The hub belongs to all legs: moving the last stop of an inbound leg, or the first of the outbound one, moves it.
    """

    leg: Slot
    stop: int
    place: int | str


@dataclass(frozen=True, slots=True)
class DropSegment:
    """`leg` flies without its open `segment` (1 is the first): the one before it, or else behind it, leads on."""

    leg: Slot
    segment: int


@dataclass(frozen=True, slots=True)
class AddSegment:
    """`leg` flies to `place` first, then on as planned: a flight of its own in front of the open `segment`.

    `departure` and `arrival` are the planned minutes that it takes to depart and to arrive.
    """

    leg: Slot
    segment: int
    place: int | str
    departure: int
    arrival: int


@dataclass(frozen=True, slots=True)
class DropLeg:
    """The consolidation does not wait for this inbound leg."""

    leg: Slot


Edit = PlannedMinutes | Slack | Stop | DropSegment | AddSegment | DropLeg
KINDS: Final[Mapping[str, type[Edit]]] = {
    "plannedMinutes": PlannedMinutes,
    "slack": Slack,
    "stop": Stop,
    "dropSegment": DropSegment,
    "addSegment": AddSegment,
    "dropLeg": DropLeg,
}
"""Kinds of edits by the name that they have in JSON (`{"kind": "slack", "leg": "o", "minutes": 120}`)."""


def read_edits(written: Any) -> list[Edit]:
    """Edits from JSON. Raises BadEdit naming the member that is missing, unknown or of another type."""
    if not isinstance(written, list):
        raise BadEdit(0, "edits must be a list of objects")
    return [_read(at, one) for at, one in enumerate(written[: MOST_EDITS + 1])]


def _read(at: int, one: Any) -> Edit:
    kind = KINDS.get(str(one.get("kind"))) if isinstance(one, Mapping) else None
    if kind is None:
        raise BadEdit(at, f"must be an object whose kind is one of {', '.join(KINDS)}")
    members: dict[str, Any] = {name: value for name, value in one.items() if name != "kind"}
    wanted = kind.__annotations__
    if members.keys() != wanted.keys():
        raise BadEdit(at, f"{one['kind']} has the members {', '.join(wanted)}, not {', '.join(map(str, members))}")
    for name, value in members.items():
        if not _fits(wanted[name], value):
            raise BadEdit(at, f"{name} {value!r:.40} must be {_TYPES[wanted[name]]}")
    return kind(**members)


_TYPES: Final = {
    "Slot": f"one of {', '.join(SLOTS)}",
    "str": "the name of a milestone, such as DEP 1",
    "int": "a whole number",
    "int | str": "an airport id or the identifier of a place",
}


def _fits(wanted: str, value: Any) -> bool:
    whole, word = isinstance(value, int) and not isinstance(value, bool), isinstance(value, str)
    if wanted == "Slot":
        return word and value in SLOTS
    return (whole and "int" in wanted) or (word and "str" in wanted and len(value) <= 2048)
