"""What befalls shipments that are in order: the reason why faults are hard to find.

Every kind of fault (`ml.simulator.faults`) has a harmless look-alike here, rarer or smaller, but overlapping with it.
"""

from __future__ import annotations

import random

from ml.simulator import detours, misreports
from ml.simulator.story import Story


def disturb(told: Story, rng: random.Random) -> None:
    """Applies each nuisance by its own odds, in place."""
    for odds, nuisance in (
        (0.07, detours.rerouted),
        (0.05, detours.unknown_handler),
        (0.08, detours.inspected),
        (0.06, misreports.misread),
        (0.06, misreports.unread),
        (0.05, misreports.miscounted),
        (0.05, misreports.unreported_making),
        (0.02, misreports.relabelled),
        (0.04, misreports.other_consignee),
        (0.03, misreports.other_order),
        (0.04, misreports.wrong_zone),
        (0.05, misreports.told_late),
        (0.02, misreports.written_wrong),
        (0.03, detours.landed_elsewhere),
        (0.03, detours.taken_in_by_another),
        (0.03, detours.stored_elsewhere),
        (0.02, misreports.other_site),
        (0.015, detours.labelled_under_way),
        (0.03, detours.sampled),
    ):
        if rng.random() < odds:
            nuisance(told, rng)
    misreports.clocks(told, rng)
    misreports.missing(told, rng)
    misreports.repeated(told, rng)
