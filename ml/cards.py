"""What a released model is, for who has to trust it: a card, as JSON and as Markdown, made from the release itself.

A release is a folder with a subfolder for each head (`late`, `arrival`, ...), or one head's files alone. The card says
only what is in the files: hashes, what it learnt from, the recipe, versions, figures beside those of the challengers,
the verdict of the promotion, intended use and limits. Nothing here loads torch.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

INTENDED_USE = "Ranking open shipments for a person's attention, with a probability that means what it says."
LIMITS = (
    "Not for penalties, payments or decisions about people.",
    "Learnt from one network's history; elsewhere, train on your own. Unknown lanes get the overall rate and say so.",
    "Without a complete plan, or before the booking, it abstains.",
    "Reasons explain the model, not the world.",
)
_LEARNT, _FIGURES = (
    ("learnt_from", "trained_on"),
    ("metrics", "figures", "challengers", "rivals", "promotion", "verdict"),
)
HEADS = ("anomaly", "arrival", "excursion", "late")
"""What a release may have; other folders beside them are none of its heads."""
CANDIDATE = "candidate"
"""Folder of what was trained and not promoted: no release, wherever it lies."""
_RECIPE = ("recipe", "seed", "epochs", "members", "shape")
CARD, PAGE, REFERENCE = "card.json", "CARD.md", "reference.json"


class NoRelease(ValueError):
    """The folder holds no model; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Card:
    """A release. `files` has the sha256 of each file by its path; of the others each has one entry for each head."""

    hash: str
    name: str
    heads: dict[str, str]
    files: dict[str, str]
    learnt_from: dict[str, Any]
    recipe: dict[str, Any]
    versions: dict[str, Any]
    figures: dict[str, Any]
    intended_use: str
    limits: tuple[str, ...]
    made_at: str | None

    @property
    def promoted(self) -> bool | None:
        """What the paired comparison with the challengers said; None where the release does not tell."""
        for figures in self.figures.values():
            told = {**(figures.get("metrics") or {}), **figures}
            verdict = told.get("promotion", told.get("verdict"))
            if isinstance(verdict, Mapping):
                verdict = verdict.get("promoted", verdict.get("promote"))
            if isinstance(verdict, bool):
                return verdict
        return None

    def markdown(self) -> str:
        """The card for a person."""
        lines = [
            f"# {self.name}",
            "",
            f"Release `{self.hash}`",
            "",
            f"**Made for.** {self.intended_use}",
            "",
            "**Limits.**",
        ]
        lines += ["", *(f"- {limit}" for limit in self.limits), "", "## Heads", "", "| Head | Hash |", "|---|---|"]
        lines += [f"| {head} | `{hashed}` |" for head, hashed in sorted(self.heads.items())]
        for title, told in (
            ("Learnt from", self.learnt_from),
            ("Recipe", self.recipe),
            ("Versions", self.versions),
            ("Figures", self.figures),
        ):
            lines += ["", f"## {title}", "", "```json", json.dumps(told, indent=1, sort_keys=True), "```"]
        lines += ["", "## Files", "", "| File | sha256 |", "|---|---|"]
        lines += [f"| {path} | `{hashed}` |" for path, hashed in sorted(self.files.items())]
        return "\n".join(lines) + "\n"


def heads_of(folder: Path) -> dict[str, Path]:
    """The folders of a release's heads by name; raises NoRelease."""
    if (folder / "model.json").is_file():
        return {"late": folder}
    found = {}
    if (folder / "late" / "model.json").is_file():
        found = {name: folder / name for name in HEADS if (folder / name / "model.json").is_file()}
    if not found:
        raise NoRelease(f"{folder} holds no model: a release has model.json, or folders with one each: late, ...")
    return found


def hash_of(folder: Path) -> str:
    """The hash that scores name: of one head its own (`ml.model_files`), of several that of their hashes.

    Raises:
        NoRelease: a file is missing, or is not the one that model.json lists; the message names it.
    """
    if (folder / "model.json").is_file():
        return head_hash(folder)
    heads = heads_of(folder)
    return release_hash({name: head_hash(path) for name, path in heads.items()})


