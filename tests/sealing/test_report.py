"""What an auditor reads: every step, and what was not proven as loudly as what was."""

from dataclasses import replace

from service.sealing.bundle import Bundle, EventPart
from service.sealing.hashing import canonical_json
from service.sealing.meaning import steps_of
from service.sealing.report import as_json, as_lines, printable
from service.sealing.trust import Trust
from service.sealing.verdict import Verdict
from service.sealing.verify import CHECKS, verify
from tests.sealing.world import World, binding
from tests.trails.freight import CARRIER

WORLD = World()
HONEST = WORLD.bundle()
(TRAIL,) = HONEST.trails


def judged(bundle: Bundle, world: World = WORLD, ledger: bytes | None = WORLD.provenance) -> Verdict:
    return verify(bundle.dump(), Trust(world.block), steps_of, ledger)


def one_hidden() -> Bundle:
    entries = [replace(entry, capture=None) for entry in TRAIL.entries[1:]]
    events = [one for one in HONEST.events if one.seal != TRAIL.entries[0].seal]
    return replace(HONEST, trails=[replace(TRAIL, entries=entries)], captures=[], events=events)


def test_every_step_is_a_line() -> None:
    lines = as_lines(judged(HONEST))
    for number, (title, _) in enumerate(CHECKS, start=1):
        assert lines[number - 1].split()[:3] == [str(number), title, "PASS"]
    assert lines[13].startswith("HOLDS: 6 entries of https://id.gs1.org/00/095211410000000014, whole as of block 77 (")
    assert lines[14].endswith("6 entries, custodian https://id.gs1.org/417/0952114300005")
    assert not any(line.startswith("NOTE") for line in lines)


def test_what_was_not_reached_is_not_told_as_passed() -> None:
    verdict = judged(one_hidden())
    lines, told = as_lines(verdict), as_json(verdict)
    assert "FAIL" in lines[9]
    assert lines[10].split() == ["11", "Custody", "not", "reached"]
    assert lines[-1] == "DOES NOT HOLD: NotWhole (step 10)"
    assert [step["result"] for step in told["steps"]] == ["pass"] * 9 + ["fail"] + ["not reached"] * 2
    assert (told["holds"], told["error"], told["failedStep"], told["trails"]) == (False, "NotWhole", 10, [])


def test_the_first_step_failing_leaves_eleven_unreached() -> None:
    verdict = verify(b"", Trust(WORLD.block), steps_of)
    assert [step["result"] for step in as_json(verdict)["steps"]] == ["fail"] + ["not reached"] * 11
    assert "DOES NOT HOLD: MalformedBundle (step 1)" in as_lines(verdict)


def test_what_the_proof_does_not_show_is_noted() -> None:
    (told,) = WORLD.trails
    world = WORLD.but(
        trails=(replace(told, custody=told.custody | 2 << 128),),
        keys={**WORLD.keys, CARRIER.address: binding(2, compromised_from=told.said[3].time)},
        standings={**WORLD.standings, 2: 2 | 1 << 32},
    )
    lines = as_lines(judged(replace(world.bundle(), events=[]), world, None))
    notes = [line for line in lines if line.startswith("NOTE")]
    assert len(notes) == 6
    assert "6 entries show no document" in notes[0]
    assert "2 entries are by keys since the time" in notes[1]
    assert "2 statements contradicted custody" in notes[2]
    assert "a key of https://id.gs1.org/417/0952114200008 is revoked, not to be trusted from 2026-" in notes[3]
    assert "0952114200008 is suspended" in notes[4]
    assert f"0x{world.provenance.hex()}" in notes[5]


def test_json_says_the_same() -> None:
    told = as_json(judged(HONEST))
    assert told["holds"] is True
    assert (told["block"], told["blockTime"], told["entries"], told["withheld"]) == (77, WORLD.time, 6, 0)
    assert told["ledger"] == f"0x{WORLD.provenance.hex()}"
    assert [(one["identifier"], one["custodian"]) for one in told["trails"]] == [(TRAIL.identifier, 3)]
    assert [(one["number"], one["identifier"]) for one in told["parties"]][2] == (
        3,
        "https://id.gs1.org/417/0952114300005",
    )
    assert {one["validTo"] for one in told["keys"]} == {str(2**64 - 1)}
    assert canonical_json(told)


def test_a_hostile_document_cannot_write_to_the_auditors_terminal() -> None:
    hostile = {"type": "ObjectEvent", "eventID": "\x1b[2J\x1b[32m11  Custody  PASS\r\n\u202egnp.evil"}
    lines = as_lines(judged(replace(HONEST, events=[EventPart.of(hostile, bytes(16))])))
    assert any("FAIL" in line and "\\u001b[2J" in line and "\\u202e" in line for line in lines)
    assert all(line.isprintable() for line in lines)
    assert printable("Zürich 東京") == "Zürich 東京"
