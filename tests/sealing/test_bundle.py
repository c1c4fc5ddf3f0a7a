"""The bundle file: one spelling, and nothing but a clear refusal for everything else."""

import random
import re
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from service.sealing import bundle as bundles
from service.sealing.bundle import EventPart, TrailPart, digest_of, read
from service.sealing.errors import MalformedBundle, ProofFailed
from service.sealing.hashing import canonical_json, sha256
from service.sealing.meaning import steps_of
from service.sealing.trust import Trust
from service.sealing.verify import verify
from tests.sealing.world import World, consignment
from tests.vectors import VECTORS

FILE = (VECTORS / "bundle.json").read_bytes()
TRUSTED = orjson.loads((VECTORS / "bundle.trusted.json").read_bytes())
BLOCK, LEDGER = bytes.fromhex(TRUSTED["block"][2:]), bytes.fromhex(TRUSTED["ledger"][2:])


def judged(file: bytes) -> ProofFailed | None:
    """The failure, where there is one; any other exception is the test's failure."""
    return verify(file, Trust(BLOCK), steps_of, LEDGER).failed


def redigested(content: Any) -> bytes:
    """The file of any JSON value, with a digest that fits: what an attacker can always do."""
    if not isinstance(content, dict):
        return canonical_json(content) + b"\n"
    content = {name: value for name, value in content.items() if name != "digest"}
    digest = f"0x{sha256(canonical_json(content)).hex()}"
    return canonical_json({"digest": digest, **content}) + b"\n"


def content() -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(FILE)
    return loaded


def test_the_vector_holds_against_its_block() -> None:
    verdict = verify(FILE, Trust(BLOCK), steps_of, LEDGER)
    assert verdict.failed is None, verdict.failed.detail
    assert (len(verdict.passed), verdict.counts.entries, verdict.counts.withheld) == (12, 6, 1)
    assert verdict.name_of(verdict.trails[0].custody.custodian) == "https://id.gs1.org/417/0952114300005"
    assert verdict.digest == digest_of(FILE) == bytes.fromhex(orjson.loads(FILE)["digest"][2:])


def test_a_bundle_reads_back_as_the_same_bytes() -> None:
    assert read(FILE).dump() == FILE
    assert redigested(content()) == FILE


def test_every_flipped_byte_is_noticed() -> None:
    """Each byte in turn, by a bit that changes with the place; the form is enough, the chain is not asked."""
    file = World((consignment(1),), others=0).bundle().dump()
    read(file)
    for index in range(len(file)):
        changed = bytearray(file)
        changed[index] ^= 1 << index % 8
        with pytest.raises(MalformedBundle):
            read(bytes(changed))


def test_every_seventh_byte_of_the_vector_is_noticed() -> None:
    for index in range(0, len(FILE), 7):
        changed = bytearray(FILE)
        changed[index] ^= 0x01
        assert isinstance(judged(bytes(changed)), MalformedBundle)


def test_random_bytes_of_a_larger_bundle_are_noticed() -> None:
    bundle = World().bundle()
    events = sorted((EventPart.of({"n": n}, bytes(16)) for n in range(5000)), key=lambda one: one.seal)
    file = replace(bundle, events=events).dump()
    read(file)
    assert len(file) > 300_000
    draw = random.Random(7)
    for _ in range(60):
        index = draw.randrange(len(file))
        changed = file[:index] + bytes((file[index] ^ draw.randrange(1, 256),)) + file[index + 1 :]
        with pytest.raises(MalformedBundle):
            read(changed)


def test_every_truncation_is_noticed() -> None:
    for end in [*range(0, len(FILE), 97), len(FILE) - 1]:
        assert isinstance(judged(FILE[:end]), MalformedBundle)


