"""Deliveries known by their booking only: what is read, what counts as known, and what the model learns from it."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.datasets.scms import Delivery, read
from ml.tabular import challengers, model, promotion
from ml.tabular import train as learning
from ml.tabular.challengers import OURS
from ml.tabular.describe import HORIZON, describe
from ml.tabular.encoding import Encoding
from ml.tabular.history import NEVER, Outcomes
from ml.tabular.linear import Linear
from ml.tabular.promotion import verdict
from tests.shared import shared

BEGIN = date(2010, 1, 1)


def delivery(nr: int, day: int, *, country: str = "Uganda", late: int | None = 0, recorded_after: int = 0) -> Delivery:
    """Scheduled `day` days after BEGIN; delivered `late` days after that (None: open)."""
    scheduled = BEGIN + timedelta(days=day)
    delivered = None if late is None else scheduled + timedelta(days=late)
    recorded = None if delivered is None else delivered + timedelta(days=recorded_after)
    texts = ("From RDC", "Air", "EXW", "V", "S", "P", "ARV", "M", "I", f"PO-{nr}")
    amounts = (10.0, 100.0, 10.0, 60.0)
    return Delivery(nr, country, *texts, *amounts, None, None, scheduled, delivered, recorded)


def season(seed: int = 0, count: int = 400) -> list[Delivery]:
    """Deliveries over three years; those to Kenya are often late."""
    rng = np.random.default_rng(seed)
    made = []
    for nr, day in enumerate(sorted(rng.integers(0, 1000, count).tolist())):
        country = ("Uganda", "Kenya")[int(rng.integers(2))]
        late = int(rng.random() < (0.6 if country == "Kenya" else 0.05)) * 9
        made.append(delivery(nr, day, country=country, late=late, recorded_after=int(rng.integers(20))))
    return made


def test_what_became_known_later_changes_nothing_before() -> None:
    made = season()
    day = made[250].scheduled.toordinal() - HORIZON
    hidden = [
        one if one.known is not None and one.known.toordinal() <= day else replace(one, delivered=None, recorded=None)
        for one in made
    ]
    asked = [at for at, one in enumerate(made) if one.scheduled <= made[250].scheduled]
    full, cut = describe(made), describe(hidden)
    assert np.array_equal(full.columns[asked], cut.columns[asked])
    assert np.array_equal(full.offset[asked], cut.offset[asked])


def test_an_outcome_counts_from_the_day_it_is_recorded() -> None:
    late = delivery(1, 0, late=9, recorded_after=100)
    before, after = delivery(2, HORIZON + 108), delivery(3, HORIZON + 109)
    told = describe([late, before, after])
    assert told.offset[1] == told.offset[0], "not known yet"
    assert told.offset[2] > told.offset[1]


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(0, 60), st.booleans()), min_size=1),
    st.integers(1, 40),
)
def test_counts_are_those_of_the_definition(rows: list[tuple[int, int, int, bool]], window: int) -> None:
    group, moment, known, late = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    known[::5] = NEVER
    seen, past = Outcomes(moment, known, late.astype(float)).counts(group, window)
    for at in range(len(rows)):
        counted = (group == group[at]) & (known <= moment[at]) & (known > moment[at] - window)
        assert (seen[at], past[at]) == (counted.sum(), late[counted].sum())


def test_lanes_that_are_late_are_told_apart() -> None:
    made = season()
    told = describe(made)
    kenya = np.array([one.country == "Kenya" for one in made])
    assert told.offset[200:][kenya[200:]].mean() > told.offset[200:][~kenya[200:]].mean() + 1


def test_the_model_learns_what_the_offset_does_not_say_and_is_the_same_again() -> None:
    from ml.tabular.model import fit

    rng = np.random.default_rng(3)
    columns, offset = rng.normal(size=(600, 4)), np.full(600, -1.0)
    late = (rng.random(600) < 1 / (1 + np.exp(-(offset + 2.5 * columns[:, 1])))).astype(float)
    model, again = fit(columns, offset, late, seeds=1), fit(columns, offset, late, seeds=1)
    assert np.array_equal(model.odds(columns, offset), again.odds(columns, offset))
    assert np.corrcoef(model.odds(columns, offset), columns[:, 1])[0, 1] > 0.8


def test_a_model_that_a_challenger_beats_is_not_promoted() -> None:
    rng = np.random.default_rng(6)
    late, case = (rng.random(600) < 0.3).astype(float), np.arange(600) // 2
    good, bad = (np.clip(late * 0.5 + 0.25 + rng.normal(size=600) * spread, 0.01, 0.99) for spread in (0.1, 0.6))
    worse = verdict(late, case, {OURS: bad, "chain": good, "lane": bad}, times=100)
    assert (worse.promoted, worse.challenger) == (False, "chain")
    assert verdict(late, case, {OURS: good, "lane": bad}, times=100).promoted
    same = verdict(late, case, {OURS: good, "lane": good}, times=50)
    assert (same.promoted, same.auroc) == (True, (0.0, 0.0))
    with pytest.raises(ValueError, match="only late or only punctual"):
        verdict(np.zeros(600), case, {OURS: good, "lane": bad})


def test_training_judges_by_the_years_before_that_had_enough_to_learn_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challengers, "ROUNDS", 3)
    monkeypatch.setitem(challengers.SETTINGS, "num_threads", 1)
    monkeypatch.setattr(model, "EPOCHS", 1)
    monkeypatch.setattr(promotion, "verdict", partial(verdict, times=50))
    monkeypatch.setattr(learning, "read", lambda _csv: season(count=900))
    heard = list[str]()
    told = learning.train(
        Path("scms.csv"), tmp_path, before=2012, judged=True, progress=lambda stage, *_: heard.append(stage)
    )
    assert told.verdict is not None
    assert heard.count("judge") == 7
    kept = json.loads((tmp_path / "model.json").read_bytes())["metrics"]["promotion"]
    assert kept["promoted"] == told.verdict.promoted
    monkeypatch.setattr(learning, "JUDGED", 0)
    assert learning.train(Path("scms.csv"), tmp_path, before=2012, judged=True).verdict is None


def test_a_written_model_gives_the_same_odds(tmp_path: Path) -> None:
    from ml.tabular.model import fit, read, write

    rng = np.random.default_rng(4)
    columns, offset, late = rng.normal(size=(100, 3)), np.zeros(100), rng.integers(0, 2, 100).astype(float)
    model = fit(columns, offset, late, seeds=2)
    write(tmp_path, model, {"name": "test"})
    assert read(tmp_path).odds(columns, offset) == pytest.approx(model.odds(columns, offset), abs=1e-12)


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50), st.floats(-1e9, 1e9))
def test_encodings_stay_within_a_half_and_never_fall(values: list[float], asked: float) -> None:
    encoding = Encoding.of(np.array(values)[:, None])
    told = encoding.apply(np.array([asked, asked + 1])[:, None])
    assert (np.abs(told) <= 0.5).all()
    assert (told[1] >= told[0]).all()


def test_a_ridge_of_any_size_leaves_the_level_free() -> None:
    rng = np.random.default_rng(5)
    late = (rng.random(2000) < 0.3).astype(float)
    fitted = Linear.fit(rng.normal(size=(2000, 2)), np.zeros(2000), late, ridge=1e6)
    assert 1 / (1 + np.exp(-fitted.intercept)) == pytest.approx(late.mean(), abs=0.01)


def test_the_real_history_is_read() -> None:
    found = read(shared("data", "scms", "scms.csv"))
    assert len(found) == 7747
    year = [one.late for one in found if one.scheduled.year == 2013]
    assert (len(year), sum(map(bool, year))) == (1240, 196)


def test_another_table_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "other.csv"
    wrong.write_text("ID,Country\n1,Uganda\n")
    with pytest.raises(ValueError, match="no column Scheduled Delivery Date"):
        read(wrong)
