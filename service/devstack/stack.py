"""Both parts at once, and how the service finds them."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from service.devstack.anvil import Anvil
from service.devstack.postgres import Postgres

DEFAULT_FOLDER = Path(".trailseal")


class Stack:
    """PostgreSQL and Anvil below `folder`; a context manager that stops them.

    `port` and `block_time` (seconds) are Anvil's.
    """

    def __init__(self, folder: Path = DEFAULT_FOLDER, *, port: int = 0, block_time: float = 1.0) -> None:
        self.folder = folder.resolve()
        self.postgres = Postgres(self.folder / "postgres")
        self.anvil = Anvil(self.folder / "anvil", port=port, block_time=block_time)

    def start(self) -> Mapping[str, str]:
        """Start both; the environment variables that lead the service to them."""
        try:
            self.postgres.start()
            self.anvil.start()
        except BaseException:
            self.stop()
            raise
        return self.environment()

    def environment(self) -> Mapping[str, str]:
        """`TRAILSEAL_DATABASE_URL` and `TRAILSEAL_RPC_URL` of the running parts."""
        return {"TRAILSEAL_DATABASE_URL": self.postgres.url(), "TRAILSEAL_RPC_URL": self.anvil.url}

    def stop(self) -> None:
        """Stop both, keeping what they hold."""
        try:
            self.anvil.stop()
        finally:
            self.postgres.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
