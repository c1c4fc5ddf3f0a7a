"""JSON-RPC to one EVM node, many calls in one request."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import aiohttp
import orjson
from web3 import AsyncHTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from service.errors import TrailsealError

_CALLS_PER_REQUEST = 100
_CONNECT_SECONDS = 5.0
_ANSWER_BYTES = 512 * 1024 * 1024


class NodeUnavailable(TrailsealError):
    """The node does not answer."""

    slug, title, status = "node-unavailable", "The chain's node does not answer", 503


class NodeRefused(TrailsealError):
    """The node answered a call with an error; `code` is JSON-RPC's."""

    slug, title, status = "node-refused", "The chain's node refused a call", 502

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} (code {code})")
        self.code = code
        self.message = message


class _Provider(AsyncHTTPProvider):
    """web3's provider with orjson, which reads the logs of a full block several times faster."""

    @staticmethod
    def decode_rpc_response(raw_response: bytes) -> RPCResponse:
        answer = orjson.loads(raw_response)
        if isinstance(answer, list):
            # Answers may come in any order: one that does not say which call it answers is worth nothing.
            ids = {one.get("id") for one in answer if isinstance(one, Mapping)}
            if len(ids) != len(answer) or not all(isinstance(one, int) for one in ids):
                raise ValueError("answers of a batch that cannot be told apart")
        return cast(RPCResponse, answer)


def _no_longer_than(limit: int) -> type[aiohttp.ClientResponse]:
    """Answers that are given up once they have more bytes: a node must not fill our memory."""

    class Bounded(aiohttp.ClientResponse):
        async def read(self) -> bytes:
            if self._body is None:
                try:
                    self._body = await self._bounded()
                except BaseException:
                    self.close()
                    raise
            return self._body

        async def _bounded(self) -> bytes:
            body = bytearray()
            async for chunk in self.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise aiohttp.ClientPayloadError(f"the answer has more than {limit} bytes")
            return bytes(body)

    return Bounded


class Node:
    """An EVM node by its JSON-RPC URL; `close` when done. An answer longer than `answer_bytes` is none."""

    def __init__(self, rpc_url: str, timeout_seconds: float = 60.0, answer_bytes: int = _ANSWER_BYTES) -> None:
        timeout = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=_CONNECT_SECONDS)
        self._provider = _Provider(rpc_url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None)
        self._answer = _no_longer_than(answer_bytes)
        self._connected = False

    async def call(self, method: str, *params: Any) -> Any:
        """The result of one call.

        Raises:
            NodeUnavailable: no answer, or none that is JSON-RPC.
            NodeRefused: the node's error.
        """
        (answer,) = await self.all([(method, params)])
        return answer

    async def all(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results in the order of the calls.

        Raises:
            NodeUnavailable: no answer, or none that is JSON-RPC.
            NodeRefused: the node's first error.
        """
        answers = await self.batch(calls)
        for answer in answers:
            if isinstance(answer, NodeRefused):
                raise answer
        return answers

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """The results in the order of the calls; a call that the node refused has its NodeRefused in its place.

        Raises:
            NodeUnavailable: no answer, or none that is JSON-RPC.
        """
        results: list[Any] = []
        for start in range(0, len(calls), _CALLS_PER_REQUEST):
            results.extend(await self._request(calls[start : start + _CALLS_PER_REQUEST]))
        return results

    async def close(self) -> None:
        """Closes the connection."""
        self._connected = False
        await self._provider.disconnect()

    async def _request(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        request = [(RPCEndpoint(method), list(params)) for method, params in calls]
        if not self._connected:
            # web3's own session opens a connection, and speaks TLS anew, for every request.
            self._connected = True
            session = aiohttp.ClientSession(raise_for_status=True, response_class=self._answer)
            await self._provider.cache_async_session(session)
        try:
            answers = await self._provider.make_batch_request(request)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            raise NodeUnavailable(f"no answer from the node: {type(fault).__name__} {fault}") from fault
        if not isinstance(answers, list) or len(answers) != len(calls):
            raise NodeUnavailable(f"the node answered a batch of {len(calls)} calls with {str(answers)[:200]}")
        return [_result(method, answer) for (method, _), answer in zip(calls, answers, strict=True)]


def _result(method: str, answer: Any) -> Any:
    if "error" in answer:
        error = answer["error"] if isinstance(answer["error"], Mapping) else {}
        return NodeRefused(method, int(error.get("code", 0)), str(error.get("message", answer["error"])))
    return answer.get("result")


def number(quantity: Any) -> int:
    """The integer of a JSON-RPC quantity such as `0x1a`; NodeUnavailable where the node answered none."""
    try:
        return int(quantity, 16)
    except (TypeError, ValueError):
        raise NodeUnavailable(f"the node answered {str(quantity)[:80]} where a quantity was due") from None


def member(answer: Any, name: str, absent: Any = None) -> Any:
    """A member of an object that the node answered; NodeUnavailable where it answered none, or `null`."""
    if not isinstance(answer, Mapping):
        raise NodeUnavailable(f"the node answered {str(answer)[:80]} where an object was due")
    return answer.get(name, absent)


def raw(hexadecimal: Any) -> bytes:
    """The bytes of JSON-RPC data such as `0x00ff`; NodeUnavailable where the node answered something else."""
    try:
        return bytes.fromhex(hexadecimal[2:])
    except (TypeError, ValueError):
        raise NodeUnavailable(f"the node answered {str(hexadecimal)[:80]} where data was due") from None


def hexed(data: bytes) -> str:
    """JSON-RPC data of the bytes."""
    return f"0x{data.hex()}"
