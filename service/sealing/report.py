"""A verdict for people and for programs: every step with its number, its title and what it showed."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from service.sealing.layout import Custody
from service.sealing.verdict import KeyFound, TrailFound, Verdict
from service.sealing.verify import CHECKS

TRAILS_SHOWN = 20
# What a bundle says is untrusted: it must not move the cursor, recolour or reorder what the auditor's terminal shows.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


def as_lines(verdict: Verdict) -> list[str]:
    """The verdict as text: one line for each step (number, title, PASS, FAIL or not reached, finding), then the sum."""
    findings = {step.number: ("PASS", step.finding) for step in verdict.passed}
    if verdict.failed is not None:
        findings[_failed_at(verdict)] = ("FAIL", verdict.failed.detail)
    lines = []
    for number, (title, _) in enumerate(CHECKS, start=1):
        result, finding = findings.get(number, ("not reached", ""))
        lines.append(f"{number:>2}  {title:<9} {result:<12}{printable(finding)}".rstrip())
    return [*lines, "", *map(printable, _summary(verdict))]


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as a JSON value; `holds` is the answer, the rest says why."""
    failed = verdict.failed
    findings: list[tuple[str, str | None]] = [("pass", step.finding) for step in verdict.passed]
    findings += [("fail", failed.detail)] if failed is not None else []
    findings += [("not reached", None)] * (len(CHECKS) - len(findings))
    steps = [
        {"number": number, "title": title, "result": result, "finding": finding}
        for number, ((title, _), (result, finding)) in enumerate(zip(CHECKS, findings, strict=True), start=1)
    ]
    counts = verdict.counts
    return {
        "holds": verdict.holds,
        "error": None if failed is None else type(failed).__name__,
        "failedStep": None if failed is None else _failed_at(verdict),
        "steps": steps,
        "digest": _hexed(verdict.digest),
        "trust": list(verdict.trust),
        "chainId": verdict.chain_id,
        "block": verdict.block,
        "blockHash": _hexed(verdict.block_hash),
        "blockTime": verdict.block_time,
        "ledger": _hexed(verdict.ledger),
        "ledgerGiven": verdict.ledger_given,
        "entries": counts.entries,
        "withheld": counts.withheld,
        "erased": counts.erased,
        "contradicted": counts.contradicted,
        "copied": counts.copied,
        "unsigned": counts.unsigned,
        "doubtful": counts.doubtful,
        "trails": [_trail(trail) for trail in verdict.trails],
        "parties": [
            {
                "number": party.number,
                "identifier": party.identifier,
                "roles": party.standing.roles,
                "suspended": party.standing.suspended,
            }
            for party in verdict.parties
        ],
        "keys": [_key(key) for key in verdict.keys],
        "erasures": [
            {
                "seal": _hexed(one.seal),
                "party": one.party,
                "time": one.time,
                "reason": one.reason,
                "stated": one.stated,
            }
            for one in verdict.erased
        ],
    }


def printable(text: str) -> str:
    """The text with every control and direction character shown as its code point."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _hexed(raw: bytes | None) -> str | None:
    return None if raw is None else f"0x{raw.hex()}"


def _trail(trail: TrailFound) -> dict[str, Any]:
    custody = trail.custody
    return {
        "identifier": trail.identifier,
        "trail": _hexed(trail.id),
        "head": _hexed(trail.head),
        "entries": trail.entries,
        "withheld": trail.withheld,
        "custodian": custody.custodian or None,
        "offeredTo": custody.offered_to or None,
        "commissioner": custody.commissioner or None,
        "holds": custody.holds,
        "disputes": custody.disputes,
        "commissioned": custody.commissioned,
        "decommissioned": custody.decommissioned,
    }


def _key(key: KeyFound) -> dict[str, Any]:
    # As strings: 2^64 - 1 (no end) is beyond what JSON numbers say exactly.
    binding = key.binding
    return {
        "address": _hexed(key.address),
        "party": binding.party,
        "validFrom": str(binding.valid_from),
        "validTo": str(binding.valid_to),
        "compromisedFrom": str(binding.compromised_from) if binding.compromised_from else None,
        "entries": key.entries,
        "doubtful": key.doubtful,
    }


def _failed_at(verdict: Verdict) -> int:
    return len(verdict.passed) + 1


def _summary(verdict: Verdict) -> Iterator[str]:
    if verdict.failed is not None:
        yield f"DOES NOT HOLD: {type(verdict.failed).__name__} (step {_failed_at(verdict)})"
        return
    time = _moment(verdict.block_time or 0)
    things = verdict.trails[0].identifier if len(verdict.trails) == 1 else f"{len(verdict.trails)} trails"
    yield f"HOLDS: {verdict.counts.entries} entries of {things}, whole as of block {verdict.block} ({time})"
    names = {party.number: party.identifier for party in verdict.parties}
    for trail in verdict.trails[:TRAILS_SHOWN]:
        yield f"  {trail.identifier}: {trail.entries} entries, {_custody(trail.custody, names)}"
    if len(verdict.trails) > TRAILS_SHOWN:
        yield f"  and {len(verdict.trails) - TRAILS_SHOWN} more trails (all of them with --json)"
    yield from _notes(verdict, names)


def _custody(custody: Custody, names: dict[int, str]) -> str:
    said = f"custodian {names.get(custody.custodian, 'nobody')}"
    if custody.offered_to:
        said += f", offered to {names[custody.offered_to]}"
    said += ", decommissioned" if custody.decommissioned else ""
    return said + (f", {custody.holds} open holds" if custody.holds else "")


def _notes(verdict: Verdict, names: dict[int, str]) -> Iterator[str]:
    """What the proof does not show, as loudly as what it does."""
    counts = verdict.counts
    stated = sum(one.stated for one in verdict.erased)
    erased = f" ({counts.erased} of them erased, as the service says)" if counts.erased else ""
    disputes = sum(trail.custody.disputes for trail in verdict.trails)
    unsure = (
        (counts.withheld, f"entries show no document{erased}; who recorded them and when is proven, not what"),
        (len(verdict.erased), f"events are told as erased; of {stated} a disclosed event of who erased it says so too"),
        (counts.contradicted, "entries say something else than the document of their seal"),
        (counts.copied, "entries carry a seal that more than one party recorded"),
        (counts.unsigned, "entries show no signature; the contract checked one when it recorded them"),
        (counts.doubtful, "entries are by keys since the time from which they are not to be trusted"),
        (disputes, "statements contradicted custody when they were made"),
    )
    for count, what in unsure:
        if count:
            yield f"NOTE: {count} {what}"
    yield from _standing(verdict, names)
    if not verdict.ledger_given:
        yield (
            f"NOTE: no ledger address was given; compare {_hexed(verdict.ledger)} with the one that the consortium made"
            " known, since anybody can run the same contracts"
        )


def _standing(verdict: Verdict, names: dict[int, str]) -> Iterator[str]:
    for key in verdict.keys:
        if key.binding.compromised_from:
            since = _moment(key.binding.compromised_from)
            yield f"NOTE: a key of {names[key.binding.party]} is revoked, not to be trusted from {since}"
    for party in verdict.parties:
        if party.standing.suspended:
            yield f"NOTE: {party.identifier} is suspended"


def _moment(time: int) -> str:
    """ISO 8601 of Unix seconds; the plain number where no calendar reaches."""
    try:
        return datetime.fromtimestamp(time, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{time} seconds after 1970"
