"""Starts the service, runs every group of checks, prints what failed; the last line is JSON.

    python -m bench.conformance [--shared ../shared] [--group NAME ...] [--url http://... --key ...]

`--key` is an administrator's: the bench makes parties of its own. A service at `--url` must be able to reach 127.0.0.1
and be allowed to (TRAILSEAL_WEBHOOK_NETWORKS=127.0.0.0/8), or the group `subscriptions` fails.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.conformance.associations import tcr54
from bench.conformance.bindings import rest
from bench.conformance.checks import Group
from bench.conformance.documents import json_documents, old_xml_documents, xml_documents
from bench.conformance.hashes import hash_vectors
from bench.conformance.identifiers import identifiers
from bench.conformance.queries import queries
from bench.conformance.refusals import refusals
from bench.conformance.sensors import tcr53
from bench.conformance.service import Service
from bench.conformance.subscriptions import subscriptions
from service.cli.local import LocalService

GROUPS: dict[str, Callable[[Group, Service, Path], None]] = {
    "documents_json": json_documents,
    "documents_xml_2_0": xml_documents,
    "documents_xml_1_2": old_xml_documents,
    "hash_vectors": hash_vectors,
    "identifiers": identifiers,
    "tcr53": tcr53,
    "tcr54": tcr54,
    "rest": rest,
    "queries": queries,
    "subscriptions": subscriptions,
    "refusals": refusals,
}
SIDE_BY_SIDE = 4
ENVIRONMENT = {"TRAILSEAL_WEBHOOK_NETWORKS": "127.0.0.0/8"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the bench; 1 where a check failed."""
    given = _arguments(argv)
    shared: Path = given.shared.resolve() / "epcis"
    if not shared.is_dir():
        print(f"there is no folder {shared}: --shared must lead to the folder with the test material", file=sys.stderr)
        return 2
    begin = time.monotonic()
    if given.url:
        with Service(given.url, given.key) as service:
            done = run(given.group, service, shared)
    else:
        done = _on_a_service_of_ones_own(given.group, shared)
    return report(done, time.monotonic() - begin)


def run(names: Sequence[str], service: Service, shared: Path) -> list[Group]:
    """The groups' checks, several groups at a time; in the order of the names."""
    groups = [Group(name) for name in names]

    def checked(group: Group) -> None:
        try:
            GROUPS[group.name](group, service, shared)
        except Exception as fault:
            with group.check("prepared"):
                raise RuntimeError(f"{type(fault).__name__}: {fault}") from fault

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        list(pool.map(checked, groups))
    return groups


def report(groups: Sequence[Group], seconds: float) -> int:
    """Prints failures, a table, and one line of JSON; the exit status."""
    console = Console(file=sys.stderr, soft_wrap=True)
    for group in groups:
        for failure in group.failures:
            console.print(f"{group.name}: {failure.name}\n    {failure.reason}", markup=False, highlight=False)
    table = Table(title=f"EPCIS 2.0 conformance, {seconds:.0f} s")
    for column in ("group", "passed", "total"):
        table.add_column(column, justify="left" if column == "group" else "right")
    for group in groups:
        table.add_row(group.name, str(group.passed), str(group.total), style="red" if group.failures else "green")
    console.print(table)
    passed, total = sum(group.passed for group in groups), sum(group.total for group in groups)
    told = {group.name: {"passed": group.passed, "total": group.total} for group in groups}
    print(json.dumps({"passed": passed, "total": total, **told}))
    return 0 if total and passed == total else 1


def _on_a_service_of_ones_own(names: Sequence[str], shared: Path) -> list[Group]:
    folder = Path(tempfile.mkdtemp(prefix="trailseal-conformance-"))
    os.environ.update(ENVIRONMENT)
    try:
        with LocalService(folder, processes=2) as local, Service(local.url, local.keys["operator"]) as service:
            return run(names, service, shared)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with the test material")
    parser.add_argument("--group", action="append", choices=[*GROUPS], help="only this group (may be repeated)")
    parser.add_argument("--url", help="a service that runs already")
    parser.add_argument("--key", help="an administrator's API key of that service")
    given = parser.parse_args(argv)
    if bool(given.url) != bool(given.key):
        parser.error("--url and --key go together")
    given.group = given.group or [*GROUPS]
    return given


if __name__ == "__main__":
    sys.exit(main())
