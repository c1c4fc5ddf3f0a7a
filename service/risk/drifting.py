"""The use: how far what is scored now is from what the model learnt from, over the shipments that the caller sees."""

import asyncio
import struct
import zlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from service.config import Settings
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk import drift
from service.risk.models import Releases, active_folder
from service.risk.recomputing import columns
from service.risk.record import period
from service.store import score_record as store
from service.store.database import Database
from service.store.score_record import Given
from service.store.trails import Viewer

SAMPLE = 5_000
"""Scores that are looked at, drawn at random: one for each shipment and stage."""
FIRST = 500
"""Scores that stand for the training where the release keeps no reference."""
_HEAD = struct.Struct("<IIII")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Drift:
    """Drift of inputs, base rate and calibration."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._database, self._settings, self._clock = database, settings, clock

    async def report(
        self, caller: Caller, since: datetime | None = None, until: datetime | None = None, model: str | None = None
    ) -> dict[str, Any]:
        """The drift in a period (default: four weeks) of a model (default: the one that scores).

        Raises:
            BadPeriod; ModelMissing: the model's files are not there.
        """
        caller.require(Scope.RISK_READ)
        since, until = period(since, until, self._clock())
        viewer = Viewer(caller.party, caller.sees_all)
        async with self._database.session() as session:
            if model is None:
                folder = await active_folder(session, self._settings)
            else:
                folder = await asyncio.to_thread(Releases.of(self._settings).folder_of, model)
            hash_, names, reference = await asyncio.to_thread(_read, folder)
            rows = await store.given_between(session, viewer, since, until, model=hash_, limit=SAMPLE)
            first: list[Given] = []
            if reference is None:
                first = await store.given_between(session, viewer, _BEGINNING, since, model=hash_, limit=FIRST)
        told = await asyncio.to_thread(_told, rows, names, reference, first)
        return {"model": hash_, "since": since.isoformat(), "until": until.isoformat(), "scores": len(rows)} | told


def _read(folder: Any) -> tuple[str, Sequence[str], dict[str, Any] | None]:
    """Hash, names of the features and reference of a release."""
    from ml.cards import hash_of, heads_of, read_reference

    return hash_of(folder), columns(heads_of(folder)), read_reference(folder)


def _told(
    rows: Sequence[Given], names: Sequence[str], reference: dict[str, Any] | None, first: Sequence[Given]
) -> dict[str, Any]:
    states = _states(rows, names)
    if reference is not None:
        source, features, late = "training", reference["features"], reference["late"]
    elif earlier := _states(first, names):
        known = {one.trail: bool(one.late) for one in first if one.late is not None}
        source, features = "first scores", drift.reference_of(names, earlier)
        late = sum(known.values()) / len(known) if known else None
    else:
        source, features, late = None, {}, None
    return {
        "reference": source,
        "inputs": drift.inputs(features, names, states) if states else [],
        "baseRate": drift.base_rate(late, rows),
        "calibration": drift.calibration(rows),
    }


def _states(rows: Sequence[Given], names: Sequence[str]) -> list[Sequence[float]]:
    found = (state_of(one.inputs) for one in rows if one.inputs)
    return [state for state in found if state is not None and len(state) == len(names)]


def state_of(stored: bytes) -> Sequence[float] | None:
    """The features of the moment out of stored inputs (`ml.inputs.Inputs.packed`), compressed or not; else None."""
    try:
        packed = stored if stored[:4] == b"\1\0\0\0" else zlib.decompress(stored)
        version, length, width, features = _HEAD.unpack_from(packed)
        begin = _HEAD.size + 8 * length * width
        values = struct.unpack_from(f"<{features}q", packed, begin)
    except (zlib.error, struct.error):
        return None
    return [value / 1_000_000 for value in values] if version == 1 else None
