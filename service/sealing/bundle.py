"""The bundle file: a trail's events with everything that proves them (docs/format.md, section 5)."""

from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, ValidationError

from service.sealing.entries import Recorded
from service.sealing.errors import MalformedBundle
from service.sealing.hashing import canonical_json, sha256

FORMAT = "trailseal-bundle/1"
MAX_BYTES = 512 * 1024 * 1024


def _hex(minimum: int, maximum: int) -> PlainValidator:
    """Reads a byte string written as lower-case hex with 0x, the only spelling that the format knows."""

    def read(value: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        if not isinstance(value, str) or not value.startswith("0x"):
            raise ValueError("must be a hex string that starts with 0x")
        raw = bytes.fromhex(value[2:])
        if value != f"0x{raw.hex()}" or not minimum <= len(raw) <= maximum:
            raise ValueError(f"must be {minimum} to {maximum} bytes in lower-case hex")
        return raw

    return PlainValidator(read)


_AS_HEX = PlainSerializer(lambda raw: f"0x{raw.hex()}", when_used="json-unless-none")

Bytes16 = Annotated[bytes, _hex(16, 16), _AS_HEX]
Bytes20 = Annotated[bytes, _hex(20, 20), _AS_HEX]
Bytes32 = Annotated[bytes, _hex(32, 32), _AS_HEX]
Node = Annotated[bytes, _hex(1, 1024), _AS_HEX]
HeaderBytes = Annotated[bytes, _hex(1, 16384), _AS_HEX]
Proof = Annotated[list[Node], Field(max_length=65)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TrailPart(_Part):
    """Which thing it is, and the salt that leads from its identifier to its trail on chain."""

    identifier: str = Field(min_length=1, max_length=2048)
    salt: Bytes32


class ProvenancePart(_Part):
    """Where the contract is, its account, and the three slots that the bundle relies on."""

    address: Bytes20
    account: Proof
    participants: Proof
    head: Proof
    custody: Proof


class PartyPart(_Part):
    """A party that the entries or the custody slot name: its canonical identifier, number, and the registry's word."""

    identifier: str = Field(min_length=1, max_length=2048)
    number: int = Field(ge=1, lt=2**32)
    proof: Proof


class ParticipantsPart(_Part):
    """The registry's account and the parties that the trail names."""

    account: Proof
    parties: list[PartyPart] = Field(max_length=10_000)


class EntryPart(_Part):
    """One entry as recorded, with its event; `document` and `nonce` are null where the event is withheld or erased."""

    seal: Bytes32
    party: Bytes32
    to: Bytes32
    step: int = Field(ge=0, le=6)
    time: int = Field(ge=0, lt=2**64)
    document: dict[str, Any] | None
    nonce: Bytes16 | None

    @property
    def recorded(self) -> Recorded:
        """The part of it that folds."""
        return Recorded(self.seal, self.party, self.to, self.step, self.time)


class Bundle(_Part):
    """One trail, as of one block."""

    format: Literal["trailseal-bundle/1"]
    header: HeaderBytes
    trail: TrailPart
    provenance: ProvenancePart
    participants: ParticipantsPart
    entries: list[EntryPart] = Field(min_length=1, max_length=1_000_000)

    def dump(self) -> bytes:
        """The file: canonical JSON with a `digest` over everything else, and a newline."""
        content = self.model_dump(mode="json")
        content["digest"] = f"0x{sha256(canonical_json(content)).hex()}"
        return canonical_json(content) + b"\n"


def read(file: bytes) -> Bundle:
    """The bundle in the file.

    The file has exactly one spelling, so that a changed byte anywhere is noticed even where it would prove the same.

    Raises:
        MalformedBundle: not a bundle of a known version, not canonical, or the digest is another.
    """
    if len(file) > MAX_BYTES:
        raise MalformedBundle(f"the file has {len(file)} bytes; a bundle has at most {MAX_BYTES}")
    try:
        content = orjson.loads(file)
    except orjson.JSONDecodeError as fault:
        raise MalformedBundle(f"the file is not JSON: {fault}") from fault
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise MalformedBundle(f"the file does not say that its format is {FORMAT}; fetch the bundle again")
    _check_digest(file, content)
    try:
        return Bundle.model_validate(content)
    except ValidationError as faults:
        first = faults.errors(include_url=False, include_context=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        raise MalformedBundle(f"/{place}: {first['msg']} ({faults.error_count()} faults in all)") from faults


def _check_digest(file: bytes, content: dict[str, Any]) -> None:
    try:
        if canonical_json(content) + b"\n" != file:
            raise MalformedBundle("the file is not in canonical form (RFC 8785 and a newline): it was changed")
        claimed = content.pop("digest", None)
        actual = f"0x{sha256(canonical_json(content)).hex()}"
    except ValueError as fault:
        raise MalformedBundle(f"the file cannot be canonicalised: {fault}") from fault
    except RecursionError as fault:
        raise MalformedBundle("the file is nested too deeply") from fault
    if claimed != actual:
        raise MalformedBundle(f"the digest says {claimed}, the content has {actual}: the file was changed")
