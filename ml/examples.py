"""Training prefixes: the state after every report of a shipment, and one state in the silence that follows each.

A prefix of k reports is described at the moment its k-th one completed (k = 0: the booking), for k below the number of
reports: with the last one in, the outcome is a fact. The second description lies at a random moment before the next
report, so that a model learns what silence means. Tokens are kept once for each shipment; a prefix is the first k + 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from ml.arrays import Array, Arrays, Mask, Moments, Whole, at_reports, pack
from ml.features import describe
from ml.lane_table import LaneRow, lane_row, lane_table
from ml.lanes import FREEZE, LAG, as_of
from ml.shipment import Shipment, late, planned_end
from ml.tokens import Tokens, tokens

__all__ = ["CHECKPOINTS", "Array", "Examples", "examples", "prefixes"]

Checkpoint = dict[str, int]
CHECKPOINTS: Checkpoint = {"C0": 0, "C1": 1, "C3": 3}
"""C0: plan only. C1: inbound complete, nothing outbound. C3: only the final DLV open. Any other prefix is -1."""


@dataclass(frozen=True, slots=True)
class Examples:
    """n prefixes of s shipments, those of one shipment side by side in the order of time.

    `state` and `silence` (n, f) describe each prefix at its last report and at a later moment before the next one, at
    `minutes` and `silent_minutes` (n,) since the booking; `late` (n,) is 0/1; `weight` (n,) is 1 / number of prefixes,
    so that shipments weigh the same; `nr`, `checkpoint` (n,) are whole numbers; `overrun` (n,) is 1 where the planned
    end had already passed; `end`, `projected` (n,) are minutes from the booking to the delivery as it was and as
    projected then. `shipment` (n,) is the prefix's row in `tokens` (s, T, d), of which it sees the first `count` + 1.
    """

    names: tuple[str, ...]
    tokens: Tokens
    state: Array
    silence: Array
    minutes: Array
    silent_minutes: Array
    late: Array
    weight: Array
    nr: Whole
    checkpoint: Whole
    overrun: Array
    end: Array
    projected: Array
    shipment: Whole
    count: Whole

    def where(self, mask: Mask) -> Examples:
        """The prefixes under the mask; the tokens stay whole."""
        kept = {one.name: getattr(self, one.name)[mask] for one in fields(self) if one.name not in ("names", "tokens")}
        return replace(self, **kept)

    def upto(self, last: int) -> Examples:
        return self.where(self.nr <= last)

    def beyond(self, last: int) -> Examples:
        return self.where(self.nr > last)


def examples(
    shipments: Sequence[Shipment],
    *,
    freeze: int = FREEZE,
    lag: int = LAG,
    seed: int = 0,
    advance: Callable[[int], None] = lambda _count: None,
) -> Examples:
    """All prefixes of delivered `shipments` (in the order of `nr`), with lane rates as of each booking.

    Raises ValueError where a shipment has no outcome or no full plan. `advance` hears of each finished shipment.
    """
    rows = list[LaneRow]()
    for shipment, rates in as_of(shipments, freeze=freeze, lag=lag):
        rows.append(lane_row(shipment, rates))
        advance(1)
    return prefixes(shipments, rows, seed=seed)


def prefixes(shipments: Sequence[Shipment], rows: Sequence[LaneRow], *, seed: int = 0) -> Examples:
    """All prefixes of delivered `shipments`, with the lane history `rows`, one for each. Raises as `examples`."""
    outcomes = np.array([_outcome(shipment) for shipment in shipments], dtype=np.float64)
    arrays = pack(shipments)
    lanes = lane_table(rows, arrays.there.shape)
    shipment = np.repeat(np.arange(len(arrays)), arrays.reports)
    count = np.concatenate([np.arange(reports) for reports in arrays.reports])
    here, coming = at_reports(arrays, shipment, count), at_reports(arrays, shipment, count + 1)
    drawn = np.random.default_rng(seed).random(len(shipment))
    later = Moments(shipment, count, here.minutes + drawn * (coming.minutes - here.minutes))
    names, state, seen = describe(arrays, here, lanes)
    ends = np.array([planned_end(one) or 0 for one in shipments], dtype=np.float64)[shipment]
    return Examples(
        names=names,
        tokens=tokens(arrays, lanes),
        state=state,
        silence=describe(arrays, later, lanes)[1],
        minutes=here.minutes,
        silent_minutes=later.minutes,
        late=outcomes[shipment],
        weight=1.0 / arrays.reports[shipment],
        nr=np.array([one.nr for one in shipments], dtype=np.int64)[shipment],
        checkpoint=_checkpoints(arrays, here),
        overrun=(here.minutes > ends).astype(np.float64),
        end=at_reports(arrays, shipment, arrays.reports[shipment]).minutes,
        projected=seen.end[:, -1],
        shipment=shipment,
        count=count,
    )


def _outcome(shipment: Shipment) -> bool:
    outcome = late(shipment)
    if outcome is None or shipment.nr is None:
        raise ValueError(f"shipment {shipment.nr} has no outcome to learn from: it is open or lacks a plan")
    return outcome


def _checkpoints(arrays: Arrays, moments: Moments) -> Whole:
    inbound = arrays.length[:, :-1].sum(axis=1)[moments.row]
    total = arrays.reports[moments.row]
    found = np.select(
        [moments.count == total - 1, moments.count == inbound, moments.count == 0],
        [CHECKPOINTS["C3"], CHECKPOINTS["C1"], CHECKPOINTS["C0"]],
        default=-1,
    )
    return found.astype(np.int64)
