"""Verifying the same bundle the way that its parts suggest: the usual libraries, event by event, nothing shared.

For each event: `rfc8785` makes the document canonical, `eth-account` recovers who signed the EIP-712 typed data of its
capture, `rlp` and `eth-utils` walk the proof of that key's slot, and of the party's, from the block's header down; then
the entry is folded. It reads no meaning out of the documents and does not check the file's form: it does less.
"""

import hashlib
import json
from typing import Any

import rfc8785
import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from service.sealing.entries import Entry
from service.sealing.layout import key_slot, party_id_slot
from service.sealing.typeddata import typed_data


def holds(file: bytes) -> bool:
    """Whether every event of a bundle of one trail, with one event in each capture, is proven."""
    bundle = json.loads(file)
    (trail,) = bundle["trails"]
    nodes = {keccak(node): node for node in map(_raw, bundle["nodes"])}
    opened = {_seal(event): event for event in bundle["events"]}
    trail_id = _sha256(b"\x01" + _raw(trail["salt"]) + trail["identifier"].encode())
    names = {party["number"]: _sha256(b"\x03" + party["identifier"].encode()) for party in bundle["parties"]}
    head = bytes(32)
    for entry in trail["entries"]:
        seal, capture = _raw(entry["seal"]), bundle["captures"][entry["capture"]]
        deadline = int(capture["deadline"], 16)
        typed = typed_data(
            bundle["chainId"], _raw(bundle["provenance"]), [Entry(trail_id, seal, entry["step"])], deadline
        )
        signer = Account.recover_message(encode_typed_data(full_message=typed), signature=_raw(capture["signature"]))
        registry = _registry(bundle, nodes)
        bound = int.from_bytes(_slot(registry, key_slot(_raw(signer)), nodes), "big")
        party = _slot(registry, party_id_slot(entry["party"]), nodes)
        if seal not in opened or bound & 0xFFFFFFFF != entry["party"] or party != names[entry["party"]]:
            return False
        head = keccak(head + seal + party + bytes(32) + bytes((entry["step"],)) + entry["time"].to_bytes(8, "big"))
    ledger = _account(bundle, nodes, _raw(bundle["provenance"]))
    return head == _slot(ledger, keccak(trail_id + (1).to_bytes(32, "big")), nodes)


def _seal(event: dict[str, Any]) -> bytes:
    return _sha256(b"\x00" + _raw(event["nonce"]) + _sha256(rfc8785.dumps(event["document"])))


def _registry(bundle: dict[str, Any], nodes: dict[bytes, bytes]) -> bytes:
    ledger = _account(bundle, nodes, _raw(bundle["provenance"]))
    return _account(bundle, nodes, _slot(ledger, bytes(32), nodes)[12:])


def _account(bundle: dict[str, Any], nodes: dict[bytes, bytes], address: bytes) -> bytes:
    """The storage root of an account."""
    state_root = rlp.decode(_raw(bundle["header"]))[3]
    storage_root: bytes = rlp.decode(_found(state_root, address, nodes))[2]
    return storage_root


def _slot(root: bytes, key: bytes, nodes: dict[bytes, bytes]) -> bytes:
    return bytes(rlp.decode(_found(root, key, nodes))).rjust(32, b"\x00")


def _found(root: bytes, key: bytes, nodes: dict[bytes, bytes]) -> bytes:
    path, reference = keccak(key).hex(), root
    while True:
        node = rlp.decode(nodes[reference])
        if len(node) == 17:
            reference, path = node[int(path[0], 16)], path[1:]
            continue
        packed = node[0].hex()
        piece = packed[1:] if packed[0] in "13" else packed[2:]
        if not path.startswith(piece):
            raise LookupError(key.hex())
        if packed[0] in "23":
            value: bytes = node[1]
            return value
        reference, path = node[1], path[len(piece) :]


def _raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
