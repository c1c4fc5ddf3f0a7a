"""The page gives the verdicts that `trailseal verify` gives: on every vector, and on hundreds of mutated bundles."""

import json
from random import Random
from typing import Any

import orjson
import pytest

from service.sealing.hashing import canonical_json
from service.sealing.meaning import steps_of
from service.sealing.report import as_json, as_lines
from service.sealing.trust import Trust
from service.sealing.verify import verify
from tests.sealing.cases import Case, cases
from tests.vectors import VECTORS
from tests.web.mutants import in_form, in_meaning, with_document
from tests.web.scripts import answers, packed


def question(case: Case) -> dict[str, Any]:
    """The case as the page is asked it."""
    told = case.inputs
    if told["witnesses"]:
        lines = b"".join(canonical_json(one) + b"\n" for one in told["witnesses"].pop("checkpoints"))
        told["witnesses"]["lines"] = packed(lines)
    return {**told, "file": packed(case.file)}


def verdict(case: Case) -> dict[str, Any]:
    """What the command says; of a file that is no bundle the two may say different things."""
    found = verify(case.file, case.trust, steps_of, case.ledger)
    told: dict[str, Any] = orjson.loads(orjson.dumps(as_json(found)))
    notes = [line.removeprefix("NOTE: ") for line in as_lines(found) if line.startswith("NOTE: ")]
    return without_form({**told, "notes": notes})


def without_form(told: dict[str, Any]) -> dict[str, Any]:
    if told["failedStep"] == 1:
        told["steps"][0]["finding"] = "..."
    return told


def compare(given: list[Case]) -> list[dict[str, Any]]:
    """Verifies each both ways; returns the verdicts, which are the same."""
    expected = [verdict(case) for case in given]
    found = [without_form(one) for one in answers("verify", [question(case) for case in given])]
    for case, ours, theirs in zip(given, expected, found, strict=True):
        assert ours == theirs, f"{case.name}: {json.dumps(ours)[:600]}"
    return expected


def test_every_vector_gives_its_verdict_with_the_same_findings() -> None:
    """From nothing but the files, as an implementation of somebody else's would; the findings are the command's."""
    folder = VECTORS / "bundles"
    index = {one["name"]: one for one in orjson.loads((folder / "index.json").read_bytes())["cases"]}
    given = list(cases())
    assert [case.name for case in given] == list(index)
    asked = [{**question(case), "file": packed((folder / index[case.name]["file"]).read_bytes())} for case in given]
    for case, told in zip(given, answers("verify", asked), strict=True):
        expected = index[case.name]["verdict"]
        shown = [{name: step[name] for name in ("number", "title", "result")} for step in told["steps"]]
        assert {name: {**told, "steps": shown}[name] for name in expected} == expected, case.name
        assert without_form(told) == verdict(case), case.name


@pytest.mark.parametrize("seed", range(2))
def test_bundles_changed_in_form_have_the_same_verdict(seed: int) -> None:
    random = Random(seed)
    base = [case for case in cases() if not case.name.startswith("attack")]
    found = compare([in_form(random, random.choice(base)) for _ in range(80)])
    assert len({one["failedStep"] for one in found}) > 6


def test_bundles_that_say_anything_have_the_same_verdict() -> None:
    random = Random(5)
    found = compare([in_meaning(random) for _ in range(80)])
    assert {one["error"] for one in found} >= {None, "ForeignEvent"}


NO_BUNDLES = (
    b"", b"\n", b"{}\n", b"null\n", b"[]\n", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}\n",
    b'{"format":"trailseal-bundle/1"}\n', b"PK\x03\x04", b"%PDF-1.7\n", b"<!doctype html><script>alert(1)</script>",
    b"[" * 1_000_000, b"{" * 1_000_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n", b'"' + b"a" * 1_000_000,
    b"1" * 1_000_000, b"\x00" * 1000,
)  # fmt: skip


def test_whatever_is_no_bundle_is_refused_at_the_first_step() -> None:
    found = compare([Case("no bundle", "", file, Trust(bytes(32))) for file in NO_BUNDLES])
    assert {(one["error"], one["failedStep"]) for one in found} == {("MalformedBundle", 1)}


def test_documents_are_as_deep_and_their_numbers_as_large_as_everywhere() -> None:
    (case,) = (one for one in cases() if one.name == "single")

    def nested(depth: int) -> dict[str, Any]:
        inner: Any = {}
        for index in range(depth - 1):
            inner = {"a": inner} if index % 2 else [inner]
        return {"a": inner} if isinstance(inner, list) else inner

    depths = [compare([with_document(case, nested(depth))])[0]["error"] for depth in (63, 64, 65, 66)]
    assert set(depths[:1]) == {"SealBroken"}
    assert depths[-1] == "MalformedBundle"
    numbers = (2.0**53 - 1, 2.0**64, 1.2e20, -1e20, 1e21, 1.5)
    found = [one["error"] for one in compare([with_document(case, {"a": number}) for number in numbers])]
    assert found == ["SealBroken", *["MalformedBundle"] * 3, "SealBroken", "SealBroken"]
