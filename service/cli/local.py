"""The whole service on this machine: PostgreSQL, Anvil, API and worker, with a small consortium."""

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM
from types import TracebackType
from typing import Any, Self

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from service.cli.client import Client
from service.devstack import Stack
from service.devstack.child import Child, DevstackError
from service.parties.bootstrap import first_admin_key
from service.store.database import Database
from service.store.migrate import migrate

FOLDER = Path(".trailseal")
_STAGES = ("PostgreSQL and Anvil", "tables", "worker", "API", "contracts and consortium")
_ERRORS = Console(stderr=True)
OPERATOR = ("https://id.gs1.org/417/9521000000001", "Consortium office")
SCORING_PARTY = "https://id.gs1.org/417/9521005000006"
"""The analyst's: its key signs the scores."""


@dataclass(frozen=True, slots=True)
class Member:
    """A party of the demonstration consortium, and what its API key may do."""

    slug: str
    identifier: str
    name: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]

    @property
    def signs(self) -> bool:
        """Whether the service keeps a signing key for it."""
        return "captures:write" in self.scopes


_WRITES = (
    "captures:write", "captures:read", "trails:read", "risk:read", "risk:write", "keys:write", "grants:write",
    "subscriptions:write",
)  # fmt: skip
MEMBERS = (
    Member("acme", "https://id.gs1.org/417/9521001000000", "Acme Pharma", ("supplier",), _WRITES),
    Member("borealis", "https://id.gs1.org/417/9521002000009", "Borealis Foods", ("supplier",), _WRITES),
    Member("carrier", "https://id.gs1.org/417/9521003000008", "Cumulus Air Cargo", ("carrier",), _WRITES),
    Member("auditor", "https://id.gs1.org/417/9521004000007", "Delphi Audit", ("auditor",), ("trails:read",)),
    Member(
        "analyst",
        SCORING_PARTY,
        "Echo Analytics",
        ("analyst",),
        ("trails:read", "risk:read", "risk:write", "captures:write", "keys:write"),
    ),
    Member("regulator", "https://id.gs1.org/417/9521006000005", "Food Authority", ("regulator",), _WRITES),
)


