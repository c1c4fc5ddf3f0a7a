"""The commands of an auditor, offline: what is trusted is given as options, and the exit code is the answer."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.sealing.bundle import read
from tests.vectors import VECTORS

FOLDER = VECTORS / "bundles"
CASES: dict[str, dict[str, Any]] = {
    case["name"]: case for case in orjson.loads((FOLDER / "index.json").read_bytes())["cases"]
}


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


def options(case: dict[str, Any], folder: Path) -> list[str]:
    words: list[str] = []
    words += ["--block-hash", case["block"]] if case["block"] else []
    words += ["--ledger", case["ledger"]] if case["ledger"] else []
    if case["validators"]:
        listed = folder / "validators.txt"
        listed.write_text("# of the consortium\n" + "\n".join(case["validators"]) + "\n")
        words += ["--validators", str(listed)]
    if witnesses := case["witnesses"]:
        words += ["--witnesses", ",".join(witnesses["addresses"]), "--required", str(witnesses["required"])]
        for index, checkpoint in enumerate(witnesses["checkpoints"]):
            lines = folder / f"witness-{index}.jsonl"
            lines.write_bytes(orjson.dumps(checkpoint, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE))
            words += ["--checkpoints", str(lines)]
    return words


@pytest.mark.parametrize(
    "name",
    ["single", "erased", "no-ledger", "attack-altered-document", "qbft-quorum", "qbft-another-block",
     "witnesses-enough", "witnesses-and-block", "witnesses-contradiction"],
)  # fmt: skip
def test_a_vector_gives_its_verdict_and_exit_code(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    done = run("verify", FOLDER / case["file"], *options(case, tmp_path), "--json")
    assert done.exit_code == (0 if case["verdict"]["holds"] else 1), done.output
    told = json.loads(done.stdout)
    assert {name: told[name] for name in ("holds", "error", "failedStep", "digest")} == {
        name: case["verdict"][name] for name in ("holds", "error", "failedStep", "digest")
    }


def test_lines_name_every_step(tmp_path: Path) -> None:
    case = CASES["single"]
    done = run("verify", FOLDER / case["file"], *options(case, tmp_path))
    assert [line.split()[0] for line in done.stdout.splitlines()[:12]] == [str(number) for number in range(1, 13)]
    assert "HOLDS: 6 entries" in done.stdout


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "say what you trust"),
        (["--block-hash", "0x12"], "32 bytes"),
        (["--block-hash", "00" * 32, "--rpc", "http://127.0.0.1:9"], "either"),
        (["--rpc", "http://127.0.0.1:9"], "does not answer"),
        (["--validators", "nobody"], "neither an address"),
        (["--validators", ","], "no address"),
        (["--witnesses", "00" * 20], "belong together"),
        (["--witnesses", "00" * 20, "--required", "2"], "cannot be required"),
        (["--checkpoints", str(FOLDER / "single.json")], "whose"),
    ],
)
def test_what_cannot_be_trusted_is_refused(words: list[str], complaint: str) -> None:
    done = run("verify", FOLDER / "single.json", *words)
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.replace("│", " ").split())


def test_redacting_leaves_out_and_proves_the_rest(tmp_path: Path) -> None:
    case = CASES["several"]
    bundle = read((FOLDER / case["file"]).read_bytes())
    hidden = bundle.events[0].document["eventID"]
    less = tmp_path / "less.json"
    done = run("redact", FOLDER / case["file"], "--withhold", hidden, "--out", less)
    assert done.exit_code == 0, done.output
    assert hidden.encode() not in less.read_bytes()
    verdict = json.loads(run("verify", less, *options(case, tmp_path), "--json").stdout)
    assert verdict["holds"]
    seal = bundle.events[0].seal
    assert verdict["withheld"] == sum(entry.seal == seal for trail in bundle.trails for entry in trail.entries)


def test_a_mistyped_event_does_not_pass_for_withheld(tmp_path: Path) -> None:
    out = tmp_path / "less.json"
    done = run("redact", FOLDER / "single.json", "--withhold", "urn:uuid:no", "--out", out)
    assert done.exit_code == 1
    assert not out.exists()
