"""What an attack is, and the list of all of them.

An entry has an honest part, `run`, which plays the attacker and says what came of it, and `undefended`, which takes
away the one defence that the entry is about. With the defence every attack is survived; without it the same attack
succeeds: so no entry passes because it tries nothing.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.attacks.world import World

Run = Callable[["World"], Awaitable["Outcome"]]
Undefended = Callable[["World"], AbstractContextManager[None]]


class Adversary(StrEnum):
    """Who attacks; docs/threat-model.md says what each is able to do."""

    OUTSIDER = "outsider"
    SUPPLIER = "registered party"
    TENANT = "other tenant"
    OPERATOR = "operator of the service"
    DATABASE = "database administrator"
    RELAY = "relay thief"
    CHAIN = "rolled-back or forked chain"
    NODE = "lying node"
    AUDITOR = "too curious auditor"
    REGISTRAR = "registrar's key thief"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attack: whether it was survived, and what was observed, in a few words."""

    survived: bool
    observed: str


@dataclass(frozen=True, slots=True)
class Attack:
    """One entry. `without`: what would have happened without the defence, which is at `where`.

    `undefended` is None where the defence cannot be taken away; then `evidence` says why, and what shows that it holds.
    `heavy`: without the defence it takes seconds, so that only the bench runs it so.
    """

    id: str
    title: str
    guarantee: str
    adversary: Adversary
    without: str
    where: str
    run: Run
    undefended: Undefended | None
    evidence: str = ""
    heavy: bool = False


ATTACKS: dict[str, Attack] = {}
"""All entries by id, in the order of the document; filled by the modules that `bench.attacks.catalogue` imports."""


def attack(
    id: str,  # noqa: A002 the entry's own word
    title: str,
    *,
    guarantee: str,
    adversary: Adversary,
    without: str,
    where: str,
    undefended: Undefended | None = None,
    evidence: str = "",
    heavy: bool = False,
) -> Callable[[Run], Run]:
    """Enters the decorated function as an attack.

    Raises:
        ValueError: the id is taken, or neither `undefended` nor `evidence` is given.
    """

    def enter(run: Run) -> Run:
        if id in ATTACKS or (undefended is None) == (not evidence):
            raise ValueError(f"attack {id}: ids are used once, and either a defence is taken away or evidence is told")
        ATTACKS[id] = Attack(id, title, guarantee, adversary, without, where, run, undefended, evidence, heavy)
        return run

    return enter


def survived(holds: bool, observed: object) -> Outcome:
    """The outcome of an attack that is survived if `holds`."""
    return Outcome(bool(holds), str(observed)[:200])
