"""Keys that are recovered ahead, from tables, are those that are recovered one by one, here and by the service."""

from hashlib import sha256
from random import Random

from service.sealing.checkpoint import NONE_BEFORE, Checkpoint
from service.sealing.signing import BadSignature, address_of, recover, sign
from tests.web.scripts import answers, packed

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEYS = [sha256(bytes((number,))).digest() for number in range(3)]


def recovered(digest: bytes, signature: bytes) -> dict[str, str]:
    try:
        return {"address": recover(digest, signature).hex()}
    except BadSignature as refusal:
        return {"refused": str(refusal)}


def spoiled(random: Random, signature: bytes) -> bytes:
    """As it is, or as no contract would take it, or as somebody else's."""
    r, s, v = signature[:32], signature[32:64], signature[64:]
    other = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    return random.choice((
        signature, signature, signature, signature, r + other + v, r + other + bytes((55 - v[0],)),
        r + s + bytes((v[0] ^ 7,)),
        r + s + b"\x00", bytes(32) + s + v, r + bytes(32) + v, b"\xff" * 32 + s + v, ORDER.to_bytes(32, "big") + s + v,
        s + s + v, bytes(31) + b"\x05" + s + v, r + bytes(31) + b"\x01" + v,
    ))  # fmt: skip


def test_recovering_ahead_gives_what_recovering_each_gives() -> None:
    random = Random(9)
    digests = [sha256(number.to_bytes(2, "big")).digest() for number in range(90)]
    digests += [bytes(32), b"\xff" * 32, ORDER.to_bytes(32, "big")]
    signatures = [spoiled(random, sign(digest, random.choice(KEYS))) for digest in digests]
    parties = [random.choice((1, 1, 2)) for _ in digests]
    asked = {"digests": [one.hex() for one in digests], "signatures": [one.hex() for one in signatures]}
    (found,) = answers("recover", [{**asked, "parties": parties}])
    expected = [recovered(*one) for one in zip(digests, signatures, strict=True)]
    assert found == [[one, one] for one in expected]
    assert {"address"} < {name for one in expected for name in one}


def test_checkpoints_are_read_as_the_service_reads_them() -> None:
    said = Checkpoint(1337, 77, sha256(b"block").digest(), sha256(b"root").digest(), 1_772_000_000, NONE_BEFORE)
    line = said.signed(KEYS[0]).line()
    given = [
        b"", line, line * 2, line[:-1], line + b"\n", line.replace(b"77", b"78"), line.replace(b'"time"', b' "time"'),
        line.upper(), b"{}\n", b"\xff\n", line.replace(b"checkpoint/1", b"checkpoint/2"),
    ]  # fmt: skip
    found = answers("checkpoints", [packed(one) for one in given])
    witness = address_of(KEYS[0]).hex()
    assert found[:4] == [[], [witness], [witness, witness], [witness]]
    assert all("refused" in one for one in found[4:])


def test_many_keys_of_a_party_in_turns_or_at_random_are_told_apart() -> None:
    """More than are tried before a key is recovered anew, over several batches."""
    random = Random(4)
    keys = [sha256(bytes((7, number))).digest() for number in range(8)]
    digests = [sha256(number.to_bytes(2, "big")).digest() for number in range(300)]
    by = [keys[index % 8] if index < 200 else random.choice(keys) for index in range(300)]
    signatures = [sign(digest, key) for digest, key in zip(digests, by, strict=True)]
    asked = {"digests": [one.hex() for one in digests], "signatures": [one.hex() for one in signatures]}
    (found,) = answers("recover", [{**asked, "parties": [1] * 300}])
    assert [ahead for ahead, _ in found] == [{"address": address_of(key).hex()} for key in by]
