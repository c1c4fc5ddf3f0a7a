"""A score out of its stored inputs alone: what the model says of these numbers. Needs no database and no events."""

import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ml.scorer import Scorer


class Recomputed(NamedTuple):
    """What follows from inputs: the hash over them, and the log-odds and the probability of being late."""

    input_hash: str
    odds: float
    probability: float


def recomputed(scorer: "Scorer", stored: bytes) -> Recomputed | None:
    """What the model says of stored inputs; None where these are not inputs of this model.

    `probability` is that of an open question: past its planned end a shipment is late for certain.
    """
    import numpy as np

    from ml.inference import Ensemble
    from ml.inputs import input_hash, unpacked
    from ml.tokens import TOKEN_NAMES

    names = tuple(scorer.model.scaling.names)
    told_names = TOKEN_NAMES if scorer.model.description.get("told", "states") == "tokens" else names
    try:
        packed = opened(stored)
        used = unpacked(names, told_names, [packed])
    except (ValueError, zlib.error):
        return None
    odds = Ensemble(scorer.model).odds(used)
    chance = float(scorer.model.calibration.apply(np.asarray(odds, dtype=np.float64))[0])
    return Recomputed(input_hash(names, told_names, packed), float(odds[0]), round(chance, 6))


def opened(stored: bytes) -> bytes:
    """Inputs as they were packed (`ml.inputs.Inputs.packed`); raises zlib.error for what is no compressed text."""
    return stored if stored[:4] == b"\1\0\0\0" else zlib.decompress(stored)
