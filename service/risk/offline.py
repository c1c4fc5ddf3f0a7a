"""Checking a score without the service: a bundle with its sealed statement, its inputs, and the release's files.

The statement says which probability was given, by which model, from which inputs; the inputs have that hash, and the
model says of them just that. The bundle itself is verified by `trailseal verify`.
"""

from pathlib import Path
from typing import Any

import orjson

from ml.vocabulary import PREFIX
from service.epcis.times import instant
from service.errors import TrailsealError
from service.risk.calibrated import State, probability
from service.risk.models import Releases
from service.risk.recomputing import recomputed
from service.risk.statement import MEMBER, decimal
from service.sealing.bundle import read
from service.sealing.commitments import RISK
from service.sealing.errors import ProofFailed


class NoStatement(TrailsealError):
    """The files do not have what is needed to check the score."""

    slug, title, status = "no-statement", "The score cannot be checked from these files", 422


def check(assessment: str, bundle: bytes, inputs: bytes, model: Path | None) -> dict[str, Any]:
    """What of the sealed statement follows from inputs and model, and what does not.

    Raises:
        NoStatement: the bundle discloses no statement of this score, or the inputs are another's. ModelMissing.
    """
    sealed = _statement(assessment, bundle)
    given = _inputs(assessment, inputs)
    from ml.scorer import Scorer

    scorer = Scorer.load(Releases(model).folder_of(sealed["modelHash"]))
    state = None if "calibration" not in sealed else _state(given, sealed["calibration"])
    told = recomputed(scorer, [bytes.fromhex(given["inputs"].removeprefix("0x"))])[0]
    if told is None:
        raise NoStatement("the score was a fact or an abstention, or these are no inputs of this model")
    overdue = "plannedEnd" in sealed and instant(sealed["asOf"]) > instant(sealed["plannedEnd"])
    chance = 1.0 if overdue else probability(scorer.model, state, sealed["stage"], told.odds)
    computed = {
        "probability": decimal(chance),
        "band": scorer.model.bands.of(chance),
        "modelHash": scorer.hash,
        "inputHash": told.input_hash,
    }
    differs = [
        {"what": name, "stored": sealed.get(name), "computed": value}
        for name, value in computed.items()
        if sealed.get(name) != value
    ]
    return {
        "assessmentID": assessment,
        "reproduced": not differs,
        "from": "inputs",
        "differs": differs,
        "notes": ["the bundle is to be verified too: trailseal verify"],
        "statement": {"state": "sealed", "block": None, "why": None, "differs": []},
    }


def _statement(assessment: str, file: bytes) -> dict[str, Any]:
    """The statement's own members without their prefix."""
    try:
        bundle = read(file)
    except ProofFailed as fault:
        raise NoStatement(f"the bundle does not read: {fault}") from None
    if not any(trail.identifier.startswith(RISK) for trail in bundle.trails):
        raise NoStatement(
            "the bundle has no risk trail: ask for one of urn:trailseal:risk:0x and the shipment's trail id"
        )
    for event in bundle.events:
        told = event.document.get(MEMBER)
        if isinstance(told, dict) and told.get(f"{PREFIX}:assessmentID") == assessment:
            return {name.removeprefix(f"{PREFIX}:"): value for name, value in told.items()}
    raise NoStatement(f"the bundle discloses no statement of the score {assessment}")


def _state(given: dict[str, Any], id_: str) -> State:
    try:
        state = State.read(given["calibration"])
    except (KeyError, TypeError, ValueError):
        state = None
    if state is None or state.id != id_:
        raise NoStatement(f"the file of inputs lacks the state {id_} of the calibration, or has another")
    return state


def _inputs(assessment: str, file: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(file)
    except orjson.JSONDecodeError:
        given = None
    if (
        not isinstance(given, dict)
        or given.get("assessmentID") != assessment
        or not isinstance(given.get("inputs"), str)
    ):
        raise NoStatement(f"the file of inputs is not of the score {assessment}: write it with --save-inputs")
    return given