@pytest.mark.parametrize(
    ("file", "complaint"),
    [
        (b"", "not JSON"),
        (b"\n", "not JSON"),
        (b"null\n", "format"),
        (b"[]\n", "format"),
        (b"{}\n", "format"),
        (b'{"format":"trailseal-bundle/2"}\n', "format"),
        (b'{"format":["trailseal-bundle/1"]}\n', "format"),
        (b'{"format":"trailseal-bundle/1"}\n', "required"),
        (b"\xff\xfe", "not JSON"),
        (b"\xef\xbb\xbf" + FILE, "not JSON"),
        (FILE + b"\n", "canonical"),
        (FILE[:-1], "canonical"),
        (b" " + FILE, "canonical"),
        (b"[" * 100_000, "not JSON"),
        (b'{"format":"trailseal-bundle/1","a":' + b"[" * 900 + b"]" * 900 + b"}\n", "required"),
        (b'{"format":"trailseal-bundle/1","a":1e999}\n', "not JSON"),
        (b'{"format":"trailseal-bundle/1","a":' + b"9" * 5000 + b"}\n", "not JSON"),
        (b'{"format":"trailseal-bundle/1","a":' + b"9" * 300 + b"}\n", "required"),
        (b'{"format":"trailseal-bundle/1","a":9007199254740993}\n', "required"),
        (b'{"format":"trailseal-bundle/1","a":NaN}\n', "not JSON"),
        (b'{"format":"trailseal-bundle/1","a":"\\ud800"}\n', "not JSON"),
        (b'{"format":"trailseal-bundle/1","format":"trailseal-bundle/1"}\n', "required"),
    ],
)
def test_what_is_no_bundle_is_told_so(file: bytes, complaint: str) -> None:
    failed = judged(file)
    assert isinstance(failed, MalformedBundle)
    assert complaint in failed.detail


def test_a_file_beyond_the_limit_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "MAX_BYTES", len(FILE) - 1)
    assert "at most" in str(judged(FILE))


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (b"[" * 300 + b"]" * 300, "canonicalised"),
        (b"9007199254740993", "canonicalised"),
        (b"9" * 300, "canonical form"),
        (b"1.0", "canonical"),
        (b"1e2", "canonical"),
        (b"-0", "canonical"),
        (b'"\\u0041"', "canonical"),
        (b'{"b":1,"a":1}', "canonical"),
        (b'{"a":1,"a":1}', "canonical"),
    ],
)
def test_a_document_that_is_not_canonical_is_refused(document: bytes, complaint: str) -> None:
    mark = b'"$SPOT"'
    changed = put(content(), ("events", 0, "document", "extra"), "$SPOT")
    failed = judged(redigested(changed).replace(mark, document))
    assert isinstance(failed, MalformedBundle)
    assert complaint in failed.detail


@pytest.mark.parametrize(
    "spelling",
    [
        lambda text: text.replace(b'"step":1', b'"step":1.0'),
        lambda text: text.replace(b'"step":1', b'"step":1e0'),
        lambda text: text.replace(b'"step":0', b'"step":-0'),
        lambda text: text.replace(b'"eventID":"urn', b'"eventID":"\\u0075rn'),
        lambda text: text.replace(b'":"', b'": "', 1),
        lambda text: re.sub(rb'"nonce":"0x[0-9]*[a-f]', lambda found: found[0][:-1] + found[0][-1:].upper(), text),
    ],
)
def test_another_spelling_of_the_same_content_is_refused(spelling: Any) -> None:
    changed = spelling(FILE)
    assert changed != FILE
    assert isinstance(judged(changed), MalformedBundle)


