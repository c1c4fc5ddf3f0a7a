"""What each part of `python -m bench.risk` is asked for and gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's options: rows up to and with `last` of the file `cargo` train, all rows after it are tested."""

    cargo: Path = Path("../shared/data/cargo2000/cargo2000.csv")
    last: int = 2628
    scms: Path = Path("../shared/data/scms/scms.csv")
    resamples: int = 1000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the report: `text` is Markdown as it is printed, `figures` go into the JSON line by these names."""

    title: str
    text: str
    figures: Mapping[str, float] = field(default_factory=dict)
