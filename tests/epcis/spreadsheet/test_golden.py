"""Whole files as programs save them, and exactly what they stand for."""

import json
from pathlib import Path

import pytest

from service.epcis.documents import parse
from service.epcis.spreadsheet import read_csv

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", ["german-excel.csv", "excel-unicode.txt", "transformation.csv"])
def test_a_file_stands_for_its_document(name: str) -> None:
    translated = read_csv((GOLDEN / name).read_bytes())
    assert translated.value == json.loads((GOLDEN / name).with_suffix(".json").read_text())
    assert parse(translated.value).events
