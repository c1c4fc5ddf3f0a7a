"""What the documents say is so: examples parse, links lead somewhere, settings and commands are all described."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from service.cli import app
from service.config import PREFIX, Settings
from service.epcis.custody import Step, steps
from service.epcis.documents import parse

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_example_delivery_is_what_the_readme_says_it_is() -> None:
    events = parse((ROOT / "docs/examples/delivery.json").read_bytes()).events
    pallet = "https://id.gs1.org/00/095210010000000017"
    assert [steps(event)[pallet][0] for event in events] == [Step.COMMISSION, Step.OBSERVE, Step.SHIP]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def test_every_setting_is_described_where_operators_look() -> None:
    page = (ROOT / "docs/operating.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"`{PREFIX}{name.upper()}`" in page, name
        assert str(field.description) in page, name


def test_every_command_of_the_readme_exists() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    said = re.findall(r"^trailseal (\w+)(?: (\w+))?", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert said
    for first, second in said:
        assert first in commands
        if hasattr(commands[first], "commands"):
            assert second in commands[first].commands


def test_no_placeholder_is_left() -> None:
    assert [page.name for page in PAGES if re.search(r"@@|TODO|TBD", page.read_text())] == []
