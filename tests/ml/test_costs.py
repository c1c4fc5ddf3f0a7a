"""Acting on a risk: what it costs, and when it is worth it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.costs import Costs, Looks, saved, spent, tuned

FLAT = {"early": 0.8, "at_end": 0.8}


def looks(*rows: tuple[int, float, float, int]) -> Looks:
    """Rows of (case, chance, share of the planned time, late)."""
    case, chance, share, late = zip(*rows, strict=True)
    return Looks(
        np.array(case),
        np.array(chance, dtype=float),
        np.array(share, dtype=float),
        np.array(late, dtype=float),
        np.full(len(rows), -1),
    )


def test_the_first_look_that_pays_is_acted_on_and_only_once() -> None:
    one = looks((7, 0.1, 0.0, 1), (7, 0.9, 0.5, 1), (7, 0.95, 0.9, 1))
    costs = Costs(adaptation=0.3, early=0.9, at_end=0.3)
    # Acted half way, where it helps with a chance of 0.6.
    assert spent(one, costs) == pytest.approx([0.3 + 0.4])


def test_acting_for_a_shipment_in_time_is_paid_for_and_changes_nothing() -> None:
    assert spent(looks((1, 0.9, 0.0, 0)), Costs(adaptation=0.3, **FLAT)) == pytest.approx([0.3])


def test_what_does_not_pay_is_left() -> None:
    assert spent(looks((1, 0.3, 0.0, 1), (2, 0.3, 0.0, 0)), Costs(adaptation=0.3, **FLAT)) == pytest.approx([1.0, 0.0])


def test_savings_are_those_of_the_late_that_were_caught() -> None:
    both = looks((1, 0.9, 0.0, 1), (2, 0.1, 0.0, 1))
    assert saved(both, Costs(adaptation=0.2, **FLAT)) == pytest.approx((0.8 - 0.2) / 2)


def test_more_caution_where_the_chances_are_told_too_high() -> None:
    alarms = looks(*((case, 0.6, 0.0, int(case == 0)) for case in range(10)), (10, 0.95, 0.0, 1))
    costs = Costs(adaptation=0.3, **FLAT)
    chosen = tuned(alarms, costs)
    assert chosen > 1
    assert saved(alarms, costs, chosen) > saved(alarms, costs)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=20), st.floats(0, 2))
def test_nobody_pays_more_than_the_penalty_and_one_adaptation(cases: list[tuple[float, bool]], price: float) -> None:
    told = looks(*((case, chance, 0.5, int(late)) for case, (chance, late) in enumerate(cases)))
    costs = Costs(adaptation=price)
    assert (spent(told, costs) <= 1 + price + 1e-12).all()
    assert spent(told, costs, np.inf).sum() == sum(late for _, late in cases)


@pytest.mark.parametrize("wrong", [{"adaptation": -1.0}, {"adaptation": 1.0, "early": 1.2}])
def test_costs_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"costs|chances"):
        Costs(**wrong)
