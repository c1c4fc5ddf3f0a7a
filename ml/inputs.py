"""What scores are computed from: the reports of shipments as sequences, states of the moment and of the calm before.

Everything is rounded to millionths before use, so that the bytes that are hashed, stored and sealed are exactly what
was used, in whole numbers.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ml.arrays import Array, Arrays, Moments, Whole, at_reports
from ml.features import describe
from ml.lane_table import LaneTable
from ml.situation import Situation
from ml.tokens import TOKEN_NAMES, tokens

MICRO = 1_000_000
"""Parts of one that numbers are rounded to."""
_HEAD = struct.Struct("<IIII")


@dataclass(frozen=True, slots=True)
class Inputs:
    """n cases. `told` (n, T, d): what each report told, 0 behind the end, of which `length` (n,) are there; `state`
    (n, f) at the moment; `calm` (n, f) at the latest report. `names` (f,) and `told_names` (d,) name the columns: those
    of the head `late` first, then what only other heads use.
    """

    names: tuple[str, ...]
    told_names: tuple[str, ...]
    told: Array
    length: Whole
    state: Array
    calm: Array

    def of(self, names: tuple[str, ...]) -> Inputs:
        """With the first columns of the states only, which are those called `names`."""
        width = len(names)
        return replace(self, names=names, state=self.state[:, :width], calm=self.calm[:, :width])

    def packed(self) -> list[bytes]:
        """Each case as bytes: four little-endian uint32 (version 1, length, d, f), then int64 millionths of `told`
        (length, d), `state` (f,) and `calm` (f,).
        """
        told, state, calm = (np.rint(values * MICRO).astype("<i8") for values in (self.told, self.state, self.calm))
        width = told.shape[2], state.shape[1]
        return [
            _HEAD.pack(1, length, *width) + told[at, :length].tobytes() + state[at].tobytes() + calm[at].tobytes()
            for at, length in enumerate(self.length.tolist())
        ]


def unpacked(names: tuple[str, ...], told_names: tuple[str, ...], packed: Sequence[bytes]) -> Inputs:
    """The inputs behind `Inputs.packed`. Raises ValueError for other bytes, or where the names are not as many."""
    parts = list(_parts(len(names), len(told_names), packed))
    length = np.array([len(told) for told, _, _ in parts], dtype=np.int64)
    sequences = np.zeros((len(parts), int(length.max(initial=1)), len(told_names)))
    for at, (told, _, _) in enumerate(parts):
        sequences[at, : len(told)] = told
    state, calm = (np.array([part[which] for part in parts]).reshape(len(parts), -1) for which in (1, 2))
    return Inputs(names, told_names, sequences, length, state, calm)


def _parts(features: int, width: int, packed: Sequence[bytes]) -> Iterator[tuple[Array, Array, Array]]:
    for one in packed:
        version, length, d, f = _HEAD.unpack_from(one) if len(one) >= _HEAD.size else (0, 0, 0, 0)
        if version != 1 or (d, f) != (width, features) or len(one) != _HEAD.size + 8 * (length * d + 2 * f):
            raise ValueError("these are not the inputs of a score by this model")
        values = np.frombuffer(one, dtype="<i8", offset=_HEAD.size) / MICRO
        yield values[: length * d].reshape(length, d), values[length * d : length * d + f], values[length * d + f :]


def input_hash(names: Sequence[str], told_names: Sequence[str], packed: bytes) -> str:
    """Hex sha256 over the names, each followed by a line feed (`told_names` behind an empty line), then `packed`."""
    digest = _named(tuple(names), tuple(told_names)).copy()
    digest.update(packed)
    return digest.hexdigest()


@lru_cache(maxsize=16)
def _named(names: tuple[str, ...], told_names: tuple[str, ...]) -> hashlib._Hash:
    return hashlib.sha256("".join(f"{name}\n" for name in (*names, "", *told_names)).encode())


def inputs(
    arrays: Arrays, now: Moments, lanes: LaneTable, names: tuple[str, ...]
) -> tuple[Inputs, Situation, Situation]:
    """The inputs of n cases, one for each shipment of `arrays`; and the situations at the moment and in the calm.

    Raises ValueError where a feature among `names` is none that is known here.
    """
    n = len(arrays)
    everyone = np.arange(n)
    calm = at_reports(arrays, everyone, now.count)
    both = Moments(np.tile(everyone, 2), np.tile(now.count, 2), np.concatenate([now.minutes, calm.minutes]))
    known, values, seen = describe(arrays, both, lanes)
    states = _rounded(_chosen(known, values, names))
    length = now.count + 1
    told = _tokens(arrays, now, lanes)
    told = np.where((np.arange(told.shape[1]) < length[:, None])[:, :, None], told, 0.0)
    return (
        Inputs(names, TOKEN_NAMES, told, length, states[:n], states[n:]),
        seen.part(slice(0, n)),
        seen.part(slice(n, None)),
    )


def _chosen(known: tuple[str, ...], values: Array, names: tuple[str, ...]) -> Array:
    return values if known == names else values[:, [known.index(name) for name in names]]


def _tokens(arrays: Arrays, now: Moments, lanes: LaneTable) -> Array:
    return _rounded(tokens(arrays, lanes).values[:, : int(now.count.max(initial=0)) + 1])


def _rounded(values: Array) -> Array:
    return np.asarray(np.rint(values * MICRO) / MICRO, dtype=np.float64)
