"""The page reads documents, identifiers and canonical JSON exactly as the service does."""

import json
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from service.epcis.documents import parse
from service.epcis.identifiers import InvalidIdentifier, canonical
from service.epcis.saying import NoEvent, said
from service.sealing.hashing import canonical_json
from tests.sealing.readings import _TEXTS, documents, mutated, value
from tests.sealing.test_meaning import REFUSED, examples
from tests.shared import shared
from tests.web.scripts import answers, packed

MOST_NESTED = 67
"""Objects and arrays inside each other in a bundle: three around a document, which has 64."""


def reading(document: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"said": [[name, int(step), to] for name, (step, to) in said(document).items()]}
    except NoEvent as refusal:
        return {"refused": str(refusal)}


def check_readings(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Reads each in Python and in the page's scripts; returns what both said."""
    texts = [canonical_json(document).decode() for document in given]
    expected = [reading(orjson.loads(text)) for text in texts]
    for document, ours, theirs in zip(given, expected, answers("reading", texts), strict=True):
        assert ours == theirs, json.dumps(document)
    return expected


def test_mutated_documents_are_read_alike() -> None:
    random = Random(20261122)
    found = check_readings([mutated(random, documents()) for _ in range(6_000)])
    said_ = sum("said" in one for one in found)
    assert 1000 < said_ < 5_000
    assert len({one["refused"].split("/")[1] for one in found if "refused" in one}) > 12


def test_documents_that_others_wrote_are_read_alike() -> None:
    paths = [Path(shared("epcis", *name.split("/"))) for name in examples()]
    events = [event.source for path in paths for event in parse(path.read_bytes(), lenient=True, proceed=True).events]
    assert all("said" in one for one in check_readings(events))
    assert len(events) > 100


def test_refusals_are_worded_alike() -> None:
    assert all("refused" in one for one in check_readings([document for document, _ in REFUSED]))


def identifier(text: str) -> str | None:
    try:
        return canonical(text)
    except InvalidIdentifier:
        return None


def pairs() -> list[str]:
    lines = shared("epcis", "digital-link-pairs.tsv").read_text(encoding="utf-8").splitlines()
    return [cell for line in lines for cell in line.split("\t")]


def test_identifiers_have_one_canonical_form() -> None:
    random = Random(7)
    given = [text for text in _TEXTS if text.isascii()]
    alphabet = "/.:%?#@*0123456789aZ-_ 'é[]~=&;"
    while len(given) < 20_000:
        text = random.choice(given)
        at = random.randrange(len(text) + 1)
        cut = random.choice((text[:at] + text[at + 1 :], text[:at] + random.choice(alphabet) + text[at:], text[:at]))
        given.append(cut + random.choice(("", "", "", "/10/x", "/21/%41", "?a=b", "#", "/", "/254/0")))
    expected = [identifier(text) for text in given]
    for text, ours, theirs in zip(given, expected, answers("identifier", given), strict=True):
        assert ours == theirs, text
    assert 2000 < sum(one is not None for one in expected) < 19_000


def test_published_pairs_of_identifiers_have_one_canonical_form() -> None:
    given = pairs()
    assert [identifier(text) for text in given] == answers("identifier", given)


def is_canonical(text: bytes) -> bool:
    """RFC 8785, and none of the integers that section 5 refuses."""
    try:
        read = orjson.loads(text)
        return canonical_json(read) == text and not _too_large(read)
    except ValueError:
        return False


def _too_large(read: Any) -> bool:
    if isinstance(read, dict | list):
        return any(_too_large(item) for item in (read.values() if isinstance(read, dict) else read))
    return isinstance(read, float) and 2**53 <= abs(read) < 1e21


NUMBERS = (
    b"0", b"-0", b"1.0", b"1", b"10", b"1e0", b"1e21", b"1e+21", b"1E+21", b"1e400", b"-1e400", b"0.1", b"1.5", b".5",
    b"01", b"+1", b"1.", b"1e-7", b"0.000001", b"9007199254740991", b"9007199254740992", b"-9007199254740992",
    b"18446744073709551616", b"18446744073709552000", b"100000000000000000000", b"123456789012345680000",
    b"1.7976931348623157e+308", b"5e-324", b"3e-324", b"333333333.3333333", b"333333333.33333329", b"4.5", b"2e-3",
    b"NaN", b"Infinity", b"1" * 400, b"0." + b"1" * 400, b"1e", b"--1", b"0x1",
)  # fmt: skip
PIECES = (
    *NUMBERS, b"null", b"true",
    b"False", b'""', b'"a"', b'"\\u0061"', b'"\\n"', b'"\\u000a"', b'"\\u000A"', b'"\\u0000"',
    b'"\\/"', b'"/"', b'"\\ud83d\\udce6"', b'"\\ud800"', b'"\\udce6"', '"\U0001f4e6"'.encode(), '"é"'.encode(),
    b'"\xff"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\x00"', b'"\x7f"', '"\u2028"'.encode(), b'"\\"', b'"a', b"{}",
    b"[]",    b"{ }", b"[,]", b"[1,]", b'{"a":1,"a":2}', b'{"b":1,"a":2}', b'{"a":1,"b":2}', b'{"__proto__":1}',
    '{"\U0001f4e6":1,"\uffee":2}'.encode(), '{"\uffee":1,"\U0001f4e6":2}'.encode(), b'{"a" :1}', b"{a:1}", b"", b" ",
    b"\xef\xbb\xbf1",
)  # fmt: skip


def test_canonical_json_is_told_from_any_other() -> None:
    random = Random(3)
    given = [*PIECES, *(b"[" + piece + b"]" for piece in PIECES), *(b'{"a":' + piece + b"}" for piece in PIECES)]
    given += [b"[" * depth + b"]" * depth for depth in (1, 64, MOST_NESTED)]
    for _ in range(6000):
        text = canonical_json(value(random, 4))
        at = random.randrange(len(text) + 1)
        changed = text[:at] + random.choice(PIECES) + text[at + random.randrange(3) :]
        given += [text, changed, text[:at] + bytes([random.randrange(256)]) + text[at + 1 :]]
    expected = [is_canonical(text) for text in given]
    theirs = answers("canonical", [packed(text) for text in given])
    for text, one, other in zip(given, expected, theirs, strict=True):
        assert one == other, text
    assert sum(expected) > 6000


@pytest.mark.parametrize(
    "text",
    [b"[" * 200_000, b'{"a":' * 200_000, b"[" * (MOST_NESTED + 1) + b"]" * (MOST_NESTED + 1), b'["' + b"\\" * 99_999],
)
def test_hostile_nesting_and_endless_strings_are_refused_at_once(text: bytes) -> None:
    assert answers("canonical", [packed(text)]) == [False]
