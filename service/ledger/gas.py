"""How much gas `record` may need: upper bounds, held against the real contract by tests/ledger/test_gas.py.

A bound is for the dearest case of a step: all slots new, a recipient that was not looked up before, disputed twice.
What is not used is not paid, but a transaction is filled up to its limit by these figures.
"""

from collections.abc import Mapping

from service.sealing.entries import Step

TRANSACTION_CAP = 2**24
"""No transaction may have more (EIP-7825)."""
BASE = 40_000
"""The transaction's own 21,000, what the contract looks up once, and the array's words."""
PER_CAPTURE = 45_000
"""Its signature, its `recorded` slot, and a signer who was not looked up before."""
PER_ENTRY: Mapping[Step, int] = {
    Step.OBSERVE: 28_000,
    Step.COMMISSION: 51_000,
    Step.SHIP: 58_000,
    Step.RECEIVE: 52_000,
    Step.DECOMMISSION: 52_000,
    Step.HOLD: 74_000,
    Step.LIFT: 57_000,
}


def gas_of(steps: bytes) -> int:
    """Gas for a capture whose entries have these steps, one byte each."""
    return PER_CAPTURE + sum(steps.count(step) * gas for step, gas in PER_ENTRY.items())
