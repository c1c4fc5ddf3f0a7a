"""The use: computing a stored score again, bit for bit, from what was known when it was given.

1. The release is the one that the score names, by hash, out of the folder of releases; the state of the calibration
   likewise, by its id.
2. The shipment is told again from the events with a record time up to `recorded_by`, an event time up to `as_of` and a
   number up to `known_seq`; late rates of lanes are those of the outcomes that were known then.
3. Where events were erased since, the score is computed from the inputs that were stored with it.
4. What comes out is compared with the row, and the row with its sealed statement.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import orjson

from service.config import Settings
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.risk.calibrated import Calibrated, State, is_fact, probability
from service.risk.comparing import HASHES, differences, features, told
from service.risk.errors import AssessmentNotFound
from service.risk.knowing import Wanted, known
from service.risk.models import Releases
from service.risk.recomputing import columns, opened, recomputed
from service.risk.scorers import basis_of
from service.risk.sealing import unable
from service.risk.statement import MEMBER, statement_id
from service.risk.statement import told as stated
from service.risk.trust_errors import ModelMissing
from service.store import score_calibrations, score_record, score_seals
from service.store import score_past as past
from service.store.database import Database, Session
from service.store.trails import Viewer

if TYPE_CHECKING:
    from ml.scorer import Scorer

COUNTED = ("input_hash", "anomaly", "reasons")
"""What counters of outcomes have a part in: late rates and usual times, and the history of trails."""
_KEPT = 3
_BEHIND_MINUTES, _TRIES = 60, 40
"""How far the counters of outcomes may have been behind when a score was given; how many of their states are tried."""


class Reproductions:
    """Computing scores again; releases that were loaded are kept, some of them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._settings, self._releases = database, settings, Releases.of(settings)
        self._scorers: dict[str, Scorer] = {}

    async def reproduce(self, caller: Caller, assessment: UUID) -> dict[str, Any]:
        """Computes the score again and says whether it is the same, and else what differs.

        Raises:
            AssessmentNotFound; ModelMissing: names what of the release is missing or altered.
        """
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            row = await self._row(session, caller, assessment)
            scorer = await self._scorer(row["model_hash"])
            state = await self._state(session, row["calibration"])
            found = await self._computed(session, row, scorer, state)
            sealed = await self._statement(session, row)
        differs = [*found["differs"], *sealed["differs"]]
        return {
            "assessmentID": str(assessment),
            "modelHash": row["model_hash"],
            "calibration": row["calibration"],
            "asOf": row["as_of"].isoformat(),
            **found,
            "reproduced": not differs and found["from"] is not None,
            "differs": differs,
            "statement": sealed,
        }

    async def seal(self, caller: Caller, assessment: UUID) -> dict[str, Any]:
        """Where the score is on its way to the ledger; raises AssessmentNotFound."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            row = await self._row(session, caller, assessment)
            return await self._statement(session, row)

    async def inputs(self, caller: Caller, assessment: UUID) -> dict[str, Any]:
        """What the score was computed from, to compute it again elsewhere; raises AssessmentNotFound."""
        caller.require(Scope.RISK_READ)
        async with self._database.session() as session:
            row = await self._row(session, caller, assessment)
            state = await self._state(session, row["calibration"])
        packed = opened(row["inputs"]) if row["inputs"] else b""
        return {
            "format": "trailseal-score-inputs/1",
            "assessmentID": str(assessment),
            "modelHash": row["model_hash"],
            "inputHash": row["input_hash"],
            "inputs": f"0x{packed.hex()}",
            "calibration": None if state is None else state.written(),
        }

    async def _row(self, session: Session, caller: Caller, assessment: UUID) -> Mapping[str, Any]:
        row = await score_record.stored(session, Viewer(caller.party, caller.sees_all), assessment)
        if row is None:
            raise AssessmentNotFound(f"no assessment {assessment} of a shipment that you may see")
        return row

    async def _scorer(self, hash_: str) -> "Scorer":
        if hash_ not in self._scorers:
            folder = await asyncio.to_thread(self._releases.folder_of, hash_)
            from ml.scorer import Scorer

            while len(self._scorers) >= _KEPT:
                self._scorers.pop(next(iter(self._scorers)))
            self._scorers[hash_] = await asyncio.to_thread(Scorer.load, folder)
        return self._scorers[hash_]

    async def _state(self, session: Session, id_: str | None) -> State | None:
        if id_ is None:
            return None
        written = await score_calibrations.state(session, id_)
        if written is None or hashlib.sha256(written.encode()).hexdigest() != id_:
            raise ModelMissing(f"the state {id_} of the calibration is not kept, or was altered")
        return State.read(written)

    async def _computed(
        self, session: Session, row: Mapping[str, Any], scorer: "Scorer", state: State | None
    ) -> dict[str, Any]:
        seq = row["known_seq"]
        gone = past.Since(0, 0) if seq is None else await past.since(session, row["trail"], seq)
        moved = scorer
        if state is not None:
            moved = cast("Scorer", await asyncio.to_thread(Calibrated, scorer, state))
        found = await self._from_events(session, row, moved, erased=gone.erased > 0)
        if found is None or (found["differs"] and gone.erased):
            found = await asyncio.to_thread(_from_inputs, row, scorer, state)
        return found | {"eventsErasedSince": gone.erased, "eventsSince": gone.later}

    async def _from_events(
        self, session: Session, row: Mapping[str, Any], scorer: "Scorer", *, erased: bool
    ) -> dict[str, Any] | None:
        recorded = row["recorded_by"] or row["as_of"]
        booked = await past.booked_then(session, row["trail"], recorded, row["known_seq"])
        if booked is None:
            return None
        recorded_by = None if recorded == row["as_of"] else recorded
        wanted = Wanted(booked, row["as_of"], recorded_by, known_seq=row["known_seq"])
        basis = await basis_of(session, scorer)
        (what,) = await known(session, [wanted], basis)
        (given,) = await asyncio.to_thread(lambda: scorer.score([what.case()]))
        notes: list[str] = []
        counted = COUNTED if row["reasons"] or not erased else COUNTED[:2]
        if differences(row, told(given), counted):
            # The follower counts outcomes some moments after they are recorded: which ones it had, the hash tells.
            for moment in await past.lately_known(session, recorded, _BEHIND_MINUTES, _TRIES):
                earlier = moment - timedelta(microseconds=1)
                (then,) = await known(session, [replace(wanted, counted_by=earlier)], basis)
                (again,) = await asyncio.to_thread(lambda then=then: scorer.score([then.case()]))  # type: ignore[misc]
                if not differences(row, told(again), counted):
                    given = again
                    notes = [
                        f"with the outcomes that the service had counted: those recorded before {moment.isoformat()}"
                    ]
                    break
        forgotten = erased and not row["reasons"]  # an erasure takes the words away, whatever it was of
        fields = [field for field in told(given) if field != "reasons" or not forgotten]
        names = columns(scorer.release.folders)
        return {
            "from": "events",
            "differs": differences(row, told(given), fields),
            "features": features(names, row["inputs"], given.inputs),
            "notes": [*notes, "the reasons were erased with an event"] if forgotten else notes,
        }

    async def _statement(self, session: Session, row: Mapping[str, Any]) -> dict[str, Any]:
        (seal,) = await score_seals.seals_of(session, [row["id"]])
        found: dict[str, Any] = {
            "state": "sealed" if seal.block is not None else "captured" if seal.captured_at else "stored",
            "block": seal.block,
            "captureID": str(seal.capture) if seal.capture else None,
            "why": None,
            "differs": [],
        }
        if seal.captured_at is None:
            why = await unable(session, _party(self._settings))
            return found | {"why": f"unsealed: {why}" if why else "it waits for its turn"}
        score = await score_seals.score(session, row["id"])
        party = await score_seals.party_of_batch(session, row["id"])
        assert score is not None
        said = None if party is None else await past.statement_of(session, statement_id(score), party)
        if said is None or said[0] is None:
            return found | {"why": "the statement was erased"}
        sealed, now = orjson.loads(said[0])[MEMBER], stated(score)
        names = sorted(sealed.keys() | now.keys())
        return found | {
            "differs": [
                {"what": f"sealed {name}", "stored": _word(now.get(name)), "computed": _word(sealed.get(name))}
                for name in names
                if sealed.get(name) != now.get(name)
            ]
        }


def _from_inputs(row: Mapping[str, Any], scorer: "Scorer", state: State | None) -> dict[str, Any]:
    """The score out of its stored inputs: what was delivered, or had no plan, has none."""
    told_again = recomputed(scorer, [row["inputs"]])[0] if row["inputs"] else None
    if told_again is None:
        why = "events were erased since, and no inputs are stored with the score: it cannot be computed again"
        return {"from": None, "differs": [], "features": [], "notes": [why]}
    overdue = is_fact(row["planned_end"], row["as_of"])
    chance = 1.0 if overdue else probability(scorer.model, state, row["stage"], told_again.odds)
    silent = row["probability"] is None  # it abstained for a reason that is not in the inputs
    computed = {
        "probability": None if silent else chance,
        "band": None if silent else scorer.model.bands.of(chance),
        "model_hash": scorer.hash,
        "input_hash": told_again.input_hash,
        "calibration": row["calibration"],
    }
    return {
        "from": "inputs",
        "differs": differences(row, computed, ("probability", "band", *HASHES)),
        "features": [],
        "notes": ["events were erased since: computed from the inputs stored with the score, without reasons"],
    }


def _party(settings: Settings) -> bytes | None:
    from service.parties.identity import party_id

    return None if settings.risk_party is None else party_id(settings.risk_party)


def _word(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()
