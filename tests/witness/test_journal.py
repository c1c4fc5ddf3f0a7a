"""What a witness has signed survives any crash, and no crash makes it sign two things for one number."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.sealing.checkpoints import SignedCheckpoint, find_contradictions, read
from service.sealing.hashing import keccak256
from service.witness.errors import FolderRefused
from service.witness.journal import Journal, Seen
from service.witness.lines import Lines

KEY = keccak256(b"a witness")
CHAIN = 31337


def block(number: int, view: bytes = b"") -> Seen:
    name = number.to_bytes(8, "big") + view
    return Seen(number, keccak256(b"h", name), keccak256(b"s", name), 1_780_000_000 + number)


def signed(folder: Path) -> list[SignedCheckpoint]:
    """What somebody who copies the file at this moment has; the beginning of a line is none yet."""
    path = folder / "checkpoints.jsonl"
    content = path.read_bytes() if path.exists() else b""
    return read(content[: content.rfind(b"\n") + 1])


def test_what_is_signed_is_found_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path, KEY)
    assert journal.last is None
    journal.sign(CHAIN, [block(0), block(10)])
    journal.sign(CHAIN, [block(30)])
    journal.close()
    again = Journal(tmp_path, KEY)
    assert [one.checkpoint.number for one in signed(tmp_path)] == [0, 10, 30]
    assert again.last == signed(tmp_path)[-1]
    assert again.before(29) == again.before(10) == signed(tmp_path)[1]
    assert again.before(-1) is None
    assert read(again.after(9, 1)) == signed(tmp_path)[1:2]
    assert again.after(30, 5) == b""
    again.close()


def test_a_number_is_signed_once_and_for_one_chain(tmp_path: Path) -> None:
    journal = Journal(tmp_path, KEY)
    journal.sign(CHAIN, [block(10)])
    for wrong in ([block(10)], [block(10, b"x")], [block(5)], [block(20), block(20)]):
        with pytest.raises(ValueError, match="signed already"):
            journal.sign(CHAIN, wrong)
    with pytest.raises(ValueError, match="chain"):
        journal.sign(5, [block(20)])
    assert len(signed(tmp_path)) == 1
    journal.close()


def test_a_folder_belongs_to_one_process_and_to_one_key(tmp_path: Path) -> None:
    journal = Journal(tmp_path, KEY)
    journal.sign(CHAIN, [block(10)])
    with pytest.raises(FolderRefused, match="in use"):
        Journal(tmp_path, KEY)
    journal.close()
    with pytest.raises(FolderRefused, match="a new key needs a new folder"):
        Journal(tmp_path, keccak256(b"another"))
    Journal(tmp_path, KEY).close()


def test_a_damaged_folder_is_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path, KEY)
    journal.sign(CHAIN, [block(10)])
    journal.close()
    path, intent = tmp_path / "checkpoints.jsonl", tmp_path / "intent.jsonl"
    whole, intended = path.read_bytes(), intent.read_bytes()
    for damaged in (b"\n", whole.replace(b'"number":10', b'"number":11'), whole + b"{}\n"):
        path.write_bytes(damaged)
        with pytest.raises(FolderRefused, match="damaged"):
            Journal(tmp_path, KEY)
    path.write_bytes(whole)
    for damaged in (b"[1]\n", b"x", intended.replace(b",10,", b',"10",')):
        intent.write_bytes(damaged)
        with pytest.raises(FolderRefused):
            Journal(tmp_path, KEY)
    intent.write_bytes(intended.replace(b",10,", b",20,"))
    with pytest.raises(FolderRefused, match="was changed"):
        Journal(tmp_path, KEY)


class Crash(BaseException):
    """What `kill -9` leaves behind, at this call of the system."""


CALLS = ("open", "pwrite", "fsync", "ftruncate")


def crashing(monkeypatch: pytest.MonkeyPatch, after: int, half: bool) -> None:
    """The process ends at the call with this number; a writing that it ends in is done to its half, or not."""
    left, ours = [after], threading.get_ident()

    def instead(call: Callable[..., Any], name: str) -> Callable[..., Any]:
        def told(*arguments: Any, **named: Any) -> Any:
            if threading.get_ident() != ours:  # other threads are other processes'
                return call(*arguments, **named)
            left[0] -= 1
            if left[0] == 0:
                if name == "pwrite" and half:
                    handle, content, place = arguments
                    call(handle, content[: len(content) // 2], place)
                raise Crash
            return call(*arguments, **named)

        return told

    for name in CALLS:
        monkeypatch.setattr(f"os.{name}", instead(getattr(os, name), name))
    monkeypatch.setattr("pathlib.Path.replace", instead(Path.replace, "replace"))


@pytest.mark.parametrize("half", [True, False])
@pytest.mark.parametrize("after", range(1, 12))
def test_a_crash_at_any_point_never_leads_to_two_checkpoints_for_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, half: bool
) -> None:
    """Killed in the midst of signing; then the chain is another one, and the witness knows nothing of that."""
    journal = Journal(tmp_path, KEY)
    journal.sign(CHAIN, [block(10)])
    seen: list[SignedCheckpoint] = []
    with monkeypatch.context() as during:
        crashing(during, after, half)
        try:
            journal.sign(CHAIN, [block(20), block(30), block(40)])
        except Crash:
            pass
        else:
            assert after > 7, "the test should crash earlier"
    seen += signed(tmp_path)
    journal.close()
    again = Journal(tmp_path, KEY)
    assert again.last is not None
    last = again.last.checkpoint.number
    again.sign(CHAIN, [block(number, b"other") for number in (20, 30, 40, 50, 60) if number > last])
    seen += signed(tmp_path)
    assert seen[-1].checkpoint.number == 60
    assert find_contradictions(seen) == []
    again.close()


def test_a_full_disk_is_not_a_way_to_sign_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process lives on where a writing fails; what it may have published already stays what it signs."""
    journal = Journal(tmp_path, KEY)
    whole = os.pwrite

    def full(handle: int, content: bytes, place: int) -> int:
        whole(handle, content[: len(content) - 5], place)
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as during:
        during.setattr("os.pwrite", full)
        with pytest.raises(OSError, match="no space"):
            journal.sign(CHAIN, [block(10), block(20)])
    seen = signed(tmp_path)
    assert [one.checkpoint.number for one in seen] == [10]
    with pytest.raises(ValueError, match="signed already"):
        journal.sign(CHAIN, [block(10, b"other")])
    journal.sign(CHAIN, [block(30, b"other")])
    assert [one.checkpoint.number for one in signed(tmp_path)] == [10, 20, 30]
    assert find_contradictions([*seen, *signed(tmp_path)]) == []
    journal.close()


@settings(max_examples=60)
@given(st.lists(st.integers(0, 500), unique=True, max_size=40), st.integers(-1, 510), st.integers(1, 10))
def test_lines_are_found_by_number(tmp_path_factory: pytest.TempPathFactory, numbers: list[int], asked: int,
                                   most: int) -> None:  # fmt: skip
    lines = Lines(tmp_path_factory.mktemp("lines") / "lines.jsonl")
    written = [b'{"number":%d,"padding":"%s"}\n' % (number, b"x" * (number % 7 * 90)) for number in sorted(numbers)]
    lines.append(b"".join(written))
    below = [line for number, line in zip(sorted(numbers), written, strict=True) if number <= asked]
    assert lines.before(asked) == (below[-1] if below else None)
    assert lines.after(asked, most) == b"".join(written[len(below) :][:most])
    lines.close()
