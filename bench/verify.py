"""Seconds and memory to verify trails of 10, 100, 1,000 and 10,000 events, with signatures: `python -m bench.verify`.

Each file is verified in a fresh process, as `trailseal verify` would: the seconds are of CPU, one core, from the file's
bytes to the verdict; the megabytes are the most that the process had, Python itself included. Beside it, in the same
run: the same work with the usual libraries, event by event (`bench.verify_rival`), and the browser's page under Node,
where there is one. `bench.verify_chain` says what the events are like. The last line is JSON.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import verify_chain, verify_rival
from service.sealing.hashing import keccak256
from service.sealing.meaning import steps_of
from service.sealing.trust import Trust
from service.sealing.verify import verify

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "service" / "web" / "verify.html"
SIZES = (10, 100, 1_000, 10_000)
RIVAL_SIZE = 1_000
_EFFORTS = 3


def verified(file: Path, block: str) -> dict[str, Any]:
    """Our verdict on a file, in this process."""
    content = file.read_bytes()
    begin = time.process_time()
    verdict = verify(content, Trust(bytes.fromhex(block[2:])), steps_of, verify_chain.PROVENANCE)
    return _spent(begin, verdict.holds and verdict.counts.unsigned == 0)


def rivalled(file: Path) -> dict[str, Any]:
    """The rival's verdict on a file, in this process."""
    content = file.read_bytes()
    begin = time.process_time()
    return _spent(begin, verify_rival.holds(content))


def _spent(begin: float, holds: bool) -> dict[str, Any]:
    seconds = time.process_time() - begin
    return {"holds": holds, "seconds": seconds, "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def best(words: list[str], efforts: int) -> dict[str, Any]:
    """The fastest of some runs in fresh processes, each of which has to hold."""
    found = []
    for _ in range(efforts):
        run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
        if run.returncode:
            raise RuntimeError(run.stderr[-2000:])
        found.append(json.loads(run.stdout))
    if not all(one["holds"] for one in found):
        raise RuntimeError(f"the bundle does not hold: {words}")
    return min(found, key=lambda one: float(one["seconds"]))


def ours(file: Path, block: str) -> dict[str, Any]:
    """Ours on a file, in fresh processes."""
    return best([sys.executable, "-m", "bench.verify", "--file", str(file), "--block", block], _EFFORTS)


def rival(file: Path) -> dict[str, Any]:
    """The rival on a file, in a fresh process."""
    return best([sys.executable, "-m", "bench.verify", "--rival", str(file)], 1)


def browser(node: str, file: Path, block: str) -> dict[str, Any]:
    """The page's script on a file, in one fresh process and one thread; a browser shares the work among its cores."""
    ledger = f"0x{verify_chain.PROVENANCE.hex()}"
    return best([node, str(ROOT / "bench" / "verify.mjs"), str(PAGE), str(file), block, ledger], 1)


def measure(folder: Path) -> dict[str, float]:
    """Measures all sizes, prints a line for each, and gives what the last line says."""
    node = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    said: dict[str, float] = {}
    for size in SIZES:
        bundle = verify_chain.bundle(size)
        file, block = folder / f"{size}.json", f"0x{keccak256(bundle.header).hex()}"
        file.write_bytes(bundle.dump())
        found = ours(file, block)
        line = f"{size:>6} events {file.stat().st_size / 2**20:>6.1f} MiB   ours {_shown(found, size)}"
        said |= {f"seconds_{size}": found["seconds"], f"megabytes_{size}": found["megabytes"]}
        if node and PAGE.exists():
            page = browser(node, file, block)
            line += f"   page under Node {_shown(page, size)}"
            said |= {f"browser_seconds_{size}": page["seconds"]}
        if size == RIVAL_SIZE:
            other = rival(file)
            line += f"   usual libraries {_shown(other, size)}"
            said |= {f"rival_seconds_{size}": other["seconds"], "times_faster": other["seconds"] / found["seconds"]}
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    return said


def _shown(found: dict[str, Any], size: int) -> str:
    seconds = found["seconds"]
    return f"{seconds:>7.3f} s ({1e6 * seconds / size:>5.0f} µs an event, {found['megabytes']:>4.0f} MB)"


def main() -> None:
    """Measures, or verifies one file for a process that measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--block", help=argparse.SUPPRESS)
    parser.add_argument("--rival", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.file:
        sys.stdout.write(json.dumps(verified(options.file, options.block)))
    elif options.rival:
        sys.stdout.write(json.dumps(rivalled(options.rival)))
    else:
        with tempfile.TemporaryDirectory() as folder:
            said = measure(Path(folder))
        sys.stdout.write(json.dumps({name: round(value, 3) for name, value in said.items()}) + "\n")


if __name__ == "__main__":
    main()
