"""A verdict for people and for programs: every step with its number, its title and what it showed."""

import re
from datetime import UTC, datetime
from typing import Any

from service.sealing.errors import ProofFailed
from service.sealing.verdict import Verdict
from service.sealing.verify import CHECKS

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
    return [*lines, "", *_summary(verdict)]


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
    return {
        "holds": verdict.holds,
        "error": None if failed is None else type(failed).__name__,
        "steps": steps,
        "identifier": verdict.trail,
        "block": verdict.block,
        "blockTime": verdict.block_time,
        "ledger": f"0x{verdict.ledger.hex()}" if verdict.ledger else None,
        "ledgerGiven": verdict.ledger_given,
        "entries": verdict.entries,
        "withheld": verdict.withheld,
        "custodian": verdict.custodian,
        "disputes": verdict.custody.disputes if verdict.custody else None,
        "openHolds": verdict.custody.holds if verdict.custody else None,
    }


def printable(text: str) -> str:
    """The text with every control and direction character shown as its code point."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _failed_at(verdict: Verdict) -> int:
    return len(verdict.passed) + 1


def _summary(verdict: Verdict) -> list[str]:
    if verdict.failed is not None:
        return [f"DOES NOT HOLD: {_kind(verdict.failed)} (step {_failed_at(verdict)})"]
    time = datetime.fromtimestamp(verdict.block_time or 0, UTC).isoformat()
    thing = printable(verdict.trail or "")
    lines = [f"HOLDS: {verdict.entries} entries of {thing}, whole as of block {verdict.block} ({time})"]
    if verdict.withheld:
        lines.append(
            f"NOTE: {verdict.withheld} of them show no document; who recorded them and when is proven, not what"
        )
    if not verdict.ledger_given and verdict.ledger is not None:
        lines.append(
            f"NOTE: no ledger address was given; compare 0x{verdict.ledger.hex()} with the one that the consortium made"
            " known, since anybody can run the same contracts"
        )
    if verdict.custody is not None and verdict.custody.disputes:
        lines.append(f"NOTE: {verdict.custody.disputes} statements contradicted custody when they were made")
    return lines


def _kind(failed: ProofFailed) -> str:
    return type(failed).__name__
