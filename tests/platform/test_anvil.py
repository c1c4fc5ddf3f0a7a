"""Anvil as a child: which blocks it keeps when it is killed, its proofs, and that nothing of it stays behind."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import psutil
import pytest
from eth_utils.crypto import keccak

from service.devstack import Anvil, DevstackError

# On a call with a word x: stores x + 1 at slot x. Nine bytes of code, before them nine that return them.
STORES = bytes.fromhex("60098060095f395ff3 5f3580600101905500")


def rpc(url: str, method: str, *params: object) -> Any:
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = httpx.post(url, json=question, timeout=30, trust_env=False).json()
    assert "error" not in answer, answer
    return answer["result"]


def mined(url: str, transaction: dict[str, str]) -> Any:
    sender = rpc(url, "eth_accounts")[0]
    number = rpc(url, "eth_sendTransaction", {"from": sender, "gas": hex(500_000), "gasPrice": hex(0), **transaction})
    deadline = time.monotonic() + 20
    while (receipt := rpc(url, "eth_getTransactionReceipt", number)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert receipt["status"] == "0x1"
    return receipt


def word(number: int) -> str:
    return f"0x{number:064x}"


def height(url: str) -> int:
    return int(rpc(url, "eth_blockNumber"), 16)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Anvil]:
    anvil = Anvil(tmp_path / "anvil", block_time=0.2, state_interval=1)
    anvil.start()
    yield anvil
    anvil.stop()


def test_blocks_written_before_kill_9_are_kept_and_the_chain_goes_on(chain: Anvil) -> None:
    contract = mined(chain.url, {"data": "0x" + STORES.hex()})["contractAddress"]
    receipt = mined(chain.url, {"to": contract, "data": word(5)})
    time.sleep(2.5)  # longer than the interval between two writings
    url = chain.url
    chain.kill()
    assert not chain.running
    assert chain.start() == url
    assert rpc(url, "eth_getTransactionReceipt", receipt["transactionHash"])["blockHash"] == receipt["blockHash"]
    assert rpc(url, "eth_getStorageAt", contract, word(5), "latest") == word(6)
    assert mined(url, {"to": contract, "data": word(6)})


def test_stop_keeps_every_block(chain: Anvil) -> None:
    receipt = mined(chain.url, {"data": "0x" + STORES.hex()})
    block = rpc(chain.url, "eth_getBlockByHash", receipt["blockHash"], False)
    chain.stop()
    chain.start()
    assert rpc(chain.url, "eth_getBlockByNumber", receipt["blockNumber"], False) == block
    assert height(chain.url) >= int(receipt["blockNumber"], 16)


def test_a_state_that_was_cut_off_while_written_gives_way_to_the_whole_one(chain: Anvil) -> None:
    receipt = mined(chain.url, {"data": "0x" + STORES.hex()})
    time.sleep(4.5)
    chain.kill()
    state = chain.folder / "state.json"
    state.write_bytes(state.read_bytes()[:-100])
    chain.start()
    assert rpc(chain.url, "eth_getTransactionReceipt", receipt["transactionHash"]) is not None
    chain.kill()
    for name in ("state.json", "state.kept.json", "state.older.json"):
        (chain.folder / name).write_bytes(b'{"block":')
    with pytest.raises(DevstackError, match="remove it to begin a new chain"):
        chain.start()


def test_a_state_whose_accounts_are_ahead_of_its_blocks_gives_way_to_a_whole_one(chain: Anvil) -> None:
    """As Anvil leaves it when it mines a block between reading the blocks and reading the accounts."""
    receipt = mined(chain.url, {"data": "0x" + STORES.hex()})
    time.sleep(4.5)
    chain.kill()
    for name in ("state.json", "state.kept.json"):
        state = orjson.loads((chain.folder / name).read_bytes())
        state["accounts"][receipt["from"]]["nonce"] += 1
        (chain.folder / name).write_bytes(orjson.dumps(state))
    chain.start()
    assert rpc(chain.url, "eth_getTransactionCount", receipt["from"], "latest") == "0x1"
    assert rpc(chain.url, "eth_getTransactionReceipt", receipt["transactionHash"]) is not None


def test_a_proof_of_an_older_block_hangs_on_the_root_in_its_header(chain: Anvil) -> None:
    contract = mined(chain.url, {"data": "0x" + STORES.hex()})["contractAddress"]
    number = mined(chain.url, {"to": contract, "data": word(1)})["blockNumber"]
    mined(chain.url, {"to": contract, "data": word(2)})
    header = rpc(chain.url, "eth_getBlockByNumber", number, False)
    proof = rpc(chain.url, "eth_getProof", contract, [word(1), word(2)], number)
    assert keccak(hexstr=proof["accountProof"][0]).hex() == header["stateRoot"].removeprefix("0x")
    assert keccak(hexstr=proof["storageProof"][0]["proof"][0]).hex() == proof["storageHash"].removeprefix("0x")
    assert [int(slot["value"], 16) for slot in proof["storageProof"]] == [2, 0]


def test_blocks_come_several_a_second_without_running_ahead_of_the_clock(chain: Anvil) -> None:
    first = height(chain.url)
    time.sleep(2)
    latest = rpc(chain.url, "eth_getBlockByNumber", "latest", False)
    assert int(latest["number"], 16) - first >= 5
    assert int(latest["timestamp"], 16) <= time.time() + 1


def test_transactions_above_the_cap_of_eip_7825_are_refused_where_it_is_on(tmp_path: Path) -> None:
    anvil = Anvil(tmp_path / "anvil", block_time=0.2, transaction_gas_cap=True)
    anvil.start()
    sender = rpc(anvil.url, "eth_accounts")[0]
    transaction = {"from": sender, "to": sender, "gas": hex(2**24 + 1), "gasPrice": hex(0)}
    with pytest.raises(AssertionError, match="gas"):
        rpc(anvil.url, "eth_sendTransaction", transaction)
    assert mined(anvil.url, {"to": sender, "gas": hex(15_000_000)})
    anvil.stop()


def test_stop_leaves_no_process(chain: Anvil) -> None:
    pid = chain.pid
    chain.stop()
    assert not psutil.pid_exists(pid)
    assert not chain.running


def test_a_folder_or_a_port_in_use_is_refused(chain: Anvil, tmp_path: Path) -> None:
    with pytest.raises(DevstackError, match=rf"in use by process {os.getpid()}"):
        Anvil(chain.folder).start()
    port = int(chain.url.rsplit(":", 1)[1])
    with pytest.raises(DevstackError, match="in use"):
        Anvil(tmp_path / "other", port=port).start()
    assert chain.running
