"""The page's scripts, run by Node as they are: what a browser would answer."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERIFIER = ROOT / "service" / "web" / "verifier"
DRIVER = Path(__file__).with_name("driver.mjs")


def node() -> str:
    """Node's path; skips the calling test where there is none."""
    found = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    if found is None:
        pytest.skip("no Node: run `make setup`, which puts one into .venv where the machine has none")
    return found


def answers(call: str, given: Sequence[Any], *scripts: str) -> list[Any]:
    """What the function answers to each of these, all in one process."""
    paths = [str(VERIFIER / name) for name in scripts]
    question = json.dumps({"call": call, "with": list(given)}) + "\n"
    done = subprocess.run(
        [node(), str(DRIVER), *paths], input=question.encode(), capture_output=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found: list[Any] = json.loads(done.stdout)
    return found
