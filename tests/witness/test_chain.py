"""Witnesses on a real chain, and the two attacks they are there for: a rolled-back chain, and one shown in two ways."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from service.devstack import Anvil
from service.ledger.client import Node
from service.sealing.bundle import read as read_bundle
from service.sealing.checkpoints import SignedCheckpoint, find_contradictions, read
from service.sealing.errors import UntrustedBlock
from service.sealing.hashing import keccak256
from service.sealing.meaning import steps_of
from service.sealing.signing import address_of
from service.sealing.state import Header
from service.sealing.trust import Trust, Witnesses
from service.sealing.verify import verify
from service.witness.alarms import Alarms
from service.witness.blocks import Blocks
from service.witness.errors import Alarmed
from service.witness.journal import Journal
from service.witness.witness import Terms, Witness
from tests.conftest import NewDatabase
from tests.mining import Miner, mined
from tests.sealing.make_vectors import make
from tests.trails.consortium import Consortium, consortium, seen, sscc

KEYS = [keccak256(b"witness of a chain", bytes((index,))) for index in range(3)]
ADDRESSES = frozenset(map(address_of, KEYS))


class Working:
    """A witness at a chain's node."""

    def __init__(self, url: str, folder: Path, key: bytes, every: int = 1) -> None:
        self.folder, self.node = folder, Node(url)
        self.journal = Journal(folder, key)
        terms = Terms(every=every, confirmations=0, start=0)
        self.witness = Witness(Blocks(self.node), self.journal, Alarms(folder), terms)

    async def settle(self) -> list[SignedCheckpoint]:
        """Follows up to now; what it has signed."""
        while await self.witness.step():
            pass
        return self.signed

    @property
    def signed(self) -> list[SignedCheckpoint]:
        return read((self.folder / "checkpoints.jsonl").read_bytes())

    async def close(self) -> None:
        self.journal.close()
        await self.node.close()


@asynccontextmanager
async def working(*places: tuple[str, Path, bytes], every: int = 1) -> AsyncIterator[list[Working]]:
    made = [Working(url, folder, key, every) for url, folder, key in places]
    try:
        yield made
    finally:
        for one in made:
            await one.close()


def trust(checkpoints: list[SignedCheckpoint], required: int = 2) -> Trust:
    return Trust(witnesses=Witnesses(ADDRESSES, required, tuple(checkpoints)))


@pytest.fixture
def own_miner(tmp_path: Path) -> Iterator[Miner]:
    """Who makes the blocks of a chain that this test alone spoils."""
    with mined(tmp_path / "anvil", state_interval=1) as made:
        yield made


@pytest.fixture
def own_anvil(own_miner: Miner) -> Anvil:
    """That chain."""
    return own_miner.anvil


@pytest.fixture(name="consortium")
async def running(new_database: NewDatabase, migrated_template: str, own_anvil: Anvil) -> AsyncIterator[Consortium]:
    async with consortium(new_database(migrated_template), own_anvil.url) as made:
        yield made


async def test_a_bundle_of_a_block_that_witnesses_signed_verifies_and_a_rolled_back_chain_is_noticed(
    consortium: Consortium, own_miner: Miner, tmp_path: Path
) -> None:
    """Captures are sealed and witnessed; then the operator takes the chain back and leaves the last capture out."""
    thing = sscc()
    await consortium.seal(consortium.supplier, seen(thing, minute=1))
    folders = [(own_miner.anvil.url, tmp_path / str(index), key) for index, key in enumerate(KEYS[:2])]
    async with working(*folders, every=5) as (first, second):
        await consortium.seal(consortium.supplier, seen(thing, minute=2))
        sealed = (await consortium.trails.read(consortium.supplier, thing)).entries[-1].block
        assert sealed is not None
        await consortium.node.call("anvil_mine", hex(10))
        await consortium.settle()
        collected = [*await first.settle(), *await second.settle()]
        common = max({one.checkpoint.number for one in first.signed} & {one.checkpoint.number for one in second.signed})
        assert common >= sealed

        file = await consortium.trails.bundle(consortium.supplier, thing, block=common)
        verdict = verify(file, trust(collected), steps_of, consortium.deployed.provenance)
        assert verdict.failed is None, verdict.failed.detail
        assert verify(file, trust(first.signed, 1), steps_of).holds
        short = verify(file, trust(first.signed), steps_of).failed
        assert isinstance(short, UntrustedBlock)
        assert "1 of the 3 given witnesses" in short.detail

        with own_miner.paused():
            newest = int(await consortium.node.call("eth_blockNumber"), 16)
            await consortium.node.call("anvil_rollback", newest - (sealed - 1))
        await consortium.node.call("anvil_mine", hex(40))
        for witness in (first, second):
            with pytest.raises(Alarmed):
                await witness.settle()
            assert b'"kind":"fork"' in (witness.folder / "alarms.jsonl").read_bytes()
        assert [*first.signed, *second.signed] == collected

        while await consortium.watcher.step():
            pass
        shorter = await consortium.trails.bundle(consortium.supplier, thing, block=common)
        told = verify(shorter, Trust(block=Header.read(read_bundle(shorter).header).hash), steps_of)
        assert told.holds  # what an auditor is told who has no witnesses: everything is proven, and one entry is gone
        assert [one.trails[0].entries for one in (told, verdict)] == [1, 2]
        refused = verify(shorter, trust(collected), steps_of).failed
        assert isinstance(refused, UntrustedBlock)
        assert "rolled back" in refused.detail
        assert refused.extra["evidence"]


@pytest.mark.parametrize("honest", [1, 2])
async def test_a_chain_that_is_shown_in_two_ways_is_found_by_comparison_and_no_bundle_of_either_holds(
    own_anvil: Anvil, tmp_path: Path, honest: int
) -> None:
    """Two nodes with one past and two presents. The second present has a trail that the first does not.

    With `honest` of 1, two of three witnesses are shown (or lie about) the second one: a majority, and still refused.
    """
    node = Node(own_anvil.url)
    await node.call("anvil_mine", hex(3))
    await node.close()
    own_anvil.stop()
    shutil.copytree(own_anvil.folder, tmp_path / "copy", ignore=shutil.ignore_patterns("cache", "claim"))
    own_anvil.start()
    other = Anvil(tmp_path / "copy", block_time=0.2, state_interval=1)
    other.start()
    try:
        urls = [own_anvil.url] * honest + [other.url] * (3 - honest)
        places = [(url, tmp_path / f"witness {key.hex()[:4]}", key) for url, key in zip(urls, KEYS, strict=True)]
        file, _ = await make(other.url)
        await make(own_anvil.url)
        shown = Header.read(read_bundle(file).header)
        async with working(*places) as witnesses:
            collected = [one for witness in witnesses for one in await witness.settle()]
        found = find_contradictions(collected)
        assert {one.kind for one in found} == {"split view"}
        assert not [one for one in found if one.first.checkpoint.number <= 3]
        refused = verify(file, trust(collected), steps_of).failed
        assert isinstance(refused, UntrustedBlock)
        assert refused.extra["evidence"]
        liars = [one for one in collected if one.checkpoint.block_hash == shown.hash]
        assert len({one.witness for one in liars}) == 3 - honest
        # what the attacker achieves where nobody brings the honest witness's word along: k of n is what is trusted
        assert verify(file, trust(liars, 3 - honest), steps_of).holds
        assert not verify(file, trust(liars, 4 - honest), steps_of).holds
    finally:
        other.stop()
