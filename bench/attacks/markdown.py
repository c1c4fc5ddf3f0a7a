"""The table of docs/threat-model.md, made from the registry."""

from collections.abc import Iterable

from bench.attacks.registry import Attack

_HEAD = "| Attack | By | Against | Without the defence | Defence |\n|---|---|---|---|---|\n"


def table(attacks: Iterable[Attack]) -> str:
    """One row for each attack."""
    return _HEAD + "".join(_row(attack) for attack in attacks)


def _row(attack: Attack) -> str:
    defence = attack.where if not attack.evidence else f"{attack.where}. Not removable: {attack.evidence}"
    cells = (f"`{attack.id}` {attack.title}", attack.adversary, attack.guarantee, attack.without, defence)
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |\n"
