"""Scores shipments at moments: a calibrated probability of being late, with reasons and with hashes to seal.

Torch is loaded with the first score, not with this module. A shipment that cannot be scored gets an assessment that
says so (`abstained`), never an exception. Many cases are scored in one pass over arrays; one live case is the same
pass over a single row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ml.answers import Answers, Open, Scored
from ml.arrays import Array, Arrays, at_minutes, pack
from ml.assessment import Assessment, Case
from ml.attribution import Reference, shapley
from ml.heads import Heads
from ml.inputs import Inputs, inputs
from ml.lane_table import lane_row, lane_table
from ml.lanes import LaneRates
from ml.model_files import PACKAGED
from ml.projection import outlooks
from ml.reasons import NO_PLAN, NOT_BOOKED, Reason, noted
from ml.release import Release
from ml.shipment import Shipment

if TYPE_CHECKING:
    from ml.arrival import Arrival
    from ml.conformal import Conformal
    from ml.inference import Ensemble

CHUNK = 512
"""Cases that are looked at in one pass, so that memory does not grow with the number asked."""


class Scorer:
    """A loaded release. `score` may be called from several threads."""

    def __init__(self, release: Release) -> None:
        self.release, self.model = release, release.late
        self._rates, self._calibration = self.model.rates, self.model.calibration
        self._ensemble: Ensemble | None = None
        self._reference: Reference | None = None
        self._names, self._heads = self.model.scaling.names, Heads(release)
        self._answers = Answers(release.hash, self.model.bands, self._heads)

    @classmethod
    def load(cls, path: Path | None = None) -> Scorer:
        """The release in the folder `path`, or the one that comes with the package.

        Raises FileNotFoundError without a model there, ModelDamagedError where its weights have another hash.
        """
        return cls(Release.load(PACKAGED if path is None else path))

    @cached_property
    def _columns(self) -> tuple[str, ...]:
        """The columns of states that any head uses, those of the head `late` first."""
        arrival = self._heads.arrival
        return tuple(dict.fromkeys((*self._names, *(arrival.names if arrival else ()))))

    @property
    def hash(self) -> str:
        """What assessments name as `model_hash`."""
        return self.release.hash

    @property
    def arrival(self) -> Arrival | None:
        """The head that tells when shipments arrive, if the release has one."""
        return self._heads.arrival

    def score(
        self, cases: Sequence[Case], *, reasons: bool = True, conformal: Conformal | None = None
    ) -> list[Assessment]:
        """One assessment for each case, in their order, from what was reported by its moment.

        Milestones dated after the moment are not looked at. Without `reasons` only facts and abstentions carry any.
        `conformal` is a later state of the arrival's correction than the one in the release.
        Raises ValueError for a moment without an offset.
        """
        parts = [cases[at : at + CHUNK] for at in range(0, len(cases), CHUNK)]
        return [told for part in parts for told in self._part(part, conformal, reasons=reasons)]

    def _part(self, cases: Sequence[Case], conformal: Conformal | None, *, reasons: bool) -> list[Assessment]:
        refused = [_refused(case) for case in cases]
        asked = [case for case, why in zip(cases, refused, strict=True) if why is None]
        told = iter(self._planned(asked, conformal, reasons=reasons) if asked else ())
        return [
            next(told) if why is None else self._answers.abstained(why, case)
            for case, why in zip(cases, refused, strict=True)
        ]

    def _planned(self, cases: Sequence[Case], conformal: Conformal | None, *, reasons: bool) -> list[Assessment]:
        """Assessments of cases with a booking: without a full plan, of what was delivered, and of what is open."""
        arrays = pack([case.shipment for case in cases])
        minutes = np.array([_minutes(case) for case in cases])
        legs = np.array([len(case.shipment.legs) for case in cases])
        full = ~arrays.unplanned.any(axis=(1, 2)) & ((arrays.length > 0).sum(axis=1) == legs)
        ended = arrays.effective_end <= minutes
        rows = np.flatnonzero(full & ~ended)
        still_open = [Open(cases[at], minutes[at], cases[at].rates or self._rates) for at in rows.tolist()]
        told = iter(self._computed(arrays.part(rows), still_open, conformal, reasons=reasons) if still_open else ())
        ends = np.stack([arrays.effective_end, arrays.planned_end, minutes], axis=1).tolist()
        found = list[Assessment]()
        for at, case in enumerate(cases):
            if not full[at]:
                found.append(self._answers.abstained(_malformed(case) or NO_PLAN, case))
            else:
                found.append(self._answers.delivered(case, *ends[at]) if ended[at] else next(told))
        return found

    def _computed(
        self, arrays: Arrays, cases: Sequence[Open], conformal: Conformal | None, *, reasons: bool
    ) -> list[Assessment]:
        shipments = [one.case.shipment for one in cases]
        moments = at_minutes(arrays, np.arange(len(cases)), np.array([one.minutes for one in cases]))
        lanes = lane_table([lane_row(one.case.shipment, one.rates) for one in cases], arrays.there.shape)
        used, now, calm = inputs(arrays, moments, lanes, self._columns)
        odds = self._odds(used.of(self._names), reasons=reasons)
        chances = self._calibration.apply(odds[:, -1])
        expected = self._heads.expected(used.names, used.state, now.minutes, now.end[:, -1], conformal)
        parts = zip(
            odds[:, [0, -1]].tolist(),
            chances.tolist(),
            used.packed(),
            outlooks(shipments, now),
            outlooks(shipments, calm) if reasons else repeat(None, len(cases)),
            shapley(odds).tolist() if reasons else repeat(None, len(cases)),
            repeat(None, len(cases)) if expected is None else expected.arrival.tolist(),
            (self._heads.silent(*told, expected, at) for at, told in enumerate(_lanes_of(cases))),
            strict=True,
        )
        names = used.names, used.told_names
        return [self._answers.forecast(one, Scored(*told), names) for one, told in zip(cases, parts, strict=True)]

    def _odds(self, used: Inputs, *, reasons: bool) -> Array:
        """Log-odds (n, coalitions) with reasons, (n, 1) without."""
        if self._ensemble is None:
            from ml.inference import Ensemble

            self._reference = Reference(self.model.scaling, used.told_names)
            self._ensemble = Ensemble(self.model)
        if not reasons or self._reference is None:
            return self._ensemble.odds(used)[:, None]
        return self._ensemble.variants(self._reference.coalitions(used))


def _refused(case: Case) -> Reason | None:
    """Why a case cannot be scored, as far as its arrays need not be looked at. Raises ValueError (see `score`)."""
    shipment, moment = case.shipment, case.moment
    if moment.utcoffset() is None:
        raise ValueError("the moment needs an offset from UTC, for example datetime(..., tzinfo=UTC)")
    if not shipment.inbound or not shipment.outbound.milestones:
        return _malformed(case) or NO_PLAN
    return NOT_BOOKED if shipment.booked is None or moment < shipment.booked else None


def _lanes_of(cases: Sequence[Open]) -> Iterator[tuple[Shipment, LaneRates]]:
    return ((one.case.shipment, one.rates) for one in cases)


def _malformed(case: Case) -> Reason | None:
    return next((one for one in noted(case.shipment.notes, np.inf) if one.code == "MALFORMED_PLAN"), None)


def _minutes(case: Case) -> float:
    return (case.moment - (case.shipment.booked or case.moment)) / timedelta(minutes=1)
