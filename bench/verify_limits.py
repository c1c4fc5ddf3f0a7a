"""How much memory and time the most costly files take that a bundle's limits allow: `python -m bench.verify_limits`.

Each file is hostile in one way and as large as docs/format.md section 5 lets it be (or `--megabytes`), and is verified
in a process of its own. The last line is JSON: the most bytes of memory for a byte of file, the most seconds of CPU for
a megabyte, the most memory and the most seconds of all; the bare process is subtracted.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from service.sealing.bundle import FORMAT, MAX_BYTES, MAX_COMMAS, MAX_OPENINGS
from service.sealing.hashing import sha256
from service.sealing.meaning import steps_of
from service.sealing.trust import Trust
from service.sealing.verify import verify

HEX32 = b"0x" + b"ab" * 32


def members(size: int, **given: bytes) -> bytes:
    """A file whose members are in place and in order; those not given are as small as they may be."""
    content = {
        "captures": b"[]",
        "chainId": b"1",
        "commit": b"null",
        "erased": b"[]",
        "events": b"[]",
        "format": b'"%s"' % FORMAT.encode(),
        "header": b'"0xc0"',
        "nodes": b"[]",
        "parties": b"[]",
        "provenance": b'"0x%s"' % (b"00" * 20),
        "trails": b'[{"entries":[%s],"identifier":"x","salt":"%s"}]' % (entry(0), HEX32),
    } | given
    bare = b"{" + b",".join(b'"%s":%s' % (name.encode(), value) for name, value in content.items()) + b"}"
    digest = b'"digest":"0x%s",' % sha256(bare).hex().encode()
    file = bare.replace(b'"erased":', digest + b'"erased":', 1) + b"\n"
    if len(file) > size:
        raise ValueError(f"{len(file)} bytes are more than the {size} that were to be made")
    return file


def entry(time_: int) -> bytes:
    """An entry without a capture."""
    return b'{"capture":null,"party":1,"seal":"%s","step":0,"time":%d,"to":null}' % (HEX32, time_)


def repeated(part: bytes, room: int, most: int = 10**9) -> bytes:
    """As many of the part as there is room for, in an array."""
    return b"[" + b",".join([part] * min(most, room // (len(part) + 1))) + b"]"


def document(value: bytes) -> bytes:
    """One event whose document holds the value."""
    return b'[{"document":{"a":%s},"nonce":"0x%s"}]' % (value, b"00" * 16)


def numbered(template: bytes, room: int, most: int) -> bytes:
    """Parts that differ by a number of eight digits, in an array."""
    return b"[" + b",".join(template % n for n in range(min(most, room // (len(template) + 6)))) + b"]"


ROOM = 10_000
HOSTILE: dict[str, Callable[[int], bytes]] = {
    "empty arrays": lambda size: members(size, events=document(repeated(b"[]", size - ROOM, MAX_OPENINGS - 99))),
    "small objects": lambda size: members(size, events=document(repeated(b'{"":0}', size - ROOM, MAX_OPENINGS - 99))),
    "deep arrays": lambda size: members(
        size, events=document(repeated(b"[" * 200 + b"]" * 200, size - ROOM, MAX_OPENINGS // 200 - 9))
    ),
    "short strings": lambda size: members(size, events=document(repeated(b'"ab"', size - ROOM, MAX_COMMAS - 99))),
    "small numbers": lambda size: members(size, events=document(repeated(b"999", size - ROOM, MAX_COMMAS - 99))),
    "numbers with exponents": lambda size: members(
        size, events=document(repeated(b"1e-7", size - ROOM, MAX_COMMAS - 99))
    ),
    "one wide string": lambda size: members(size, events=document(b'"\xf0\x9f\x93\xa6%s"' % (b"a" * (size - ROOM)))),
    "many documents": lambda size: members(
        size, events=numbered(b'{"document":{"a":%08d},"nonce":"0x' + b"00" * 16 + b'"}', size - ROOM, 10**6)
    ),
    "nodes": lambda size: members(size, nodes=numbered(b'"0x' + b"ab" * 28 + b'%08d"', size - ROOM, 2 * 10**6)),
    "entries": lambda size: members(
        size,
        trails=b'[{"entries":%s,"identifier":"x","salt":"%s"}]' % (repeated(entry(0), size - ROOM, 10**6), HEX32),
    ),
    "captures": lambda size: members(
        size,
        captures=numbered(
            b'{"deadline":"0x'
            + b"00" * 8
            + b'","entries":"0x'
            + b"ab" * 28
            + b'%08d","signature":"0x'
            + b"01" * 65
            + b'"}',
            size - ROOM,
            10**6,
        ),
    ),
    "members that are none": lambda size: members(size, nodes=repeated(b'{"":0}', size - ROOM, MAX_OPENINGS - 99)),
    "no JSON at all": lambda size: b"\x00" * size,
}


def measured(name: str, size: int) -> dict[str, float]:
    """Peak memory and time of one file in this process."""
    file = HOSTILE[name](size)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begin = time.process_time()
    verdict = verify(file, Trust(bytes(32)), steps_of)
    seconds = time.process_time() - begin
    assert verdict.failed is not None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"bytes": len(file), "peak": 1024 * peak, "before": 1024 * before, "seconds": seconds}


def lines(size: int) -> Iterator[dict[str, float]]:
    """Prints one line for each kind of file, and gives what was measured, in bytes and seconds."""
    for name in HOSTILE:
        words = [sys.executable, "-m", "bench.verify_limits", "--one", name, "--megabytes", str(size / 2**20)]
        run = subprocess.run(words, capture_output=True, text=True, check=False, timeout=900)
        if run.returncode:
            raise RuntimeError(f"{name}: {run.stderr[-2000:]}")
        found = json.loads(run.stdout)
        found["peak"] -= BARE
        sys.stdout.write(
            f"{name:<24}{found['bytes'] / 2**20:>7.0f} MiB {found['peak'] / 2**20:>7.0f} MiB at most"
            f" {found['peak'] / found['bytes']:>6.1f} bytes for a byte {found['seconds']:>7.1f} s\n"
        )
        sys.stdout.flush()
        yield found


BARE = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Measures one file, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=float, default=MAX_BYTES / 2**20)
    parser.add_argument("--one", choices=HOSTILE)
    options = parser.parse_args()
    size = int(options.megabytes * 2**20)
    if options.one:
        sys.stdout.write(json.dumps(measured(options.one, size)))
        return
    found = list(lines(size))
    worst = {
        "bytes_per_byte": max(one["peak"] / one["bytes"] for one in found),
        "seconds_per_megabyte": max(one["seconds"] / one["bytes"] * 2**20 for one in found),
        "megabytes": max(one["peak"] for one in found) / 2**20,
        "seconds": max(one["seconds"] for one in found),
    }
    sys.stdout.write(json.dumps({name: round(value, 3) for name, value in worst.items()}) + "\n")


if __name__ == "__main__":
    main()
