"""Runs every attack and prints what came of it; the last line is JSON with `survived` and `total`.

    python -m bench.attacks [--undefended] [--markdown] [--compile] [ID ...]

`--undefended` runs each attack again with its defence taken away, where it must succeed, and counts those too.
`--markdown` prints the table of docs/threat-model.md instead, `--compile` compiles the contracts without their checks
anew (needed once they changed, and only to save time).
"""

import argparse
import asyncio
import io
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.attacks.catalogue import ATTACKS
from bench.attacks.markdown import table
from bench.attacks.mutants import compile_all
from bench.attacks.registry import Attack, Outcome
from bench.attacks.world import World, world
from service.devstack import Anvil, Postgres
from service.logs import configure_logs
from service.store.migrate import migrate


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 where everything was survived."""
    given = _arguments(argv)
    if given.markdown:
        print(table(ATTACKS.values()), end="")
        return 0
    if given.compile:
        compile_all()
        return 0
    unknown = [name for name in given.ids if name not in ATTACKS]
    if unknown:
        print(f"there is no attack {unknown[0]}; --markdown lists them", file=sys.stderr)
        return 2
    configure_logs(io.StringIO())
    chosen = [ATTACKS[name] for name in given.ids] or list(ATTACKS.values())
    return asyncio.run(_run(chosen, given.undefended))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.attacks", description="Run every attack and fault.")
    parser.add_argument("ids", nargs="*", metavar="ID", help="run these only")
    parser.add_argument("--undefended", action="store_true", help="also show that each succeeds without its defence")
    parser.add_argument("--markdown", action="store_true", help="print the table of docs/threat-model.md")
    parser.add_argument("--compile", action="store_true", help="compile the contracts without their checks")
    return parser.parse_args(argv)


@asynccontextmanager
async def _own_world() -> AsyncIterator[World]:
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder:
        postgres = Postgres(Path(folder) / "postgres", settings={"fsync": "off", "shared_buffers": "64MB"})
        anvil = Anvil(Path(folder) / "anvil", state_interval=3600)
        try:
            url = postgres.start()
            await migrate(url)
            async with world(url, anvil.start()) as made:
                yield made
        finally:
            anvil.stop()
            postgres.stop()


async def _run(chosen: Iterable[Attack], undefended: bool) -> int:
    begin, survivors, fell, vacuous, total = time.monotonic(), 0, [], [], 0
    async with _own_world() as made:
        for attack in chosen:
            total += 1
            outcome = await attempted(attack, made)
            survivors += outcome.survived
            fell += [] if outcome.survived else [attack.id]
            print(f"{'survived' if outcome.survived else 'SUCCEEDED':9}  {attack.id:34} {outcome.observed}")
            if undefended and attack.undefended is not None:
                bare = await _bare(attack, made)
                vacuous += [attack.id] if bare.survived else []
                print(f"  without the defence: {'SURVIVED TOO' if bare.survived else 'succeeds'}: {bare.observed}")
    told = {"survived": survivors, "total": total, "succeeded": fell, "seconds": round(time.monotonic() - begin, 1)}
    print(json.dumps(told | ({"vacuous": vacuous} if undefended else {})))
    return 1 if fell or vacuous else 0


async def _bare(attack: Attack, made: World) -> Outcome:
    """As `attempted`, without the defence; an attack that fails for another reason proves nothing."""
    assert attack.undefended is not None
    try:
        with attack.undefended(made):
            return await attack.run(made)
    except Exception as fault:  # noqa: BLE001
        return Outcome(True, f"{type(fault).__name__}: {fault}"[:300])


async def attempted(attack: Attack, made: World) -> Outcome:
    """What came of the attack; that the service broke in an unforeseen way counts as an attack that succeeded."""
    try:
        return await attack.run(made)
    except Exception as fault:  # noqa: BLE001
        return Outcome(False, f"{type(fault).__name__}: {fault}"[:300])


if __name__ == "__main__":
    sys.exit(main())
