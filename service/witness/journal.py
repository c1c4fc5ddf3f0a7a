"""What a witness has signed, kept so that no crash makes it sign two different checkpoints for one block number.

The folder holds

- `checkpoints.jsonl`: the signed checkpoints, to be collected by anybody; only ever appended to;
- `intent.jsonl`: what is being signed. It is on disk before the first signature exists, so whatever a crash leaves of a
  batch is completed at the next start with the same content, and RFC 6979 makes the same signature of it;
- `alarms.jsonl`: alarms and their acknowledgements (`service.witness.alarms`);
- `lock`: one process at a time.
"""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from service.sealing.checkpoint import NONE_BEFORE, BadCheckpoint, Checkpoint, SignedCheckpoint, read_line
from service.sealing.signing import address_of
from service.witness.errors import FolderRefused
from service.witness.lines import Lines


class Seen(NamedTuple):
    """A block as the node showed it: what of it a checkpoint says."""

    number: int
    hash: bytes
    state_root: bytes
    time: int


class Journal:
    """The folder of one witness with one key on one chain; `close` when done.

    Raises:
        FolderRefused: in use, damaged, or of another key.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        self.folder, self._key, self.witness = folder, key, address_of(key)
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = lock(folder / "lock", f"{folder} is in use by another witness: stop that one first")
        try:
            self._lines = Lines(folder / "checkpoints.jsonl")
            self._recover()
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def last(self) -> SignedCheckpoint | None:
        """The newest checkpoint."""
        return self.before(2**63)

    def before(self, number: int) -> SignedCheckpoint | None:
        """The newest checkpoint of a block whose number is not above `number`."""
        line = self._lines.before(number)
        return read_line(line) if line else None

    def after(self, number: int, most: int) -> bytes:
        """Up to `most` lines of checkpoints of blocks above `number`: JSON Lines, all of them on disk."""
        return self._lines.after(number, most)

    def sign(self, chain_id: int, blocks: Sequence[Seen]) -> None:
        """Signs the blocks, in ascending order of numbers above the last; returns once that is on disk and published.

        Raises:
            ValueError: the numbers do not ascend, or the chain is another than that of the last checkpoint.
        """
        self._complete(self._intended())  # what an error of the disk may have left
        last = self.last
        previous, number = (last.checkpoint.id, last.checkpoint.number) if last else (NONE_BEFORE, -1)
        if last and last.checkpoint.chain_id != chain_id:
            raise ValueError(f"the checkpoints are of chain {last.checkpoint.chain_id}, not {chain_id}")
        intended: list[Checkpoint] = []
        for block in blocks:
            if block.number <= number:
                raise ValueError(f"block {block.number} does not come after {number}, which is signed already")
            intended.append(Checkpoint(chain_id, block.number, block.hash, block.state_root, block.time, previous))
            previous, number = intended[-1].id, block.number
        self._intend(intended)
        self._complete(intended)

    def close(self) -> None:
        """Gives the folder back."""
        self._lines.close()
        os.close(self._lock)

    def _recover(self) -> None:
        tail = self._lines.tail()
        if tail:
            self._lines.cut(self._lines.size - len(tail))
        try:
            last = self.last
        except (BadCheckpoint, ValueError, KeyError) as fault:
            raise FolderRefused(f"{self.folder / 'checkpoints.jsonl'} is damaged at its end: {fault}") from fault
        if last and last.witness != self.witness:
            raise FolderRefused(
                f"{self.folder} holds checkpoints of 0x{last.witness.hex()}, the key is that of 0x{self.witness.hex()}:"
                " a new key needs a new folder"
            )
        self._complete(self._intended())

    def _complete(self, intended: Sequence[Checkpoint]) -> None:
        """Signs and publishes those of the intended checkpoints that are not published yet."""
        last = self.last
        left = [one for one in intended if last is None or one.number > last.checkpoint.number]
        if left:
            if left[0].previous != (last.checkpoint.id if last else NONE_BEFORE):
                raise FolderRefused(f"{self.folder} was changed: what is to be signed does not follow what is signed")
            self._lines.append(b"".join(one.signed(self._key).line() for one in left))

    def _intend(self, checkpoints: Sequence[Checkpoint]) -> None:
        rows = [[one.chain_id, one.number, one.block_hash.hex(), one.state_root.hex(), one.time, one.previous.hex()]
                for one in checkpoints]  # fmt: skip
        write_durably(self.folder / "intent.jsonl", b"".join(orjson.dumps(row) + b"\n" for row in rows))

    def _intended(self) -> list[Checkpoint]:
        path = self.folder / "intent.jsonl"
        try:
            return [_row(orjson.loads(line)) for line in path.read_bytes().splitlines()] if path.exists() else []
        except (ValueError, TypeError) as fault:
            raise FolderRefused(f"{path} is damaged: {fault}") from fault


def _row(row: Any) -> Checkpoint:
    chain, number, name, root, time, previous = row
    if not type(chain) is type(number) is type(time) is int:
        raise TypeError("chain, number and time are integers")
    return Checkpoint(chain, number, bytes.fromhex(name), bytes.fromhex(root), time, bytes.fromhex(previous))


def lock(path: Path, refusal: str) -> int:
    """A handle on the file that holds an exclusive lock on it; raises FolderRefused where another process has it."""
    handle = os.open(path, os.O_RDONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise FolderRefused(refusal) from None
    return handle


def write_durably(path: Path, content: bytes) -> None:
    """Replaces the file's content at once, and returns when that is on disk."""
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Returns when the names of the folder's files are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
