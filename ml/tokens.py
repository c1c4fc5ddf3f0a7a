"""The reports of shipments as tokens for sequence models: the booking, then each report in the order of completion.

A token says what its report said, in the light of the plan and of earlier reports only: a prefix of k reports is the
first k + 1 tokens, whatever came later. Nothing is described for a prefix; a live score makes its tokens once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.arrays import CODES, Array, Arrays, Mask
from ml.features import slog
from ml.lane_table import LaneTable

TOKEN_NAMES = (
    "booking",
    *(code.lower() for code in CODES),
    "outbound",
    "slowest",
    "segment",
    "planned",
    "effective",
    "deviation",
    "clock",
    "gap",
    "behind",
    "skipped",
    "next",
    "share",
    "place",
)
"""What the d numbers of a token are: kind (5 flags), whether on the outbound leg or on the inbound leg that the plan
waits for, segment / 3; then as signed logarithms of hours (`ml.features.slog`) the planned and effective minutes since
the milestone before, the step's deviation, the time since the booking, the time since the report before (of any leg),
how far behind plan the leg is, how many reports were skipped before it (a plain number), and the planned minutes to the
next milestone of the leg; time since the booking as a share of the planned duration (at most 3); log-odds of lateness
of its place, by its role, relative to all lanes."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """`values` (n, T, d), 0 behind the end; `mask` (n, T): a token is there. Token 0 is the booking."""

    values: Array
    mask: Mask


def tokens(arrays: Arrays, lanes: LaneTable) -> Tokens:
    """The tokens of n shipments; T is one more than the most reports of any."""
    n, length = len(arrays), int(arrays.reports.max(initial=0))
    cells = arrays.order[:, :length]
    mask = np.arange(length + 1) <= arrays.reports[:, None]
    values = np.zeros((n, length + 1, len(TOKEN_NAMES)))
    values[:, 0, 0] = 1.0
    for name, column in _columns(arrays, lanes).items():
        values[:, 1:, TOKEN_NAMES.index(name)] = np.take_along_axis(column.reshape(n, -1), cells, axis=1)
    clock = np.take_along_axis(arrays.when.reshape(n, -1), cells, axis=1)
    end = _planned_end(arrays)
    before = np.concatenate([np.zeros((n, 1)), clock[:, :-1]], axis=1) if length else clock
    with np.errstate(invalid="ignore"):  # cells behind the end hold inf - inf, and are zeroed below
        values[:, 1:, TOKEN_NAMES.index("gap")] = slog(clock - before)
        values[:, 1:, TOKEN_NAMES.index("share")] = np.minimum(clock / np.maximum(end, 1.0)[:, None], 3.0)
        values[:, 1:, TOKEN_NAMES.index("clock")] = slog(clock)
    return Tokens(np.where(mask[:, :, None], values, 0.0), mask)


def _columns(arrays: Arrays, lanes: LaneTable) -> dict[str, Array]:
    """The parts of a token that its milestone alone says, for each cell (n, L, M)."""
    planned, steps = arrays.planned, np.arange(arrays.planned.shape[2])
    whole = planned.sum(axis=2)
    hub = np.max(whole[:, :-1], axis=1, initial=0.0)
    slowest = np.zeros(whole.shape)
    slowest[np.arange(len(whole)), np.argmax(whole[:, :-1], axis=1)] = 1.0
    outbound = np.zeros(whole.shape)
    outbound[:, -1] = 1.0
    due = np.cumsum(planned, axis=2) + (outbound * hub[:, None])[:, :, None]
    last = np.maximum.accumulate(np.where(arrays.reported, steps + 1, 0), axis=2)
    skipped = steps - np.concatenate([np.zeros((*whole.shape, 1), dtype=np.int64), last[:, :, :-1]], axis=2)
    following = np.concatenate([planned[:, :, 1:], np.zeros((*whole.shape, 1))], axis=2)
    like = np.ones(planned.shape)
    clock = np.where(arrays.reported, arrays.when, 0.0)
    return {
        **{code.lower(): (arrays.code == at).astype(np.float64) for at, code in enumerate(CODES)},
        "outbound": outbound[:, :, None] * like,
        "slowest": slowest[:, :, None] * like,
        "segment": arrays.segment / 3.0,
        "planned": slog(planned),
        "effective": slog(arrays.effective),
        "deviation": slog(arrays.effective - planned),
        "behind": slog(clock - due),
        "skipped": skipped.astype(np.float64),
        "next": slog(following),
        "place": lanes.place,
    }


def _planned_end(arrays: Arrays) -> Array:
    whole = arrays.planned.sum(axis=2)
    return np.asarray(whole[:, -1] + np.max(whole[:, :-1], axis=1, initial=0.0), dtype=np.float64)
