"""A way from our processes to PostgreSQL or to the node that can be cut, slowed down and closed."""

import asyncio
import contextlib
from pathlib import Path

_CHUNK = 65_536
Place = Path | int
"""A Unix socket, or a port on loopback."""


class Proxy:
    """Passes bytes from connections at `here` on to `there`, until told otherwise.

    `closed`: connections are refused. `delay_seconds`: how long each piece of an answer is held back. `cut_after`: once
    a client says these bytes, they are passed on, and the connection is cut before the answer comes through: nobody
    knows then whether what was asked for took place.
    """

    def __init__(self, here: Place, there: Place) -> None:
        self._here, self._there = here, there
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.closed, self.delay_seconds = False, 0.0
        self.cut_after: bytes | None = None
        self.cuts = 0

    async def start(self) -> None:
        if isinstance(self._here, int):
            self._server = await asyncio.start_server(self._pass, "127.0.0.1", self._here)
        else:
            self._here.parent.mkdir(parents=True, exist_ok=True)
            self._server = await asyncio.start_unix_server(self._pass, self._here)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.reset()

    def reset(self) -> int:
        """Cuts all connections, without a farewell; how many there were."""
        count = len(self._open)
        for one in list(self._open):
            one.transport.abort()
        return count

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.closed:
            writer.transport.abort()
            return
        try:
            onward, forth = await self._reach()
        except OSError:
            writer.transport.abort()
            return
        both = {writer, forth}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ask(reader, forth, both))
                group.create_task(self._answer(onward, writer, both))
        finally:
            self._open -= both
            _abort(both)

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._there, int):
            return await asyncio.open_connection("127.0.0.1", self._there)
        return await asyncio.open_unix_connection(self._there)

    async def _ask(
        self, reader: asyncio.StreamReader, forth: asyncio.StreamWriter, both: set[asyncio.StreamWriter]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(_CHUNK):
                last = self.cut_after is not None and self.cut_after in piece
                if last:
                    self.cut_after = None
                    self.cuts += 1
                    both -= {forth}
                    forth.write(piece)
                    await forth.drain()
                    forth.close()  # in order, so that the other side reads what was said
                    break
                forth.write(piece)
                await forth.drain()
        _abort(both)

    async def _answer(
        self, onward: asyncio.StreamReader, back: asyncio.StreamWriter, both: set[asyncio.StreamWriter]
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while piece := await onward.read(_CHUNK):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                back.write(piece)
                await back.drain()
        _abort(both)


def _abort(writers: set[asyncio.StreamWriter]) -> None:
    for one in list(writers):
        one.transport.abort()
