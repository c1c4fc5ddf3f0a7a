"""Tries: what is there is proven, what is not is proven absent, and a mutated node never verifies."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.sealing import rlp, trie
from service.sealing.hashing import keccak256
from service.sealing.state import Account, Header
from service.sealing.trie import EMPTY_ROOT, BadProof, Nodes, lookup
from tests.sealing.mpt import hashed, proof_of, root_of

PATHS = st.text("0123456789abcdef", min_size=6, max_size=6) | st.text("01", min_size=6, max_size=6)
VALUES = st.binary(min_size=1, max_size=3) | st.binary(min_size=30, max_size=40)
TRIES = st.dictionaries(PATHS, VALUES, min_size=1, max_size=24)


def walked(root: bytes, path: str, nodes: list[bytes]) -> bytes | None:
    """The value, where the nodes lead to it or to its absence, and all of them are on the way."""
    pool = Nodes(nodes)
    found = trie._walk(root, path, pool)
    if pool.unread:
        raise BadProof("spare nodes")
    return found


def test_the_builder_gives_the_root_that_ethereum_knows() -> None:
    """The trie of the Ethereum wiki: do, dog, doge, horse."""
    puppy = {"646f": b"verb", "646f67": b"puppy", "646f6765": b"coin", "686f727365": b"stallion"}
    assert root_of(puppy).hex() == "5991bb8c6514148a29db676a14ac506cd2cd5775ace63c30a4fe457715e9ac84"
    assert root_of({}) == EMPTY_ROOT


@settings(max_examples=150)
@given(TRIES, PATHS)
def test_what_is_there_is_proven_and_what_is_not_is_proven_absent(items: dict[str, bytes], other: str) -> None:
    """Short paths and values, so that nodes below 32 bytes stand inside their parents."""
    root = root_of(items)
    for path in [*items, other]:
        assert walked(root, path, proof_of(items, path)) == items.get(path)


@given(st.dictionaries(st.binary(max_size=4), st.binary(min_size=1, max_size=40), max_size=40), st.binary(max_size=4))
def test_keys_are_hashed(items: dict[bytes, bytes], key: bytes) -> None:
    secured = hashed(items)
    assert lookup(root_of(secured), key, Nodes(proof_of(secured, keccak256(key).hex()))) == items.get(key)


@settings(max_examples=150)
@given(TRIES, PATHS, st.data())
def test_a_mutated_proof_never_verifies(items: dict[str, bytes], path: str, draw: st.DataObject) -> None:
    nodes = proof_of(items, path)
    index = draw.draw(st.integers(0, len(nodes) - 1))
    node = bytearray(nodes[index])
    at, bit = draw.draw(st.integers(0, len(node) - 1)), draw.draw(st.integers(0, 7))
    node[at] ^= 1 << bit
    flipped = [*nodes[:index], bytes(node), *nodes[index + 1 :]]
    for bad in (flipped, nodes[:-1], [*nodes, b"\x80"], nodes[1:]):
        with pytest.raises(BadProof):
            walked(root_of(items), path, bad)


@given(st.lists(st.binary(max_size=40), max_size=3), st.binary(min_size=32, max_size=32))
def test_noise_proves_nothing(nodes: list[bytes], root: bytes) -> None:
    with pytest.raises(BadProof):
        lookup(root, b"key", Nodes(nodes))


NODES = st.recursive(st.binary(max_size=33), lambda inner: st.lists(inner, max_size=17), max_leaves=20)


@settings(max_examples=150)
@given(NODES, st.text("0123456789abcdef", min_size=64, max_size=64))
def test_nodes_of_any_shape_are_walked_or_refused(node: Any, path: str) -> None:
    """Even nodes that hash as they should: a chain may be made of anything."""
    try:
        encoded = rlp.encode(node)
        found = walked(keccak256(encoded), path, [encoded])
    except BadProof:
        return
    assert found is None or isinstance(found, bytes)


def test_an_empty_trie_proves_every_absence() -> None:
    assert lookup(EMPTY_ROOT, b"key", Nodes([])) is None


@settings(max_examples=50)
@given(TRIES)
def test_one_pool_proves_everything_in_any_order(items: dict[str, bytes]) -> None:
    """Proofs of several keys share their nodes; what no look-up came by is told."""
    proofs = {path: proof_of(items, path) for path in items}
    pool = Nodes(sorted({node for nodes in proofs.values() for node in nodes}))
    assert pool.unread
    for path in reversed(proofs):
        assert trie._walk(root_of(items), path, pool) == items[path]
    assert not pool.unread


def test_a_node_that_names_itself_is_found_by_nobody() -> None:
    """No node can hold its own hash; one that tries is not what its parent names."""
    branch = rlp.encode([bytes(32), *[b""] * 16])
    looped = branch.replace(bytes(32), keccak256(branch))
    with pytest.raises(BadProof, match="not there"):
        trie._walk(keccak256(looped), "0" * 64, Nodes([looped, branch]))


@pytest.mark.parametrize(
    ("leaf", "complaint"),
    [
        (b"\x01", "malformed"),
        (b"\xc0", "shape"),
        (rlp.encode([b"", b"", [b""], bytes(32)]), "shape"),
    ],
)
def test_a_leaf_that_is_no_account_is_refused(leaf: bytes, complaint: str) -> None:
    items = hashed({bytes(20): leaf})
    with pytest.raises(BadProof, match=complaint):
        Account.prove(root_of(items), bytes(20), Nodes(proof_of(items, keccak256(bytes(20)).hex())))


@pytest.mark.parametrize("value", [b"\xc0", b"\xa1" + bytes(33), b"\x81"])
def test_a_leaf_that_is_no_word_is_refused(value: bytes) -> None:
    items = hashed({bytes(32): value})
    with pytest.raises(BadProof, match="slot"):
        Account(root_of(items), bytes(32)).slot(bytes(32), Nodes(proof_of(items, keccak256(bytes(32)).hex())))


@given(st.lists(st.binary(max_size=33) | st.just([]), max_size=20))
def test_no_list_makes_a_header_fail_otherwise(fields: Any) -> None:
    try:
        header = Header.read(rlp.encode(fields))
    except ValueError:
        return
    assert len(header.state_root) == 32
