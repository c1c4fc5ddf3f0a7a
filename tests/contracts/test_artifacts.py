"""The committed build of the contracts: its layout, its code hash, and that it is what the sources give."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from eth_utils.crypto import keccak

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
NAMES = ["Participants", "Provenance"]


def artifact(name: str) -> dict[str, Any]:
    committed: dict[str, Any] = json.loads((CONTRACTS / "artifacts" / f"{name}.json").read_text(encoding="utf-8"))
    return committed


def documented_slots() -> dict[int, str]:
    """Slot number to variable name, from the table of docs/format.md section 4."""
    text = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    section = text.split("## 4. Storage layout", 1)[1]
    rows = re.findall(r"^\| (\d+) \| `[^`]*?(\w+)`", section, re.MULTILINE)
    return {int(slot): name for slot, name in rows}


def documented_custody() -> list[tuple[str, int]]:
    """Name and width in bits of each member of `Custody`, from the low-order end, as docs/format.md lists them."""
    text = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    sentence = text.split("`Custody`, from the", 1)[1].split("Parties are numbered", 1)[0]
    widths = {"uint32": 32, "bool": 8}
    return [(name, widths[kind]) for kind, name in re.findall(r"`(uint32|bool) (\w+)`", sentence)]


def test_the_slots_are_those_of_the_format() -> None:
    storage = artifact("Provenance")["storageLayout"]["storage"]
    assert len(storage) == 6
    assert {int(item["slot"]): item["label"] for item in storage} == documented_slots()
    assert all(item["offset"] == 0 for item in storage)


def test_custody_is_packed_as_the_format_says() -> None:
    types = artifact("Provenance")["storageLayout"]["types"]
    (custody,) = [kind for name, kind in types.items() if "Custody)_storage" in name and kind["encoding"] == "inplace"]
    place = 0
    expected = []
    for name, width in documented_custody():
        expected.append((name, "0", place // 8, str(width // 8)))
        place += width
    assert len(expected) == 7
    packed = [(m["label"], m["slot"], m["offset"], types[m["type"]]["numberOfBytes"]) for m in custody["members"]]
    assert packed == expected
    assert custody["numberOfBytes"] == "32"


def test_party_ids_are_where_an_offline_proof_looks_for_them() -> None:
    layout = artifact("Participants")["storageLayout"]
    (parties,) = [item for item in layout["storage"] if item["label"] == "_parties"]
    assert (parties["slot"], parties["type"]) == ("4", "t_mapping(t_uint32,t_struct(Party)_storage)")
    members = layout["types"]["t_struct(Party)_storage"]["members"]
    assert (members[0]["label"], members[0]["slot"], members[0]["type"]) == ("id", "0", "t_bytes32")


@pytest.mark.parametrize("name", NAMES)
def test_the_runtime_code_is_the_same_in_every_deployment(name: str) -> None:
    built = artifact(name)
    assert built["immutableReferences"] == {}
    runtime = built["runtimeBytecode"].removeprefix("0x")
    assert runtime in built["bytecode"], "what a deployment returns is not the runtime code"
    assert built["runtimeCodeHash"] == "0x" + keccak(bytes.fromhex(runtime)).hex()


@pytest.mark.parametrize("name", NAMES)
def test_the_code_fits_into_a_contract_and_names_its_compiler(name: str) -> None:
    built = artifact(name)
    assert len(built["runtimeBytecode"]) // 2 - 1 <= 24_576, "EIP-170"
    assert built["compiler"]["solc"].startswith("0.8.37+")
    assert built["compiler"]["settings"]["evmVersion"] == "cancun"
    assert built["compiler"]["settings"]["metadata"] == {"appendCBOR": False, "bytecodeHash": "none"}


@pytest.mark.skipif(not (CONTRACTS / "node_modules" / "solc").is_dir(), reason="no compiler: run npm ci in contracts/")
def test_the_artifacts_are_what_the_sources_give() -> None:
    command = [sys.executable, str(CONTRACTS / "build.py"), "--check"]
    checked = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stderr
