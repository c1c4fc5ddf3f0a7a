"""Alarms: what a witness saw that contradicts what it signed, with the evidence; never deleted.

`alarms.jsonl` has one JSON object in each line: an alarm, or the acknowledgement of the alarms before it. The file is
evidence for people. The key signs checkpoints and nothing else, so an acknowledgement does not take anything back: it
lets the witness look again, and go on where the node shows the chain that it vouched for.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from service.sealing.hashing import canonical_json
from service.witness.errors import Alarmed, FolderRefused
from service.witness.journal import sync_folder

FORMAT = "trailseal-alarm/1"


class Alarms:
    """The alarms in a witness's folder, which the caller has locked."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "alarms.jsonl"

    def read(self) -> bytes:
        """The file: JSON Lines."""
        return self._path.read_bytes() if self._path.exists() else b""

    def standing(self) -> dict[str, Any] | None:
        """The first alarm that nobody acknowledged. A line that cannot be read counts as one."""
        found: dict[str, Any] | None = None
        for line in self.read().splitlines():
            try:
                said = orjson.loads(line)
                kind = said["kind"]
            except (ValueError, KeyError, TypeError):
                said, kind = {"kind": "unreadable", "said": f"{self._path} has a line that cannot be read"}, ""
            found = None if kind == "acknowledgement" else found or said
        return found

    def check(self) -> None:
        """Raises Alarmed where an alarm stands."""
        if standing := self.standing():
            raise Alarmed(
                f"{standing['said']} The evidence is in {self._path}. Look at the node and ask other witnesses; then"
                " `trailseal witness acknowledge` lets this one look again"
            )

    def sound(self, kind: str, said: str, evidence: dict[str, Any], now: float) -> None:
        """Writes an alarm down, on disk before this returns."""
        self._append({"format": FORMAT, "kind": kind, "said": said, "time": _written(now), "evidence": evidence})

    def acknowledge(self, reason: str, now: float) -> int:
        """Says that an operator looked at every alarm so far, and why the witness may look again; how many there are.

        Raises:
            FolderRefused: no alarm stands.
        """
        if self.standing() is None:
            raise FolderRefused(f"no alarm stands in {self._path}: there is nothing to acknowledge")
        self._append({"format": FORMAT, "kind": "acknowledgement", "said": reason, "time": _written(now)})
        return sum(b'"kind":"acknowledgement"' not in line for line in self.read().splitlines())

    def _append(self, line: dict[str, Any]) -> None:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        with os.fdopen(handle, "ab") as file:
            begun = self.read()
            file.write((b"" if begun.endswith(b"\n") or not begun else b"\n") + canonical_json(line) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(self._path.parent)


def _written(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
