"""Training is repeatable, and the packaged model does what its description says."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from ml.choosing import origins
from ml.datasets.cargo2000 import read
from ml.evaluate import evaluate
from ml.model_files import LATE
from ml.model_files import read as read_model
from ml.shipment import SLOTS, Leg, Shipment
from ml.train import Recipe, train
from tests.ml.freight_cases import SEASON
from tests.shared import shared

TINY = Recipe(last=49, validate_after=34, lag=10, members=2, most_epochs=2, hidden=4, width=8, heads=2)


def _cells(leg: Leg) -> dict[str, object]:
    cells: dict[str, object] = {f"{leg.slot}_hops": len(leg.segments)}
    for point in leg.milestones:
        name = f"{leg.slot}_{point.code.lower()}" + (f"_{point.segment}" if point.segment else "")
        cells |= {f"{name}_p": point.planned, f"{name}_e": point.effective, f"{name}_place": point.place}
    return cells


def write_table(path: Path, rows: Sequence[Shipment]) -> Path:
    """The shipments as a table of the Cargo 2000 form."""
    told = [{"nr": row.nr, **{k: v for leg in row.legs for k, v in _cells(leg).items()}} for row in rows]
    columns = [
        "nr",
        *(f"{slot}_hops" for slot in SLOTS),
        *dict.fromkeys(key for row in told for key in row if key != "nr"),
    ]
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(dict.fromkeys(columns)), restval="?")
        writer.writeheader()
        writer.writerows({key: "?" if value is None else value for key, value in row.items()} for row in told)
    return path


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    numbered = [replace(shipment, nr=nr) for nr, shipment in enumerate(SEASON)]
    path = write_table(tmp_path_factory.mktemp("table") / "season.csv", numbered)
    assert read(path) == numbered
    return path


def test_the_same_seed_gives_the_same_model_and_another_seed_another(table: Path, tmp_path: Path) -> None:
    one, two = (train(table, tmp_path / name, seed=3, recipe=TINY) for name in ("one", "two"))
    assert one.model.hash == two.model.hash
    other = train(table, tmp_path / "other", seed=4, recipe=TINY)
    assert other.model.description["weights"]["sha256"] != one.model.description["weights"]["sha256"]


def test_rows_after_the_last_one_have_no_part_in_training(table: Path, tmp_path: Path) -> None:
    whole = train(table, tmp_path / "whole", recipe=TINY).model.description
    short = write_table(tmp_path / "short.csv", [row for row in read(table) if (row.nr or 0) <= TINY.last])
    cut = train(short, tmp_path / "cut", recipe=TINY)
    assert cut.test is None
    for part in ("weights", "lanes", "scaling", "calibration", "bands", "epochs"):
        assert cut.model.description[part] == whole[part]


def test_training_tells_how_far_it_is(table: Path, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    train(table, tmp_path, recipe=TINY, progress=lambda *step: heard.append(step))
    assert {stage for stage, _, _ in heard} == {"describe", "choose", "fit"}
    assert all(done <= of for _, done, of in heard)


def test_a_run_that_was_ended_goes_on_and_gives_the_same_weights(table: Path, tmp_path: Path) -> None:
    whole = train(table, tmp_path / "whole", recipe=TINY)
    kept = tmp_path / "members"

    def ended(stage: str, done: int, _of: int) -> None:
        if (stage, done) == ("fit", 1):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(table, tmp_path / "again", recipe=TINY, checkpoints=kept, progress=ended)
    before = {file.name: file.stat().st_mtime_ns for file in kept.iterdir()}
    assert len(before) == TINY.members * len(origins(TINY.validate_after)) + 1
    again = train(table, tmp_path / "again", recipe=TINY, checkpoints=kept)
    assert again.model.hash == whole.model.hash
    assert {file.name: file.stat().st_mtime_ns for file in kept.iterdir()}.items() >= before.items()


@pytest.mark.slow  # describes all prefixes of 3,153 shipments
def test_the_packaged_model_measures_as_its_description_says_and_beats_what_analysts_have() -> None:
    found = evaluate(shared("data", "cargo2000", "cargo2000.csv"), rivals=False)["trailseal"]
    assert asdict(found) == pytest.approx(read_model(LATE).description["metrics"]["test"], abs=5e-3)
    assert found.ALL > 0.86
    assert found.Brier < 0.126


def test_the_packaged_model_learnt_from_training_rows_only() -> None:
    description = read_model(LATE).description
    assert description["learnt_from"]["rows"][1] == 2628
    assert description["lanes"]["seen"] <= 2629
    assert sum(file.stat().st_size for file in LATE.iterdir()) < 3_000_000
