"""Events per second from an HTTP request to a mined block, beside one transaction per event on the same chain.

    python -m bench.capture --events 20000

Ours: two parties post EPCIS documents over HTTP at the same time; every event is validated, hashed, sealed, stored in
PostgreSQL, signed (EIP-712) and recorded by the contract, and the clock stops when the API says of the last capture
that it is sealed, so the watcher is in it. API, worker, PostgreSQL, Anvil and the posting clients share the machine.

Rival: the way it is usually done. For each event, web3 builds, signs and sends one transaction that records one entry
(`contract.functions.record(...).transact()`), without HTTP, validation or storage; the clock stops when the last one is
mined. Beside it, for honesty, the same with everything that web3 asks of the node known beforehand and the bytes sent
in batches ("tuned").
"""

import argparse
import json
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import orjson
from eth_account import Account
from rich.console import Console
from rich.progress import Progress
from web3 import HTTPProvider, Web3
from web3.middleware import SignAndSendRawMiddlewareBuilder
from web3.types import RPCEndpoint

from service.cli.client import Client
from service.cli.local import LocalService
from service.ledger.abi import SignedCapture, artifact, entry_words, record_calldata
from service.sealing.entries import Entry
from service.sealing.signing import sign
from service.sealing.typeddata import capture_id, domain_separator, signing_digest

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
PARTIES = ("acme", "borealis")
CONNECTIONS_PER_PARTY = 3


def document(start: int, count: int, run: str) -> bytes:
    """An EPCISDocument of observations; a thing is seen about four times, as items on a line of readers are."""
    events = [
        {
            "type": "ObjectEvent",
            "action": "OBSERVE",
            "bizStep": "arriving",
            "disposition": "in_progress",
            "eventTime": f"2026-03-01T{index // 3600 % 24:02d}:{index // 60 % 60:02d}:{index % 60:02d}.000Z",
            "eventTimeZoneOffset": "+00:00",
            "epcList": [f"urn:epc:id:sgtin:9521001.000001.{run}{index // 4}"],
            "readPoint": {"id": "urn:epc:id:sgln:9521001.00000.0"},
        }
        for index in range(start, start + count)
    ]
    head = {"@context": [CONTEXT], "type": "EPCISDocument", "schemaVersion": "2.0"}
    return orjson.dumps({**head, "creationDate": "2026-03-02T00:00:00Z", "epcisBody": {"eventList": events}})


def ours(service: LocalService, events: int, size: int, console: Console) -> dict[str, float]:
    """Posts the events and waits until all are sealed; rates in events per second."""
    run = secrets.token_hex(4)
    documents = [document(start, min(size, events - start), run) for start in range(0, events, size)]
    clients = [
        Client(service.url, service.keys[party], connections=CONNECTIONS_PER_PARTY, timeout_seconds=300)
        for party in PARTIES
    ]
    with Progress(console=console) as progress, ThreadPoolExecutor(len(PARTIES) * CONNECTIONS_PER_PARTY) as threads:
        begin = time.perf_counter()
        posted = threads.map(lambda one: clients[one[0] % 2].capture(one[1])["captureID"], list(enumerate(documents)))
        captures = list(progress.track(posted, total=len(documents), description="posting"))
        accepted = time.perf_counter() - begin
        task = progress.add_task("sealing", total=len(captures))
        for at, client in enumerate(clients):
            client.until_sealed(captures[at::2], lambda _: progress.advance(task))
        sealed = time.perf_counter() - begin
    for client in clients:
        client.close()
    return {"accepted_per_s": events / accepted, "sealed_per_s": events / sealed}


