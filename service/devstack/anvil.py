"""Anvil, Foundry's development chain, run from the platform binary of its npm package.

The package's own command is a Node program that starts the binary and does not hand SIGTERM on; the binary is started
directly. It runs at its default, newest hardfork and without EIP-7825's cap of 2^24 gas per transaction unless asked;
our relay stays below that cap, so that the same transactions fit a chain that has it.
"""

import os
import platform
import shutil
import signal
import socket
import time
from pathlib import Path

import httpx
import orjson

from service.devstack.child import Child, DevstackError
from service.devstack.claim import Claim

CHECKOUT = Path(__file__).resolve().parents[2]
CHAIN_ID = 31337
BLOCK_GAS = 2_000_000_000
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
SETTLED_SECONDS = 0.25


def binary() -> Path:
    """Anvil's executable: `$TRAILSEAL_ANVIL`, else the npm package's, else the one on the path."""
    if named := os.environ.get("TRAILSEAL_ANVIL"):
        return Path(named)
    kind = f"{platform.system().lower()}-{ARCHITECTURES.get(platform.machine().lower(), platform.machine())}"
    packaged = CHECKOUT / "contracts" / "node_modules" / "@foundry-rs" / f"anvil-{kind}" / "bin" / "anvil"
    if packaged.exists():
        return packaged
    if installed := shutil.which("anvil"):
        return Path(installed)
    raise DevstackError(f"Anvil is not installed: run `make setup`, which puts it at {packaged}")


def free_port(wanted: int = 0) -> int:
    """A loopback TCP port that nothing listens on at this moment: the one wanted, any for 0. DevstackError if taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise DevstackError(f"port {wanted} is in use: stop what listens there, or choose another port") from None
        return int(probe.getsockname()[1])


class Anvil:
    """A chain whose state and log are in `folder`, on loopback `port` (0: a free one, kept for the object's life).

    A block comes every `block_time` seconds (fractions too: several blocks then share one timestamp), for None only
    when it is asked for (`evm_mine`). The state is written every `state_interval` whole seconds and at `stop`; after
    `kill` the chain goes on from the last writing, so up to that many seconds of blocks are gone, as in a
    reorganisation. `history=False` keeps the state of the last block only: storage proofs of older blocks are then
    refused, but memory no longer grows by some 110 bytes per occupied storage slot and block (for up to 1500 blocks).
    `transaction_gas_cap` turns EIP-7825 on.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        block_time: float | None = 1.0,
        state_interval: int = 2,
        block_gas: int = BLOCK_GAS,
        accounts: int = 10,
        history: bool = True,
        transaction_gas_cap: bool = False,
    ) -> None:
        self.folder = folder.resolve()
        self._port = port
        self._flags = ["--no-mining"] if block_time is None else ["--block-time", f"{block_time:g}"]
        self._flags += ["--state-interval", str(state_interval)]
        self._flags += ["--gas-limit", str(block_gas), "--accounts", str(accounts)]
        self._flags += [] if history else ["--prune-history"]
        self._flags += ["--enable-tx-gas-limit"] if transaction_gas_cap else []
        self._state = self.folder / "state.json"
        self._kept = self.folder / "state.kept.json"
        self._older = self.folder / "state.older.json"
        self._kept_version: tuple[int, int] | None = None
        self._claim = Claim(self.folder)
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """Anvil's process id."""
        assert self._child is not None, "not started"
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the chain runs."""
        return self._child is not None and self._child.code is None

    @property
    def url(self) -> str:
        """The JSON-RPC endpoint."""
        assert self._port, "not started"
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> str:
        """Start the chain where its last written state left it; the JSON-RPC URL. Raises DevstackError."""
        if self.running:
            return self.url
        self._claim.take()
        try:
            self._restore()
            self._launch()
        except BaseException:
            self.stop()
            raise
        return self.url

    def stop(self, patience: float = 60) -> None:
        """Write the state and end; nothing if it does not run."""
        if self._child is not None:
            self._child.end(signal.SIGTERM, patience)
            self._child = None
        self._claim.release()

    def kill(self) -> None:
        """`kill -9`: what a crash leaves behind. The folder stays ours, and the port."""
        if self._child is not None:
            self._child.end(signal.SIGKILL, 10)
            self._child = None

    def _launch(self) -> None:
        chosen = self._port
        for attempt in range(5):  # a free port may be taken between our look and Anvil's
            self._port = free_port(chosen)
            try:
                self._attempt()
            except DevstackError as refused:
                if chosen or attempt == 4 or "in use" not in str(refused):
                    raise
            else:
                return

    def _attempt(self) -> None:
        flags = ["--host", "127.0.0.1", "--port", str(self._port), "--chain-id", str(CHAIN_ID), "--silent"]
        # No fees, as on a permissioned chain: a base fee of zero stays zero, and accounts need no funds.
        flags += ["--gas-price", "0", "--block-base-fee-per-gas", "0", "--disable-min-priority-fee"]
        flags += ["--no-request-size-limit", "--state", str(self._state), "--cache-path", str(self.folder / "cache")]
        log = self.folder / "anvil.log"
        self._child = child = Child([binary(), *flags, *self._flags], log, watch=self._keep)
        child.until(self._answers, f"Anvil on port {self._port}", 60)

    def _answers(self) -> bool:
        question = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
        try:
            answer = httpx.post(self.url, json=question, timeout=5, trust_env=False)
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.json().get("result") == hex(CHAIN_ID)

    def _keep(self) -> None:
        """Copy the state aside once it is whole: Anvil overwrites it in place, so a crash may leave half of it."""
        try:
            before = self._state.stat()
        except FileNotFoundError:
            return
        version = (before.st_mtime_ns, before.st_size)
        if version == self._kept_version or time.time() - before.st_mtime < SETTLED_SECONDS or not before.st_size:
            return
        copy = self._kept.with_suffix(".new")
        shutil.copyfile(self._state, copy)
        after = self._state.stat()
        if (after.st_mtime_ns, after.st_size) == version:
            if self._kept.exists():
                self._kept.replace(self._older)
            copy.replace(self._kept)
            self._kept_version = version

    def _restore(self) -> None:
        """Leave a whole state, the newest there is, or none, where Anvil will look for it."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        if not self._state.exists() or _whole(self._state):
            return
        for copy in (self._kept, self._older):
            if copy.exists() and _whole(copy):
                shutil.copyfile(copy, self._state)
                return
        raise DevstackError(f"{self._state} is damaged and has no whole copy: remove it to begin a new chain")


def _whole(path: Path) -> bool:
    """Whether the file is a state that the chain was in.

    Anvil reads its blocks before it reads the accounts, and may mine in between; an account then has sent more than the
    blocks say. On such a state transactions count as mined that no block has.
    """
    try:
        state = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        return False
    sent: dict[str, int] = {}
    for transaction in state["transactions"]:
        if transaction["block_number"] > state["best_block_number"]:
            continue
        sender, nonce = transaction["info"]["from"], transaction["info"]["nonce"]
        sent[sender] = max(sent.get(sender, 0), nonce + 1)
    return all(account["nonce"] <= sent.get(address, 0) for address, account in state["accounts"].items()
               if account["code"] == "0x")  # fmt: skip
