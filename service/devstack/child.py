"""One process that belongs to this one: started with a log, stopped by its id, and never outliving us."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from service.errors import TrailsealError

LAUNCHER = Path(__file__).with_name("launch.py")


class DevstackError(TrailsealError):
    """A part of the local stack did not start, or is in use; the message ends with its log's last lines."""

    slug: ClassVar[str] = "devstack"
    title: ClassVar[str] = "The local stack did not start"
    status: ClassVar[int] = 503


class Child:
    """A running program whose output goes to `log` (appended).

    `dies_with` is the signal that the kernel sends it when we end, however we end. The kernel means the thread that
    forked it, so a thread of its own starts the child and lives as long as it does; `watch` is called there about
    once a second. `user` is who to run as when we are root; `environment` is added to ours.
    """

    def __init__(
        self,
        program: Sequence[str | Path],
        log: Path,
        *,
        dies_with: signal.Signals = signal.SIGTERM,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        watch: Callable[[], None] = lambda: None,
    ) -> None:
        self.log = log
        self._watch = watch
        self._environment = {**os.environ, **(environment or {})}
        self._begin = log.stat().st_size if log.exists() else 0
        words = [str(os.getpid()), str(int(dies_with)), user or "-", *map(str, program)]
        self._argv = [sys.executable, "-I", "-S", str(LAUNCHER), *words]
        self._started = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._live, name=f"child {Path(program[0]).name}", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._process is None:
            raise DevstackError(f"{program[0]} could not be started: check {log.parent} and that Python can fork")

    def _live(self) -> None:
        try:
            with self.log.open("ab") as output:
                self._process = subprocess.Popen(
                    self._argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", env=self._environment
                )
        finally:
            self._started.set()
        while True:
            try:
                self._process.wait(1.0)
            except subprocess.TimeoutExpired:
                self._watch()
            else:
                return

    @property
    def _popen(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._popen.pid

    @property
    def code(self) -> int | None:
        """The exit status (negative: the signal that ended it), None while it runs."""
        return self._popen.poll()

    def tail(self, lines: int = 15) -> str:
        """The last lines of what this run wrote to its log."""
        with self.log.open("rb") as output:
            output.seek(self._begin)
            return "\n".join(output.read().decode("utf-8", "replace").splitlines()[-lines:])

    def end(self, by: signal.Signals, patience: float) -> int:
        """Send `by`, wait `patience` seconds, then SIGKILL; the exit status."""
        if self.code is None:
            self._popen.send_signal(by)
        try:
            code = self._popen.wait(patience)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            code = self._popen.wait()
        self._thread.join()
        return code

    def until(self, ready: Callable[[], bool], what: str, patience: float) -> None:
        """Wait until `ready()`; DevstackError when the program ends or `patience` seconds pass before that."""
        deadline = time.monotonic() + patience
        while not ready():
            if self.code is not None:
                raise DevstackError(f"{what} ended with status {self.code} before it was ready:\n{self.tail()}")
            if time.monotonic() > deadline:
                self.end(signal.SIGKILL, 5)
                raise DevstackError(f"{what} was not ready after {patience:.0f} s; {self.log} says:\n{self.tail()}")
            time.sleep(0.01)
