"""Everything that runs: PostgreSQL, the chain, two APIs, two relays, two watchers, and who indexes and delivers.

Each is a process of its own, so that each can be killed, paused and started again. Ours reach PostgreSQL and the node
through proxies, which can be disturbed; the judge of the storm goes straight to both.
"""

import asyncio
import secrets
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
from eth_account import Account
from eth_account.signers.local import LocalAccount

from bench.faults.proxy import Proxy
from service.config import Settings
from service.devstack import Anvil, Postgres
from service.devstack.anvil import free_port
from service.devstack.child import Child
from service.ledger.client import Node
from service.parties.caller import Caller
from service.parties.credentials import Credentials
from service.parties.registration import add
from service.parties.scopes import Scope
from service.parties.signing_keys import SigningKeys
from service.sealing.commitments import party_of
from service.store.chain import Deployed, deployed
from service.store.database import Database
from service.store.migrate import migrate

SUPPLIERS = tuple(f"https://id.gs1.org/417/952100{number}00000{check}" for number, check in ((1, 0), (2, 9), (3, 8)))
FUNDS = hex(10**24)
BLOCK_SECONDS = 1.0
APIS, RELAYS, WATCHERS, REST = ("api-1", "api-2"), ("relay-1", "relay-2"), ("watch-1", "watch-2"), ("rest",)
PROCESSES = (*APIS, *RELAYS, *WATCHERS, *REST)


@dataclass
class Stage:
    """What the storm plays on; `crashes` are the last words of processes of ours that ended by themselves."""

    folder: Path
    environment: Mapping[str, str]
    settings: Settings
    postgres: Postgres
    anvil: Anvil
    api_database: Proxy
    work_database: Proxy
    chain: Proxy
    urls: dict[str, str]
    relay_keys: dict[str, str]
    node: Node
    database: Database
    tokens: dict[str, str] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)
    deployed: Deployed | None = None

    @property
    def relays(self) -> dict[str, LocalAccount]:
        """The accounts that pay for sealing, by the process that has the key."""
        return {name: Account.from_key(f"0x{key}") for name, key in self.relay_keys.items()}

    async def start(self, name: str) -> None:
        """Starts one of our processes, if it does not run."""
        if name in self.children and self.children[name].code is None:
            return
        if name in self.children:
            self.crashes.append(f"{name}: {self.children[name].tail(6)}")
        program = [sys.executable, "-m", "service.cli", *self._words(name)]
        environment = self._environment_of(name)
        self.children[name] = await asyncio.to_thread(
            Child, program, self.folder / f"{name}.log", environment=environment
        )

    async def kill(self, name: str) -> None:
        """`kill -9`; a process that had ended by itself is noted as such."""
        child = self.children.pop(name)
        if child.code is not None:
            self.crashes.append(f"{name}: {child.tail(6)}")
            return
        await asyncio.to_thread(child.end, signal.SIGKILL, 10)

    def pause(self, name: str) -> None:
        """SIGSTOP, with whatever it holds."""
        psutil.Process(self.children[name].pid).suspend()

    def resume(self, name: str) -> None:
        """SIGCONT."""
        psutil.Process(self.children[name].pid).resume()

    async def start_chain(self) -> None:
        """Starts the chain where its last written state left it, and sees to the funds of our accounts there."""
        await asyncio.to_thread(self.anvil.start)
        await self.fund()

    async def fund(self) -> None:
        """Fees are to be no question of funds."""
        admin = Account.from_key(f"0x{self.environment['TRAILSEAL_ADMIN_KEY']}")
        accounts = [*(account.address for account in self.relays.values()), admin.address]
        await self.node.batch([("anvil_setBalance", [address, FUNDS]) for address in accounts])

    async def mend(self) -> None:
        """Ends all disturbance: everything runs, and every way is open."""
        for way in (self.api_database, self.work_database, self.chain):
            way.closed, way.delay_seconds, way.cut_after = False, 0.0, None
        if not self.postgres.running:
            await asyncio.to_thread(self.postgres.start)
        if not self.anvil.running:
            await self.start_chain()
        for name in PROCESSES:
            await self.start(name)

    async def close(self) -> None:
        """Stops everything."""
        for child in self.children.values():
            if child.code is None:
                psutil.Process(child.pid).resume()
        await asyncio.gather(
            *(asyncio.to_thread(child.end, signal.SIGTERM, 20) for child in self.children.values()),
            return_exceptions=True,
        )
        for way in (self.api_database, self.work_database, self.chain):
            await way.stop()
        await self.node.close()
        await self.database.close()
        await asyncio.to_thread(self.anvil.stop)
        await asyncio.to_thread(self.postgres.stop)

    def _words(self, name: str) -> list[str]:
        if name in APIS:
            return ["serve", "--port", self.urls[name].rpartition(":")[2]]
        roles = {"relay": ["relay"], "watch": ["watch"], "rest": ["index", "deliver"]}
        return ["work", *roles[name.partition("-")[0]]]

    def _environment_of(self, name: str) -> dict[str, str]:
        way = self.folder / ("api" if name in APIS else "work")
        given = {**self.environment, "TRAILSEAL_DATABASE_URL": _through(self.settings.database_url, way)}
        if name != RELAYS[0]:
            del given["TRAILSEAL_ADMIN_KEY"]
        if name in self.relay_keys:
            given["TRAILSEAL_RELAY_KEY"] = self.relay_keys[name]
        return given


