"""A bundle is hostile input: whatever the bytes are, there is a verdict, and nothing else."""

import random
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.sealing import rlp
from service.sealing.bundle import MAX_COMMAS, MAX_OPENINGS, Bundle
from service.sealing.errors import ProofFailed
from service.sealing.hashing import canonical_json, keccak256, sha256
from service.sealing.meaning import steps_of
from service.sealing.report import as_json, as_lines
from service.sealing.state import Header
from service.sealing.trust import Trust
from service.sealing.verdict import Verdict
from service.sealing.verify import verify
from tests.sealing.cases import HOLDING
from tests.vectors import VECTORS

FILES = {path.stem: path.read_bytes() for path in sorted((VECTORS / "bundles").glob("*.json")) if path.stem in HOLDING}
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**32, 2**53 - 1, 2**53, 1.5, "", "0x", "0x00", "0X00", "0xAB", "\u0000",
    "x" * 3000, "0x" + "ff" * 32, "0x" + "00" * 32, "0x" + "c0" * 32, "0x" + "f8" * 600, [], {}, [[]], {"": {}},
    "trailseal-bundle/2", "https://id.gs1.org/00/095211410000000021", "\U0001f4e6", "\ufeff",
]  # fmt: skip


def judged(file: bytes) -> Verdict:
    """The verdict where the file's own block is trusted, so that every step may be reached; it can always be told."""
    verdict = verify(file, Trust(block_of(file)), steps_of)
    assert verdict.failed is None or isinstance(verdict.failed, ProofFailed)
    canonical_json(as_json(verdict))
    assert all(line.isprintable() for line in as_lines(verdict))
    return verdict


def block_of(file: bytes) -> bytes:
    try:
        return Header.read(bytes.fromhex(orjson.loads(file)["header"][2:])).hash
    except (ValueError, KeyError, TypeError):
        return bytes(32)


