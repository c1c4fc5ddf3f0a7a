"""A release: all heads that score together, in one folder, under one hash.

The folder holds a folder for each head (`late`, `arrival`, `excursion`, `anomaly`), each with a model.json, or the
files of the head `late` alone (see `ml.cards`). Only `late` must be there: what has no head is not said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ml.cards import NoRelease, hash_of, heads_of
from ml.model_files import Model, ModelDamagedError, read


@dataclass(frozen=True, slots=True)
class Release:
    """`late` is the head that every release has; `folders` those of all heads; `hash` is what scores name."""

    late: Model
    hash: str
    folders: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Release:
        """Reads the head `late` and checks the files of all others, which are loaded when first asked.

        Raises FileNotFoundError where there is no release, ModelDamagedError where files are not the ones listed.
        """
        try:
            folders = heads_of(folder)
        except NoRelease as fault:
            raise FileNotFoundError(str(fault)) from None
        late = read(folders["late"])
        try:
            return cls(late, hash_of(folder), folders)
        except NoRelease as fault:
            raise ModelDamagedError(str(fault)) from None