def release_hash(heads: Mapping[str, str]) -> str:
    """sha256 over the canonical JSON of the sorted (head, hash) pairs."""
    pairs = json.dumps([[name, hashed] for name, hashed in sorted(heads.items())], separators=(",", ":"))
    return hashlib.sha256(pairs.encode()).hexdigest()


def head_hash(folder: Path) -> str:
    """sha256 over the bytes of the weights followed by those of model.json; raises NoRelease."""
    written = (folder / "model.json").read_bytes()
    listed = json.loads(written).get("weights", {})
    packed = b""
    if listed:
        file = folder / listed["file"]
        if not file.is_file():
            raise NoRelease(f"the weights {file.name} of {folder} are missing: take them again from the release")
        packed = file.read_bytes()
        if hashlib.sha256(packed).hexdigest() != listed["sha256"]:
            raise NoRelease(f"{file.name} in {folder} does not have the hash that model.json lists: it was altered")
    return hashlib.sha256(packed + written).hexdigest()


def read_card(folder: Path) -> Card:
    """The card of the release in a folder; raises NoRelease."""
    heads = heads_of(folder)
    told = {name: json.loads((path / "model.json").read_bytes()) for name, path in heads.items()}
    first = told.get("late", next(iter(told.values())))
    made = next((one[key] for one in told.values() for key in ("made_at", "madeAt") if key in one), None)
    return Card(
        hash_of(folder),
        str(first.get("name", folder.name)),
        {name: head_hash(path) for name, path in heads.items()},
        {path.relative_to(folder).as_posix(): _sha256(path) for path in _files(heads)},
        {name: _first(one, _LEARNT) for name, one in told.items()},
        {name: {key: one[key] for key in _RECIPE if key in one} for name, one in told.items()},
        {name: one.get("versions", {}) for name, one in told.items()},
        {name: {key: one[key] for key in _FIGURES if key in one} for name, one in told.items()},
        str(first.get("intended_use", INTENDED_USE)),
        tuple(first.get("limits", LIMITS)),
        made,
    )


def write_card(folder: Path, made_at: datetime | None = None) -> Card:
    """Writes `card.json` and `CARD.md` into the release's folder; neither is part of its hash."""
    card = read_card(folder)
    written = asdict(card) | {"made_at": card.made_at or (made_at or datetime.now(UTC)).isoformat()}
    (folder / CARD).write_text(json.dumps(written, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (folder / PAGE).write_text(card.markdown(), encoding="utf-8")
    return card


def _first(told: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((told[name] for name in names if name in told), None)


def _files(heads: Mapping[str, Path]) -> Iterator[Path]:
    for folder in heads.values():
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.name not in (CARD, PAGE, REFERENCE):
                yield path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def reference(names: Sequence[str], values: Any, late: Any, weight: Any, bins: int = 10) -> dict[str, Any]:
    """What the inputs looked like in training, for drift to be seen: `values` (n, f), `late` and `weight` (n,).

    Of each feature the inner edges of bins of about equal weight, and the weight's share in each; a value falls into
    the bin of the first edge that it does not exceed. Few distinct values make few bins.
    """
    import numpy as np

    features: dict[str, Any] = {}
    for at, name in enumerate(names):
        order = np.argsort(values[:, at], kind="stable")
        passed = np.cumsum(weight[order]) / weight.sum()
        cuts = np.searchsorted(passed, np.arange(1, bins) / bins)
        edges = np.unique(np.round(values[order][cuts, at], 6))
        filled = np.searchsorted(edges, np.round(values[:, at], 6))
        shares = np.bincount(filled, weight, minlength=len(edges) + 1) / weight.sum()
        features[name] = {"edges": edges.tolist(), "shares": np.round(shares, 6).tolist()}
    return {"features": features, "late": round(float(np.average(late, weights=weight)), 6), "scores": len(values)}


def write_reference(folder: Path, found: Mapping[str, Any]) -> None:
    """Keeps a reference beside the release; it is no part of its hash."""
    (folder / REFERENCE).write_text(json.dumps(found, sort_keys=True) + "\n", encoding="utf-8")


def read_reference(folder: Path) -> dict[str, Any] | None:
    """The reference of the release in a folder, where one was kept."""
    path = folder / REFERENCE
    found: dict[str, Any] | None = json.loads(path.read_bytes()) if path.is_file() else None
    return found
