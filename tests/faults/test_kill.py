"""`kill -9` of each process in the middle of 2,000 captures and a restart: what was accepted is sealed exactly once."""

import itertools
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.cli.client import Client, Refused, Unreachable
from service.cli.local import LocalService
from service.ledger.abi import Log, topic
from service.sealing.entries import Recorded, fold
from service.sealing.hashing import keccak256

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

CAPTURES = 500
"""For each of the four processes that are killed: 2,000 in all."""
CLIENTS = 6
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def document(run: str, number: int) -> dict[str, Any]:
    """Two events about a thing of the capture's own and one that many captures speak of."""
    own, shared = f"urn:epc:id:sgtin:9521001.000001.{run}{number}", f"urn:epc:id:sgtin:9521001.000002.{run}{number % 7}"
    events = [
        {
            "type": "ObjectEvent",
            "action": "OBSERVE",
            "bizStep": step,
            "eventTime": f"2026-03-01T{number // 60 % 24:02d}:{number % 60:02d}:00.000Z",
            "eventTimeZoneOffset": "+00:00",
            "epcList": [own, shared],
        }
        for step in ("arriving", "departing")
    ]
    head = {"@context": [CONTEXT], "type": "EPCISDocument", "schemaVersion": "2.0"}
    return {**head, "creationDate": "2026-03-01T00:00:00Z", "epcisBody": {"eventList": events}}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    with LocalService(tmp_path_factory.mktemp("killed")) as running:
        yield running


def persistent(client: Client, run: str, number: int) -> str:
    """A client as the README advises: it repeats a request with the same key until it has an answer."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return str(client.capture(document(run, number), f"{run}-{number}")["captureID"])
        except Unreachable:
            pass
        except Refused as refused:
            if refused.http_status < 500:
                raise
        if time.monotonic() > deadline:
            raise TimeoutError(f"capture {number} got no answer for two minutes")
        time.sleep(0.05)


def kill_api(service: LocalService) -> None:
    service.kill("api")
    service.restart("api")


def kill_worker(service: LocalService) -> None:
    service.kill("worker")
    time.sleep(1.5)  # captures pile up meanwhile
    service.restart("worker")


def kill_postgres(service: LocalService) -> None:
    service.stack.postgres.kill()
    service.stack.postgres.start()


def kill_anvil(service: LocalService) -> None:
    """The chain comes back as of its last written state: up to two seconds of blocks are gone."""
    service.stack.anvil.kill()
    service.stack.anvil.start()


@pytest.mark.parametrize("kill", [kill_api, kill_worker, kill_postgres, kill_anvil])
def test_every_accepted_capture_is_sealed_exactly_once(
    service: LocalService, kill: Callable[[LocalService], None]
) -> None:
    run = secrets.token_hex(4)
    with (
        Client(service.url, service.keys["acme"], connections=CLIENTS) as client,
        ThreadPoolExecutor(CLIENTS + 1) as threads,
    ):
        killing = None
        posting = [threads.submit(persistent, client, run, number) for number in range(CAPTURES)]
        while killing is None:  # in the middle: a third has been answered
            if sum(one.done() for one in posting) > CAPTURES // 3:
                killing = threads.submit(kill, service)
            time.sleep(0.01)
        captures = [one.result() for one in posting]
        killing.result()
        assert len(set(captures)) == CAPTURES
        sealed = sum(client.until_sealed([capture], patience_seconds=90) for capture in captures)
        assert sealed == CAPTURES
        # A rolled-back chain may take a seal back once more while it heals: settled is what counts.
        time.sleep(3)
        receipts = [client.get(f"/v1/captures/{capture}") for capture in captures]
    assert Counter(receipt["state"] for receipt in receipts) == {"sealed": CAPTURES}
    assert_once_on_chain(service, receipts)
    assert_nothing_half_stored(service, receipts)


def assert_once_on_chain(service: LocalService, receipts: list[dict[str, Any]]) -> None:
    """By the chain itself: every entry of every part is logged once, and every trail's logs fold into its head."""
    logs = recorded_logs(service)
    wanted = {part["id"]: part["entries"] for receipt in receipts for part in receipt["parts"]}
    found = Counter(f"0x{log.topics[3].hex()}" for log in logs)
    assert {part: found[part] for part in wanted} == wanted
    trails: dict[bytes, list[Log]] = {}
    for log in logs:
        trails.setdefault(log.topics[1], []).append(log)
    for trail, entries in itertools.islice(trails.items(), 0, None, max(1, len(trails) // 50)):
        times = {log.block: block_time(service, log.block) for log in entries}
        folded = fold(
            Recorded(log.word(0), log.topics[2], log.word(1), log.word(3)[31], times[log.block]) for log in entries
        )
        assert folded == head_of(service, trail)


def assert_nothing_half_stored(service: LocalService, receipts: list[dict[str, Any]]) -> None:
    half = (
        "SELECT count(*) FROM captures WHERE events <> (SELECT count(*) FROM events WHERE events.capture = captures.id)"
        " OR entries <> (SELECT count(*) FROM mentions JOIN events ON events.seq = mentions.event"
        " WHERE events.capture = captures.id)"
        " OR entries <> (SELECT coalesce(sum(entry_count), 0) FROM parts WHERE parts.capture = captures.id)"
    )
    assert service.stack.postgres.execute(half).strip() == "0"
    doubled = "SELECT count(*) FROM (SELECT event_id FROM events GROUP BY event_id HAVING count(*) > 1) AS twice"
    assert service.stack.postgres.execute(doubled).strip() == "0"
    mirrored = "SELECT count(*) FROM ledger_entries"
    assert int(service.stack.postgres.execute(mirrored)) == len(recorded_logs(service))
    assert all(receipt["events"] == 2 for receipt in receipts)


def rpc(service: LocalService, method: str, *params: Any) -> Any:
    answer = httpx.post(
        service.stack.anvil.url,
        json={"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)},
        timeout=60,
        trust_env=False,
    ).json()
    assert "error" not in answer, json.dumps(answer)
    return answer["result"]


def provenance(service: LocalService) -> str:
    with service.client("auditor") as auditor:
        return str(auditor.get("/v1/ledger")["provenance"])


def recorded_logs(service: LocalService) -> list[Log]:
    wanted = {"fromBlock": "0x0", "toBlock": "latest", "address": provenance(service)}
    name = f"0x{topic('Provenance', 'Recorded').hex()}"
    return [Log.read(log) for log in rpc(service, "eth_getLogs", {**wanted, "topics": [name]})]


def block_time(service: LocalService, number: int) -> int:
    return int(rpc(service, "eth_getBlockByNumber", hex(number), False)["timestamp"], 16)


def head_of(service: LocalService, trail: bytes) -> bytes:
    slot = keccak256(trail, (1).to_bytes(32, "big"))
    word: str = rpc(service, "eth_getStorageAt", provenance(service), f"0x{slot.hex()}", "latest")
    return bytes.fromhex(word[2:])


def test_the_folder_keeps_no_secret_that_others_may_read(service: LocalService) -> None:
    for name in ("secrets.json", "keys.json", "service.json"):
        assert Path(service.folder / name).stat().st_mode & 0o077 == 0
