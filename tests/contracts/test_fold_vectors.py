"""The vectors that the contract's tests wrote, recalculated by other people's code: eth-account and eth-utils."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors" / "fold.json").read_text(encoding="utf-8")
)
SLOT_NUMBERS = {"participants": 0, "head": 1, "custody": 2, "recorded": 3, "hold": 4, "successor": 5}


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def typed_data(capture: dict[str, Any]) -> dict[str, Any]:
    kinds = {
        "EIP712Domain": [
            ("string", "name"),
            ("string", "version"),
            ("uint256", "chainId"),
            ("address", "verifyingContract"),
        ],
        "Entry": [("bytes32", "trail"), ("bytes32", "seal"), ("uint8", "step"), ("bytes32", "to")],
        "Capture": [("Entry[]", "entries"), ("uint64", "deadline")],
    }
    return {
        "types": {name: [{"type": kind, "name": field} for kind, field in of] for name, of in kinds.items()},
        "primaryType": "Capture",
        "domain": {
            "name": "Trailseal",
            "version": "1",
            "chainId": VECTORS["chainId"],
            "verifyingContract": VECTORS["verifyingContract"],
        },
        "message": {"entries": capture["entries"], "deadline": capture["deadline"]},
    }


@pytest.mark.parametrize("capture", VECTORS["captures"])
def test_captures_are_eip712_typed_data(capture: dict[str, Any]) -> None:
    message = encode_typed_data(full_message=typed_data(capture))
    assert message.header == octets(VECTORS["domainSeparator"])
    assert keccak(b"\x19\x01" + message.header + message.body) == octets(capture["digest"])
    assert Account.recover_message(message, signature=octets(capture["signature"])) == capture["signer"]
    assert Account.from_key(capture["privateKey"]).address == capture["signer"]


@pytest.mark.parametrize("fold", VECTORS["folds"])
def test_heads_fold(fold: dict[str, Any]) -> None:
    preimage = b"".join(octets(fold[name]) for name in ("before", "seal", "party", "to"))
    preimage += fold["step"].to_bytes(1, "big") + fold["time"].to_bytes(8, "big")
    assert len(preimage) == 137
    assert keccak(preimage) == octets(fold["head"])


@pytest.mark.parametrize("place", VECTORS["slots"])
def test_slots_are_where_the_format_says(place: dict[str, Any]) -> None:
    slot = word(SLOT_NUMBERS[place["variable"]])
    if place["variable"] in ("head", "custody"):
        slot = keccak(octets(place["trail"]) + slot)
    if place["variable"] == "recorded":
        slot = keccak(keccak(octets(place["party"]) + octets(place["captureId"])) + slot)
    if place["variable"] == "hold":
        slot = keccak(keccak(octets(place["trail"]) + octets(place["party"])) + slot)
    assert slot == octets(place["slot"])


def test_the_last_fold_of_a_trail_is_its_head_slot() -> None:
    last = {fold["trail"]: fold["head"] for fold in VECTORS["folds"]}
    stored = {place["trail"]: place["value"] for place in VECTORS["slots"] if place["variable"] == "head"}
    assert stored == last
