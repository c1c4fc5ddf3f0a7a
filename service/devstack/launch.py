"""Becomes another program that dies with its parent and, where asked, runs as a user other than root.

Run as a script in an interpreter of its own (`python -I launch.py PARENT SIGNAL USER PROGRAM ARGUMENT…`), because code
between fork and exec is unsafe in a process with threads. `USER` is a name, or `-` to stay who we are.
"""

import ctypes
import os
import pwd
import struct
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2  # <linux/prctl.h>
CAP_DAC_OVERRIDE, CAPABILITY_VERSION_3 = 1, 0x20080522  # <linux/capability.h>


def become(user: str) -> None:
    """Drop root for `user`, keeping root's reach into folders that only root may enter.

    PostgreSQL refuses to run as root, and a checkout or virtual environment below /root is closed to everyone else.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    entry = pwd.getpwnam(user)
    libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(entry.pw_gid)
    os.setuid(entry.pw_uid)
    bit = 1 << CAP_DAC_OVERRIDE
    header, sets = struct.pack("Ii", CAPABILITY_VERSION_3, 0), struct.pack("6I", bit, bit, bit, 0, 0, 0)
    if libc.capset(header, sets) == 0:  # refused in a container that lacks the capability: then permissions decide
        libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)
    os.environ.update(HOME="/", USER=user, LOGNAME=user)


def die_with(parent: int, signal: int) -> None:
    """Have the kernel send `signal` when `parent` ends; after any change of user, which would clear it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:  # it ended before we asked
        sys.exit(1)


def main() -> None:
    """Read the arguments, change what is to change, and become the program."""
    parent, signal, user, *program = sys.argv[1:]
    os.setsid()  # Ctrl-C in the terminal reaches the parent only, which stops its children in order
    if user != "-":
        become(user)
    if sys.platform == "linux":
        die_with(int(parent), int(signal))
    os.execv(program[0], program)  # noqa: S606 that is what it is for, and no shell should be between


if __name__ == "__main__":
    main()
