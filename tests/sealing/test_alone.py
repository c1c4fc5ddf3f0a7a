"""The verification runs where nothing but the proof and the language can be imported (DESIGN, G4)."""

import subprocess
import sys

from tests.vectors import VECTORS

ALONE = """
import importlib.abc, json, sys

FOREIGN = {"aiohttp", "alembic", "asyncpg", "eth_account", "fastapi", "httpx", "numpy", "requests", "sqlalchemy",
           "sqlmodel", "starlette", "structlog", "torch", "typer", "uvicorn", "web3", "ml"}
OURS = {"service", "service.errors", "service.sealing", "service.epcis"}

class Blocker(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        room = ".".join(name.split(".")[:2])
        if name.split(".")[0] in FOREIGN or (name.startswith("service") and room not in OURS):
            raise ImportError(f"{name} must not be needed")
        return None

sys.meta_path.insert(0, Blocker())

import socket
def refuse(*_, **__):
    raise OSError("no network")
socket.socket.connect = refuse

from service.sealing.meaning import steps_of
from service.sealing.report import as_json, as_lines
from service.sealing.trust import Trust
from service.sealing.verify import verify

file, trusted = open(sys.argv[1], "rb").read(), json.load(open(sys.argv[2]))
verdict = verify(file, Trust(bytes.fromhex(trusted["block"][2:])), steps_of, bytes.fromhex(trusted["ledger"][2:]))
print("\\n".join(as_lines(verdict)))
sys.exit(0 if as_json(verdict)["holds"] else 1)
"""


def test_the_vector_verifies_with_sealing_and_epcis_alone() -> None:
    vectors = [str(VECTORS / "bundle.json"), str(VECTORS / "bundle.trusted.json")]
    run = subprocess.run(
        [sys.executable, "-c", ALONE, *vectors],
        cwd=VECTORS.parents[1],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "HOLDS: 6 entries" in run.stdout


def test_the_blocker_blocks() -> None:
    code = ALONE.split("import socket", maxsplit=1)[0] + "import sqlalchemy"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=VECTORS.parents[1], capture_output=True, text=True, timeout=60, check=False
    )
    assert "must not be needed" in run.stderr
