"""The vectors that other implementations check: every file gives its verdict, and every file is made the same anew."""

from typing import Any

import orjson
import pytest

from service.sealing.checkpoint import SignedCheckpoint, read_line
from service.sealing.hashing import canonical_json
from service.sealing.meaning import steps_of
from service.sealing.report import as_json
from service.sealing.trust import Trust, Validators, Witnesses
from service.sealing.verify import verify
from tests.sealing.cases import Case, cases
from tests.vectors import VECTORS

FOLDER = VECTORS / "bundles"
INDEX: list[dict[str, Any]] = orjson.loads((FOLDER / "index.json").read_bytes())["cases"]
CASES: dict[str, Case] = {case.name: case for case in cases()}


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def trust_of(case: dict[str, Any]) -> Trust:
    """As an implementation that has nothing but the index reads it."""
    witnesses, known = case["witnesses"], case["validators"]
    return Trust(
        None if case["block"] is None else raw(case["block"]),
        None if known is None else Validators(frozenset(map(raw, known))),
        None
        if witnesses is None
        else Witnesses(
            frozenset(map(raw, witnesses["addresses"])),
            witnesses["required"],
            tuple(signed(one) for one in witnesses["checkpoints"]),
        ),
    )


def signed(checkpoint: dict[str, Any]) -> SignedCheckpoint:
    return read_line(canonical_json(checkpoint))


@pytest.mark.parametrize("case", INDEX, ids=lambda case: case["name"])
def test_a_vector_gives_its_verdict(case: dict[str, Any]) -> None:
    ledger = None if case["ledger"] is None else raw(case["ledger"])
    verdict = as_json(verify((FOLDER / case["file"]).read_bytes(), trust_of(case), steps_of, ledger))
    expected = case["verdict"]
    shown = [{name: step[name] for name in ("number", "title", "result")} for step in verdict["steps"]]
    assert {**verdict, "steps": shown} == {**expected, "trust": verdict["trust"]}


def test_the_vectors_are_made_the_same_anew() -> None:
    """Else another implementation would be checked against bytes that nothing here can give."""
    assert [case["name"] for case in INDEX] == list(CASES)
    for case in INDEX:
        made = CASES[case["name"]]
        assert (FOLDER / case["file"]).read_bytes() == made.file, case["name"]
        assert {name: case[name] for name in made.inputs} == made.inputs
        assert case["verdict"] == made.verdict


def test_no_file_is_there_that_the_index_does_not_name() -> None:
    assert {one.name for one in FOLDER.iterdir()} == {"index.json", *(case["file"] for case in INDEX)}


def test_every_step_fails_in_some_vector_and_some_hold() -> None:
    failed = {case["verdict"]["failedStep"] for case in INDEX}
    assert failed == {None, *range(1, 13)}
