"""`trailseal demo`: the whole story on one machine, told step by step; every step has to hold."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from service.cli.client import Client, Refused
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
        with service.client("auditor") as auditor:
            self.ledger = str(auditor.get("/v1/ledger")["provenance"])

    def tell(self) -> None:
        """Tells the story; `failed` has the steps that did not hold."""
        self.console.print("[bold]1  A consortium[/]")
        for member in MEMBERS:
            self._line(f"{member.name:<18} {member.roles[0]:<10} {member.identifier}")
        self._line(f"ledger {self.ledger} on chain 31337; API {self.service.url}")
        told = postings(self.season)
        receipts = self._capture(told)
        events, sealed = sum(receipt["events"] for receipt in receipts), self._seal(told, receipts)
        self._hold("captured = sealed", sealed == len(receipts), f"{events:,} events, {sealed:,} of {len(receipts):,}")
        unit = self._chosen(told)
        self._show(unit)
        self._tamper(unit)
        self._verify(unit)
        self._rank()

    def _hold(self, step: str, held: bool, finding: str) -> None:
        self.console.print(f"   {'[green]✓' if held else '[red]✗'}[/] {step}: {finding}")
        if not held:
            self.failed.append(step)

    def _capture(self, told: Sequence[Posting]) -> list[dict[str, Any]]:
        self.console.print(
            "\n[bold]2  A season of freight[/]: two suppliers book, a carrier reports, a regulator holds"
        )
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
        sealed = 0
        with Progress(console=self.console, transient=True) as progress:
            task = progress.add_task("   sealing", total=len(receipts))
            for member in sorted({posting.member for posting in told}):
                pairs = zip(told, receipts, strict=True)
                captures = [receipt["captureID"] for posting, receipt in pairs if posting.member == member]
                with self.service.client(member) as client:
                    sealed += client.until_sealed(captures, lambda _: progress.advance(task))
        return sealed

    def _chosen(self, told: Sequence[Posting]) -> str:
        """A shipment whose last leg is well under way, the same one every time."""
        carried = {posting.unit: posting.of_unit for posting in told if posting.member == "carrier"}
        longest = max(carried.values())
        return min(unit for unit, events in carried.items() if events >= min(longest, 5))

    def _show(self, unit: str) -> None:
        with self.service.client("auditor") as auditor:
            trail = auditor.get("/v1/trail", identifier=unit)
        entries = trail["entries"]
        self.console.print(f"\n[bold]3  One trail[/] {unit}")
        for entry in entries[:5]:
            event = entry["event"]["document"]
            told = (
                f"{event['eventTime'][:16]}  {event['bizStep']:<13} {entry['party']['name']:<18} block {entry['block']}"
            )
            self._line(told)
        if len(entries) > 5:
            self._line(f"… and {len(entries) - 5} more")
        custodian = (trail["custody"]["custodian"] or {}).get("name", "nobody")
        self._hold(
            "intact", bool(trail["intact"]), f"{len(entries)} entries fold into the head; custodian: {custodian}"
        )

    def _tamper(self, unit: str) -> None:
        self.console.print("\n[bold]4  Somebody edits a stored event[/], in the database, behind the service's back")
        with self.service.client("auditor") as auditor:
            event_id = auditor.get("/v1/trail", identifier=unit)["entries"][-1]["event"]["eventID"]
            before = self._forge(event_id)
            try:
                caught = self._look(auditor, unit)
                spoilt = self.service.folder / "tampered.bundle.json"
                try:
                    spoilt.write_bytes(auditor.bundle(unit))
                    handed_out = _verified(spoilt, *self._trust(spoilt.read_bytes()))[0]
                except Refused:
                    handed_out = False
            finally:
                self._store(event_id, before)
            mended = self._look(auditor, unit)
        self._hold("the edit is caught", not caught.intact, caught.detail)
        self._hold("no bundle that would verify is handed out", not handed_out, "refused")
        self._hold("the original is accepted again", mended.intact, "intact")

    def _forge(self, event_id: str) -> bytes:
        """Changes a stored document as someone with the database's password could; what it was."""
        read = f"SELECT encode(document, 'hex') FROM events WHERE event_id = '{event_id}'"  # noqa: S608 - our own id
        before = bytes.fromhex(self.service.stack.postgres.execute(read).strip())
        self._store(event_id, before.replace(b'"eventTime":"2', b'"eventTime":"1'))
        return before

    def _store(self, event_id: str, document: bytes) -> None:
        write = f"UPDATE events SET document = decode('{document.hex()}', 'hex') WHERE event_id = '{event_id}'"  # noqa: S608
        self.service.stack.postgres.execute(write)

    def _look(self, auditor: Client, unit: str) -> _Caught:
        trail = auditor.get("/v1/trail", identifier=unit)
        faults = [f"entry {at}: {one['fault']}" for at, one in enumerate(trail["entries"]) if one["fault"]]
        return _Caught(bool(trail["intact"]), "; ".join(faults) or "nothing was noticed")

    def _trust(self, content: bytes) -> tuple[str, str]:
        """What an auditor brings along: the hash of the bundle's block from a node, and the ledger's address."""
        number = Header.read(bundles.read(content).header).number
        trusted = block_hash_at(self.service.environment["TRAILSEAL_RPC_URL"], number)
        return (trusted or bytes(32)).hex(), self.ledger

    def _line(self, text: str) -> None:
        self.console.print(f"     {text}", markup=False, highlight=False, soft_wrap=True)

    def _verify(self, unit: str) -> None:
        self.console.print("\n[bold]5  An auditor verifies the trail offline[/], against one block hash, without us")
        with self.service.client("auditor") as auditor:
            content = auditor.bundle(unit)
        file = self.service.folder / "trail.bundle.json"
        file.write_bytes(content)
        held, lines = _verified(file, *self._trust(content))
        for line in lines:
            self._line(line)
        self._hold("the bundle holds", held, f"{file.name}, {len(content):,} bytes")
        spoilt = bytearray(content)
        spoilt[random.Random(self.season.seed).randrange(len(spoilt))] ^= 1  # noqa: S311 - an example, not a secret
        copy = self.service.folder / "spoilt.bundle.json"
        copy.write_bytes(spoilt)
        held, _ = _verified(copy, *self._trust(content))
        self._hold("with one bit flipped it does not", not held, f"{copy.name} is refused")

    def _rank(self) -> None:
        self.console.print("\n[bold]6  An analyst asks which shipments need somebody today[/]")
        # The season was recorded just now, whenever it happened.
        clocks = {"asOf": self.season.now.isoformat(), "recordedBy": datetime.now(UTC).isoformat()}
        with self.console.status("   scoring"), self.service.client("analyst") as analyst:
            found = analyst.get("/v1/risk/shipments", limit=10, **clocks)["items"]
        self.console.print(table(found, f"Risk of late delivery as of {self.season.now:%Y-%m-%d %H:%M} UTC"))
        reasoned = bool(found) and all(one["reasons"] for one in found)
        self._hold("ranked with reasons", reasoned, f"{len(found)} shipments under way")
        with self.console.status("   waiting for the worker"), self.service.client("analyst") as analyst:
            ranked = _until_scored(analyst)
        self._hold("ranked by the worker, too", bool(ranked), f"{len(ranked)} on the list that it keeps up to date")


def _until_scored(analyst: Client, patience_seconds: float = 120) -> list[dict[str, Any]]:
    """The list that the worker keeps, as soon as there is anything on it."""
    until = time.monotonic() + patience_seconds
    while True:
        found: list[dict[str, Any]] = analyst.get("/v1/risk/shipments", limit=100)["items"]
        if found or time.monotonic() > until:
            return found
        time.sleep(0.5)


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
