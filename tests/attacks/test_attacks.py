"""Every attack of docs/threat-model.md is survived, and succeeds as soon as its defence is taken away."""

import pytest

from bench.attacks.catalogue import ATTACKS
from bench.attacks.markdown import table
from bench.attacks.world import World
from service.devstack.anvil import CHECKOUT

REMOVABLE = [name for name, attack in ATTACKS.items() if attack.undefended is not None]
LIGHT = [name for name in REMOVABLE if not ATTACKS[name].heavy]  # `python -m bench.attacks --undefended` runs all


@pytest.mark.parametrize("name", ATTACKS)
async def test_survived(attacked: World, name: str) -> None:
    outcome = await ATTACKS[name].run(attacked)
    assert outcome.survived, outcome.observed


@pytest.mark.parametrize("name", LIGHT)
async def test_succeeds_without_the_defence(attacked: World, name: str) -> None:
    undefended = ATTACKS[name].undefended
    assert undefended is not None
    with undefended(attacked):
        outcome = await ATTACKS[name].run(attacked)
    assert not outcome.survived, f"the entry proves nothing: {outcome.observed}"


def test_the_document_lists_every_attack() -> None:
    page = (CHECKOUT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    assert table(ATTACKS.values()) in page, "put the output of `python -m bench.attacks --markdown` into it"
    assert f"{len(ATTACKS)} attacks and faults" in page


def test_few_entries_rest_on_evidence_alone() -> None:
    assert len(ATTACKS) - len(REMOVABLE) < 5
