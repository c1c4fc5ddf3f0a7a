"""One checkpoint: what a witness signs, and how that is written down (docs/format.md, section 9)."""

import re
from typing import Any, NamedTuple

import orjson

from service.errors import TrailsealError
from service.sealing.hashing import canonical_json, keccak256
from service.sealing.signing import BadSignature, recover, sign

FORMAT = "trailseal-checkpoint/1"
NAME, VERSION = "Trailseal witness", "1"
NONE_BEFORE = bytes(32)
"""What the first checkpoint of a witness names as the one before it."""
_LINE_BYTES = 1024
_TYPE = keccak256(
    b"Checkpoint(uint256 chainId,uint64 number,bytes32 blockHash,bytes32 stateRoot,uint64 time,bytes32 previous)"
)
_DOMAIN = keccak256(
    keccak256(b"EIP712Domain(string name,string version)"), keccak256(NAME.encode()), keccak256(VERSION.encode())
)
_BYTES = {"blockHash": 32, "previous": 32, "signature": 65, "stateRoot": 32, "witness": 20}
_NUMBERS = {"chainId": 1, "number": 0, "time": 0}
_HEX = re.compile("0x(?:[0-9a-f]{2})+", re.ASCII)


class BadCheckpoint(TrailsealError):
    """A line is no signed checkpoint, or not in its one spelling."""

    slug, title, status = "bad-checkpoint", "This is not a signed checkpoint", 422


class Checkpoint(NamedTuple):
    """A block as a witness saw it; `previous` is the id of the witness's checkpoint before, zero for its first."""

    chain_id: int
    number: int
    block_hash: bytes
    state_root: bytes
    time: int
    previous: bytes

    @property
    def id(self) -> bytes:
        """EIP-712 `hashStruct`, 32 bytes: what the witness's next checkpoint names as `previous`."""
        number, time = self.number.to_bytes(32, "big"), self.time.to_bytes(32, "big")
        chain = self.chain_id.to_bytes(32, "big")
        return keccak256(_TYPE, chain, number, self.block_hash, self.state_root, time, self.previous)

    @property
    def digest(self) -> bytes:
        """The 32 bytes that the witness signs."""
        return keccak256(b"\x19\x01", _DOMAIN, self.id)

    @property
    def block(self) -> tuple[int, bytes, bytes, int]:
        """What it says of the chain, whoever says it."""
        return self.number, self.block_hash, self.state_root, self.time

    def signed(self, key: bytes) -> "SignedCheckpoint":
        """Signed with a 32-byte private key; the same bytes each time (RFC 6979)."""
        return SignedCheckpoint.recovered(self, sign(self.digest, key))


class SignedCheckpoint(NamedTuple):
    """A checkpoint with its signature, 65 bytes, and the 20-byte address that recovers from it."""

    checkpoint: Checkpoint
    signature: bytes
    witness: bytes

    @classmethod
    def recovered(cls, checkpoint: Checkpoint, signature: bytes) -> "SignedCheckpoint":
        """With the address that the signature recovers to; raises BadSignature."""
        return cls(checkpoint, signature, recover(checkpoint.digest, signature))

    def as_json(self) -> dict[str, Any]:
        """The JSON object of section 9."""
        said = self.checkpoint
        return {
            "blockHash": f"0x{said.block_hash.hex()}",
            "chainId": said.chain_id,
            "format": FORMAT,
            "number": said.number,
            "previous": f"0x{said.previous.hex()}",
            "signature": f"0x{self.signature.hex()}",
            "stateRoot": f"0x{said.state_root.hex()}",
            "time": said.time,
            "witness": f"0x{self.witness.hex()}",
        }

    def line(self) -> bytes:
        """Its one spelling: RFC 8785 canonical JSON and a newline."""
        return canonical_json(self.as_json()) + b"\n"


def read_line(line: bytes) -> SignedCheckpoint:
    """The checkpoint in one line; its newline may be missing.

    Raises:
        BadCheckpoint: not this format, not canonical, or signed by another key than that of the witness it names.
    """
    if len(line) > _LINE_BYTES:
        raise BadCheckpoint(f"the line has {len(line)} bytes; a checkpoint has less than {_LINE_BYTES}")
    try:
        said = orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        raise BadCheckpoint(f"it is not JSON: {fault}") from fault
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise BadCheckpoint(f"it does not say that its format is {FORMAT}")
    values, numbers = _bytes(said), _numbers(said)
    checkpoint = Checkpoint(
        numbers["chainId"], numbers["number"], values["blockHash"], values["stateRoot"], numbers["time"],
        values["previous"],
    )  # fmt: skip
    try:
        signed = SignedCheckpoint.recovered(checkpoint, values["signature"])
    except BadSignature as fault:
        raise BadCheckpoint(f"its signature does not hold: {fault}") from fault
    if signed.witness != values["witness"]:
        raise BadCheckpoint(
            f"it names witness {said['witness']} and was signed by 0x{signed.witness.hex()}, or was changed since"
        )
    if signed.line() != line.rstrip(b"\n") + b"\n":
        raise BadCheckpoint("it is not in canonical form (RFC 8785, these members and no other)")
    return signed


def _bytes(said: dict[str, Any]) -> dict[str, bytes]:
    read: dict[str, bytes] = {}
    for name, length in _BYTES.items():
        value = said.get(name)
        if not isinstance(value, str) or _HEX.fullmatch(value) is None or len(value) != 2 + 2 * length:
            raise BadCheckpoint(f"{name} has to be {length} bytes in lower-case hex that starts with 0x")
        read[name] = bytes.fromhex(value[2:])
    return read


def _numbers(said: dict[str, Any]) -> dict[str, int]:
    for name, lowest in _NUMBERS.items():
        value = said.get(name)
        if type(value) is not int or not lowest <= value < 2**53:
            raise BadCheckpoint(f"{name} has to be an integer from {lowest} to 2^53 - 1")
    return {name: said[name] for name in _NUMBERS}
