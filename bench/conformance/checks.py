"""A check has a name and passes or says why not; a group counts its checks. One failed check never stops another."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

MAX_REASON = 600
Item = TypeVar("Item")


class Failed(AssertionError):
    """The service answered otherwise than the standard asks; the message says what was asked and what came."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check's result: `reason` is None where it passed."""

    name: str
    reason: str | None


class Group:
    """The checks of one subject; safe to use from several threads."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.outcomes: list[Outcome] = []
        self._lock = threading.Lock()

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """Counts what happens inside as one check. An answer that cannot even be read is a failure like any other."""
        reason: str | None = None
        try:
            yield
        except Failed as failure:
            reason = str(failure)
        except Exception as fault:  # noqa: BLE001 the service may answer anything; it must not stop the other checks
            reason = f"{type(fault).__name__}: {fault}"
        with self._lock:
            self.outcomes.append(Outcome(name, None if reason is None else reason[:MAX_REASON]))

    def each(self, items: Iterable[Item], run: Callable[[Item], None], *, threads: int = 4) -> None:
        """Runs the checks of independent items side by side."""
        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(run, item) for item in items]:
                done.result()

    @property
    def passed(self) -> int:
        """How many checks passed."""
        return sum(outcome.reason is None for outcome in self.outcomes)

    @property
    def total(self) -> int:
        """How many checks there were."""
        return len(self.outcomes)

    @property
    def failures(self) -> list[Outcome]:
        """The checks that failed, by name."""
        return sorted((one for one in self.outcomes if one.reason is not None), key=lambda one: one.name)


def expect(condition: object, message: str) -> None:
    """Fails the check, with this message, unless the condition holds."""
    if not condition:
        raise Failed(message)


def expect_equal(got: Any, wanted: Any, what: str) -> None:
    """Fails the check unless both are equal; says both."""
    expect(got == wanted, f"{what}: expected {_shown(wanted)}, got {_shown(got)}")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 240 else f"{text[:240]}…"
