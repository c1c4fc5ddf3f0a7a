"""Honest bundles of the world's own trails, and what somebody who rewrites one does to it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from bench.attacks.registry import Outcome, survived
from service.sealing.bundle_parts import EventPart
from service.sealing.hashing import canonical_json, sha256
from service.sealing.meaning import steps_of
from service.sealing.state import Header
from service.sealing.trust import Trust
from service.sealing.verdict import Verdict
from service.sealing.verify import verify

if TYPE_CHECKING:
    from bench.attacks.world import World

Content = dict[str, Any]
"""A bundle as JSON."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A bundle that holds, with what its auditor knows from elsewhere."""

    file: bytes
    block: bytes
    ledger: bytes

    @property
    def content(self) -> Content:
        """A copy to be rewritten, without its digest."""
        content: Content = orjson.loads(self.file)
        del content["digest"]
        return content

    def verdict(self, file: bytes, trust: Trust | None = None, *, named: bool = True) -> Verdict:
        """The auditor's verdict of a file; `named`: the auditor knows the ledger's address."""
        return verify(file, trust or Trust(block=self.block), steps_of, self.ledger if named else None)

    def judged(self, content: Content, trust: Trust | None = None, *, named: bool = True) -> Outcome:
        """Survived where the auditor is not fooled by the rewritten bundle."""
        return outcome_of(self.verdict(dumped(content), trust, named=named))


def outcome_of(verdict: Verdict) -> Outcome:
    """Survived where the verdict is that the bundle does not hold."""
    failed = verdict.failed
    return survived(failed is not None, "it holds" if failed is None else f"step {failed.step}: {failed.detail}")


def dumped(content: Content) -> bytes:
    """The file, in canonical form and with a digest that fits: whoever rewrites a bundle can make both."""
    rest = {name: value for name, value in content.items() if name != "digest"}
    return canonical_json({**rest, "digest": f"0x{sha256(canonical_json(rest)).hex()}"}) + b"\n"


async def bundled(world: "World", *things: str, block: int | None = None) -> Evidence:
    """The honest bundle of these things, and the block that its auditor trusts."""
    file = await world.rooms.trails.bundle(world.members["auditor"], *things, block=block)
    header = bytes.fromhex(orjson.loads(file)["header"][2:])
    return Evidence(file, Header.read(header).hash, world.deployed.provenance)


async def told(world: "World") -> Evidence:
    """The evidence that most attacks rewrite: one thing, commissioned, inspected, shipped and received; and another."""
    from bench.attacks.world import item, seen, shipped

    if "evidence" not in world.kept:
        one, two = item(), item()
        events = [
            ("supplier", seen(one, two, action="ADD", bizStep="commissioning")),
            ("supplier", seen(one)),
            ("supplier", seen(one, disposition="in_progress")),
            ("supplier", shipped(one, "carrier")),
            ("carrier", seen(one, bizStep="accepting")),
            ("carrier", shipped(one, "buyer")),
        ]
        for who, event in events:
            await world.node.call("evm_increaseTime", 10)
            await world.seal(who, event)
        world.kept["things"] = (one, two)
        world.kept["evidence"] = evidence = await bundled(world, one, two)
        verdict = evidence.verdict(evidence.file)
        assert verdict.holds, verdict.failed
    found: Evidence = world.kept["evidence"]
    return found


def tidied(content: Content) -> Content:
    """The content with everything left out that its entries no longer refer to, so that its form holds."""
    order: dict[int, int] = {}
    for trail in content["trails"]:
        for entry in trail["entries"]:
            if entry["capture"] is not None:
                entry["capture"] = order.setdefault(entry["capture"], len(order))
    content["captures"] = [content["captures"][index] for index in order]
    seals = {entry["seal"] for trail in content["trails"] for entry in trail["entries"]}
    content["events"] = [event for event in content["events"] if seal_in(event) in seals]
    content["events"].sort(key=seal_in)
    return content


def seal_in(event: Content) -> str:
    """The seal that an event of a bundle opens."""
    return f"0x{EventPart.of(event['document'], bytes.fromhex(event['nonce'][2:])).seal.hex()}"


def longest(content: Content) -> list[Content]:
    """The entries of the trail that has most of them."""
    entries: list[Content] = max(content["trails"], key=lambda trail: len(trail["entries"]))["entries"]
    return entries


def unsigned(entry: Content, **members: Any) -> Content:
    """The entry, changed, and without the signature that would give the change away."""
    return {**entry, **members, "capture": None}


def noop(result: Callable[[Any], None] | None = None) -> Callable[[Any], Callable[[Any], str]]:
    """A step of the verification that finds nothing wrong; `result` sets what later steps need."""

    def without(step: Any) -> Callable[[Any], str]:
        def passed(case: Any) -> str:
            with suppress(Exception):
                step(case)
            if result is not None:
                result(case)
            return "not looked at"

        return passed

    return without
