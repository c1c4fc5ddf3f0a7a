"""The file of published checkpoints: lines in the order of block numbers, found by number without reading all."""

import os
from pathlib import Path

import orjson

_LINE = 1024  # longer than any checkpoint


class Lines:
    """A file that is only ever appended to; `close` when done."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        os.fsync(self._handle)  # a crash may have left lines that others read and the disk does not have yet
        self.size = os.fstat(self._handle).st_size
        """How many bytes may be read: those that are surely on disk."""

    def append(self, lines: bytes) -> None:
        """Appends, and returns once it is on disk."""
        written = self.size
        while written < self.size + len(lines):
            written += os.pwrite(self._handle, lines[written - self.size :], written)
        os.fsync(self._handle)
        self.size = written

    def cut(self, size: int) -> None:
        """Forgets what follows the first `size` bytes."""
        os.ftruncate(self._handle, size)
        os.fsync(self._handle)
        self.size = size

    def tail(self) -> bytes:
        """What follows the last newline: the beginning of a line whose writing was cut off."""
        last = os.pread(self._handle, 2 * _LINE, max(0, self.size - 2 * _LINE))
        return last[last.rfind(b"\n") + 1 :]

    def before(self, number: int) -> bytes | None:
        """The last line whose block number is not above `number`."""
        end = self._end_of(number)
        return self._line(self._begin(end - 1)) if end else None

    def after(self, number: int, most: int) -> bytes:
        """Up to `most` lines whose block numbers are above `number`."""
        start = self._end_of(number)
        found = os.pread(self._handle, min(self.size - start, most * _LINE), start)
        lines = found.splitlines(keepends=True)[:most]
        return b"".join(line for line in lines if line.endswith(b"\n"))

    def close(self) -> None:
        """Closes the file."""
        os.close(self._handle)

    def _end_of(self, number: int) -> int:
        """Where the lines end whose block numbers are not above `number`."""
        low, high = 0, self.size
        while low < high:
            start = self._begin((low + high) // 2)
            line = self._line(start)
            if orjson.loads(line)["number"] > number:
                high = start
            else:
                low = start + len(line)
        return low

    def _begin(self, place: int) -> int:
        """Where the line begins that has the byte at `place`."""
        back = max(0, place - _LINE)
        return back + os.pread(self._handle, place - back, back).rfind(b"\n") + 1

    def _line(self, start: int) -> bytes:
        found = os.pread(self._handle, min(_LINE, self.size - start), start)
        return found[: found.index(b"\n") + 1]
