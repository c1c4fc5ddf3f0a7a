"""Break every check in the contracts, one at a time, and see that some test notices.

    python contracts/mutate.py            every mutant; last a JSON line with `killed`, `survived`, `total`
    python contracts/mutate.py --list     what would be broken, without running anything
    python contracts/mutate.py 12 40-45   only these

A mutant is the contracts with one change on one line: a condition that never holds, one operand of `&&` or `||` left
out, a comparison moved by one, an equality turned round, a guarding modifier removed. Each is compiled in a copy of
this folder and tested by forge (without the optimizer and without the gas snapshots, which would notice anything).
Exit status 1 where one survives that is not in `EQUIVALENT`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOM = Path(__file__).resolve().parent
SOURCES = ("Provenance", "Participants", "CustodyState")
EQUIVALENT: dict[tuple[str, str], str] = {}
"""Mutants that no test can notice, by file and changed line, with the reason."""

_IF = re.compile(r"\bif \(")
_STATEMENT = re.compile(r"\b(?:return|bool \w+ =) (.*(?:&&|\|\||==|!=|[<>]=?).*);")
_TURNED = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_COMPARISON = re.compile(r" (==|!=|<=|>=|<|>) ")
_MODIFIER = re.compile(r" only\w+\([^)]*\)")
_ASSEMBLY = {
    "lt(mload(add(encoded, 0x60)), 7)": ("lt(mload(add(encoded, 0x60)), 6)", "lt(mload(add(encoded, 0x60)), 8)", "1"),
}


@dataclass(frozen=True)
class Mutant:
    """One change: file (without `.sol`), line number from 1, the line as it is and as it becomes."""

    source: str
    line: int
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.source}.sol:{self.line}\n    - {self.before.strip()}\n    + {self.after.strip()}"

    @property
    def excuse(self) -> str | None:
        """Why no test can notice it, where that is so."""
        return EQUIVALENT.get((self.source, self.after.strip()))


def mutants() -> list[Mutant]:
    """All of them, in the order of the sources."""
    return [mutant for source in SOURCES for mutant in _of(source)]


def _of(source: str) -> Iterator[Mutant]:
    lines = (ROOM / "src" / f"{source}.sol").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        if line.strip().startswith(("//", "*", "import", "for (")):
            continue
        for after in dict.fromkeys(_changes(line)):
            yield Mutant(source, number, line, after)


def _changes(line: str) -> Iterator[str]:
    if guard := _MODIFIER.search(line):
        yield line[: guard.start()] + line[guard.end() :]
    for original, others in _ASSEMBLY.items():
        if original in line:
            yield from (line.replace(original, other) for other in others)
    if opening := _IF.search(line):
        start, end = opening.end(), _closing(line, opening.end())
        yield f"{line[:start]}false{line[end:]}"
    elif statement := _STATEMENT.search(line):
        start, end = statement.span(1)
    else:
        return
    for condition in _conditions(line[start:end], alone=opening is not None):
        yield line[:start] + condition + line[end:]


def _closing(line: str, start: int) -> int:
    """Where the parenthesis that was opened before `start` is closed."""
    depth = 1
    for at in range(start, len(line)):
        depth += {"(": 1, ")": -1}.get(line[at], 0)
        if depth == 0:
            return at
    raise SystemExit(f"a condition goes over several lines: {line.strip()}")


def _conditions(condition: str, *, alone: bool) -> Iterator[str]:
    """The condition with one operand left out, or one comparison changed.

    `alone`: the same condition is also tried as false, which turning round its only equality adds nothing to.
    """
    for operator, neutral in ((" && ", "true"), (" || ", "false")):
        operands = condition.split(operator)
        if len(operands) > 1 and all(operand.count("(") == operand.count(")") for operand in operands):
            for index in range(len(operands)):
                yield operator.join([*operands[:index], neutral, *operands[index + 1 :]])
    comparisons = list(_COMPARISON.finditer(condition))
    for found in comparisons:
        if not (alone and len(comparisons) == 1 and found[1] in ("==", "!=")):
            yield condition[: found.start(1)] + _TURNED[found[1]] + condition[found.end(1) :]


def _copy(folder: Path) -> Path:
    room = folder / "contracts"
    for name in ("src", "test", "tools", "artifacts", "snapshots"):
        shutil.copytree(ROOM / name, room / name)
    for name in ("foundry.toml", "package.json"):
        shutil.copy(ROOM / name, room / name)
    (room / "node_modules").symlink_to(ROOM / "node_modules")
    shutil.copytree(ROOM.parent / "tests" / "vectors", folder / "tests" / "vectors")
    return room


def _survives(room: Path, mutant: Mutant | None) -> bool:
    """Whether all tests pass; None: the contracts as they are."""
    path = room / "src" / f"{mutant.source}.sol" if mutant else None
    original = path.read_text(encoding="utf-8") if path else ""
    if path and mutant:
        lines = original.splitlines(keepends=True)
        lines[mutant.line - 1] = mutant.after + "\n"
        path.write_text("".join(lines), encoding="utf-8")
    try:
        return _tested(room)
    finally:
        if path:
            path.write_text(original, encoding="utf-8")


def _tested(room: Path) -> bool:
    # The platform's own binary: npm's launcher of it ends with 0 even where tests fail.
    forge = next(room.glob("node_modules/@foundry-rs/forge-*/bin/forge"))
    command = [str(forge), "test", "--no-match-contract", "Gas", "--fail-fast", "--quiet"]
    environment = os.environ | {"FOUNDRY_OPTIMIZER": "false"}
    done = subprocess.run(command, cwd=room, env=environment, capture_output=True, text=True, check=False)
    if "Compiler run failed" in done.stdout + done.stderr:
        raise SystemExit(f"a mutant does not compile, so it says nothing:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode == 0


def _chosen(words: Sequence[str], total: int) -> list[int]:
    if not words:
        return list(range(total))
    numbers: list[int] = []
    for word in words:
        first, _, last = word.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def main() -> int:
    """Runs the command; the exit status says whether every mutant that could be noticed was."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    parser.add_argument("which", nargs="*", help="numbers of mutants, or ranges of them; default: all")
    asked = parser.parse_args()
    everything = mutants()
    if asked.list:
        print("\n".join(f"{number:>3}  {mutant}" for number, mutant in enumerate(everything)))
        return 0
    chosen = _chosen(asked.which, len(everything))
    survived = []
    with tempfile.TemporaryDirectory() as folder:
        room = _copy(Path(folder))
        if not _survives(room, None):
            raise SystemExit("the tests fail without any change")
        for number in chosen:
            began = time.monotonic()
            alive = _survives(room, everything[number])
            excuse = f" (cannot be noticed: {everything[number].excuse})" if everything[number].excuse else ""
            print(f"{number:>3}  {'SURVIVED' if alive else 'killed'}{excuse}  {time.monotonic() - began:.0f} s")
            if alive:
                print(f"     {everything[number]}")
                survived.append(number)
            sys.stdout.flush()
    open_ones = [number for number in survived if everything[number].excuse is None]
    counts = {"killed": len(chosen) - len(survived), "survived": len(open_ones), "total": len(chosen)}
    print(json.dumps({**counts, "equivalent": len(survived) - len(open_ones)}))
    return 1 if open_ones else 0


if __name__ == "__main__":
    raise SystemExit(main())
