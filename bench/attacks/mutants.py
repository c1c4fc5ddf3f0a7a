"""Contracts without one of their checks, compiled from the sources with one edit each.

    python -m bench.attacks --compile    compiles all of them in one run of the compiler (half a minute) into mutants.xz

What was compiled is used as long as nothing that went in has changed; else it is compiled anew, and kept below
contracts/cache.
"""

import importlib.util
import json
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import solcx

from service.devstack.anvil import CHECKOUT

_COMMITTED = Path(__file__).with_name("mutants.xz")
_CACHED = CHECKOUT / "contracts" / "cache" / "mutants.xz"
_OWN = ("CustodyState", "IParticipants", "IProvenance", "Participants", "Provenance")


@dataclass(frozen=True, slots=True)
class Edit:
    """A piece of `src/{source}.sol`, which must be there exactly once, and what stands there instead."""

    source: str
    old: str
    new: str


class StaleMutant(Exception):
    """The sources changed so that an edit no longer fits; the message names it."""


MUTANTS: dict[str, tuple[Edit, ...]] = {}


def mutant(name: str, *edits: tuple[str, str, str]) -> str:
    """Names a variation of the contracts; the name."""
    if MUTANTS.setdefault(name, tuple(Edit(*edit) for edit in edits)) != tuple(Edit(*edit) for edit in edits):
        raise ValueError(f"there are two mutants named {name}")
    return name


@cache
def creation_codes() -> Mapping[str, Mapping[str, bytes]]:
    """Creation code by mutant and contract.

    Raises:
        StaleMutant: an edit does not fit the sources any more.
    """
    asked = _standard_input()
    codes = _kept(_COMMITTED, asked) or _kept(_CACHED, asked) or _keep(_CACHED, asked)
    return {name: {one: bytes.fromhex(code) for one, code in by_name.items()} for name, by_name in codes.items()}


def compile_all() -> None:
    """Compiles all mutants into the file that is committed beside this module."""
    _keep(_COMMITTED, _standard_input())


def _kept(place: Path, asked: dict[str, Any]) -> dict[str, dict[str, str]] | None:
    if not place.exists():
        return None
    kept = json.loads(lzma.decompress(place.read_bytes()))
    codes: dict[str, dict[str, str]] = kept["codes"]
    return codes if kept["asked"] == _hash(asked) else None


def _keep(place: Path, asked: dict[str, Any]) -> dict[str, dict[str, str]]:
    codes = _compiled(asked)
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(".new")
    fresh.write_bytes(lzma.compress(json.dumps({"asked": _hash(asked), "codes": codes}).encode(), preset=9))
    fresh.replace(place)
    return codes


def _hash(asked: dict[str, Any]) -> str:
    return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _standard_input() -> dict[str, Any]:
    build = _build()
    sources = {name: source["content"] for name, source in build.sources().items()}
    for name, edits in MUTANTS.items():
        sources |= _variation(name, edits, sources)
    wanted = {
        f"mutants/{name}/{contract}.sol": {contract: ["evm.bytecode.object"]}
        for name, edits in MUTANTS.items()
        for contract in _changed(edits)
    }
    # What is deployed to be attacked need not be small.
    settings = {**build.settings(), "optimizer": {"enabled": False}, "outputSelection": wanted}
    return {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in sources.items()},
        "settings": settings,
    }


def _variation(name: str, edits: tuple[Edit, ...], sources: Mapping[str, str]) -> dict[str, str]:
    """The files that the edits change, and those that import them; the others are shared, and compiled once."""
    changed = {edit.source for edit in edits} | _changed(edits)
    made = {}
    for source in changed:
        text = _edited(name, source, sources[f"src/{source}.sol"], edits)
        for other in _OWN:
            if other not in changed:
                text = text.replace(f'"./{other}.sol"', f'"src/{other}.sol"')
        made[f"mutants/{name}/{source}.sol"] = text
    return made


def _edited(name: str, source: str, text: str, edits: tuple[Edit, ...]) -> str:
    for edit in edits:
        if edit.source == source:
            if text.count(edit.old) != 1:
                raise StaleMutant(f"{name}: src/{source}.sol has {text.count(edit.old)} times {edit.old!r}")
            text = text.replace(edit.old, edit.new)
    return text


def _changed(edits: tuple[Edit, ...]) -> set[str]:
    return {"Participants" if edit.source == "Participants" else "Provenance" for edit in edits}


def _compiled(asked: dict[str, Any]) -> dict[str, dict[str, str]]:
    output = solcx.compile_standard(asked, solc_binary=_build().SOLC)
    return {
        name: {
            contract: output["contracts"][f"mutants/{name}/{contract}.sol"][contract]["evm"]["bytecode"]["object"]
            for contract in sorted(_changed(edits))
        }
        for name, edits in MUTANTS.items()
    }


@cache
def _build() -> ModuleType:
    """contracts/build.py, which is a script beside the package."""
    spec = importlib.util.spec_from_file_location("contracts_build", CHECKOUT / "contracts" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
