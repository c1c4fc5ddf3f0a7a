"""A model on disk: `model.json`, and the weights as safetensors under the name of their hash.

`model.json` says everything else that a score depends on (shape, normalisation, frozen lane rates, calibration,
bands) and how it came about. The model hash is sha256 over the bytes of the weights followed by those of model.json.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

from ml.calibration import Bands, Calibration
from ml.lanes import LaneRates
from ml.scaling import Scaling

PACKAGED = Path(__file__).parent / "models" / "freight"
"""The release that comes with the package: a folder with one of each head."""
LATE = PACKAGED / "late"
Weights = dict[str, npt.NDArray[np.float32]]


class ModelDamagedError(ValueError):
    """The files are not the ones that were written: take them again from the release, or train anew."""


@dataclass(frozen=True, slots=True)
class Model:
    """What a score is computed with. `description` is the parsed model.json; `weights` one dict for each member."""

    description: Mapping[str, Any]
    weights: Sequence[Weights]
    hash: str

    @property
    def scaling(self) -> Scaling:
        written = self.description["scaling"]
        return Scaling(tuple(written["names"]), np.array(written["mean"]), np.array(written["deviation"]))

    @property
    def rates(self) -> LaneRates:
        return LaneRates.from_json(self.description["lanes"])

    @property
    def calibration(self) -> Calibration:
        return Calibration(**self.description["calibration"])

    @property
    def bands(self) -> Bands:
        return Bands(**self.description["bands"])


def write(folder: Path, description: Mapping[str, Any], weights: Sequence[Weights]) -> Model:
    """Writes both files, in place of any model that the folder held, and gives the model back."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"{at}.{name}": value for at, member in enumerate(weights) for name, value in sorted(member.items())}
    packed = save(tensors)
    digest = hashlib.sha256(packed).hexdigest()
    for old in folder.glob("*.safetensors"):
        old.unlink()
    (folder / f"{digest[:16]}.safetensors").write_bytes(packed)
    listed = {**description, "weights": {"file": f"{digest[:16]}.safetensors", "sha256": digest}}
    (folder / "model.json").write_text(_laid_out(listed), encoding="utf-8")
    return read(folder)


def _laid_out(listed: Mapping[str, Any]) -> str:
    """One line for each top-level part, so that differences between two models can be read."""
    lines = (f"{json.dumps(key)}: {json.dumps(part, ensure_ascii=False)}" for key, part in listed.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read(folder: Path) -> Model:
    """The model in `folder`, or its head `late` where it is a release.

    Raises FileNotFoundError without a model.json, ModelDamagedError where the weights are not those it lists.
    """
    if not (folder / "model.json").exists() and (folder / "late").is_dir():
        folder = folder / "late"
    written = (folder / "model.json").read_bytes()
    description = json.loads(written)
    file = folder / description["weights"]["file"]
    packed = file.read_bytes()
    if hashlib.sha256(packed).hexdigest() != description["weights"]["sha256"]:
        raise ModelDamagedError(f"{file} does not have the hash that model.json lists")
    members: list[Weights] = [{} for _ in range(description["members"])]
    for name, tensor in load(packed).items():
        member, _, parameter = name.partition(".")
        members[int(member)][parameter] = tensor
    return Model(description, members, hashlib.sha256(packed + written).hexdigest())
