"""Backups, logs and the disk hold nothing of what was erased, once what docs/erasure.md says is done."""

import io
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import structlog

from service.capture import Captures
from service.config import Settings
from service.devstack import Postgres
from service.devstack.postgres import binaries
from service.erasure.again import Replayed, listed, replay
from service.erasure.erasures import Erasures
from service.erasure.errors import BadErasureList
from service.logs import configure_logs
from service.parties.caller import Caller
from service.parties.signing_keys import SigningKeys
from service.store.chain import Deployed, save_deployment
from service.store.database import Database
from service.store.migrate import migrate
from service.store.scrub import scrub
from tests.conftest import NewDatabase
from tests.ledger.world import ACME, document, item, join, seen

CANARY = b"Wilhelmina-Canary-7731"
REASON = "request of the data subject"


def telling(serial: str) -> dict[str, Any]:
    place = {"id": f"https://example.org/homes/{CANARY.decode()}"}
    context = {"@context": [{"ex": "https://example.org/ns/"}]}
    said = {"ex:inspector": CANARY.decode(), "ex:notes": CANARY.decode() * 200, "readPoint": place}
    return seen(item(), eventID=f"urn:uuid:{serial}", **said) | context


@dataclass
class Desk:
    """A party that captures and erases, on a database without a chain."""

    settings: Settings
    database: Database
    acme: Caller

    @property
    def erasures(self) -> Erasures:
        return Erasures(self.database, self.settings)

    async def capture(self) -> str:
        serial = str(uuid4())
        await Captures(self.database, self.settings).accept(self.acme, document(telling(serial), seen()))
        return f"urn:uuid:{serial}"


def settings_of(url: str) -> Settings:
    secret, key = secrets.token_hex(32), secrets.token_hex(32)
    return Settings.from_environment(
        {
            "TRAILSEAL_DATABASE_URL": url,
            "TRAILSEAL_CONSORTIUM_SECRET": secret,
            "TRAILSEAL_KEY_ENCRYPTION_KEY": key,
        }
    )


async def desk_on(url: str) -> Desk:
    settings, database = settings_of(url), Database(url, 3)
    acme = await join(database, SigningKeys(database, settings), ACME)
    async with database.session() as session:
        await save_deployment(session, Deployed(b"\x51" * 20, b"\x52" * 20, 31337, 0))
    return Desk(settings, database, acme)


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    made = await desk_on(database_url)
    yield made
    await made.database.close()


def dumped(url: str, *options: str) -> bytes:
    done = subprocess.run([str(binaries() / "pg_dump"), *options, url], capture_output=True, check=True, cwd="/")
    return done.stdout


def restored(url: str, dump: bytes) -> None:
    subprocess.run([str(binaries() / "psql"), "--quiet", url], input=dump, capture_output=True, check=True, cwd="/")


async def test_a_restored_backup_is_erased_again(desk: Desk, new_database: NewDatabase) -> None:
    before, kept = await desk.capture(), await desk.capture()
    backup = dumped(desk.settings.database_url)
    assert CANARY in backup or CANARY.hex().encode() in backup
    await desk.erasures.erase(desk.acme, before, REASON)
    later = await desk.capture()
    await desk.erasures.erase(desk.acme, later, REASON)
    await desk.erasures.erase(desk.acme, kept, REASON)
    lines = [line async for line in listed(desk.database)]
    assert len(lines) == 3
    after = dumped(desk.settings.database_url)
    assert CANARY not in after
    assert CANARY.hex().encode() not in after

    url = new_database(None)
    restored(url, backup)
    old = Database(url, 2)
    try:
        # Stopped after the first line, and begun again: the rest is done, and nothing twice.
        assert await replay(old, lines[:1]) == Replayed(again=1)
        assert await replay(old, lines) == Replayed(again=1, before=1, absent=1)
        mended = dumped(url)
        assert CANARY not in mended
        assert CANARY.hex().encode() not in mended
        assert [line async for line in listed(old)] == [lines[0], lines[2]]
    finally:
        await old.close()


async def test_the_log_holds_no_payload_and_serves_as_the_list(desk: Desk, new_database: NewDatabase) -> None:
    stream = io.StringIO()
    configure_logs(stream)
    try:
        event = await desk.capture()
        backup = dumped(desk.settings.database_url)
        await desk.erasures.erase(desk.acme, event, f"asked for by {CANARY.decode()}")
    finally:
        structlog.reset_defaults()
    logged = stream.getvalue()
    assert CANARY.decode() not in logged
    url = new_database(None)
    restored(url, backup)
    old = Database(url, 2)
    try:
        done = await replay(old, [orjson.dumps({"event": "request", "status": 200}), *logged.encode().splitlines()])
        assert done == Replayed(again=1)
        assert CANARY not in dumped(url)
        with pytest.raises(BadErasureList, match="line 2"):
            await replay(old, [b"", b'{"erasure": "x"}'])
    finally:
        await old.close()


async def test_the_disk_holds_nothing_after_scrubbing(tmp_path: Path) -> None:
    """Dead rows, TOAST, statistics and the write-ahead log included."""
    folder = tmp_path / "own"
    server = Postgres(folder, settings={"fsync": "off", "shared_buffers": "16MB", "wal_recycle": "off"})
    server.start()
    try:
        await migrate(server.url())
        desk = await desk_on(server.url())
        events = [await desk.capture() for _ in range(3)]
        server.execute("CHECKPOINT")
        assert holding(folder), "else the test would prove nothing"
        for event in events:
            await desk.erasures.erase(desk.acme, event, REASON)
        await scrub(server.url())
        await desk.database.close()
        assert holding(folder) == []
    finally:
        server.stop()
        shutil.rmtree(folder)


def holding(folder: Path) -> list[str]:
    found = [path for path in folder.rglob("*") if path.is_file() and CANARY in path.read_bytes()]
    return [str(path.relative_to(folder)) for path in found]
