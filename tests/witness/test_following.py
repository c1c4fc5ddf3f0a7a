"""Which blocks a witness signs, and every way in which a node contradicts itself; the node is simulated."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.ledger.client import NodeUnavailable
from service.ledger.header import HeaderNotUnderstood
from service.sealing.checkpoints import SignedCheckpoint, find_contradictions, read
from service.sealing.hashing import keccak256
from service.witness.alarms import Alarms
from service.witness.blocks import Blocks
from service.witness.errors import Alarmed, FolderRefused, NodeIncoherent
from service.witness.journal import Journal
from service.witness.witness import Terms, Witness
from tests.witness.simulated import Block, Simulated, grown

KEY = keccak256(b"a witness")


class World:
    """One witness with a folder of its own and a node that the test moves; `now` is its clock."""

    def __init__(self, folder: Path, key: bytes = KEY) -> None:
        self.folder = folder
        self.node = Simulated(grown([], 65))
        self.now = 0.0
        self.journal = Journal(folder, key)
        self.terms = Terms(every=10, confirmations=0, patience_seconds=60)
        self.start()

    def start(self, **terms: Any) -> None:
        """As the process starts."""
        self.terms = Terms(**{**{name: getattr(self.terms, name) for name in Terms.__slots__}, **terms})
        self.witness = Witness(
            Blocks(self.node), self.journal, Alarms(self.folder), self.terms,
            clock=lambda: self.now, wall_clock=lambda: 1_780_000_000.0,
        )  # fmt: skip

    async def settle(self) -> list[int]:
        """Follows until there is nothing to do; the numbers that are signed."""
        while await self.witness.step():
            pass
        return [one.checkpoint.number for one in self.signed]

    @property
    def signed(self) -> list[SignedCheckpoint]:
        return read((self.folder / "checkpoints.jsonl").read_bytes())

    @property
    def alarms(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in Alarms(self.folder).read().splitlines()]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "witness")
    yield made
    made.journal.close()


async def test_multiples_are_signed_as_the_chain_grows_each_naming_the_one_before(world: World) -> None:
    assert await world.settle() == [60]
    world.node.blocks = grown(world.node.blocks, 25)
    assert await world.settle() == [60, 70, 80]
    first, second, third = (one.checkpoint for one in world.signed)
    assert (second.previous, third.previous) == (first.id, second.id)
    assert third.block_hash == bytes.fromhex(world.node.blocks[80]["hash"][2:])
    assert third.state_root == bytes.fromhex(world.node.blocks[80]["stateRoot"][2:])


async def test_a_witness_may_begin_earlier_and_then_signs_everything_since(world: World) -> None:
    world.start(start=15)
    assert await world.settle() == [20, 30, 40, 50, 60]


async def test_a_block_is_signed_once_enough_blocks_follow_it(world: World) -> None:
    world.start(confirmations=6)
    assert await world.settle() == [50]
    world.node.blocks = grown(world.node.blocks, 2)
    assert await world.settle() == [50, 60]


@pytest.mark.parametrize(("qbft", "signed"), [(True, [120]), (False, [60])])
async def test_a_chain_with_instant_finality_needs_no_confirmations(
    world: World, qbft: bool, signed: list[int]
) -> None:
    world.node.blocks = grown([], 128, qbft=qbft)
    world.start(confirmations=None)
    assert await world.settle() == signed


async def test_two_witnesses_that_began_at_different_times_sign_the_same_blocks(world: World, tmp_path: Path) -> None:
    await world.settle()
    world.node.blocks = grown(world.node.blocks, 20)
    other = World(tmp_path / "other", keccak256(b"another"))
    other.node = world.node
    other.start()
    await other.settle()
    world.node.blocks = grown(world.node.blocks, 20)
    numbers = [*await world.settle(), *await other.settle()]
    assert [numbers.count(number) for number in (80, 90, 100)] == [2, 2, 2]
    assert find_contradictions([*world.signed, *other.signed]) == []
    other.journal.close()


async def test_a_long_absence_is_made_up_for_block_by_block_and_goes_on_after_a_restart(world: World) -> None:
    await world.settle()
    world.node.blocks = grown(world.node.blocks, 1300)
    await world.witness.step()
    halfway = world.signed[-1].checkpoint.number
    assert 60 < halfway < 1300
    world.start()
    world.node.asked = 0
    assert await world.settle() == list(range(60, 1365, 10))
    assert world.node.asked < 1300 - halfway + 400


async def test_an_unsettled_end_may_be_reorganised(world: World) -> None:
    world.start(confirmations=10)
    await world.settle()
    assert world.signed[-1].checkpoint.number == 50
    world.node.blocks = grown(grown(world.node.blocks[:52], 30, b"other"), 0)
    assert await world.settle() == [50, 60, 70]
    assert world.alarms == []


async def test_a_reorganisation_between_two_answers_is_asked_again_and_no_alarm(world: World) -> None:
    await world.settle()
    old = grown(world.node.blocks, 20)
    new = grown(world.node.blocks, 20, b"other")
    world.node.blocks = new
    world.node.spoil = lambda number, block: old[number] if 66 < number < 70 else block
    with pytest.raises(NodeIncoherent, match="as its parent"):
        await world.settle()
    world.node.spoil = lambda _, block: block
    assert await world.settle() == [60, 70, 80]
    assert world.alarms == []


# ------------------------------------------------------------------------------------------------------------- alarms


async def patiently(world: World) -> None:
    """As the process does: a node that errs is asked again."""
    for _ in range(20):
        with contextlib.suppress(NodeIncoherent):
            await world.settle()


async def alarmed(world: World, kind: str) -> dict[str, Any]:
    """The alarm; nothing more is signed, now or after a restart, even where the node mends its ways."""
    before = world.signed
    with pytest.raises(Alarmed):
        await patiently(world)
    (alarm,) = world.alarms
    assert alarm["kind"] == kind
    world.node.blocks, world.node.chain_id = grown(grown([], 65), 100), 31337
    world.node.spoil = lambda _, block: block
    world.start()
    with pytest.raises(Alarmed, match="acknowledge"):
        await world.settle()
    assert world.signed == before
    return alarm


async def test_a_rolled_back_chain_that_grew_anew_is_an_alarm_with_both_blocks(world: World) -> None:
    await world.settle()
    world.node.blocks = grown(world.node.blocks[:50], 100, b"rewritten")
    alarm = await alarmed(world, "fork")
    signed, shown = alarm["evidence"]["signed"], alarm["evidence"]["node"]["block"]
    assert signed == world.signed[-1].as_json()
    assert keccak256(bytes.fromhex(shown["header"][2:])).hex() == shown["hash"][2:] != signed["blockHash"][2:]


async def test_a_rewritten_chain_that_is_still_shorter_is_an_alarm(world: World) -> None:
    world.start(start=0)
    await world.settle()
    world.node.blocks = grown(world.node.blocks[:20], 20, b"rewritten")
    alarm = await alarmed(world, "fork")
    assert alarm["evidence"]["signed"]["number"] == 30


async def test_a_chain_that_stays_shorter_is_an_alarm_after_some_patience(world: World) -> None:
    await world.settle()
    kept, world.node.blocks = world.node.blocks, world.node.blocks[:55]
    assert await world.settle() == [60]
    world.now = 59
    assert await world.settle() == [60]
    world.node.blocks = kept  # it was catching up
    assert await world.settle() == [60]
    world.node.blocks = kept[:55]
    world.now = 100
    await world.settle()
    world.now = 161
    await alarmed(world, "rolled-back")


async def test_another_chain_is_an_alarm(world: World) -> None:
    await world.settle()
    world.node.chain_id = 1
    await alarmed(world, "another-chain")


async def test_blocks_that_never_lead_on_are_an_alarm(world: World) -> None:
    await world.settle()
    others = grown([], 200, b"other")
    world.node.blocks = grown(world.node.blocks, 40)
    world.node.spoil = lambda number, block: others[number] if number == 67 else block
    await alarmed(world, "does-not-extend")


async def test_time_that_runs_backwards_is_an_alarm(world: World) -> None:
    await world.settle()
    blocks = grown(world.node.blocks, 6)
    early = grown(blocks[:65], 1)[-1]
    world.node.blocks = grown(blocks, 20)
    assert early["number"] == hex(65)
    wrong = dict(grown(world.node.blocks[:65], 1, b"early")[-1])
    assert wrong["parentHash"] == blocks[64]["hash"]
    world.node.spoil = lambda number, block: _with_time(wrong, 5) if number == 65 else block
    await alarmed(world, "does-not-extend")


def _with_time(block: Block, time: int) -> Block:
    """The block with another time, hashed anew."""
    from service.sealing import rlp
    from tests.sealing.validators import NAMES, NUMBERS

    changed = {**block, "timestamp": hex(time)}
    fields: list[rlp.Item] = []
    for name in NAMES:
        if name in changed:
            value = changed[name]
            number = int(value, 16)
            plain = number.to_bytes((number.bit_length() + 7) // 8, "big")
            fields.append(plain if name in NUMBERS else bytes.fromhex(value[2:]))
    return {**changed, "hash": "0x" + keccak256(rlp.encode(fields)).hex()}


async def test_after_an_acknowledgement_it_goes_on_where_the_chain_is_the_signed_one(world: World) -> None:
    await world.settle()
    kept, world.node.blocks = world.node.blocks, grown(world.node.blocks[:50], 100, b"rewritten")
    with pytest.raises(Alarmed):
        await world.settle()
    alarms = Alarms(world.folder)
    assert alarms.acknowledge("the node had been restored from a backup", 1_780_000_100.0) == 1
    with pytest.raises(Alarmed, match="rolled back or reorganised"):
        await world.settle()
    alarms.acknowledge("now it is the consortium's again", 1_780_000_200.0)
    world.node.blocks = grown(kept, 20)
    assert await world.settle() == [60, 70, 80]
    assert find_contradictions(world.signed) == []
    assert [line["kind"] for line in world.alarms] == ["fork", "acknowledgement"] * 2
    with pytest.raises(FolderRefused, match="nothing to acknowledge"):
        alarms.acknowledge("again", 0.0)


async def test_an_alarm_that_was_cut_off_while_written_stands(world: World) -> None:
    (world.folder / "alarms.jsonl").write_bytes(b'{"kind":"fo')
    with pytest.raises(Alarmed, match="cannot be read"):
        await world.settle()
    Alarms(world.folder).acknowledge("the disk was full", 0.0)
    assert await world.settle() == [60]


# ------------------------------------------------------------------------------------------------------ hostile nodes


def _bytes_of(length: int) -> str:
    return "0x" + "00" * length


NONSENSE: dict[str, Callable[[int, Block | None], Any]] = {
    "null": lambda _, __: None,
    "a list": lambda _, __: [],
    "a text": lambda _, __: "block",
    "another number": lambda _, block: block and {**block, "number": hex(5)},
    "no number": lambda _, block: block and {**block, "number": None},
    "no hash": lambda _, block: block and {**block, "hash": None},
    "a hash that is not its own": lambda _, block: block and {**block, "hash": _bytes_of(32)},
    "another state": lambda _, block: block and {**block, "stateRoot": _bytes_of(32)},
    "a negative time": lambda _, block: block and {**block, "timestamp": "-0x5"},
    "an endless time": lambda _, block: block and {**block, "timestamp": "0x" + "f" * 5000},
    "a giant header": lambda _, block: block and {**block, "extraData": _bytes_of(200_000)},
    "no fields": lambda number, _: {"number": hex(number)},
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_is_never_signed_and_never_ends_the_witness_at_once(world: World, name: str) -> None:
    await world.settle()
    world.node.blocks = grown(world.node.blocks, 40)
    spoil = NONSENSE[name]
    world.node.spoil = lambda number, block: spoil(number, block) if number > 64 else block
    for _ in range(3):
        with contextlib.suppress(NodeUnavailable, NodeIncoherent, HeaderNotUnderstood):
            await world.settle()
    assert [one.checkpoint.number for one in world.signed] == [60]
    assert world.alarms == []
    world.node.spoil = lambda _, block: block
    assert await world.settle() == [60, 70, 80, 90, 100]


async def test_a_giant_header_that_hashes_to_its_name_is_not_signed(world: World) -> None:
    await world.settle()
    block = grown(world.node.blocks, 1)[-1]
    giant = _with_time({**block, "extraData": _bytes_of(200_000)}, int(block["timestamp"], 16))
    world.node.blocks = [*world.node.blocks, giant, *grown(world.node.blocks, 10)[66:]]
    with pytest.raises(HeaderNotUnderstood, match="16384"):
        await world.settle()


async def test_a_silent_node_is_no_alarm(world: World) -> None:
    await world.settle()
    world.node.silent = True
    world.now = 10_000
    with pytest.raises(NodeUnavailable):
        await world.settle()
    world.node.silent = False
    assert await world.settle() == [60]


async def test_a_chain_without_blocks_to_sign_is_waited_for(world: World) -> None:
    world.start(start=200)
    assert await world.witness.step() is False
    world.start(start=None, confirmations=100)
    assert await world.witness.step() is False
    assert world.journal.last is None
