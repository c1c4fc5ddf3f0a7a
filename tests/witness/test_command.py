"""`trailseal witness` as an operator uses it: processes, exit codes, what is served, and `kill -9`."""

import asyncio
import dataclasses
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import structlog
from typer.testing import CliRunner

from service.cli import app
from service.devstack import Anvil
from service.devstack.anvil import free_port
from service.sealing.checkpoints import SignedCheckpoint, find_contradictions, read
from service.witness.alarms import Alarms
from service.witness.errors import Alarmed, FolderRefused
from service.witness.key import new_key
from service.witness.running import Place, run
from service.witness.witness import Terms
from tests.faults.processes import Command
from tests.mining import Miner, mined
from tests.sealing.block_vectors import KEYS, log

INVOKE = CliRunner().invoke


@pytest.fixture(scope="module")
def own_miner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Miner]:
    """Who makes five blocks a second of a chain of this module's own."""
    with mined(tmp_path_factory.mktemp("anvil")) as made:
        yield made


@pytest.fixture(scope="module")
def chain(own_miner: Miner) -> Anvil:
    """That chain."""
    return own_miner.anvil


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command configures the logs of its process, which here is that of the tests."""
    yield
    structlog.reset_defaults()


def rpc(url: str, method: str, *params: object) -> Any:
    question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = httpx.post(url, json=question, timeout=30, trust_env=False).json()
    assert "error" not in answer, answer
    return answer["result"]


def place(url: str, folder: Path, port: int | None = None) -> Place:
    """Where a witness works that signs every block; its key is beside the folder."""
    key = folder.parent / "key"
    if not key.exists():
        new_key(key)
    return Place(url, key, folder, port=port, poll_seconds=0.05, terms=Terms(every=1, confirmations=0))


def signed(folder: Path) -> list[SignedCheckpoint]:
    """What somebody who copies the file at this moment has; the beginning of a line is none yet."""
    path = folder / "checkpoints.jsonl"
    content = path.read_bytes() if path.exists() else b""
    return read(content[: content.rfind(b"\n") + 1])


async def until(holds: Callable[[], bool], work: "asyncio.Task[None]", seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert not work.done(), work
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_it_serves_what_it_signed_and_an_alarm_ends_the_signing_but_not_the_serving(
    chain: Anvil, own_miner: Miner, tmp_path: Path
) -> None:
    folder, port, stop = tmp_path / "folder", free_port(0), asyncio.Event()
    work = asyncio.create_task(run(place(chain.url, folder, port), stop))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        await until(lambda: len(signed(folder)) >= 5, work)
        first = signed(folder)[0].checkpoint.number
        page = read((await client.get(f"/checkpoints?after={first}")).content)
        assert page == signed(folder)[1 : len(page) + 1] != []
        assert read((await client.get(f"/checkpoints/{first}")).content) == signed(folder)[:1]
        for missing in (f"/checkpoints/{first - 1}", "/checkpoints/x", f"/checkpoints/{10**15}", "/", "/key"):
            assert (await client.get(missing)).status_code == 404, missing
        for wrong in ("x", "-2", "1.5", "٣", "9" * 30, ""):
            assert (await client.get(f"/checkpoints?after={wrong}")).status_code == 400, wrong
        assert (await client.post("/checkpoints")).status_code == 405
        assert (await client.get("/alarms")).content == b""
        assert (await client.get("/livez")).json()["alarm"] is None
        assert "trailseal_witness_alarm 0.0" in (await client.get("/metrics")).text

        with own_miner.paused():
            rpc(chain.url, "anvil_rollback", int(rpc(chain.url, "eth_blockNumber"), 16) - first)
        rpc(chain.url, "evm_increaseTime", 1000)
        rpc(chain.url, "anvil_mine", hex(200))
        await until((folder / "alarms.jsonl").exists, work)
        before = signed(folder)
        assert orjson.loads((await client.get("/alarms")).content)["kind"] == "fork"
        assert (await client.get("/livez")).json()["alarm"] == "fork"
        await asyncio.sleep(0.3)
        assert "trailseal_witness_alarm 1.0" in (await client.get("/metrics")).text
        assert signed(folder) == before
        stop.set()
        with pytest.raises(Alarmed):
            await work
    done = INVOKE(app, ["witness", "acknowledge", str(folder), "--reason", "looked at it"])
    assert (done.exit_code, done.output[:22]) == (0, "1 alarms acknowledged.")
    with pytest.raises(Alarmed, match="Block"):
        await run(place(chain.url, folder), asyncio.Event())
    assert signed(folder) == before
    assert find_contradictions(before) == []


def test_an_alarm_that_stands_ends_a_witness_that_serves_nothing_with_its_exit_code(
    chain: Anvil, tmp_path: Path
) -> None:
    new_key(tmp_path / "key")
    folder = tmp_path / "folder"
    folder.mkdir()
    Alarms(folder).sound("fork", "Block 5 is another one.", {}, 0.0)
    words = ["witness", "--rpc", chain.url, "--key-file", str(tmp_path / "key"), "--folder", str(folder)]
    ended = INVOKE(app, words)
    assert ended.exit_code == 3
    assert "refuses to sign: Block 5 is another one. The evidence is in" in ended.output
    assert signed(folder) == []


async def test_one_process_for_a_folder_and_one_for_a_key(chain: Anvil, tmp_path: Path) -> None:
    folder, stop = tmp_path / "folder", asyncio.Event()
    work = asyncio.create_task(run(place(chain.url, folder), stop))
    await until(lambda: bool(signed(folder)), work)
    with pytest.raises(FolderRefused, match="key is in use"):
        await run(place(chain.url, tmp_path / "another"), asyncio.Event())
    new_key(tmp_path / "second")
    second = dataclasses.replace(place(chain.url, folder), key_file=tmp_path / "second")
    with pytest.raises(FolderRefused, match="folder is in use"):
        await run(second, asyncio.Event())
    held = INVOKE(app, ["witness", "acknowledge", str(folder), "--reason", "x"])
    assert "in use" in str(held.exception)
    stop.set()
    await work


@pytest.mark.slow  # a process is started three times, and each start loads the chain client
def test_killed_at_any_moment_it_never_signs_two_things_for_a_number(chain: Anvil, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    at = place(chain.url, folder)
    words = ["witness", "--rpc", chain.url, "--key-file", str(at.key_file), "--folder", str(folder), "--every", "1"]
    process = Command([*words, "--confirmations", "0", "--poll", "0.05"], {}, tmp_path / "log")
    draws = random.Random(4)
    seen: list[SignedCheckpoint] = []
    for life in range(3):
        process.start()
        before, deadline = len(signed(folder)), time.monotonic() + 60
        while len(signed(folder)) == before:
            assert process.running, process.tail()
            assert time.monotonic() < deadline, process.tail()
            time.sleep(0.02)
        time.sleep(draws.random() * 0.5)
        (process.stop if life == 2 else process.kill)()
        seen += signed(folder)
    assert find_contradictions(seen) == []
    numbers = [one.checkpoint.number for one in signed(folder)]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))


def test_comparison_names_the_evidence_and_says_so_with_its_exit_code(tmp_path: Path) -> None:
    files = []
    for index, view in enumerate([b"", b"", b"another"]):
        files.append(tmp_path / f"{index}.jsonl")
        files[-1].write_bytes(b"".join(one.line() for one in log(KEYS[index], view=view)))
    agree = INVOKE(app, ["witness", "compare", *map(str, files[:2])])
    assert (agree.exit_code, agree.output) == (0, "20 checkpoints of 2 witnesses: they agree\n")
    differ = INVOKE(app, ["witness", "compare", *map(str, files)])
    assert differ.exit_code == 1
    assert "split view: witness 0x" in differ.output
    evidence = [line.strip() for line in differ.output.splitlines() if line.startswith("    ")]
    assert len(find_contradictions(read("\n".join(evidence[:2]).encode()))) == 1
    told = INVOKE(app, ["witness", "compare", "--json", *map(str, files)])
    assert (told.exit_code, len(orjson.loads(told.output)["contradictions"])) == (1, 10)
    files[0].write_bytes(b"{}\n")
    refused = INVOKE(app, ["witness", "compare", str(files[0])])
    assert "0.jsonl: line 1" in str(refused.exception)


def test_keys_are_made_and_named_and_what_is_missing_is_said(tmp_path: Path) -> None:
    made = INVOKE(app, ["witness", "new-key", str(tmp_path / "key")])
    assert made.exit_code == 0
    assert INVOKE(app, ["witness", "address", str(tmp_path / "key")]).output == made.output
    assert "--folder" in INVOKE(app, ["witness", "--rpc", "http://127.0.0.1:1"]).output
    words = ["witness", "--rpc", "http://127.0.0.1:1", "--key-file", str(tmp_path / "none"), "--folder"]
    assert "new-key" in str(INVOKE(app, [*words, str(tmp_path / "folder")]).exception)