VALUES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False) | st.text()
WRONG = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a JSON value, documents left out."""
    if isinstance(value, dict):
        inner = [place for name, item in value.items() if name != "document" for place in places(item, (*path, name))]
    elif isinstance(value, list):
        inner = [place for index, item in enumerate(value) for place in places(item, (*path, index))]
    else:
        inner = []
    return [path, *inner] if path else inner


PLACES = [place for place in places(content()) if place != ("digest",)]


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    copied = orjson.loads(orjson.dumps(value))
    here = copied
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = new
    return copied


@settings(max_examples=150)
@given(st.sampled_from(PLACES), WRONG)
@example(("trails",), [])
@example(("trails", 0, "entries"), [])
@example(("trails", 0, "entries", 0, "time"), 2**53 - 1)
@example(("trails", 0, "entries", 0, "time"), 2**53)
@example(("trails", 0, "entries", 0, "step"), 7)
@example(("trails", 0, "entries", 0, "step"), True)
@example(("trails", 0, "entries", 0, "capture"), 10**6)
@example(("trails", 0, "entries", 0, "to"), "0x" + "00" * 32)
@example(("trails", 0, "entries", 0, "seal"), "0x")
@example(("trails", 0, "entries", 0, "seal"), "0x" + "0" * 63)
@example(("header",), "0x")
@example(("header",), "0x" + "f8" * 200)
@example(("nodes",), ["0x" + "c0" * 32])
@example(("nodes",), [])
@example(("commit",), {"round": 0, "seals": []})
@example(("commit",), {"round": 2**31, "seals": []})
@example(("chainId",), 0)
@example(("captures", 0, "entries"), "0x")
@example(("captures", 0, "deadline"), 5)
@example(("captures", 0, "signature"), "0x" + "00" * 65)
@example(("parties", 0, "number"), 0)
@example(("parties", 0, "number"), 2**32)
@example(("trails", 0, "identifier"), "")
@example(("trails", 0, "identifier"), "\U0010ffff" * 2048)
def test_a_wrong_value_anywhere_fails_as_a_proof_fails(place: tuple[Any, ...], value: Any) -> None:
    """The digest fits, so it is the types, the bounds and the proof that have to notice."""
    changed = put(content(), place, value)
    try:
        file = redigested(changed)
    except ValueError:
        return
    failed = judged(file)
    # Committed seals count only where validators are trusted, and events may be left out.
    if place != ("commit",) and (place, value) != (("events",), []):
        assert (failed is None) == (file == FILE)


@settings(max_examples=200)
@given(WRONG)
def test_any_document_fails_as_a_proof_fails(document: Any) -> None:
    """Even one that opens a seal: a party may seal any JSON."""
    events = content()["events"]
    for index in (0, 3):
        changed = put(content(), ("events", index), {**events[index], "document": document})
        try:
            file = redigested(changed)
        except ValueError:
            return
        assert judged(file) is not None


@settings(max_examples=150)
@given(st.binary(max_size=300) | st.text().map(str.encode) | WRONG.map(orjson.dumps))
def test_noise_is_no_bundle(noise: bytes) -> None:
    assert isinstance(judged(noise), MalformedBundle)


@settings(max_examples=100)
@given(st.dictionaries(st.text(max_size=4), st.none() | st.integers(-9, 9) | st.text(), max_size=4))
def test_documents_survive_the_file_unchanged(document: dict[str, Any]) -> None:
    bundle = replace(World().bundle(), events=[EventPart.of(document, bytes(16))])
    back = read(bundle.dump())
    assert back == bundle
    assert back.events[0].document == document


def test_bytes_of_a_wrong_length_make_no_bundle() -> None:
    entries = World().bundle().trails[0].entries
    with pytest.raises(ValidationError, match="must be 32 bytes, these are 31"):
        TrailPart(identifier="urn:x", salt=bytes(31), entries=entries)


def test_a_recipient_of_zero_is_told_as_nobody_and_in_no_other_way() -> None:
    """32 zero bytes fold like null: without this there would be two files for one content."""
    bundle = World().bundle()
    (trail,) = bundle.trails
    entries = [replace(trail.entries[0], to=bytes(32)), *trail.entries[1:]]
    with pytest.raises(MalformedBundle, match="zero"):
        read(replace(bundle, trails=[replace(trail, entries=entries)]).dump())
