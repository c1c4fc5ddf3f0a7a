"""What arrivals that became known teach the conformal state, which keeps the promise of the quantiles.

It begins with the state of the release and takes in the arrivals moment by moment, as they became known; it is made
anew each time, so that one that was counted late, or taken back, stands where it belongs.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from service.risk.acted import weights
from service.risk.recomputing import unpacked_of
from service.store.score_calibrations import KnownArrival

if TYPE_CHECKING:
    from ml.conformal import Outcome
    from ml.scorer import Scorer


def taught(scorer: "Scorer", arrivals: Sequence[KnownArrival]) -> tuple[dict[str, Any] | None, int]:
    """The state as `ml.conformal.Conformal.to_json`, and how many outcomes it took in; None where there are none."""
    head = scorer.arrival
    told = [] if head is None else outcomes(scorer, arrivals)
    if head is None or not told:
        return None, 0
    state = head.conformal
    for _, group in groupby(sorted(told, key=lambda pair: pair[0].known), key=lambda pair: pair[0].known):
        state = state.updated([outcome for _, outcome in group])
    return state.to_json(), len(told)


def outcomes(scorer: "Scorer", arrivals: Sequence[KnownArrival]) -> list[tuple[KnownArrival, "Outcome"]]:
    """What each arrival says of the quantiles told before, each shipment once for a stage; none of those acted on."""
    import numpy as np

    from ml.arrival import moments

    head, (read, used) = scorer.arrival, unpacked_of(scorer, [one.inputs for one in arrivals])
    if head is None or used is None:
        return []
    known = [arrivals[at] for at in read]
    minutes, projected_end = moments(used.names, used.state)
    waited = np.array([(one.delivered_at - one.as_of) / timedelta(minutes=1) for one in known])
    states = used.state[:, [used.names.index(name) for name in head.names]]
    told = head.outcomes((one.trail.hex() for one in known), states, minutes, projected_end, minutes + waited)
    found: dict[tuple[str, str], tuple[KnownArrival, Outcome]] = {}
    for one, outcome, weight in zip(known, told, weights(known), strict=True):
        if weight > 0:
            found.setdefault((outcome.key, outcome.stage), (one, replace(outcome, weight=weight)))
    return list(found.values())
