"""A score out of its stored inputs alone: what the model says of these numbers. Needs no database and no events."""

import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ml.examples import Examples
    from ml.inputs import Inputs
    from ml.scorer import Scorer


class Recomputed(NamedTuple):
    """What follows from inputs: the hash over them, and the uncalibrated log-odds of being late."""

    input_hash: str
    odds: float


def columns(heads: Mapping[str, Path]) -> tuple[str, ...]:
    """The names of the stored features: those of the head `late` first, then what only the arrival head uses."""
    named = [
        json.loads((heads[head] / "model.json").read_bytes())["scaling"]["names"]
        for head in ("late", "arrival")
        if head in heads
    ]
    return tuple(dict.fromkeys(name for names in named for name in names))


def training_reference(folder: Path, learnt_from: "Examples") -> dict[str, Any]:
    """What the inputs of the release in a folder looked like in training (`ml.cards.reference`); raises NoRelease.

    As drift looks at scores, each shipment counts the same at each of its stages, at reports and in the silence after.
    """
    import numpy as np

    from ml.cards import heads_of, reference
    from ml.evaluate import stage

    names = columns(heads_of(folder))
    chosen = [learnt_from.names.index(name) for name in names]
    at = np.unique(np.stack([learnt_from.nr.astype(np.str_), stage(learnt_from)]), axis=1, return_inverse=True)[1]
    weight = 1.0 / np.bincount(at.ravel())[at.ravel()]
    moments = np.vstack([learnt_from.state[:, chosen], learnt_from.silence[:, chosen]])
    found = reference(names, moments, np.tile(learnt_from.late, 2), np.tile(weight, 2))
    return found | {"late": round(float(np.average(learnt_from.late, weights=learnt_from.weight)), 6)}


def recomputed(scorer: "Scorer", stored: Sequence[bytes]) -> list[Recomputed | None]:
    """What the model says of stored inputs, in their order; None of what are no inputs of this model."""
    from ml.inference import Ensemble
    from ml.inputs import input_hash

    found: list[Recomputed | None] = [None] * len(stored)
    read, used = unpacked_of(scorer, stored)
    if used is not None:
        odds = Ensemble(scorer.model).odds(used.of(tuple(scorer.model.scaling.names))).tolist()
        for at, one in zip(read, odds, strict=True):
            found[at] = Recomputed(input_hash(used.names, used.told_names, opened(stored[at])), one)
    return found


def unpacked_of(scorer: "Scorer", stored: Sequence[bytes]) -> "tuple[list[int], Inputs | None]":
    """The inputs that are some of this model's, and where they stood; None where none is."""
    from ml.inputs import unpacked
    from ml.tokens import TOKEN_NAMES

    names = columns(scorer.release.folders)
    packed: dict[int, bytes] = {}
    for at, one in enumerate(stored):
        try:
            opened_one = opened(one)
            unpacked(names, TOKEN_NAMES, [opened_one])
        except (ValueError, zlib.error):
            continue
        packed[at] = opened_one
    return list(packed), unpacked(names, TOKEN_NAMES, list(packed.values())) if packed else None


def opened(stored: bytes) -> bytes:
    """Inputs as they were packed (`ml.inputs.Inputs.packed`); raises zlib.error for what is no compressed text."""
    return stored if stored[:4] == b"\1\0\0\0" else zlib.decompress(stored)
