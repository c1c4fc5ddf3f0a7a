"""The relay's figures for gas hold for the dearest captures there are."""

import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import orjson
import pytest

from service.config import Settings
from service.ledger.abi import record_calldata
from service.ledger.client import Node, hexed, number
from service.ledger.gas import BASE, PER_CAPTURE, PER_ENTRY, TRANSACTION_CAP, gas_of
from service.sealing.entries import ENTRIES_PER_CAPTURE, NOBODY, Entry, Step
from tests.trails.chain import Chain, Speaker

SNAPSHOTS = Path(__file__).parents[2] / "contracts" / "snapshots" / "Gas.json"
SUPPLIER, REGULATOR = Speaker("did:example:supplier"), Speaker("did:example:regulator", 32)
OTHERS = [Speaker(f"did:example:other-{index}") for index in range(20)]


@pytest.fixture
async def chain(chain_url: str) -> AsyncIterator[Chain]:
    node = Node(chain_url)
    yield await Chain.found(node, [SUPPLIER, REGULATOR, *OTHERS])
    await node.close()


def some(step: Step, recipients: Sequence[bytes] = (NOBODY,), trails: Sequence[bytes] = ()) -> list[Entry]:
    """A full capture of this step, on new trails unless some are given."""
    on = trails or [secrets.token_bytes(32) for _ in range(ENTRIES_PER_CAPTURE)]
    return [
        Entry(trail, secrets.token_bytes(32), step, recipients[index % len(recipients)])
        for index, trail in enumerate(on)
    ]


async def used(chain: Chain, speaker: Speaker, entries: Sequence[Entry]) -> int:
    """The gas of a capture that is sent with the relay's limit."""
    call = {
        "from": chain.account,
        "to": hexed(chain.provenance),
        "data": hexed(record_calldata([chain.signed(speaker, entries)])),
        "gas": hex(bound(entries)),
        "gasPrice": await chain.node.call("eth_gasPrice"),
    }
    name = await chain.node.call("eth_sendTransaction", call)
    await chain.node.call("anvil_mine", "0x1")
    receipt = await chain.node.call("eth_getTransactionReceipt", name)
    assert receipt["status"] == "0x1", (Step(entries[0].step).name, bound(entries))
    return number(receipt["gasUsed"])


def bound(entries: Sequence[Entry]) -> int:
    return BASE + gas_of(bytes(entry.step for entry in entries))


async def test_bounds_hold_for_the_dearest_case_of_each_step(chain: Chain) -> None:
    everyone = [other.id for other in OTHERS]
    strangers = [secrets.token_bytes(32) for _ in range(ENTRIES_PER_CAPTURE)]
    held = some(Step.HOLD)
    cases = [
        (SUPPLIER, some(Step.OBSERVE)),
        (SUPPLIER, some(Step.COMMISSION)),
        (SUPPLIER, some(Step.SHIP, everyone)),
        (SUPPLIER, some(Step.SHIP, strangers)),  # each is looked up, and disputed
        (SUPPLIER, some(Step.RECEIVE)),
        (SUPPLIER, some(Step.DECOMMISSION)),
        (REGULATOR, held),
        (SUPPLIER, some(Step.HOLD)),  # not entitled
        (SUPPLIER, some(Step.SHIP, strangers, [entry.trail for entry in held])),  # disputed twice
        (SUPPLIER, some(Step.DECOMMISSION, trails=[entry.trail for entry in held])),
        (REGULATOR, some(Step.LIFT, trails=[entry.trail for entry in held])),
        (REGULATOR, some(Step.LIFT, everyone)),
        (SUPPLIER, some(Step.LIFT)),
    ]
    for speaker, entries in cases:
        gas = await used(chain, speaker, entries)
        assert gas <= bound(entries), (Step(entries[0].step).name, gas, bound(entries))
        assert bound(entries) <= Settings.model_fields["transaction_gas"].default < TRANSACTION_CAP


async def test_bounds_hold_for_the_smallest_capture(chain: Chain) -> None:
    for step in (Step.OBSERVE, Step.COMMISSION, Step.HOLD):
        entries = some(step)[:1]
        assert await used(chain, REGULATOR, entries) <= bound(entries)


def test_bounds_hold_for_the_committed_snapshots() -> None:
    for name, figure in orjson.loads(SNAPSHOTS.read_bytes()).items():
        step, entries, captures = name.split(",")[0], int(name.split()[1]), int(name.split()[-2])
        assert int(figure) <= BASE + captures * PER_CAPTURE + entries * PER_ENTRY[Step[step.upper()]], name


def test_bounds_are_not_so_wide_that_blocks_stay_empty() -> None:
    snapshots = orjson.loads(SNAPSHOTS.read_bytes())
    figure = int(snapshots["Observe, 200 new trails, 1 capture"])
    assert bound([Entry(NOBODY, NOBODY, Step.OBSERVE)] * 200) < figure * 1.1