def _through(url: str, folder: Path) -> str:
    return f"{url.partition('?')[0]}?host={folder}&port=5432"


async def until(found: Callable[[], bool], what: str, seconds: float = 300) -> None:
    """Waits until it is so; TimeoutError names it."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(found):
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        await asyncio.sleep(0.1)


async def staged(folder: Path) -> Stage:
    """Starts everything and founds a consortium of suppliers whose keys the service keeps."""
    postgres = Postgres(folder / "pg")  # with fsync and all, as in production
    anvil = Anvil(folder / "anvil", block_time=BLOCK_SECONDS, state_interval=3)
    database_url, rpc_url = await asyncio.to_thread(postgres.start), await asyncio.to_thread(anvil.start)
    chain_port = free_port()
    chain = Proxy(chain_port, int(rpc_url.rpartition(":")[2]))
    there = Path(database_url.partition("host=")[2].partition("&")[0]) / ".s.PGSQL.5432"
    api_database, work_database = (Proxy(folder / name / ".s.PGSQL.5432", there) for name in ("api", "work"))
    for way in (chain, api_database, work_database):
        await way.start()
    names = ("CONSORTIUM_SECRET", "KEY_ENCRYPTION_KEY", "ADMIN_KEY")
    environment = {f"TRAILSEAL_{name}": secrets.token_hex(32) for name in names}
    environment |= {"TRAILSEAL_DATABASE_URL": database_url, "TRAILSEAL_RPC_URL": f"http://127.0.0.1:{chain_port}"}
    environment |= {"TRAILSEAL_REQUESTS_PER_MINUTE": "1000000"}
    settings = Settings.from_environment(environment)
    urls = {name: f"http://127.0.0.1:{free_port()}" for name in APIS}
    relay_keys = {name: secrets.token_hex(32) for name in RELAYS}
    stage = Stage(
        folder=folder,
        environment=environment,
        settings=settings,
        postgres=postgres,
        anvil=anvil,
        api_database=api_database,
        work_database=work_database,
        chain=chain,
        urls=urls,
        relay_keys=relay_keys,
        node=Node(rpc_url),
        database=Database(database_url, 3),
    )
    try:
        await stage.fund()
        await _founded(stage)
    except BaseException:
        await stage.close()
        raise
    return stage


async def _founded(stage: Stage) -> None:
    await migrate(stage.settings.database_url)
    keys, credentials = SigningKeys(stage.database, stage.settings), Credentials(stage.database)
    for identifier in SUPPLIERS:
        async with stage.database.session() as session:
            party = await add(session, identifier, identifier, ["supplier"])
        scopes = frozenset({str(scope) for scope in Scope})
        await keys.create(Caller(party_of(identifier), identifier, identifier, party.roles, scopes, "bench"))
        _, stage.tokens[identifier] = await credentials.issue(
            party_of(identifier), ["captures:write", "captures:read"], "bench"
        )
    for name in PROCESSES:
        await stage.start(name)
    for url in stage.urls.values():
        await until(lambda url=url: _answers(url), f"{url} does not answer")  # type: ignore[misc]
    deadline = time.monotonic() + 300
    while stage.deployed is None and time.monotonic() < deadline:
        async with stage.database.session() as session:
            stage.deployed = await deployed(session)
        await asyncio.sleep(0.1)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/livez", timeout=5, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
