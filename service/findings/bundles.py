"""From a bundle to statements: what an auditor judges without the service."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from service.findings.report import Looked
from service.findings.statements import KeyFacts, Statement
from service.findings.told import moment
from service.sealing.bundle import Bundle, EntryPart, TrailPart
from service.sealing.commitments import party_of
from service.sealing.entries import Step
from service.sealing.hashing import keccak256
from service.sealing.layout import KeyBinding
from service.sealing.signing import BadSignature, recover
from service.sealing.typeddata import domain_separator, signing_digest

_FOREVER = 2**53


def statements_of(bundle: Bundle, bindings: Mapping[bytes, KeyBinding]) -> list[Statement]:
    """The statements of all trails in a bundle; `bindings` are the proven ones of keys, by their addresses.

    Which statements the ledger disputed is not in a bundle: it proves only how many.
    """
    names = {party.number: party.identifier for party in bundle.parties}
    ids = {party_of(identifier): identifier for identifier in names.values()}
    documents = {event.seal: event.document for event in bundle.events}
    erased = {one.seal for one in bundle.erased}
    keys = _keys(bundle, bindings)
    return [
        Statement(
            trail.identifier,
            index,
            entry.seal,
            documents.get(entry.seal),
            names.get(entry.party, f"party {entry.party}"),
            Step(entry.step),
            _recipient(entry, ids),
            entry.time,
            None if entry.capture is None else keys.get(entry.capture),
            erased=entry.seal in erased,
        )
        for trail in bundle.trails
        for index, entry in enumerate(trail.entries)
    ]


def looked_at(bundle: Bundle) -> Sequence[Looked]:
    """Each trail with how much of it shows no document."""
    shown = {event.seal for event in bundle.events}
    erased = {one.seal for one in bundle.erased}
    return [_looked(trail, shown, erased, first=number == 0) for number, trail in enumerate(bundle.trails)]


def _looked(trail: TrailPart, shown: set[bytes], erased: set[bytes], *, first: bool) -> Looked:
    hidden = [entry.seal for entry in trail.entries if entry.seal not in shown]
    gone = sum(seal in erased for seal in hidden)
    return Looked(
        trail.identifier,
        "subject" if first else "other",
        0,
        len(trail.entries),
        withheld=len(hidden) - gone,
        erased=gone,
    )


def _recipient(entry: EntryPart, ids: Mapping[bytes, str]) -> str | None:
    return None if entry.to is None else ids.get(entry.to, f"0x{entry.to.hex()}")


def _keys(bundle: Bundle, bindings: Mapping[bytes, KeyBinding]) -> dict[int, KeyFacts]:
    """The key that signed each capture; none where the signature recovers to nothing."""
    domain = domain_separator(bundle.chain_id, bundle.provenance)
    found: dict[int, KeyFacts] = {}
    for index, capture in enumerate(bundle.captures):
        digest = signing_digest(domain, keccak256(capture.entries), int.from_bytes(capture.deadline, "big"))
        try:
            address = recover(digest, capture.signature)
        except BadSignature:
            continue
        found[index] = _facts(address, bindings.get(address))
    return found


def _facts(address: bytes, binding: KeyBinding | None) -> KeyFacts:
    if binding is None:
        return KeyFacts(address)
    return KeyFacts(address, _time(binding.valid_from), _time(binding.compromised_from))


def _time(seconds: int) -> datetime | None:
    return moment(seconds) if 0 < seconds < _FOREVER else None
