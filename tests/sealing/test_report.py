"""What an auditor reads: every step, and what was not proven as loudly as what was."""

from service.sealing.hashing import canonical_json
from service.sealing.meaning import steps_of
from service.sealing.report import as_json, as_lines, printable
from service.sealing.verify import CHECKS, verify
from tests.sealing.world import World

WORLD = World()


def test_every_step_is_a_line() -> None:
    lines = as_lines(verify(WORLD.bundle().dump(), WORLD.block, steps_of, WORLD.provenance))
    for number, (title, _) in enumerate(CHECKS, start=1):
        assert lines[number - 1].split()[:3] == [str(number), title, "PASS"]
    assert lines[-1].startswith("HOLDS: 6 entries of https://id.gs1.org/00/095211410000000014, whole as of block 77 (")
    assert not any(line.startswith("NOTE") for line in lines)


def test_what_was_not_reached_is_not_told_as_passed() -> None:
    verdict = verify(WORLD.bundle(entries=WORLD.entries[1:]).dump(), WORLD.block, steps_of, WORLD.provenance)
    lines, told = as_lines(verdict), as_json(verdict)
    assert "FAIL" in lines[9]
    assert lines[10].split() == ["11", "Custody", "not", "reached"]
    assert lines[-1] == "DOES NOT HOLD: NotWhole (step 10)"
    assert [step["result"] for step in told["steps"]] == ["pass"] * 9 + ["fail", "not reached"]
    assert (told["holds"], told["error"], told["custodian"]) == (False, "NotWhole", None)


def test_the_first_step_failing_leaves_ten_unreached() -> None:
    verdict = verify(b"", WORLD.block, steps_of)
    assert [step["result"] for step in as_json(verdict)["steps"]] == ["fail"] + ["not reached"] * 10
    assert "DOES NOT HOLD: MalformedBundle (step 1)" in as_lines(verdict)


def test_what_the_proof_does_not_show_is_noted() -> None:
    hidden = [part.model_copy(update={"document": None, "nonce": None}) for part in WORLD.entries]
    world = WORLD.but(custody=WORLD.custody | 2 << 128, entries=hidden)
    lines = as_lines(verify(world.bundle().dump(), world.block, steps_of))
    notes = [line for line in lines if line.startswith("NOTE")]
    assert len(notes) == 3
    assert "6 of them show no document" in notes[0]
    assert f"0x{world.provenance.hex()}" in notes[1]
    assert "2 statements contradicted custody" in notes[2]


def test_json_says_the_same() -> None:
    told = as_json(verify(WORLD.bundle().dump(), WORLD.block, steps_of, WORLD.provenance))
    assert told["holds"] is True
    assert (told["block"], told["blockTime"], told["entries"], told["withheld"]) == (77, WORLD.time, 6, 0)
    assert told["ledger"] == f"0x{WORLD.provenance.hex()}"
    assert told["custodian"] == "https://id.gs1.org/417/0952114300005"
    assert canonical_json(told)


def test_a_hostile_document_cannot_write_to_the_auditors_terminal() -> None:
    hostile = {"type": "ObjectEvent", "eventID": "\x1b[2J\x1b[32m11  Custody  PASS\r\n\u202egnp.evil"}
    part = WORLD.entries[0].model_copy(update={"document": hostile})
    lines = as_lines(verify(WORLD.bundle(entries=[part]).dump(), WORLD.block, steps_of, WORLD.provenance))
    assert any("FAIL" in line and "\\u001b[2J" in line and "\\u202e" in line for line in lines)
    assert all(line.isprintable() for line in lines)
    assert printable("Zürich 東京") == "Zürich 東京"