def with_digest(content: Any) -> bytes:
    """The file of a JSON value with a digest that fits: what an attacker can always do."""
    if isinstance(content, dict):
        content.pop("digest", None)
        content["digest"] = f"0x{sha256(canonical_json(content)).hex()}"
    return canonical_json(content) + b"\n"


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container inside a JSON value with every key or index of it."""
    found: list[tuple[Any, Any]] = []
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        found += [(value, key), *places(item)]
    return found


def replace_one(draw: random.Random, content: Any) -> None:
    holder, key = draw.choice(places(content))
    holder[key] = draw.choice(ODD)


def drop_one(draw: random.Random, content: Any) -> None:
    holder, key = draw.choice(places(content))
    del holder[key]


def repeat_one(draw: random.Random, content: Any) -> None:
    holder, key = draw.choice([(holder, key) for holder, key in places(content) if isinstance(holder, list)])
    holder.insert(draw.randrange(len(holder) + 1), holder[key])


def swap_two(draw: random.Random, content: Any) -> None:
    """Values from anywhere change places: numbers, hashes, nodes, documents."""
    (one, first), (other, second) = draw.choice(places(content)), draw.choice(places(content))
    if not contains(one[first], other) and not contains(other[second], one):
        one[first], other[second] = other[second], one[first]


def contains(value: Any, holder: Any) -> bool:
    return value is holder or any(one[key] is holder for one, key in places(value))


def spoil_hex(draw: random.Random, content: Any) -> None:
    """A bit of some byte string: of a node, a seal, a signature, the header."""
    held = [(h, k) for h, k in places(content) if isinstance(h[k], str) and h[k].startswith("0x") and len(h[k]) > 2]
    holder, key = draw.choice(held)
    raw = bytearray(bytes.fromhex(holder[key][2:]))
    raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
    holder[key] = f"0x{raw.hex()}"


def sort_again(content: Any) -> None:
    """Puts what has to be in order back in order, so that later steps are reached."""
    if not isinstance(content, dict):
        return
    for name, key in (("nodes", None), ("parties", "number"), ("erased", "seal"), ("trails", "identifier")):
        members = content.get(name)
        if isinstance(members, list):
            try:
                members.sort(key=lambda one, key=key: one if key is None else one[key])  # type: ignore[misc]
            except (TypeError, KeyError, IndexError):
                continue


MUTATIONS: list[Callable[[random.Random, Any], None]] = [replace_one, drop_one, repeat_one, swap_two, spoil_hex]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.integers(0, 2**32), st.integers(1, 3))
def test_a_bundle_changed_anywhere_gets_a_verdict(name: str, seed: int, times: int) -> None:
    draw, content = random.Random(seed), orjson.loads(FILES[name])
    for _ in range(times):
        draw.choice(MUTATIONS)(draw, content)
    sort_again(content)
    try:
        file = with_digest(content)
    except ValueError:  # a number that RFC 8785 refuses
        return
    judged(file)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_bytes_changed_cut_or_put_in_get_a_verdict(name: str, draw: st.DataObject) -> None:
    file = FILES[name]
    at = draw.draw(st.integers(0, len(file)))
    put = draw.draw(st.binary(max_size=8) | st.sampled_from([b"\xef\xbb\xbf", b"NaN", b"\\ud800", b"[" * 2000]))
    changed = file[:at] + put + file[at + draw.draw(st.integers(0, 40)) :]
    assert not judged(changed).holds or changed == file


NODES = st.recursive(st.binary(max_size=40), lambda inner: st.lists(inner, max_size=17), max_leaves=40)


@settings(max_examples=150, deadline=None)
@given(NODES, st.integers(0, 20))
def test_a_chain_made_of_anything_gets_a_verdict(node: Any, spot: int) -> None:
    """The header names a state root that the attacker chose, whose node is what he likes."""
    encoded = rlp.encode(node)
    content = orjson.loads(FILES["single"])
    fields = rlp.decode_list(bytes.fromhex(content["header"][2:]))
    fields[3] = keccak256(encoded)
    fields[spot % len(fields)] = fields[spot % len(fields)] if spot % len(fields) == 3 else b"\x01"
    content["header"] = f"0x{rlp.encode(fields).hex()}"
    if 32 <= len(encoded) <= 1024:
        content["nodes"] = sorted({*content["nodes"], f"0x{encoded.hex()}"})
    assert not judged(with_digest(content)).holds


@pytest.mark.parametrize(
    "bomb",
    [
        rlp.encode([b"\xc0" * 500]),
        b"\xff" * 1024,
        b"\xf9\xff\xff" + bytes(1021),
        b"\xbf" + b"\xff" * 8 + bytes(500),
        b"\xc1" * 1000 + b"\xc0",
        bytes((0xF8, 0xFF)) * 512,
    ],
)
def test_rlp_that_claims_more_than_there_is_gets_a_verdict(bomb: bytes) -> None:
    content = orjson.loads(FILES["single"])
    for member in ("header", "nodes"):
        changed = dict(content)
        if member == "nodes":
            fields = rlp.decode_list(bytes.fromhex(content["header"][2:]))
            fields[3] = keccak256(bomb)
            changed["header"] = f"0x{rlp.encode(fields).hex()}"
            changed["nodes"] = sorted({*content["nodes"], f"0x{bomb.hex()}"})
        else:
            changed[member] = f"0x{bomb.hex()}"
        assert not judged(with_digest(changed)).holds


@pytest.mark.parametrize(
    "part", [b"[" * (MAX_OPENINGS + 1), b"{" * (MAX_OPENINGS + 1), b"," * (MAX_COMMAS + 1)], ids=["[", "{", ","]
)
def test_what_would_take_too_much_memory_is_not_read(part: bytes) -> None:
    verdict = judged(b'{"format":"trailseal-bundle/1","x":"' + part + b'"}')
    assert verdict.failed is not None
    assert "more than" in verdict.failed.detail


def test_many_captures_that_sign_nothing_end_at_the_first() -> None:
    """A signature that belongs to no key is not tried a thousand times."""
    content = orjson.loads(FILES["single"])
    (trail,) = content["trails"]
    extra = [{**trail["entries"][-1], "capture": 6 + index} for index in range(2000)]
    trail["entries"] += extra
    capture = content["captures"][0]
    content["captures"] += [{**capture, "deadline": f"0x{index:016x}"} for index in range(2000)]
    assert type(judged(with_digest(content)).failed).__name__ == "NotWhole"


def test_the_corpus_itself_holds() -> None:
    for name, file in FILES.items():
        assert judged(file).holds, name
    assert isinstance(HOLDING["single"][1]()[1], Bundle)
