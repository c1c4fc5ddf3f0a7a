"""The bundle file (docs/format.md, section 5) as it is read: hostile input, which has one spelling or is refused."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from service.epcis.plainjson import MAX_DEPTH
from service.sealing.bundle_parts import (
    FORMAT,
    Bundle,
    CapturePart,
    CommitPart,
    EntryPart,
    ErasedPart,
    EventPart,
    PartyPart,
    TrailPart,
)
from service.sealing.entries import NOBODY
from service.sealing.errors import MalformedBundle
from service.sealing.hashing import canonical_json

__all__ = [
    "FORMAT",
    "Bundle",
    "CapturePart",
    "CommitPart",
    "EntryPart",
    "ErasedPart",
    "EventPart",
    "PartyPart",
    "TrailPart",
    "check_order",
    "digest_of",
    "read",
]

MAX_BYTES = 128 * 1024 * 1024
# What a JSON reader makes of a file can take many times its bytes: `[[],[],…` some twenty times. So these are counted
# before the file is read (those inside strings too, which costs nothing but a round number).
MAX_OPENINGS = 4_000_000
MAX_COMMAS = 12_000_000
MAX_ENTRIES = 1_000_000
_LONG_NUMBER = re.compile(rb"[:,\[]-?[0-9]{16}")
_BUNDLE: TypeAdapter[Bundle] = TypeAdapter(Bundle)


def read(file: bytes) -> Bundle:
    """The bundle in the file.

    The file has exactly one spelling, so that a changed byte anywhere is noticed even where it would prove the same.
    Takes some 8 bytes of memory for each byte of a file of events, and never more than some 1.5 GB.

    Raises:
        MalformedBundle: not a bundle of a known version, not canonical, the digest is another, or its members do not
            fit together.
    """
    content = _content(file)
    claimed = content.pop("digest", None)
    _canonicalise(content)
    try:
        bundle = _BUNDLE.validate_python(content)
    except ValidationError as faults:
        first = faults.errors(include_url=False, include_context=False, include_input=False)[0]
        place = "/".join(str(part) for part in first["loc"])
        raise MalformedBundle(f"/{place}: {first['msg']}") from faults
    del content
    if bundle.dump(str(claimed)) != file:
        raise MalformedBundle("the file is not in canonical form (RFC 8785 and a newline): it was changed")
    if bundle.dump() != file:
        raise MalformedBundle(f"the digest {str(claimed)[:80]} is not that of the content: the file was changed")
    check_order(bundle)
    return bundle


def digest_of(file: bytes) -> bytes:
    """The `digest` of a file that `read` took, 32 bytes: what names it."""
    start = file.index(b'"digest":"0x') + 12  # what sorts before it holds nothing but hex and numbers
    return bytes.fromhex(file[start : start + 64].decode())


def _content(file: bytes) -> dict[str, Any]:
    if len(file) > MAX_BYTES:
        raise MalformedBundle(f"the file has {len(file)} bytes; a bundle has at most {MAX_BYTES}")
    if file.count(b"{") + file.count(b"[") > MAX_OPENINGS or file.count(b",") > MAX_COMMAS:
        raise MalformedBundle(
            f"the file has more than {MAX_OPENINGS} objects and arrays, or more than {MAX_COMMAS} members in them"
        )
    try:
        content = orjson.loads(file)
    except orjson.JSONDecodeError as fault:
        raise MalformedBundle(f"the file is not JSON: {fault}") from fault
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise MalformedBundle(f"the file does not say that its format is {FORMAT}; fetch the bundle again")
    return content


def _canonicalise(content: dict[str, Any]) -> None:
    """Makes each document its canonical bytes, which take a fifth of the memory."""
    events = content.get("events")
    for index, event in enumerate(events if isinstance(events, list) else ()):
        if isinstance(event, dict) and isinstance(event.get("document"), dict):
            try:
                canonical = canonical_json(event["document"])
                _check_readable(event["document"], canonical)
            except ValueError as fault:
                raise MalformedBundle(f"/events/{index}/document: it cannot be canonicalised: {fault}") from fault
            event["document"] = canonical


def _check_readable(document: dict[str, Any], canonical: bytes) -> None:
    """What no service takes, and JSON readers differ on; raises ValueError."""
    if canonical.count(b"{") + canonical.count(b"[") > MAX_DEPTH and _is_deep(document):
        raise ValueError(f"objects and arrays are nested more than {MAX_DEPTH} deep")
    if _LONG_NUMBER.search(canonical) and _holds_large_double(document):
        raise ValueError("a number is an integer beyond 2^53 - 1")


def _is_deep(document: dict[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        items = (item for one in level for item in (one.values() if isinstance(one, dict) else one))
        level = [item for item in items if isinstance(item, dict | list)]
    return bool(level)


def _holds_large_double(value: Any) -> bool:
    """Whether a double is there that RFC 8785 writes as an integer and that is not exact; nesting is bounded."""
    if isinstance(value, dict | list):
        return any(map(_holds_large_double, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and 2**53 <= abs(value) < 1e21


def check_order(bundle: Bundle) -> None:
    """What section 5 says of order, and of members that refer to others.

    Raises:
        MalformedBundle: something is twice, out of order, or refers to what is not there.
    """
    _check_ascending("nodes", bundle.nodes)
    _check_ascending("parties", [party.number for party in bundle.parties])
    _check_ascending("erased", [one.seal for one in bundle.erased])
    _check_ascending("trails", [trail.identifier.encode("utf-16-be") for trail in bundle.trails])
    entries = [entry for trail in bundle.trails for entry in trail.entries]
    if len(entries) > MAX_ENTRIES:
        raise MalformedBundle(f"/trails: {len(entries)} entries in all; a bundle has at most {MAX_ENTRIES}")
    if NOBODY in {entry.to for entry in entries}:
        raise MalformedBundle("/trails: an entry without recipient says null, not 32 zero bytes")
    if any(len(capture.entries) % 32 for capture in bundle.captures):
        raise MalformedBundle("/captures: hashes of entries have 32 bytes each")
    numbers = {party.number for party in bundle.parties}
    unnamed = {entry.party for entry in entries} | {one.party for one in bundle.erased}
    if unnamed := unnamed - numbers:
        raise MalformedBundle(f"/parties: party {min(unnamed)}, which is referred to, is not there")
    _check_captures([entry.capture for entry in entries], len(bundle.captures))
    if len({(one.entries, one.deadline, one.signature) for one in bundle.captures}) != len(bundle.captures):
        raise MalformedBundle("/captures: one is there twice")
    if missing := {one.seal for one in bundle.erased} - {entry.seal for entry in entries}:
        raise MalformedBundle(f"/erased: no entry has the seal 0x{min(missing).hex()}")


def _check_ascending(member: str, keys: Sequence[Any]) -> None:
    for index in range(1, len(keys)):
        if keys[index - 1] >= keys[index]:
            raise MalformedBundle(f"/{member}/{index}: out of order, or there twice")


def _check_captures(named: Iterable[int | None], count: int) -> None:
    """Captures stand in the order in which entries first name them, so each is named and has one place."""
    following = 0
    for index in named:
        if index is not None and index > following:
            raise MalformedBundle(f"/captures: capture {index} is named before capture {following}, or is not there")
        following += index == following
    if following != count:
        raise MalformedBundle(f"/captures: {count} are there, {following} are named by entries")
