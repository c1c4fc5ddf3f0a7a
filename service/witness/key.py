"""The witness's key: a file with 32 bytes in hex that nobody but its owner can read."""

import os
import secrets
import stat
from pathlib import Path

from service.sealing.signing import address_of
from service.witness.errors import KeyRefused

_LONGEST = 128


def new_key(path: Path) -> bytes:
    """Draws a key into a new file with mode 0600; the 20-byte address of the witness.

    Raises:
        KeyRefused: the file exists (a key is never overwritten), or cannot be made.
    """
    key = secrets.token_bytes(32)
    while not _fits(key):  # one draw in 2^128 is no private key
        key = secrets.token_bytes(32)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(key.hex().encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise KeyRefused(f"{path} exists; a key is never overwritten: choose another file") from None
    except OSError as fault:
        raise KeyRefused(f"{path} cannot be written: {fault.strerror}") from fault
    return address_of(key)


def read_key(path: Path) -> bytes:
    """The 32-byte private key in the file.

    Raises:
        KeyRefused: no such file, a link or not a plain file, not ours, open to others, or no key in it.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as fault:
        raise KeyRefused(
            f"{path} cannot be opened ({fault.strerror}); `trailseal witness new-key {path}` makes one"
        ) from fault
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise KeyRefused(f"{path} is not a plain file")
        if about.st_uid != os.geteuid():
            raise KeyRefused(f"{path} belongs to user {about.st_uid}, not to user {os.geteuid()} who runs this")
        if about.st_mode & 0o077:
            raise KeyRefused(f"{path} is open to others: `chmod 600 {path}`, and consider the key known")
        return _key(os.read(handle, _LONGEST), path)
    finally:
        os.close(handle)


def _key(content: bytes, path: Path) -> bytes:
    try:
        key = bytes.fromhex(content.decode("ascii").strip().removeprefix("0x"))
    except ValueError:
        key = b""
    if not _fits(key):
        raise KeyRefused(f"{path} has to hold a private key and nothing else: 32 bytes in hex (64 digits)")
    return key


def _fits(key: bytes) -> bool:
    if len(key) != 32:
        return False
    try:
        address_of(key)
    except ValueError:
        return False
    return True
