"""A season of stories: most in order, some with a planted fault, all with nuisance."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from ml.simulate import season as shipments
from ml.simulator.faults import FAULTS
from ml.simulator.nuisance import disturb
from ml.simulator.story import Story, story

START = datetime(2026, 1, 5, tzinfo=UTC)
FAULTY = 0.3
"""Share of stories with a fault, all kinds alike often."""


def stories(count: int, seed: int, faulty: float = FAULTY) -> Iterator[Story]:
    """`count` stories; `kinds` of each says which fault it has. Raises ValueError as `ml.simulate.season` does.

    Nuisance comes after the fault, so that reports of a fault get lost and repeated like all others.
    """
    rng = random.Random(seed * 7919 + 1)
    for one in shipments(count, seed, START):
        told = story(one.shipment, one.booked, rng)
        if rng.random() < faulty:
            kind = rng.choice(list(FAULTS))
            told.onset = FAULTS[kind](told, rng)
            told.kinds = (kind,) if told.onset is not None else ()
        disturb(told, rng)
        yield told