class LocalService:
    """Everything below one folder, started and stopped together; a context manager.

    Secrets and API keys are kept in the folder, readable by its owner alone, so that a second start finds the first
    one's trails.
    """

    def __init__(self, folder: Path = FOLDER, *, port: int = 0, processes: int = 1, block_time: float = 1.0) -> None:
        self.folder = folder.resolve()
        self.stack = Stack(self.folder, block_time=block_time)
        self._port, self._processes = port, processes
        self._children: dict[str, Child] = {}
        self.url = ""
        self.keys: Mapping[str, str] = {}
        self.environment: dict[str, str] = {}

    def start(self) -> None:
        """Starts everything, migrates, deploys and sets up the consortium; says so on standard error.

        Raises:
            DevstackError: with the end of the log of the part that did not start.
        """
        try:
            with Progress(TextColumn("{task.description}"), BarColumn(), console=_ERRORS, transient=True) as progress:
                task = progress.add_task("starting", total=len(_STAGES))
                for stage, starts in zip(_STAGES, self._starts(), strict=True):
                    progress.update(task, description=f"starting: {stage}")
                    starts()
                    progress.advance(task)
        except BaseException:
            self.stop()
            raise

    def client(self, member: str) -> Client:
        """A connection with this member's API key (or the `operator`'s)."""
        return Client(self.url, self.keys[member])

    def kill(self, process: str) -> None:
        """`kill -9` of the `api` or the `worker`, for tests of what a crash leaves behind."""
        self._children.pop(process).end(SIGKILL, 10)

    def restart(self, process: str) -> None:
        """Starts the `api` or the `worker`; the API answers when this returns."""
        program = [sys.executable, "-m", "service.cli", *self._words(process)]
        child = Child(program, self.folder / f"{process}.log", environment=self.environment)
        self._children[process] = child
        if process == "api":
            child.until(self._ready, "the API", 60)

    def stop(self) -> None:
        """Stops everything; what was captured stays in the folder."""
        for child in reversed(self._children.values()):
            child.end(SIGTERM, 20)
        self._children.clear()
        (self.folder / "service.json").unlink(missing_ok=True)
        self.stack.stop()

    def _starts(self) -> tuple[Callable[[], None], ...]:
        """What is to be done at each of the stages."""
        return (self._start_stack, self._migrate, lambda: self.restart("worker"), self._start_api, self._set_up)

    def _start_stack(self) -> None:
        self.environment = {**self.stack.start(), **_kept(self.folder / "secrets.json", _new_secrets)}
        self.environment["TRAILSEAL_RISK_PARTY"] = SCORING_PARTY

    def _migrate(self) -> None:
        asyncio.run(migrate(self.environment["TRAILSEAL_DATABASE_URL"]))

    def _start_api(self) -> None:
        self._port = self._port or _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.restart("api")

    def _set_up(self) -> None:
        self.keys = _kept(self.folder / "keys.json", self._new_consortium)
        places = {name: self.environment[f"TRAILSEAL_{name.upper()}_URL"] for name in ("rpc", "database")}
        _write(self.folder / "service.json", {"url": self.url, **places, **self.keys})

    def _words(self, process: str) -> list[str]:
        if process == "worker":
            return ["work"]
        return ["serve", "--port", str(self._port), "--processes", str(self._processes)]

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/livez", timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False

    def _refuse_the_dead(self) -> None:
        for child in self._children.values():
            if child.code is not None:
                raise DevstackError(f"{child.log.stem} ended with status {child.code}:\n{child.tail()}")

    def _new_consortium(self) -> dict[str, str]:
        keys = {"operator": asyncio.run(self._first_admin())}
        with Client(self.url, keys["operator"]) as operator:
            ids = {}
            for member in MEMBERS:
                party = {"identifier": member.identifier, "name": member.name, "roles": list(member.roles)}
                ids[member.slug] = operator.post("/v1/parties", party)["id"]
                key = {"scopes": list(member.scopes), "label": "local consortium"}
                keys[member.slug] = operator.post(f"/v1/parties/{ids[member.slug]}/api-keys", key)["token"]
        for member in MEMBERS:
            if member.signs:
                with Client(self.url, keys[member.slug]) as client:
                    client.post("/v1/signing-keys", {"custody": "service"})
                    if member.identifier != SCORING_PARTY:
                        client.post(f"/v1/grants/{ids['analyst']}", None, method="PUT")
        self._until_registered(keys)
        return keys

    async def _first_admin(self) -> str:
        database = Database(self.environment["TRAILSEAL_DATABASE_URL"], 1)
        try:
            return await first_admin_key(database, *OPERATOR)
        finally:
            await database.close()

    def _until_registered(self, keys: Mapping[str, str], patience_seconds: float = 60) -> None:
        """Waits until the registry on chain has every signing key."""
        deadline = time.monotonic() + patience_seconds
        for member in MEMBERS:
            if not member.signs:
                continue
            with Client(self.url, keys[member.slug]) as client:
                while not all(key["registeredAt"] for key in client.get("/v1/signing-keys")["items"]):
                    self._refuse_the_dead()
                    if time.monotonic() > deadline:
                        raise DevstackError(f"the chain did not register the keys; see {self.folder / 'worker.log'}")
                    time.sleep(0.2)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def running(folder: Path = FOLDER) -> dict[str, str]:
    """Address and API keys of the service that `make run` started in this folder.

    Raises:
        typer.BadParameter: none runs here.
    """
    try:
        found: dict[str, str] = json.loads((folder / "service.json").read_text())
        httpx.get(f"{found['url']}/livez", timeout=5, trust_env=False).raise_for_status()
    except (FileNotFoundError, httpx.HTTPError):
        raise typer.BadParameter(
            "no service runs in this folder: start one with `make run`, or give --url and --key"
            " (or TRAILSEAL_URL and TRAILSEAL_API_KEY)"
        ) from None
    return found


def _kept(path: Path, make: Any) -> dict[str, str]:
    if not path.exists():
        _write(path, make())
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def _write(path: Path, value: Mapping[str, str]) -> None:
    handle = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(value, file)
    path.with_suffix(".new").replace(path)


def _new_secrets() -> dict[str, str]:
    names = ("CONSORTIUM_SECRET", "KEY_ENCRYPTION_KEY", "ADMIN_KEY", "RELAY_KEY")
    return {f"TRAILSEAL_{name}": secrets.token_hex(32) for name in names}


def _free_port() -> int:
    from service.devstack.anvil import free_port

    return free_port(0)