class Rival:
    """One transaction per event, from a party's key that is registered on the same contract."""

    def __init__(self, service: LocalService) -> None:
        self.rpc = service.environment["TRAILSEAL_RPC_URL"]
        self.w3 = Web3(HTTPProvider(self.rpc))
        with service.client("acme") as client:
            ledger = client.get("/v1/ledger")
            self.signer = Account.create()
            address = self.signer.address.lower()
            challenge = client.get("/v1/signing-keys/challenge", address=address)["challenge"]
            proof = self.signer.sign_message(_personal(challenge)).signature.to_0x_hex()
            client.post("/v1/signing-keys", {"custody": "own", "address": address, "proof": proof})
            while not _registered(client, address):
                time.sleep(0.1)
        self.provenance = bytes.fromhex(ledger["provenance"][2:])
        self.domain = domain_separator(ledger["chainID"], self.provenance)
        self.contract = self.w3.eth.contract(
            address=Web3.to_checksum_address(ledger["provenance"]), abi=artifact("Provenance")["abi"]
        )

    def capture(self, index: int) -> tuple[Entry, int, bytes]:
        """One event's entry with its signature; a thing is seen about four times, as in ours."""
        entry = Entry((index // 4).to_bytes(32, "big"), secrets.token_bytes(32), 0)
        deadline = int(time.time()) + 3600
        key = bytes(self.signer.key)
        return entry, deadline, sign(signing_digest(self.domain, capture_id([entry]), deadline), key)

    def usual(self, events: int, console: Console) -> float:
        """Events per second with web3 as it comes."""
        sender = Account.create()
        # web3 proposes a tip even where the chain wants none, so the sender has to look able to pay it.
        self.w3.provider.make_request(RPCEndpoint("anvil_setBalance"), [sender.address, hex(10**20)])
        self.w3.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(sender), layer=0)
        self.w3.eth.default_account = sender.address
        with Progress(console=console) as progress:
            begin = time.perf_counter()
            sent = b""
            for index in progress.track(range(events), description="one transaction per event"):
                entry, deadline, signature = self.capture(index)
                call = self.contract.functions.record([([tuple(entry)], deadline, signature)])
                nonce = self.w3.eth.get_transaction_count(sender.address, "pending")
                sent = call.transact({"nonce": nonce})
            self.w3.eth.wait_for_transaction_receipt(sent, timeout=120, poll_latency=0.02)  # type: ignore[arg-type]
            return events / (time.perf_counter() - begin)

    def tuned(self, events: int) -> float:
        """Events per second with fees, gas and nonces known beforehand and a hundred transactions per request."""
        sender = Account.create()
        chain_id, sent = self.w3.eth.chain_id, ""
        begin = time.perf_counter()
        with httpx.Client(timeout=120, trust_env=False) as http:
            for start in range(0, events, 100):
                raws = [self._raw(sender, index, chain_id) for index in range(start, min(start + 100, events))]
                calls = [
                    {"jsonrpc": "2.0", "id": at, "method": "eth_sendRawTransaction", "params": [raw]}
                    for at, raw in enumerate(raws)
                ]
                sent = http.post(self.rpc, json=calls).json()[-1]["result"]
        self.w3.eth.wait_for_transaction_receipt(sent, timeout=120, poll_latency=0.02)  # type: ignore[arg-type]
        return events / (time.perf_counter() - begin)

    def _raw(self, sender: Any, index: int, chain_id: int) -> str:
        entry, deadline, signature = self.capture(index)
        call = record_calldata([SignedCapture(entry_words([entry]), deadline, signature)])
        fields = {
            "chainId": chain_id,
            "nonce": index,
            "gas": 250_000,
            "maxFeePerGas": 0,
            "maxPriorityFeePerGas": 0,
            "to": self.provenance,
            "value": 0,
            "data": call,
            "type": 2,
        }
        raw: str = sender.sign_transaction(fields).raw_transaction.to_0x_hex()
        return raw


def _personal(text: str) -> Any:
    from eth_account.messages import encode_defunct

    return encode_defunct(text=text)


def _registered(client: Client, address: str) -> bool:
    keys = client.get("/v1/signing-keys", limit=100)["items"]
    return any(key["address"] == address and key["registeredAt"] for key in keys)


def main(argv: Sequence[str] | None = None) -> None:
    """Measures and prints; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--document-events", type=int, default=100, help="events in one document")
    parser.add_argument("--rival-events", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=2, help="API processes")
    given = parser.parse_args(argv)
    console = Console(file=sys.stderr)
    folder = Path(tempfile.mkdtemp(prefix="trailseal-bench-"))
    try:
        with LocalService(folder, processes=given.processes) as service:
            ours(service, min(1000, given.events), given.document_events, console)  # warm caches and connections
            measured = ours(service, given.events, given.document_events, console)
            rival = Rival(service)
            usual, tuned = rival.usual(given.rival_events, console), rival.tuned(2 * given.rival_events)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result = {
        "events": given.events,
        "sealed_per_s": round(measured["sealed_per_s"], 1),
        "rival_per_s": round(usual, 1),
        "ratio": round(measured["sealed_per_s"] / usual, 2),
        "accepted_per_s": round(measured["accepted_per_s"], 1),
        "rival_tuned_per_s": round(tuned, 1),
        "ratio_tuned": round(measured["sealed_per_s"] / tuned, 2),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
