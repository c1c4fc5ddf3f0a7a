"""The bench of risk prints sections, then one line of JSON that names what was not measured."""

from __future__ import annotations

import json

import pytest

from bench import risk
from bench.risk_section import Asked, Section


def test_the_last_line_is_json_with_the_named_figures_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(name: str, asked: Asked) -> Section:
        assert (name, asked.last) == ("cargo", 12)
        return Section("Lateness", "a table", {"all_auroc": 0.87, "more": 1.0})

    monkeypatch.setattr(risk, "measured", told)
    risk.main(["--only", "cargo", "--last", "12"])
    printed = capsys.readouterr().out.splitlines()
    assert "## Lateness" in printed
    figures = json.loads(printed[-1])
    assert list(figures)[:2] == ["all_auroc", "challenger_all_auroc"]
    assert (figures["all_auroc"], figures["challenger_ap"], figures["more"]) == (0.87, None, 1.0)
