"""The service as it runs in production: its own processes, which tests kill with `kill -9`."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import httpx

CHECKOUT = Path(__file__).resolve().parents[2]


class Command:
    """One `trailseal` command, started again as often as it is killed; its log is kept across all its lives."""

    def __init__(self, words: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._words, self._log = words, log
        self._environment = {**os.environ, **environment, "PYTHONPATH": str(CHECKOUT)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "service.cli", *self._words],
                env=self._environment,
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                cwd=self._log.parent,
            )

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        assert self._process.poll() is None, f"it ended by itself:\n{self.tail()}"
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-lines:])


class Api(Command):
    """`trailseal serve` on a port of its own."""

    def __init__(self, port: int, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(["serve", "--port", str(port)], environment, log)
        self.url = f"http://127.0.0.1:{port}"

    def wait(self, seconds: float = 240) -> None:
        """Until it answers. A start takes ten seconds of a processor, of which busy machines give it little."""
        until, told = time.monotonic() + seconds, ""
        while time.monotonic() < until:
            assert self.running, f"the API ended:\n{self.tail()}"
            try:
                answer = httpx.get(f"{self.url}/livez", timeout=20, trust_env=False)
            except httpx.TransportError as fault:
                told = repr(fault)
            else:
                if answer.status_code == 200:
                    return
                told = f"{answer.status_code} {answer.text[:200]}"
            time.sleep(0.1)
        raise TimeoutError(f"the API does not answer (at last: {told}):\n{self.tail()}")
