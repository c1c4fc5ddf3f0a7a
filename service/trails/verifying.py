"""Verifying a bundle for somebody who cannot do it himself; who trusts nobody runs the verifier without us."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from service.sealing.meaning import steps_of
from service.sealing.trust import Trust
from service.sealing.verdict import Verdict
from service.sealing.verify import verify
from service.trails.errors import VerifierBusy

MOST_BYTES = 8 * 1024 * 1024
"""The longest file that the service verifies: a hostile one takes memory and time in proportion. The command and the
library take all that docs/format.md section 5 allows."""
_MOST_AT_ONCE = 8


class Verifications:
    """One verification at a time, in a thread; few files wait in memory."""

    def __init__(self) -> None:
        self._one = asyncio.Semaphore(1)
        self._inside = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue: to be had before the file is read.

        Raises:
            VerifierBusy: the queue is full.
        """
        if self._inside >= _MOST_AT_ONCE:
            raise VerifierBusy("other bundles are being verified: ask again, or run `trailseal verify` yourself")
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def verdict(self, file: bytes, trust: Trust, ledger: bytes | None) -> Verdict:
        """As `service.sealing.verify`."""
        async with self._one:
            return await asyncio.to_thread(verify, file, trust, steps_of, ledger)
