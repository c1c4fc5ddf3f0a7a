"""A chain whose blocks are made from here, so that nothing mines while it is taken back.

Anvil that mines by itself does not stop for `evm_revert`, `anvil_rollback` or `anvil_reorg`: a block that it is just
making is put on top of what is gone by then. The chain has a hole under it ever after, at which every follower rightly
waits. On a busy machine this happens once in some hundred times, with full blocks nearly always.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from service.devstack import Anvil


class Miner:
    """Makes a block of `anvil`, which makes none itself, every `seconds` from `start` to `stop`.

    While Anvil does not run, none comes. `paused` is for who takes the chain back, or notes where it stands.
    """

    def __init__(self, anvil: Anvil, seconds: float = 0.2) -> None:
        self.anvil, self._seconds = anvil, seconds
        # A connection for each call, for the chain may be killed between two.
        self._client = httpx.Client(timeout=60, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._between = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="miner", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends it for good, between two blocks; nothing if it has ended."""
        self._ended.set()
        self._thread.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Between two blocks; the next comes afterwards, but for those that are asked for here."""
        with self._between:
            yield

    def call(self, method: str, *params: object) -> Any:
        """What the chain answers; AssertionError where that is an error."""
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = self._client.post(self.anvil.url, json=question).json()
        assert "error" not in answer, answer
        return answer["result"]

    def _work(self) -> None:
        while not self._ended.wait(self._seconds):
            with self._between:
                try:
                    self.call("evm_mine")
                except httpx.TransportError:  # it was stopped, or killed
                    continue


@contextmanager
def mined(folder: Path, **options: Any) -> Iterator[Miner]:
    """A chain in this folder with five blocks a second; `options` are Anvil's."""
    miner = Miner(Anvil(folder, block_time=None, **options))
    miner.anvil.start()
    miner.start()
    try:
        yield miner
    finally:
        miner.stop()
        miner.anvil.stop()
