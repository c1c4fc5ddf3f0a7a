"""What a bundle is made of: trails with everything that proves them, as of one block (docs/format.md, section 5)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import ConfigDict, FailFast, Field, PlainValidator, StrictInt, StrictStr
from pydantic.dataclasses import dataclass

from service.sealing.commitments import seal_of
from service.sealing.hashing import canonical_json, sha256

FORMAT: Final = "trailseal-bundle/1"


def _hex(shortest: int, longest: int) -> PlainValidator:
    """Reads a byte string written as lower-case hex with 0x, the only spelling that the format knows."""

    def read(value: Any) -> bytes:
        raw = value if isinstance(value, bytes) else _unhexed(value)
        if not shortest <= len(raw) <= longest:
            expected = str(shortest) if shortest == longest else f"{shortest} to {longest}"
            raise ValueError(f"must be {expected} bytes, these are {len(raw)}")
        return raw

    return PlainValidator(read)


def _unhexed(value: Any) -> bytes:
    raw = bytes.fromhex(value[2:]) if isinstance(value, str) else b""
    if f"0x{raw.hex()}" != value:
        raise ValueError("must be whole bytes in lower-case hex that starts with 0x")
    return raw


def _canonical(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("must be an object")  # noqa: TRY004 (pydantic collects ValueErrors)
    return value


Bytes8 = Annotated[bytes, _hex(8, 8)]
Bytes16 = Annotated[bytes, _hex(16, 16)]
Bytes20 = Annotated[bytes, _hex(20, 20)]
Bytes32 = Annotated[bytes, _hex(32, 32)]
Signature = Annotated[bytes, _hex(65, 65)]
Node = Annotated[bytes, _hex(32, 1024)]
Time = Annotated[StrictInt, Field(ge=0, lt=2**53)]
PartyNumber = Annotated[StrictInt, Field(ge=1, lt=2**32)]
Identifier = Annotated[StrictStr, Field(min_length=1, max_length=2048)]
Canonical = Annotated[bytes, PlainValidator(_canonical)]

# Instances are many, so they have slots, which keep each to some 100 bytes.
_CLOSED = ConfigDict(extra="forbid", validate_by_name=True, validate_by_alias=True)


@dataclass(frozen=True, slots=True, kw_only=True, config=_CLOSED)
class CommitPart:
    """Committed seals of the validators of a QBFT chain, and the round that they committed in."""

    round: Annotated[StrictInt, Field(ge=0, lt=2**31)]
    seals: Annotated[list[Signature], Field(max_length=1000), FailFast()]


@dataclass(frozen=True, slots=True, kw_only=True, config=_CLOSED)
class PartyPart:
    """A party by its number in the registry, and its canonical identifier."""

    identifier: Identifier
    number: PartyNumber


@dataclass(frozen=True, slots=True, kw_only=True, config=_CLOSED)
class CapturePart:
    """A signed capture: the concatenated 32-byte `hashStruct`s of its entries, the deadline (uint64), `r ‖ s ‖ v`."""

    entries: Annotated[bytes, _hex(32, 32 * 200)]
    deadline: Bytes8
    signature: Signature

    @property
    def hashes(self) -> list[bytes]:
        """The `hashStruct` of each entry, in order."""
        return [self.entries[at : at + 32] for at in range(0, len(self.entries), 32)]


@dataclass(frozen=True, slots=True, kw_only=True, config=_CLOSED)
class EventPart:
    """A disclosed event; `canonical` is its document (docs/format.md, section 1) as bytes."""

    canonical: Canonical = Field(alias="document")
    nonce: Bytes16

    @classmethod
    def of(cls, document: Mapping[str, Any], nonce: bytes) -> "EventPart":
        """The event of a document as a JSON value; raises ValueError where it has no canonical form."""
        return cls(document=canonical_json(document), nonce=nonce)

    @property
    def document(self) -> dict[str, Any]:
        """The document as a JSON value, read anew each time."""
        value: dict[str, Any] = orjson.loads(self.canonical)
        return value

    @property
    def seal(self) -> bytes:
        """The seal that document and nonce open, computed anew each time."""
        return seal_of(self.canonical, self.nonce)


@dataclass(frozen=True, slots=True, kw_only=True, config=_CLOSED)
class ErasedPart:
    """What the service says of an erased event: by whom (number of a party), when (Unix seconds) and why."""

    seal: Bytes32
    party: PartyNumber
    time: Time
    reason: Annotated[StrictStr, Field(max_length=2048)]


@dataclass(frozen=True, slots=True, kw_only=True, config=_CLOSED)
class EntryPart:
    """One entry as recorded: `party` is the number of one of the parties, `to` None for nobody (zero).

    `capture` is the index of the capture that recorded it, None where its signature is not in the file.
    """

    seal: Bytes32
    party: PartyNumber
    to: Bytes32 | None
    step: Annotated[StrictInt, Field(ge=0, le=6)]
    time: Time
    capture: Annotated[StrictInt, Field(ge=0, lt=1_000_000)] | None


@dataclass(frozen=True, slots=True, kw_only=True, config=_CLOSED)
class TrailPart:
    """Which thing it is, the salt that leads to its trail on chain, and all of its entries, as they were recorded."""

    identifier: Identifier
    salt: Bytes32
    entries: Annotated[list[EntryPart], Field(min_length=1, max_length=1_000_000), FailFast()]


@dataclass(frozen=True, slots=True, kw_only=True, config=_CLOSED)
class Bundle:
    """One or more trails, as of one block."""

    format: Literal["trailseal-bundle/1"] = FORMAT
    chain_id: StrictInt = Field(alias="chainId", ge=1, lt=2**53)
    header: Annotated[bytes, _hex(1, 16384)]
    commit: CommitPart | None
    provenance: Bytes20
    nodes: Annotated[list[Node], Field(max_length=2_000_000), FailFast()]
    parties: Annotated[list[PartyPart], Field(max_length=100_000), FailFast()]
    captures: Annotated[list[CapturePart], Field(max_length=1_000_000), FailFast()]
    events: Annotated[list[EventPart], Field(max_length=1_000_000), FailFast()]
    erased: Annotated[list[ErasedPart], Field(max_length=1_000_000), FailFast()]
    trails: Annotated[list[TrailPart], Field(min_length=1, max_length=100_000), FailFast()]

    def dump(self, digest: str | None = None) -> bytes:
        """The file: canonical JSON with a `digest` over everything else (or another one), and a newline.

        Documents are canonical already; what else a bundle holds (hex, identifiers, integers below 2^53) RFC 8785 and
        sorted JSON write the same way.
        """
        content = _plain(self)
        content["digest"] = digest or _hexed(sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)))
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)


def _hexed(raw: bytes) -> str:
    return f"0x{raw.hex()}"


def _plain(bundle: Bundle) -> dict[str, Any]:
    commit = bundle.commit
    return {
        "format": bundle.format,
        "chainId": bundle.chain_id,
        "header": _hexed(bundle.header),
        "commit": commit and {"round": commit.round, "seals": [_hexed(seal) for seal in commit.seals]},
        "provenance": _hexed(bundle.provenance),
        "nodes": [_hexed(node) for node in bundle.nodes],
        "parties": [{"identifier": party.identifier, "number": party.number} for party in bundle.parties],
        "captures": [
            {"entries": _hexed(one.entries), "deadline": _hexed(one.deadline), "signature": _hexed(one.signature)}
            for one in bundle.captures
        ],
        "events": [
            {"document": orjson.Fragment(event.canonical), "nonce": _hexed(event.nonce)} for event in bundle.events
        ],
        "erased": [
            {"seal": _hexed(one.seal), "party": one.party, "time": one.time, "reason": one.reason}
            for one in bundle.erased
        ],
        "trails": [
            {"identifier": trail.identifier, "salt": _hexed(trail.salt), "entries": _entries(trail.entries)}
            for trail in bundle.trails
        ],
    }


def _entries(entries: Sequence[EntryPart]) -> list[dict[str, Any]]:
    return [
        {
            "seal": _hexed(entry.seal),
            "party": entry.party,
            "to": None if entry.to is None else _hexed(entry.to),
            "step": entry.step,
            "time": entry.time,
            "capture": entry.capture,
        }
        for entry in entries
    ]
