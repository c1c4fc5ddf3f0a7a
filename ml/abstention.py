"""When a score would be a guess: abstain, with the reason NOT_ENOUGH_HISTORY, rather than sound confident.

Two grounds: nothing of the shipment's way is known (no place of it has a history); its state lies far outside of what
was learnt from (much of its plan, its lanes or its reports is beyond what the training rows held). The limit of the
second is set on predictions that the training rows were validated with: ordinary shipments hardly ever meet it.

Disagreement of the members of an ensemble is no ground: validation did not show that they agree less where they err
more (`bench.arrival_start`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ml.arrays import Array
from ml.lanes import LaneRates
from ml.reasons import Reason
from ml.scaling import Scaling
from ml.shipment import Shipment

FAR = 4.0
"""Deviations from the mean from which a feature counts as far outside."""
FACTS = ("plan_", "lane_", "last_", "step_")
"""How features begin that tell the plan, its lanes and what was reported. Those of silence and delay may grow without
end: the longer a shipment is overdue, the more there is to say, not less."""
ORDINARY = 0.998
"""The share of validated predictions that the limit lets pass, before the margin."""
MARGIN = 1.25


@dataclass(frozen=True, slots=True)
class Limits:
    """`outcomes`: a place with fewer is unknown; greatest `strangeness` that may be scored."""

    outcomes: int = 3
    strangeness: float = 0.25


def limits(strange: Array) -> Limits:
    """From the strangeness (n,) of validated predictions."""
    return Limits(strangeness=round(float(np.quantile(strange, ORDINARY, method="higher")) * MARGIN, 6))


def strangeness(scaling: Scaling, states: Array) -> Array:
    """(n,) the share of the FACTS among the features that lie FAR from the mean of the training rows."""
    told = [at for at, name in enumerate(scaling.names) if name.startswith(FACTS)]
    far = np.abs((states[:, told] - scaling.mean[told]) / scaling.deviation[told]) > FAR
    return np.asarray(far.mean(axis=1), dtype=np.float64)


def places(shipment: Shipment) -> Iterator[tuple[str, int, int]]:
    """Hub, destination and origins as lanes; an unnamed place makes none."""
    named = [("hub", shipment.hub), ("destination", shipment.destination)]
    named += [("origin", leg.places[0]) for leg in shipment.inbound if leg.places]
    yield from dict.fromkeys((role, place, -1) for role, place in named if place is not None)


def unknown_way(shipment: Shipment, rates: LaneRates, least: int) -> Reason | None:
    """A reason where no place of the shipment's way has shown `least` outcomes."""
    seen = [rates.seen(lane) for lane in places(shipment)]
    if any(count >= least for count in seen):
        return None
    most = max(seen, default=0)
    told = f"none of its {len(seen)} places has more than {most}" if seen else "none of its places is named"
    return Reason("NOT_ENOUGH_HISTORY", f"too little is known about its way: {told} known outcomes")


def abstains(shipment: Shipment, rates: LaneRates, strange: float, bounds: Limits) -> Reason | None:
    """The reason not to score a shipment, None for an ordinary one; `strange` is its `strangeness`, `rates` are as of
    the moment.
    """
    unknown = unknown_way(shipment, rates, bounds.outcomes)
    if unknown is not None:
        return unknown
    if strange > bounds.strangeness:
        share = f"{strange:.0%} of what describes it lies far outside of what was learnt from"
        return Reason("NOT_ENOUGH_HISTORY", f"too little like it was seen: {share}")
    return None
