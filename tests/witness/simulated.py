"""A chain in memory behind the client's interface, so that a node can do whatever a test wants."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from service.ledger.client import Node, NodeUnavailable
from service.sealing import rlp
from service.sealing.hashing import keccak256
from tests.sealing.validators import KEYS, hashed, sealed, told

START = 1_780_000_000
Block = dict[str, Any]


def grown(blocks: Sequence[Block], count: int, view: bytes = b"", qbft: bool = False) -> list[Block]:
    """The blocks and `count` more, with another content for every `view`."""
    made = list(blocks)
    for number in range(len(made), len(made) + count):
        parent = bytes.fromhex(made[-1]["hash"][2:]) if made else bytes(32)
        fields = rlp.decode_list(hashed(number=number, extra=view, extra_data=None if qbft else b"plain"))
        moment = START + 2 * number
        fields[0], fields[11] = parent, moment.to_bytes(8, "big").lstrip(b"\x00")
        fields[3] = keccak256(b"state", view, number.to_bytes(8, "big"))
        encoded = rlp.encode(fields)
        made.append(told(encoded, sealed(encoded, 0, KEYS[:3]) if qbft and number else None))
    return made


@dataclass
class Simulated(Node):
    """A node with these blocks; `spoil` may change what it answers to a question for a block."""

    blocks: list[Block] = field(default_factory=list)
    chain_id: int = 31337
    silent: bool = False
    spoil: Callable[[int, Block | None], Any] = lambda _, block: block
    asked: int = 0

    async def batch(self, calls: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        if self.silent:
            raise NodeUnavailable("no answer")
        return [self._told(method, params) for method, params in calls]

    async def close(self) -> None:
        pass

    def _told(self, method: str, params: Sequence[Any]) -> Any:
        if method == "eth_chainId":
            return hex(self.chain_id)
        if method == "eth_blockNumber":
            return hex(len(self.blocks) - 1)
        assert method == "eth_getBlockByNumber"
        self.asked += 1
        number = int(params[0], 16)
        return self.spoil(number, self.blocks[number] if number < len(self.blocks) else None)
