"""Compile the contracts and write, or check, their committed artifacts.

    python contracts/build.py            writes contracts/artifacts/{Participants,Provenance}.json
    python contracts/build.py --check    exit status 1, naming each difference, if they are not what the sources give

The settings are those of ``foundry.toml``, so that forge tests what is committed here. The compiler is the npm package
behind ``tools/solc`` (``npm ci`` in this folder first). An artifact holds what a deployment, an independent verifier
and a reader of the chain need; running the service needs no compiler.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import solcx
from eth_utils.crypto import keccak
from solcx.wrapper import get_version_str_from_solc_binary

ROOM = Path(__file__).resolve().parent
SOLC = ROOM / "tools" / "solc"
ARTIFACTS = ROOM / "artifacts"
CONTRACTS = ("Participants", "Provenance")
OUTPUTS = [
    "abi",
    "evm.bytecode.object",
    "evm.deployedBytecode.object",
    "evm.deployedBytecode.immutableReferences",
    "storageLayout",
]
_IMPORT = re.compile(r'^import\s[^;]*?"([^"]+)";', re.MULTILINE)


class BuildError(Exception):
    """The contracts cannot be built; the message says what to change."""


def sources() -> dict[str, dict[str, str]]:
    """Every source that the contracts need, by the name that imports give it, for the compiler's standard input."""
    found: dict[str, dict[str, str]] = {}
    wanted = [f"src/{name}.sol" for name in CONTRACTS]
    while wanted:
        name = wanted.pop()
        if name not in found:
            text = _path_of(name).read_text(encoding="utf-8")
            found[name] = {"content": text}
            wanted.extend(_resolved(target, name) for target in _IMPORT.findall(text))
    return dict(sorted(found.items()))


def _path_of(name: str) -> Path:
    path = ROOM / "node_modules" / name if name.startswith("@") else ROOM / name
    if not path.is_file():
        raise BuildError(f"{name} is not there: run `npm ci` in {ROOM.name}/")
    return path


def _resolved(target: str, importer: str) -> str:
    if not target.startswith("."):
        return target
    return (ROOM / importer).parent.joinpath(target).resolve().relative_to(ROOM).as_posix()


def settings() -> dict[str, Any]:
    """The compiler settings of ``foundry.toml``, as standard input has them (without the choice of outputs)."""
    profile = tomllib.loads((ROOM / "foundry.toml").read_text(encoding="utf-8"))["profile"]["default"]
    return {
        "evmVersion": profile["evm_version"],
        "metadata": {"appendCBOR": profile["cbor_metadata"], "bytecodeHash": profile["bytecode_hash"]},
        "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
        "viaIR": profile["via_ir"],
    }


def build() -> dict[str, dict[str, Any]]:
    """Artifacts by contract name. Raises BuildError with the compiler's words where a contract does not compile."""
    chosen = settings()
    asked = {**chosen, "outputSelection": {"*": {"*": OUTPUTS}}}
    try:
        output = solcx.compile_standard(
            {"language": "Solidity", "sources": sources(), "settings": asked}, solc_binary=SOLC
        )
    except (solcx.exceptions.SolcError, OSError) as error:
        raise BuildError(f"the compiler refused: {error}") from error
    version = get_version_str_from_solc_binary(SOLC)
    return {
        name: _artifact(name, output["contracts"][f"src/{name}.sol"][name], {"settings": chosen, "solc": version})
        for name in CONTRACTS
    }


def _artifact(name: str, compiled: dict[str, Any], compiler: dict[str, Any]) -> dict[str, Any]:
    runtime = compiled["evm"]["deployedBytecode"]
    return {
        "abi": sorted(compiled["abi"], key=lambda item: (item["type"], item.get("name", ""))),
        "bytecode": "0x" + compiled["evm"]["bytecode"]["object"],
        "compiler": {**compiler, "dependencies": {"@openzeppelin/contracts": _openzeppelin_version()}},
        "contractName": name,
        "immutableReferences": runtime["immutableReferences"],
        "runtimeBytecode": "0x" + runtime["object"],
        "runtimeCodeHash": "0x" + keccak(bytes.fromhex(runtime["object"])).hex(),
        "storageLayout": _stable_layout(compiled["storageLayout"]),
    }


def _openzeppelin_version() -> str:
    package = json.loads(_path_of("@openzeppelin/contracts/package.json").read_text(encoding="utf-8"))
    return str(package["version"])


def _stable_layout(layout: dict[str, Any]) -> dict[str, Any]:
    """The layout without syntax tree numbers, which change with every edit of a comment."""
    text = re.sub(r'"astId": \d+, ', "", json.dumps(layout))
    text = re.sub(r"(t_(?:contract|enum|struct|userDefinedValueType)\(\w+\))\d+", r"\1", text)
    stable: dict[str, Any] = json.loads(text)
    return stable


def differences(committed: Any, built: Any, place: str) -> Iterator[str]:
    """The places, as dotted paths, at which two JSON values differ."""
    if isinstance(committed, dict) and isinstance(built, dict):
        for key in sorted(committed.keys() | built.keys()):
            yield from differences(committed.get(key), built.get(key), f"{place}.{key}")
    elif committed != built:
        yield place


def check(built: dict[str, dict[str, Any]]) -> list[str]:
    """The places at which the committed artifacts differ from what was built; empty if they do not."""
    found: list[str] = []
    for name, artifact in built.items():
        path = ARTIFACTS / f"{name}.json"
        committed = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        found.extend(differences(committed, artifact, name))
    return found


def write(built: dict[str, dict[str, Any]]) -> None:
    """Write the artifacts, sorted and indented, so that equal builds give equal files."""
    ARTIFACTS.mkdir(exist_ok=True)
    for name, artifact in built.items():
        text = json.dumps(artifact, indent=1, sort_keys=True) + "\n"
        (ARTIFACTS / f"{name}.json").write_text(text, encoding="utf-8")


def main() -> int:
    """Build, then write or check; the exit status."""
    parser = argparse.ArgumentParser(description="Compile the contracts and write their artifacts.")
    parser.add_argument("--check", action="store_true", help="compare with the committed artifacts, and write nothing")
    checking = parser.parse_args().check
    try:
        built = build()
    except BuildError as error:
        print(f"contracts/build.py: {error}", file=sys.stderr)
        return 2
    if not checking:
        write(built)
        return 0
    found = check(built)
    for place in found:
        print(f"contracts/build.py: the committed artifact is not what the sources give at {place}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
