"""Break every check in the contracts, one at a time, and see that some test notices.

    python contracts/mutate.py            every mutant; last a JSON line with `killed`, `survived`, `total`
    python contracts/mutate.py --list     what would be broken, without running anything
    python contracts/mutate.py 12 40-45   only these

A mutant is the contracts with one change on one line: a condition that never holds, one operand of `&&` or `||` left
out, a comparison moved by one, an equality turned round, a guarding modifier removed. All are compiled at once, in a
copy of this folder, as contracts that ask `block.coinbase` which mutant they are (0: none), and forge runs the tests
with each. Left out are gas snapshots and recorded artifacts, which would notice anything. Exit status 1 where a mutant
survives that is not in `EQUIVALENT`.
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
EQUIVALENT = {
    ("Provenance", "session.key == signer => false"): "looks the signer up again: the same answer for more gas",
}
"""Mutants that no test can notice: file and changed condition, with the reason."""

_IF = re.compile(r"\bif \(")
_STATEMENT = re.compile(r"\b(?:return|bool \w+ =) (.*(?:&&|\|\||==|!=|[<>]=?).*?)(?: \? .*)?;")
_CHOICE = re.compile(r"(?:= |, )([\w.!]+(?: == \w+)?) \? ")
_TURNED = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_COMPARISON = re.compile(r" (==|!=|<=|>=|<|>) ")
_MODIFIER = re.compile(r" onlyRole\((\w+)\)")
_STEP = "lt(mload(add(encoded, 0x60)), "
_ASSEMBLY = {f"{_STEP}7)": [f"{_STEP}6)", f"{_STEP}8)", "1"]}
_GUARD = """
    modifier onlyRoleUnless(uint256 mutant, bytes32 role) {
        if (uint160(address(block.coinbase)) != mutant) _checkRole(role);
        _;
    }
