"""The node's answers are believed only where they are whole."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from aiohttp import web

from service.ledger.client import Node, NodeRefused, NodeUnavailable, member, number, raw

Answer = Callable[[list[dict[str, Any]]], Any]


@pytest.fixture
async def asked() -> AsyncIterator[Callable[[Answer], Any]]:
    """Asks a node that answers as told for the three numbers 1, 2, 3."""
    runners: list[web.AppRunner] = []

    async def ask(answer: Answer) -> list[Any]:
        async def handle(request: web.Request) -> web.Response:
            return web.Response(body=answer(orjson.loads(await request.read())), content_type="application/json")

        app = web.Application()
        app.router.add_post("/", handle)
        runner = web.AppRunner(app)
        await runner.setup()
        runners.append(runner)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        assert runner.addresses
        node = Node(f"http://127.0.0.1:{runner.addresses[0][1]}", timeout_seconds=2)
        try:
            return await node.batch([("number", [1]), ("number", [2]), ("number", [3])])
        finally:
            await node.close()

    yield ask
    for runner in runners:
        await runner.cleanup()


def results(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"jsonrpc": "2.0", "id": call["id"], "result": call["params"][0]} for call in calls]


async def test_answers_come_in_the_order_of_the_calls_however_they_are_sent(asked: Any) -> None:
    assert await asked(lambda calls: orjson.dumps(results(calls)[::-1])) == [1, 2, 3]


async def test_a_refused_call_stands_in_its_place(asked: Any) -> None:
    def refuse(calls: list[dict[str, Any]]) -> bytes:
        answers: list[dict[str, Any]] = results(calls)
        answers[1] = {"jsonrpc": "2.0", "id": calls[1]["id"], "error": {"code": -32000, "message": "no"}}
        return orjson.dumps(answers)

    first, second, third = await asked(refuse)
    assert (first, third) == (1, 3)
    assert isinstance(second, NodeRefused)
    assert (second.code, second.message) == (-32000, "no")


@pytest.mark.parametrize(
    "answer",
    [
        lambda calls: orjson.dumps(results(calls)[:2]),
        lambda calls: orjson.dumps(results(calls) + results(calls)[:1]),
        lambda calls: orjson.dumps([results(calls)[0]] * 3),
        lambda calls: orjson.dumps([{**one, "id": None} for one in results(calls)]),
        lambda calls: orjson.dumps([one["result"] for one in results(calls)]),
        lambda _: orjson.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "too large"}}),
        lambda _: b"<html>Bad gateway</html>",
        lambda _: b"",
        lambda _: b"null",
    ],
    ids=["fewer", "more", "one thrice", "unnamed", "bare", "one error for all", "html", "nothing", "null"],
)
async def test_what_cannot_be_assigned_to_the_calls_is_no_answer(asked: Any, answer: Answer) -> None:
    with pytest.raises(NodeUnavailable):
        await asked(answer)


async def test_no_node_is_no_answer() -> None:
    node = Node("http://127.0.0.1:9", timeout_seconds=1)
    with pytest.raises(NodeUnavailable):
        await node.call("eth_blockNumber")
    await node.close()


async def test_many_calls_go_in_several_requests(asked: Any, chain_url: str) -> None:
    node = Node(chain_url)
    answers = await node.batch([("eth_chainId", [])] * 250)
    await node.close()
    assert answers == ["0x7a69"] * 250


@pytest.mark.parametrize("wrong", [None, "", "xyz", 7, {}])
def test_a_quantity_is_due_where_one_is_due(wrong: Any) -> None:
    with pytest.raises(NodeUnavailable):
        number(wrong)


@pytest.mark.parametrize("wrong", [None, "0xzz", 7, "0x123"])
def test_data_is_due_where_data_is_due(wrong: Any) -> None:
    with pytest.raises(NodeUnavailable):
        raw(wrong)


def test_an_object_is_due_where_one_is_due() -> None:
    assert member({"hash": "0x1"}, "hash") == "0x1"
    assert member({}, "hash", "none") == "none"
    with pytest.raises(NodeUnavailable):
        member(None, "hash")


async def test_calls_at_once_do_not_mix(chain_url: str) -> None:
    node = Node(chain_url)
    found = await asyncio.gather(
        *(node.batch([("web3_sha3", [f"0x{index:02x}"]), ("eth_chainId", [])]) for index in range(20))
    )
    await node.close()
    assert len({one[0] for one in found}) == 20
    assert {one[1] for one in found} == {"0x7a69"}
