"""PostgreSQL as a child: what it keeps when it is killed, and that nothing of it stays behind."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from service.devstack import DevstackError, Postgres

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Postgres]:
    postgres = Postgres(tmp_path / "postgres", settings={"shared_buffers": "32MB"})
    postgres.start()
    yield postgres
    postgres.stop()


def living_in(folder: Path) -> list[int]:
    """Processes whose command line or working directory names the folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = [*(process.info["cmdline"] or []), process.info["cwd"] or ""]
        if any(str(folder) in word for word in words):
            found.append(process.pid)
    return found


def gone(folder: Path, patience: float = 15) -> bool:
    deadline = time.monotonic() + patience
    while living_in(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


async def test_committed_rows_survive_kill_9_and_a_stale_pid_file(server: Postgres) -> None:
    connection = await asyncpg.connect(server.url())
    await connection.execute("CREATE TABLE capture (id int PRIMARY KEY)")
    for number in range(50):
        await connection.execute("INSERT INTO capture VALUES ($1)", number)
    open_transaction = connection.transaction()
    await open_transaction.start()
    await connection.execute("INSERT INTO capture VALUES (999)")

    await asyncio.to_thread(server.kill)
    assert not server.running
    stale = server.folder / "cluster" / "postmaster.pid"
    lines = stale.read_text().splitlines()
    stale.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")  # a number that is somebody else's by now
    url = await asyncio.to_thread(server.start)

    connection = await asyncpg.connect(url)
    assert [row["id"] for row in await connection.fetch("SELECT id FROM capture ORDER BY id")] == list(range(50))
    await connection.close()


async def test_the_durability_that_accepted_captures_rely_on_is_on(server: Postgres) -> None:
    connection = await asyncpg.connect(server.url())
    shown = {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
    listening = await connection.fetchval("SHOW listen_addresses")
    await connection.close()
    assert shown == {"fsync": "on", "synchronous_commit": "on"}
    assert listening == ""


def test_stop_leaves_no_process_and_keeps_the_rows(server: Postgres) -> None:
    server.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert living_in(server.folder)
    server.stop()
    assert living_in(server.folder) == []
    server.start()
    assert server.execute("SELECT answer FROM kept") == "42"


def test_a_folder_in_use_is_refused_with_the_holder_named(server: Postgres) -> None:
    with pytest.raises(DevstackError, match=rf"in use by process {os.getpid()}"):
        Postgres(server.folder).start()
    assert server.execute("SELECT 1") == "1"


def test_a_cluster_of_another_version_is_refused(server: Postgres) -> None:
    server.stop()
    (server.folder / "cluster" / "PG_VERSION").write_text("16\n")
    with pytest.raises(DevstackError, match="PostgreSQL 16"):
        server.start()
    (server.folder / "cluster" / "PG_VERSION").write_text("18\n")


def test_a_setting_that_postgresql_refuses_is_reported_from_its_log(tmp_path: Path) -> None:
    with pytest.raises(DevstackError, match="shared_bufers"):
        Postgres(tmp_path / "postgres", settings={"shared_bufers": "1MB"}).start()
    assert living_in(tmp_path) == []


def test_a_path_too_long_for_a_socket_still_works(tmp_path: Path) -> None:
    server = Postgres(tmp_path / ("long" * 25) / "postgres", settings={"shared_buffers": "32MB", "fsync": "off"})
    server.start()
    assert server.execute("SELECT 'here'") == "here"
    server.stop()


@pytest.mark.parametrize("ending", ["sys.exit(0)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_the_server_ends_with_the_process_that_started_it(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "postgres"
    program = f"""
        import os, signal, sys
        from pathlib import Path
        from service.devstack import Postgres
        server = Postgres(Path({str(folder)!r}), settings={{"shared_buffers": "32MB"}})
        server.start()
        server.execute("CREATE TABLE kept AS SELECT 7 AS answer")
        {ending}
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=CHECKOUT, check=False)
    assert done.returncode in (0, -signal.SIGKILL)
    assert gone(folder)
    again = Postgres(folder, settings={"shared_buffers": "32MB"})
    again.start()
    assert again.execute("SELECT answer FROM kept") == "7"
    again.stop()
