"""`trailseal demo`: the whole story on one machine, told step by step; every step has to hold."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from service.cli.client import Client
from service.cli.local import FOLDER, MEMBERS, LocalService
from service.cli.risk import table
from service.cli.season import Posting, Season, postings
from service.cli.verifying import block_hash_at
from service.sealing import bundle as bundles
from service.sealing.state import Header

Once = Annotated[bool, typer.Option("--once", help="exit when the story is told instead of serving")]


def demo(
    once: Once = False,
    shipments: Annotated[int, typer.Option(min=10, help="how many shipments the season has")] = 120,
    port: Annotated[int, typer.Option(help="port of the API; 0: a free one")] = 0,
    folder: Annotated[Path, typer.Option(help="where everything is kept")] = FOLDER,
) -> None:
    """Start everything, live through a simulated season, tamper, catch it, verify, score; then serve."""
    console = Console()
    with LocalService(folder, port=port) as service:
        story = _Story(service, console, Season.kept(folder / "season.json", shipments))
        story.tell()
        if not once and not story.failed:
            _serve(service, console)
    if story.failed:
        console.print(f"[red]{len(story.failed)} step(s) did not hold: {', '.join(story.failed)}")
        raise typer.Exit(1)


@dataclass(slots=True)
class _Caught:
    """What became of the tampering."""

    intact: bool
    detail: str


class _Story:
    """The steps, and which of them did not hold."""

    def __init__(self, service: LocalService, console: Console, season: Season) -> None:
        self.service, self.console, self.season = service, console, season
        self.failed: list[str] = []

    def tell(self) -> None:
        console, service = self.console, self.service
        ledger = self._ledger()
        console.print(f"[bold]1  A consortium[/]  {', '.join(member.name for member in MEMBERS)}")
        console.print(f"   ledger {ledger} on {service.environment['TRAILSEAL_RPC_URL']}, API {service.url}")
        told = postings(self.season)
        receipts = self._capture(told)
        events, sealed = sum(receipt["events"] for receipt in receipts), self._seal(told, receipts)
        self._hold("captured = sealed", sealed == len(receipts), f"{events:,} events, {sealed:,} of {len(receipts):,}")
        unit = self._chosen(told)
        self._custody(unit)
        self._tamper(unit)
        self._verify(unit, ledger)
        self._rank()

    def _hold(self, step: str, held: bool, finding: str) -> None:
        self.console.print(f"   {'[green]✓' if held else '[red]✗'}[/] {step}: {finding}")
        if not held:
            self.failed.append(step)

    def _ledger(self) -> str:
        with self.service.client("auditor") as auditor:
            return str(auditor.get("/v1/ledger")["provenance"])

    def _capture(self, told: Sequence[Posting]) -> list[dict[str, Any]]:
        self.console.print("[bold]2  A season of freight[/]  two suppliers book, a carrier reports, a regulator holds")
        clients = {member.slug: self.service.client(member.slug) for member in MEMBERS}
        try:
            with Progress(console=self.console, transient=True) as progress:
                task = progress.add_task("   capturing", total=len(told))
                receipts: list[dict[str, Any]] = []
                # A thing is booked before it is carried: one wave of postings after the other.
                for wave in sorted({posting.wave for posting in told}):
                    due = [posting for posting in told if posting.wave == wave]
                    with ThreadPoolExecutor(4) as threads:
                        for receipt in threads.map(lambda one: _post(clients[one.member], one), due):
                            receipts.append(receipt)
                            progress.advance(task)
                return receipts
        finally:
            for client in clients.values():
                client.close()

    def _seal(self, told: Sequence[Posting], receipts: Sequence[dict[str, Any]]) -> int:
        """How many captures are sealed, in the end."""
        waiting = [
            (posting.member, receipt["captureID"]) for posting, receipt in zip(_in_waves(told), receipts, strict=True)
        ]
        deadline = time.monotonic() + 120
        clients = {member: self.service.client(member) for member in {member for member, _ in waiting}}
        with Progress(console=self.console, transient=True) as progress:
            task = progress.add_task("   sealing", total=len(waiting))
            while waiting and time.monotonic() < deadline:
                waiting = [
                    (member, capture)
                    for member, capture in waiting
                    if clients[member].get(f"/v1/captures/{capture}")["state"] != "sealed"
                ]
                progress.update(task, completed=len(receipts) - len(waiting))
                time.sleep(0.2 if waiting else 0)
        for client in clients.values():
            client.close()
        return len(receipts) - len(waiting)

    def _chosen(self, told: Sequence[Posting]) -> str:
        """A shipment on its way, the same one every time."""
        carried = sorted({posting.unit for posting in told if posting.member == "carrier" and posting.events > 3})
        return random.Random(self.season.seed).choice(carried)  # noqa: S311 - an example, not a secret

    def _custody(self, unit: str) -> None:
        with self.service.client("auditor") as auditor:
            trail = auditor.get("/v1/trail", identifier=unit)
        entries = trail["entries"]
        self.console.print(f"[bold]3  One trail[/]  {unit}")
        for entry in entries[:4]:
            event = entry["event"]
            step = event.get("bizStep", event.get("type"))
            self.console.print(
                f"     {event['eventTime']}  {step:<14} by {entry['party']['name']:<18} block {entry['block']}"
            )
        if len(entries) > 4:
            self.console.print(f"     … and {len(entries) - 4} more")
        self._hold("intact", bool(trail["intact"]), f"{len(entries)} entries fold into the head")

    def _tamper(self, unit: str) -> None:
        self.console.print(
            "[bold]4  Somebody edits one stored event[/]  directly in the database, behind the service's back"
        )
        with self.service.client("auditor") as auditor:
            entry = auditor.get("/v1/trail", identifier=unit)["entries"][1]
            event_id = entry["event"]["eventID"]
            before = self._edit(event_id, "possessing_party", "owning_party")
            caught = self._look(auditor, unit)
            self._edit(event_id, "owning_party", "possessing_party", restore=before)
            mended = self._look(auditor, unit)
        self._hold("the edit is caught", not caught.intact, caught.detail)
        self._hold("the original is accepted again", mended.intact, "intact")

    def _edit(self, event_id: str, old: str, new: str, restore: str | None = None) -> str:
        """Changes a stored document as someone with the database's password could; what it was, in hex."""
        run = self.service.stack.postgres.execute
        where = f"event_id = '{event_id}'"
        if restore is not None:
            run(f"UPDATE events SET document = decode('{restore}', 'hex') WHERE {where}")  # noqa: S608
            return restore
        before = run(f"SELECT encode(document, 'hex') FROM events WHERE {where}").strip()  # noqa: S608
        forged = bytes.fromhex(before).replace(old.encode(), new.encode())
        if forged == bytes.fromhex(before):
            forged = bytes.fromhex(before).replace(b'"eventTime":"2', b'"eventTime":"1')
        run(f"UPDATE events SET document = decode('{forged.hex()}', 'hex') WHERE {where}")  # noqa: S608
        return before

    def _look(self, auditor: Client, unit: str) -> _Caught:
        trail = auditor.get("/v1/trail", identifier=unit)
        return _Caught(bool(trail["intact"]), str(trail.get("tampered") or trail.get("findings") or ""))

    def _verify(self, unit: str, ledger: str) -> None:
        self.console.print("[bold]5  An auditor verifies the trail offline[/]  against one block hash, without us")
        with self.service.client("auditor") as auditor:
            content = auditor.bundle(unit)
        file = self.service.folder / "trail.bundle.json"
        file.write_bytes(content)
        number = Header.read(bundles.read(content).header).number
        trusted = block_hash_at(self.service.environment["TRAILSEAL_RPC_URL"], number)
        assert trusted is not None
        held, lines = _verified(file, trusted.hex(), ledger)
        for line in lines:
            self.console.print(f"     {line}", markup=False, highlight=False)
        self._hold("the bundle holds", held, f"{file} ({len(content):,} bytes)")
        spoilt = bytearray(content)
        spoilt[random.Random(self.season.seed).randrange(len(spoilt))] ^= 1  # noqa: S311 - an example, not a secret
        copy = self.service.folder / "spoilt.bundle.json"
        copy.write_bytes(spoilt)
        held, lines = _verified(copy, trusted.hex(), ledger)
        self._hold("a bundle with one flipped bit does not", not held, lines[-1].strip() if lines else "refused")

    def _rank(self) -> None:
        self.console.print("[bold]6  An analyst asks which shipments need somebody today[/]")
        with self.service.client("analyst") as analyst:
            found = analyst.get("/v1/risk/shipments", limit=10, asOf=self.season.now.isoformat())["items"]
        self.console.print(table(found, f"Risk of late delivery as of {self.season.now:%Y-%m-%d %H:%M} UTC"))
        reasoned = bool(found) and all(one["reasons"] for one in found)
        self._hold("ranked with reasons", reasoned, f"{len(found)} shipments under way")


def _in_waves(told: Sequence[Posting]) -> list[Posting]:
    return sorted(told, key=lambda posting: posting.wave)


def _post(client: Client, posting: Posting) -> dict[str, Any]:
    receipt: dict[str, Any] = client.capture(posting.document, posting.key)
    return receipt


def _verified(file: Path, block_hash: str, ledger: str) -> tuple[bool, list[str]]:
    """The verdict of the command that an auditor would run, and its lines."""
    words = [sys.executable, "-m", "service.cli", "verify", str(file), "--block-hash", block_hash, "--ledger", ledger]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own command
    return done.returncode == 0, (done.stdout or done.stderr).rstrip().splitlines()


def _serve(service: LocalService, console: Console) -> None:
    console.print(f"\n[bold]Serving[/] {service.url} (OpenAPI: {service.url}/openapi.json) until Ctrl-C. API keys:")
    for member in MEMBERS:
        console.print(f"   {member.slug:<10} {service.keys[member.slug]}", markup=False, highlight=False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        while True:
            time.sleep(1)
    except KeyboardInterrupt:
        console.print("stopping")
