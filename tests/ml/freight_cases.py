"""Shipments for tests: hypothesis strategies over any shape of history, and a simulated season."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from ml.shipment import Code, Leg, Milestone, Shipment, Slot
from ml.simulate import season

START = datetime(2026, 3, 1, 6, 30, tzinfo=UTC)
SEASON = [one.shipment for one in season(60, 7, START)]

minutes = st.integers(1, 20_000)
places = st.one_of(st.none(), st.integers(0, 99_999))


@st.composite
def legs(draw: st.DrawFn, slot: Slot) -> Leg:
    """A leg with one to three flights, seen up to some point, where single reports may be missing.

    Airports of one leg differ (as on any sensible route) and the last report before the point is never missing.
    """
    flights = draw(st.integers(1, 3))
    stops = draw(st.lists(st.integers(0, 99_999), min_size=flights + 1, max_size=flights + 1, unique=True))
    points: list[tuple[Code, int, int | None]] = [("RCS", 0, None)]
    for segment in range(1, flights + 1):
        points += [("DEP", segment, stops[segment - 1]), ("RCF", segment, stops[segment])]
    points.append(("DLV", 0, None))
    seen = draw(st.integers(0, len(points)))
    reported = [at < seen and (at == seen - 1 or draw(st.booleans())) for at in range(len(points))]
    return Leg(
        slot,
        tuple(
            Milestone(code, segment, draw(st.one_of(st.none(), minutes)), draw(minutes) if told else None, place)
            for (code, segment, place), told in zip(points, reported, strict=True)
        ),
    )


@st.composite
def shipments(draw: st.DrawFn) -> Shipment:
    slots: tuple[Slot, ...] = ("i1", "i2", "i3")
    count = draw(st.integers(1, 3))
    inbound = tuple(draw(legs(slot)) for slot in slots[:count])
    return Shipment(draw(st.integers(0, 99_999_999)), inbound, draw(legs("o")))
