"""Taking a defence away: replacing a Python function, or deploying contracts that lack a check."""

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import reduce
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.attacks.world import World

Undefended = Callable[["World"], AbstractContextManager[None]]


def without_check(name: str) -> Undefended:
    """Ledgers that are deployed meanwhile have the contracts of this mutant."""

    @contextmanager
    def undo(world: "World") -> Iterator[None]:
        world.mutant, before = name, world.mutant
        try:
            yield
        finally:
            world.mutant = before

    return undo


def replaced(place: str, make: Callable[[Any], Any]) -> Undefended:
    """`make` gets what is at `module:path.in.it` and gives what stands there meanwhile."""

    @contextmanager
    def undo(_world: "World") -> Iterator[None]:
        module, _, path = place.partition(":")
        *owners, last = path.split(".")
        owner = reduce(getattr, owners, importlib.import_module(module))
        there = vars(owner)[last]
        setattr(owner, last, make(there))
        try:
            yield
        finally:
            setattr(owner, last, there)

    return undo


def both(*all_of_them: Undefended) -> Undefended:
    """Several defences at once: where one stands behind another."""

    @contextmanager
    def undo(world: "World") -> Iterator[None]:
        if not all_of_them:
            yield
            return
        with all_of_them[0](world), both(*all_of_them[1:])(world):
            yield

    return undo
