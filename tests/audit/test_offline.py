"""`trailseal audit FILE`: a bundle is verified and judged with nothing but the file."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from service.cli import app

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
TRUSTED = json.loads((VECTORS / "bundle.trusted.json").read_text())
TRUST = ["--block-hash", TRUSTED["block"], "--ledger", TRUSTED["ledger"]]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["audit", *arguments])


def test_a_bundle_that_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket", None)
    done = run(str(VECTORS / "bundle.json"), *TRUST, "--fail-on", "never")
    assert done.exit_code == 0, done.output
    assert "HOLDS" in done.output
    assert "Findings:" in done.output


def test_a_bundle_that_does_not_hold_says_so_first_and_fails() -> None:
    done = run(str(VECTORS / "bundle.json"), "--block-hash", "0x" + "11" * 32, "--fail-on", "never")
    assert done.exit_code == 1
    assert "THE BUNDLE DOES NOT HOLD" in done.output
    told = run(str(VECTORS / "bundle.json"), "--block-hash", "0x" + "11" * 32, "--format", "json")
    assert json.loads(told.output)["verified"] is False


def test_a_file_that_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    done = run(str(tmp_path / "x.json"), *TRUST)
    assert done.exit_code == 1
    assert "does not say that its format is" in str(done.exception)


def test_what_to_trust_has_to_be_said() -> None:
    assert run(str(VECTORS / "bundle.json")).exit_code == 2
    assert run(str(VECTORS / "bundle.json"), "--block-hash", "0x12").exit_code == 2
    assert run("https://id.gs1.org/01/09521321000018/21/1", *TRUST).exit_code == 2


@pytest.mark.parametrize(
    "option", [("--late-hours", "nan"), ("--gain", "nan"), ("--gain", "inf"), ("--late-hours", "1e300")]
)
def test_parameters_that_are_no_numbers(option: tuple[str, str]) -> None:
    assert run(str(VECTORS / "bundle.json"), *TRUST, *option).exit_code == 2


def test_the_exit_code_tells_how_grave_the_findings_are() -> None:
    told = json.loads(run(str(VECTORS / "bundle.json"), *TRUST, "--format", "json", "--fail-on", "never").output)
    for level in ("info", "low", "medium", "high"):
        levels = ["info", "low", "medium", "high"]
        grave = any(told["counts"][word] for word in levels[levels.index(level) :])
        assert run(str(VECTORS / "bundle.json"), *TRUST, "--fail-on", level).exit_code == (2 if grave else 0), level


def test_files(tmp_path: Path) -> None:
    for format_, start in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("csv", b"\xef\xbb\xbfSeverity")):
        out = tmp_path / f"a.{format_}"
        arguments = (str(VECTORS / "bundle.json"), *TRUST, "--fail-on", "never", "--format", format_)
        assert run(*arguments, "--out", str(out)).exit_code == 0
        assert out.read_bytes().startswith(start)
    assert zipfile.is_zipfile(tmp_path / "a.xlsx")
    assert run(str(VECTORS / "bundle.json"), *TRUST, "--format", "pdf").exit_code == 2