"""


@dataclass(frozen=True)
class Site:
    """A piece of one line (numbered from 1) of `src/SOURCE.sol`, and what may stand in its place."""

    source: str
    line: int
    start: int
    end: int
    text: str
    kind: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Mutant:
    """One change at a site."""

    number: int
    site: Site
    other: str

    def __str__(self) -> str:
        place = f"{self.site.source}.sol:{self.site.line}"
        return f"{self.number:>3}  {place}  {self.site.text}  =>  {self.other or 'nothing'}"

    @property
    def excuse(self) -> str | None:
        """Why no test can notice it, where that is so."""
        return EQUIVALENT.get((self.site.source, f"{self.site.text} => {self.other}"))


def mutants() -> list[Mutant]:
    """All of them, numbered from 1 in the order of the sources."""
    sites = [site for source in SOURCES for site in _sites(source)]
    changes = [(site, other) for site in sites for other in site.others]
    return [Mutant(number, site, other) for number, (site, other) in enumerate(changes, start=1)]


def _sites(source: str) -> Iterator[Site]:
    for number, line in enumerate(_read(source), start=1):
        if line.strip().startswith(("//", "*", "import", "for (")):
            continue
        for start, end, kind, others in _pieces(line):
            yield Site(source, number, start, end, line[start:end], kind, tuple(dict.fromkeys(others)))


def _read(source: str) -> list[str]:
    return (ROOM / "src" / f"{source}.sol").read_text(encoding="utf-8").splitlines()


def _pieces(line: str) -> Iterator[tuple[int, int, str, list[str]]]:
    if guard := _MODIFIER.search(line):
        yield *guard.span(), "modifier", [""]
    for original, others in _ASSEMBLY.items():
        if original in line:
            yield line.index(original), line.index(original) + len(original), "assembly", others
    if opening := _IF.search(line):
        start, end = opening.end(), _closing(line, opening.end())
        yield start, end, "condition", ["false", *_conditions(line[start:end], alone=True)]
    elif statement := _STATEMENT.search(line):
        yield *statement.span(1), "condition", list(_conditions(statement[1], alone=False))
    elif choice := _CHOICE.search(line):
        yield *choice.span(1), "condition", ["false", "true"]


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


def _switched(site: Site, choices: Sequence[Mutant]) -> str:
    """What stands at the site in the contracts that are all mutants at once."""
    if site.kind == "modifier":
        role = _MODIFIER.search(site.text)
        assert role is not None
        return f" onlyRoleUnless({choices[0].number}, {role[1]})"
    if site.kind == "assembly":
        chosen = "".join(f"add(mul(eq(coinbase(), {one.number}), {one.other}), " for one in choices)
        none = "".join(f"mul(iszero(eq(coinbase(), {one.number})), " for one in choices)
        return f"{chosen}{none}{site.text}{')' * 2 * len(choices)}"
    chosen = "".join(f"uint160(address(block.coinbase)) == {one.number} ? ({one.other}) : " for one in choices)
    return f"({chosen}({site.text}))"


def _copy(folder: Path) -> Path:
    room = folder / "contracts"
    for name in ("src", "test", "tools", "artifacts", "snapshots"):
        shutil.copytree(ROOM / name, room / name)
    for name in ("foundry.toml", "package.json"):
        shutil.copy(ROOM / name, room / name)
    (room / "node_modules").symlink_to(ROOM / "node_modules")
    shutil.copytree(ROOM.parent / "tests" / "vectors", folder / "tests" / "vectors")
    return room


def _breed(room: Path, everything: Sequence[Mutant]) -> None:
    """Writes the contracts that are all mutants at once; they read the block, so nothing is `pure` any more."""
    for source in SOURCES:
        lines = _read(source)
        sites: dict[Site, list[Mutant]] = {}
        for mutant in everything:
            if mutant.site.source == source:
                sites.setdefault(mutant.site, []).append(mutant)
        for site in sorted(sites, key=lambda site: (site.line, site.start), reverse=True):
            line = lines[site.line - 1]
            lines[site.line - 1] = line[: site.start] + _switched(site, sites[site]) + line[site.end :]
        text = "\n".join(lines) + "\n"
        if source == "Participants":
            opening = text.index("{\n", text.index("\ncontract ")) + 2
            text = text[:opening] + _GUARD + text[opening:]
        (room / "src" / f"{source}.sol").write_text(text, encoding="utf-8")
    for path in [*room.glob("src/*.sol"), *room.glob("test/*.sol")]:
        path.write_text(re.sub(r"\bpure\b", "view", path.read_text(encoding="utf-8")), encoding="utf-8")


def _survives(room: Path, number: int) -> bool:
    """Whether all tests pass with this mutant; 0: the contracts as they are."""
    # The platform's own binary: npm's launcher of it ends with 0 even where tests fail.
    forge = next(room.glob("node_modules/@foundry-rs/forge-*/bin/forge"))
    switch = {"FOUNDRY_BLOCK_COINBASE": f"0x{number:040x}", "FOUNDRY_CODE_SIZE_LIMIT": "200000"}
    environment = os.environ | {"FOUNDRY_OPTIMIZER": "false"} | switch
    for which in (["--no-match-contract", "Gas|Invariant"], ["--match-contract", "Invariant"]):
        command = [str(forge), "test", *which, "--fail-fast", "--fuzz-runs", "64"]
        done = subprocess.run(command, cwd=room, env=environment, capture_output=True, text=True, check=False)
        if "Compiler run failed" in done.stdout + done.stderr:
            raise SystemExit(f"the mutants do not compile:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        if done.returncode != 0:
            if number == 0:
                raise SystemExit(f"the tests fail without any change:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
            return False
    return True


def _chosen(words: Sequence[str], total: int) -> list[int]:
    numbers: list[int] = []
    for word in words or [f"1-{total}"]:
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
        print("\n".join(map(str, everything)))
        return 0
    survived = []
    with tempfile.TemporaryDirectory() as folder:
        room = _copy(Path(folder))
        _breed(room, everything)
        _survives(room, 0)
        chosen = [everything[number - 1] for number in _chosen(asked.which, len(everything))]
        for mutant in chosen:
            began = time.monotonic()
            alive = _survives(room, mutant.number)
            result = "killed" if not alive else f"survived ({mutant.excuse})" if mutant.excuse else "SURVIVED"
            print(f"{mutant}  {result}  {time.monotonic() - began:.1f} s")
            sys.stdout.flush()
            survived += [mutant] if alive else []
    open_ones = [mutant.number for mutant in survived if mutant.excuse is None]
    counts = {"killed": len(chosen) - len(survived), "survived": len(open_ones), "total": len(chosen)}
    print(json.dumps({**counts, "equivalent": len(survived) - len(open_ones)}))
    return 1 if open_ones else 0


if __name__ == "__main__":
    raise SystemExit(main())
