"""A folder belongs to one process at a time."""

import fcntl
import os
from pathlib import Path
from typing import IO

from service.devstack.child import DevstackError


class Claim:
    """An exclusive lock on `folder`, given back by `release` or by the end of this process.

    The file names the holder's process id for whoever finds the folder taken.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "claim"
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Lock the folder; nothing if we hold it already. DevstackError when another process does."""
        if self._file is not None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = self._path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise DevstackError(
                f"{self._path.parent} is in use by process {holder}: stop that one first, or choose another folder"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Unlock the folder."""
        if self._file is not None:
            self._file.close()
            self._file = None
