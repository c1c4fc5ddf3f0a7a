"""The bundle file: a trail's events with everything that proves them (docs/format.md, section 5)."""

import re
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, ValidationError

from service.sealing.entries import Recorded
from service.sealing.errors import MalformedBundle
from service.sealing.hashing import canonical_json, sha256

FORMAT: Final = "trailseal-bundle/1"
MAX_BYTES = 512 * 1024 * 1024
_HEX = re.compile("0x(?:[0-9a-f]{2})*", re.ASCII)


def _hex(minimum: int, maximum: int) -> PlainValidator:
    """Reads a byte string written as lower-case hex with 0x, the only spelling that the format knows."""

    def read(value: Any) -> bytes:
        raw = value if isinstance(value, bytes) else _unhexed(value)
        if not minimum <= len(raw) <= maximum:
            raise ValueError(f"must be {minimum} to {maximum} bytes, these are {len(raw)}")
        return raw

    return PlainValidator(read)


def _unhexed(value: Any) -> bytes:
    if not isinstance(value, str) or _HEX.fullmatch(value) is None:
        raise ValueError("must be whole bytes in lower-case hex that starts with 0x")
    return bytes.fromhex(value[2:])


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
    time: int = Field(ge=0, lt=2**53)
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
        """The file: canonical JSON with a `digest` over everything else, and a newline.

        Raises:
            ValueError: a document holds what RFC 8785 cannot canonicalise.
        """
        content = canonical_json(self.model_dump(mode="json"))
        return _opening(content) + content[1:] + b"\n"


def _opening(content: bytes) -> bytes:
    """How the file begins whose members beside the digest have the canonical form `content`: `digest` sorts first."""
    return b'{"digest":"0x%s",' % sha256(content).hex().encode()


def read(file: bytes) -> Bundle:
    """The bundle in the file.

    The file has exactly one spelling, so that a changed byte anywhere is noticed even where it would prove the same.

    Raises:
        MalformedBundle: not a bundle of a known version, not canonical, or the digest is another.
    """
    content = _content(file)
    _check_spelling(file, content)
    try:
        return Bundle.model_validate(content)
    except ValidationError as faults:
        first = faults.errors(include_url=False, include_context=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        raise MalformedBundle(f"/{place}: {first['msg']} ({faults.error_count()} faults in all)") from faults


def _content(file: bytes) -> dict[str, Any]:
    if len(file) > MAX_BYTES:
        raise MalformedBundle(f"the file has {len(file)} bytes; a bundle has at most {MAX_BYTES}")
    try:
        content = orjson.loads(file)
    except orjson.JSONDecodeError as fault:
        raise MalformedBundle(f"the file is not JSON: {fault}") from fault
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise MalformedBundle(f"the file does not say that its format is {FORMAT}; fetch the bundle again")
    return content


def _check_spelling(file: bytes, content: dict[str, Any]) -> None:
    """Takes the digest out of the content and checks the file against the one spelling of the rest."""
    claimed = content.pop("digest", None)
    try:
        rest = canonical_json(content)
    except ValueError as fault:
        raise MalformedBundle(f"the file cannot be canonicalised: {fault}") from fault
    opening = _opening(rest)
    if file[len(opening) :] != rest[1:] + b"\n":
        raise MalformedBundle("the file is not in canonical form (RFC 8785 and a newline): it was changed")
    if not file.startswith(opening):
        actual = f"0x{sha256(rest).hex()}"
        raise MalformedBundle(f"the digest says {str(claimed)[:80]}, the content has {actual}: the file was changed")
