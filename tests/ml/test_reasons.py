"""The vocabulary of reasons is documented, and every code that is given is in it."""

from __future__ import annotations

import re
from pathlib import Path

from ml.reason_codes import VOCABULARY, codes
from ml.report_events import BACK_DATED
from ml.reports import AHEAD, MOST_REPORTS

DOCUMENT = (Path(__file__).parents[2] / "docs" / "risk-reasons.md").read_text(encoding="utf-8")


def test_the_document_lists_every_code_with_what_it_says() -> None:
    rows = dict(re.findall(r"^\| ([A-Z_]+) \| (.+) \|$", DOCUMENT, flags=re.MULTILINE))
    assert rows == VOCABULARY
    assert set(VOCABULARY) == codes()


def test_the_document_names_the_limits_that_the_code_has() -> None:
    assert f"{BACK_DATED.total_seconds() / 3600:.0f}" == "6"
    assert "more than six hours" in DOCUMENT
    assert AHEAD.total_seconds() == 15 * 60
    assert "quarter of an hour" in DOCUMENT
    assert f"at most {2 * MOST_REPORTS} reports" in DOCUMENT


def test_every_code_that_a_module_gives_is_in_the_vocabulary() -> None:
    given = set[str]()
    for module in (Path(__file__).parents[2] / "ml").rglob("*.py"):
        given |= set(re.findall(r'(?:Reason|Note)\(\s*"([A-Z_]{4,})"', module.read_text(encoding="utf-8")))
    assert given
    assert given <= codes()
