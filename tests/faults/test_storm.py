"""`python -m bench.faults` in the small: it runs, its judge is tried, and nothing is lost or doubled."""

import json

import pytest

from bench.faults.__main__ import main


@pytest.mark.slow  # it starts seven processes of ours, PostgreSQL and a chain
@pytest.mark.timeout(600)
def test_a_small_storm_loses_and_doubles_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--captures", "40", "--minutes", "0.1", "--outage", "3", "--seed", "5"]
    words += ["--only", "relay killed", "--only", "reorganised, dropping"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(told)[:4] == ["accepted", "sealed", "lost", "doubled"]
    assert told["accepted"] == told["sealed"] == 40 - told["given_up_by_clients"]
    assert (told["lost"], told["doubled"], told["judge_tried"]) == (0, 0, True)
    assert told["faults"] >= 2
