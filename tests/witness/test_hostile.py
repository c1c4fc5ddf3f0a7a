"""Nodes that answer without end, too slowly, or with a little that unpacks to a lot: given up in bounded memory."""

import asyncio
import gzip
import time
import tracemalloc
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from service.ledger.client import Node, NodeUnavailable
from service.witness.blocks import Blocks

LIMIT = 4 * 1024 * 1024


async def endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    while True:
        await answer.write(b"[" * 65536)


async def slow(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    while True:
        await answer.write(b" ")
        await asyncio.sleep(0.05)


async def packed(request: web.Request) -> web.StreamResponse:
    return web.Response(body=gzip.compress(bytes(20 * LIMIT), 1), headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize("answer", [endless, slow, packed], ids=lambda answer: str(answer.__name__))
async def test_an_answer_that_cannot_be_held_or_awaited_is_none(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> None:
    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    node = Node(f"http://127.0.0.1:{runner.addresses[0][1]}", 1.0, LIMIT)
    tracemalloc.start()
    begun = time.monotonic()
    try:
        with pytest.raises(NodeUnavailable):
            await Blocks(node).standing(5)
        assert tracemalloc.get_traced_memory()[1] < 8 * LIMIT + (21 * LIMIT if answer is packed else 0)
        assert time.monotonic() - begun < 20
    finally:
        tracemalloc.stop()
        await node.close()
        await runner.cleanup()
