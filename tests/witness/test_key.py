"""Key files: nobody else's, nobody else may read them, and nothing is ever overwritten."""

import os
import stat
from pathlib import Path

import pytest

from service.sealing.signing import address_of
from service.witness.errors import KeyRefused
from service.witness.key import new_key, read_key


def test_a_new_key_is_private_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "key"
    former = os.umask(0)
    try:
        address = new_key(path)
    finally:
        os.umask(former)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert address_of(read_key(path)) == address
    with pytest.raises(KeyRefused, match="never overwritten"):
        new_key(path)
    with pytest.raises(KeyRefused, match="cannot be written"):
        new_key(tmp_path / "missing" / "key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o777])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    new_key(path)
    path.chmod(mode)
    with pytest.raises(KeyRefused, match="chmod 600"):
        read_key(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"ab" * 31, b"ab" * 33, b"zz" * 32, b"00" * 32, b"ff" * 32, b"0x", b"\xff" * 64, b"ab" * 1_000_000],
)
def test_what_is_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyRefused, match="32 bytes in hex"):
        read_key(path)


@pytest.mark.parametrize("content", [b"ab" * 32, b"0x" + b"ab" * 32 + b"\n"])
def test_hex_is_read_with_and_without_0x(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o400)
    assert read_key(path) == b"\xab" * 32


def test_links_folders_pipes_and_nothing_are_refused(tmp_path: Path) -> None:
    key = tmp_path / "key"
    new_key(key)
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(key)
    os.mkfifo(pipe, 0o600)
    for wrong in (link, tmp_path, pipe, tmp_path / "none"):
        with pytest.raises(KeyRefused):
            read_key(wrong)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_somebody_elses_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    new_key(path)
    os.chown(path, 12345, -1)
    with pytest.raises(KeyRefused, match="belongs to user 12345"):
        read_key(path)
