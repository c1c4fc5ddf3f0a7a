"""The vectors of step 2: `python -m tests.sealing.block_vectors` writes tests/vectors/{checkpoints,qbft}.json anew."""

import json
from collections.abc import Sequence
from typing import Any

from service.sealing.checkpoint import NONE_BEFORE, Checkpoint, SignedCheckpoint
from service.sealing.hashing import keccak256
from service.sealing.qbft import Commit
from service.sealing.signing import address_of
from tests.sealing.validators import KEYS as VALIDATOR_KEYS
from tests.sealing.validators import VALIDATORS, hashed, sealed
from tests.vectors import VECTORS

CHAIN = 31337
KEYS = [keccak256(b"witness", bytes((index,))) for index in range(5)]
WITNESSES = [address_of(key) for key in KEYS]
NUMBERS = range(0, 300, 30)


def block(number: int, view: bytes = b"", chain: int = CHAIN, previous: bytes = NONE_BEFORE) -> Checkpoint:
    """A checkpoint of one view of a chain."""
    name = number.to_bytes(8, "big") + view
    return Checkpoint(chain, number, keccak256(b"h", name), keccak256(b"s", name), 1_780_000_000 + number, previous)


def log(key: bytes, numbers: Sequence[int] = NUMBERS, view: bytes = b"", chain: int = CHAIN) -> list[SignedCheckpoint]:
    """What an honest witness signs that follows this view."""
    signed: list[SignedCheckpoint] = []
    for number in numbers:
        previous = signed[-1].checkpoint.id if signed else NONE_BEFORE
        signed.append(block(number, view, chain, previous).signed(key))
    return signed


HONEST = log(KEYS[0])
ID = [one.checkpoint.id for one in HONEST]


def own(*checkpoints: Checkpoint) -> list[SignedCheckpoint]:
    """Signed by the first witness."""
    return [one.signed(KEYS[0]) for one in checkpoints]


SELF_CONTRADICTIONS: dict[str, tuple[list[SignedCheckpoint], str]] = {
    "another block for a number": (
        [*HONEST[:4], *own(block(90, b"x", previous=ID[2]))], "one checkpoint for a block number"
    ),
    "another predecessor for a number": (
        [HONEST[3], *own(block(90, previous=ID[1]))], "one checkpoint for a block number"
    ),
    "two that follow one": ([HONEST[3], *own(block(95, previous=ID[2]))], "follow the same checkpoint"),
    "two beginnings": ([HONEST[0], *own(block(95))], "follow the same checkpoint"),
    "a second beginning": ([HONEST[3], *own(block(95))], "says that it is the witness's first"),
    "one left out": ([HONEST[1], HONEST[3], *own(block(95, previous=ID[1]))], "older than the first"),
    "back in number": ([HONEST[5], *own(block(40, previous=ID[5]))], "number is not lower"),
    "back in time": ([HONEST[2], *own(block(90, previous=ID[2])._replace(time=5))], "times run backwards"),
}  # fmt: skip


def _case(
    name: str, checkpoints: Sequence[SignedCheckpoint], expected: str, number: int = 60, required: int = 2
) -> dict[str, Any]:
    """`expected`: how many of the three witnesses vouch, or why not."""
    at = block(number)
    return {
        "name": name,
        "chainId": CHAIN,
        "header": {"number": number, "hash": f"0x{at.block_hash.hex()}", "stateRoot": f"0x{at.state_root.hex()}",
                   "time": at.time},
        "witnesses": [f"0x{witness.hex()}" for witness in WITNESSES[:3]],
        "required": required,
        "checkpoints": "".join(one.line().decode() for one in checkpoints),
        "expected": expected,
    }  # fmt: skip


def checkpoint_cases() -> list[dict[str, Any]]:
    """Cases of section 9."""
    both = [*log(KEYS[0], [30, 60, 90]), *log(KEYS[1], [60])]
    cases = [
        _case("two of three", both, "2"),
        _case("all of three", [*both, *log(KEYS[2], [60])], "3", required=3),
        _case("each line twice", [*both, *both], "2"),
        _case("one of three", log(KEYS[0]), "too few"),
        _case("none at this number", both, "too few", number=61),
        _case("nothing signed", [], "too few"),
        _case("strangers", [*log(KEYS[3]), *log(KEYS[4])], "too few"),
        _case("another chain", [*log(KEYS[0], chain=5), *log(KEYS[1], chain=5)], "too few"),
        _case("strangers' lies beside enough", [*both, *log(KEYS[3], view=b"x")], "2"),
        _case("another chain's beside enough", [*both, *log(KEYS[0], view=b"x", chain=5)], "2"),
        _case("one saw another block", [*both, *log(KEYS[2], [60], view=b"x")], "another block"),
        _case("one saw another block later", [*both, *log(KEYS[2], [90], view=b"x")], "contradiction"),
    ]
    for name, (checkpoints, _) in SELF_CONTRADICTIONS.items():
        cases.append(_case(name, [*log(KEYS[1], [60]), *log(KEYS[2], [60]), *checkpoints], "contradiction"))
    return cases


def qbft_cases() -> list[dict[str, Any]]:
    """Cases of committed seals: the header's bytes, the commit, the validators, and how many of them count."""
    header, other = hashed(), hashed(number=78)
    good = sealed(header, 1, VALIDATOR_KEYS)
    high = good.seals[0]
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = high[:32] + (order - int.from_bytes(high[32:64], "big")).to_bytes(32, "big") + bytes((1 - high[64],))
    stranger = keccak256(b"a stranger")
    named: list[tuple[str, bytes, Commit | None, int | None]] = [
        ("all four", header, good, 4),
        ("three of four", header, sealed(header, 0, VALIDATOR_KEYS[:3]), 3),
        ("in a late round", header, sealed(header, 70_000, VALIDATOR_KEYS[1:]), 3),
        ("three and a stranger", header, sealed(header, 1, [*VALIDATOR_KEYS[:3], stranger]), 3),
        ("two and two strangers", header, sealed(header, 1, [*VALIDATOR_KEYS[:2], stranger, stranger]), None),
        ("two, one of them twice", header, sealed(header, 1, [*VALIDATOR_KEYS[:2], VALIDATOR_KEYS[0]]), None),
        ("another round", header, good._replace(round=2), None),
        ("another block's", other, good, None),
        ("a seal with a high s", header, Commit(1, (high, *good.seals[1:3])), None),
        ("seals with v of 27 and 28", header,
         Commit(1, tuple(seal[:64] + bytes((seal[64] + 27,)) for seal in good.seals)), None),
        ("seals of zeros", header, Commit(1, (bytes(65),) * 4), None),
        ("no commit", header, None, None),
        ("not QBFT's extra data", hashed(extra_data=b"\xc0"), good, None),
    ]  # fmt: skip
    return [
        {
            "name": name,
            "header": f"0x{encoded.hex()}",
            "commit": commit and {"round": commit.round, "seals": [f"0x{seal.hex()}" for seal in commit.seals]},
            "validators": [f"0x{validator.hex()}" for validator in VALIDATORS],
            "expected": counted,
        }
        for name, encoded, commit, counted in named
    ]


def text(cases: list[dict[str, Any]]) -> str:
    """The file's content."""
    return json.dumps(cases, indent=1) + "\n"


if __name__ == "__main__":
    (VECTORS / "checkpoints.json").write_text(text(checkpoint_cases()))
    (VECTORS / "qbft.json").write_text(text(qbft_cases()))
