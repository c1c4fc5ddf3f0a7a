"""Slots and packed words are where the committed contracts put them, and the released hashes are theirs."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.sealing import layout, released
from service.sealing.hashing import keccak256
from service.sealing.layout import Custody
from tests.sealing.test_typeddata import raw, vector
from tests.vectors import VECTORS

ARTIFACTS = VECTORS.parents[1] / "contracts" / "artifacts"


def artifact(contract: str) -> Any:
    return orjson.loads((ARTIFACTS / f"{contract}.json").read_bytes())


def slots(contract: str) -> dict[str, int]:
    return {one["label"]: int(one["slot"]) for one in artifact(contract)["storageLayout"]["storage"]}


@pytest.mark.parametrize(
    ("contract", "known"), [("Provenance", released.PROVENANCE), ("Participants", released.PARTICIPANTS)]
)
def test_the_committed_code_is_the_newest_release(contract: str, known: dict[bytes, str]) -> None:
    built = artifact(contract)
    assert built["immutableReferences"] == {}, "immutables would give every deployment another code hash"
    assert keccak256(raw(built["runtimeBytecode"])) == raw(built["runtimeCodeHash"])
    assert list(known)[-1] == raw(built["runtimeCodeHash"])


def test_variables_are_in_the_slots_of_the_format() -> None:
    provenance = slots("Provenance")
    assert provenance == {"participants": 0, "head": 1, "custody": 2, "recorded": 3, "hold": 4, "successor": 5}
    trail = keccak256(b"trail")
    assert int.from_bytes(layout.PARTICIPANTS_SLOT, "big") == provenance["participants"]
    assert layout.head_slot(trail) == layout.mapping_slot(trail, provenance["head"])
    assert layout.custody_slot(trail) == layout.mapping_slot(trail, provenance["custody"])
    assert slots("Participants")["_parties"] == layout.PARTIES_SLOT
    assert slots("Participants")["_keys"] == layout.KEYS_SLOT


def test_the_id_is_the_first_word_of_a_party() -> None:
    (party,) = (
        kind
        for name, kind in artifact("Participants")["storageLayout"]["types"].items()
        if "struct(Party)" in name and kind["encoding"] == "inplace"
    )
    first = party["members"][0]
    assert (first["label"], first["slot"], first["offset"]) == ("id", "0", 0)


def members() -> dict[str, tuple[int, int]]:
    """Offset and size, in bytes, of each member of the custody word as the compiler packs it."""
    types = artifact("Provenance")["storageLayout"]["types"]
    (custody,) = (kind for name, kind in types.items() if "struct(Custody)" in name and kind["encoding"] == "inplace")
    assert custody["numberOfBytes"] == "32"
    return {one["label"]: (one["offset"], int(types[one["type"]]["numberOfBytes"])) for one in custody["members"]}


NAMES = {
    "custodian": "custodian",
    "offeredTo": "offered_to",
    "commissioner": "commissioner",
    "holds": "holds",
    "disputes": "disputes",
    "commissioned": "commissioned",
    "decommissioned": "decommissioned",
}
NUMBERS = st.integers(0, 2**32 - 1)


@given(st.builds(Custody, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.booleans(), st.booleans()))
def test_custody_unpacks_as_the_compiler_packs_it(custody: Custody) -> None:
    packed = members()
    assert set(packed) == set(NAMES)
    word = sum(int(getattr(custody, NAMES[label])) << 8 * offset for label, (offset, _) in packed.items())
    assert Custody.unpack(word.to_bytes(32, "big")) == custody
    assert [size for _, size in packed.values()] == [4, 4, 4, 4, 4, 1, 1]


@given(st.binary(min_size=32, max_size=32))
def test_a_word_is_read_whole_or_refused(word: bytes) -> None:
    used = word[10:]
    try:
        custody = Custody.unpack(word)
    except ValueError:
        assert any(word[:10]) or used[0] > 1 or used[1] > 1
    else:
        assert custody.custodian == int.from_bytes(word[28:], "big")


def test_the_contracts_own_slots() -> None:
    told = {one["variable"]: one for one in vector()["slots"]}
    head, custody = told["head"], told["custody"]
    assert layout.head_slot(raw(head["trail"])) == raw(head["slot"])
    assert layout.custody_slot(raw(custody["trail"])) == raw(custody["slot"])
    assert Custody.unpack(raw(custody["value"])) == Custody(2, 0, 1, 1, 1, commissioned=True)
