"""The page's script, run by Node as it stands in the page: what a browser would answer."""

import json
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from service.web.assemble import PAGE

ROOT = Path(__file__).resolve().parents[2]
DRIVER = Path(__file__).with_name("driver.mjs")


def node() -> str:
    """Node's path; skips the calling test where there is none."""
    found = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    if found is None:
        pytest.skip("no Node: run `make setup`, which puts one into .venv where the machine has none")
    return found


def answers(call: str, given: Sequence[Any]) -> list[Any]:
    """What the page's function answers to each of these, all in one process."""
    question = json.dumps({"call": call, "with": list(given)})
    done = subprocess.run(
        [node(), str(DRIVER), str(PAGE)], input=question.encode(), capture_output=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found: list[Any] = json.loads(done.stdout)
    return found


def packed(raw: bytes) -> str:
    """Bytes as the driver takes them."""
    return b64encode(raw).decode()
