"""Attacks on bundles: whoever hands one over rewrites it, digest and all, and the auditor must not be fooled."""

from collections.abc import Callable
from typing import Any

import orjson
from pydantic import TypeAdapter

from bench.attacks.evidence import (
    Content,
    bundled,
    dumped,
    longest,
    noop,
    outcome_of,
    seal_in,
    tidied,
    told,
    unsigned,
)
from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import Undefended, both, replaced
from bench.attacks.world import World, item, seen
from service.sealing import bundle as bundles
from service.sealing import rlp
from service.sealing.bundle_parts import Bundle
from service.sealing.case import Case
from service.sealing.entries import Entry
from service.sealing.hashing import canonical_json
from service.sealing.layout import Custody, Standing, custody_slot
from service.sealing.meaning import steps_of
from service.sealing.state import Header
from service.sealing.trie import BadProof
from service.sealing.trust import Trust
from service.sealing.verify import CHECKS

_SPARE = replaced("service.sealing.trie:Nodes.unread", lambda _: property(lambda _self: frozenset()))


def _without_step(number: int, result: Callable[[Any], None] | None = None) -> Undefended:
    """The verification without one of its steps."""

    def without(checks: Any) -> Any:
        title, step = checks[number - 1]
        return (*checks[: number - 1], (title, noop(result)(step)), *checks[number:])

    return replaced("service.sealing.verify:CHECKS", without)


_NOT_WHOLE = _without_step(10)


def _rewriting(rewrite: Callable[[Content], Content]) -> Callable[[World], Any]:
    async def run(world: World) -> Outcome:
        evidence = await told(world)
        return evidence.judged(rewrite(evidence.content))

    return run


def _rewritten(  # noqa: PLR0917 a row of a table
    id: str,  # noqa: A002 the entry's own word
    title: str,
    without: str,
    where: str,
    undefended: Undefended,
    rewrite: Callable[[Content], Content],
) -> None:
    entered = attack(
        id, title, guarantee="G2", adversary=Adversary.OPERATOR, without=without, where=where, undefended=undefended
    )
    entered(_rewriting(rewrite))


def _hide(index: int) -> Callable[[Content], Content]:
    def rewrite(content: Content) -> Content:
        del longest(content)[index]
        return tidied(content)

    return rewrite


def _change(index: int, **members: Any) -> Callable[[Content], Content]:
    def rewrite(content: Content) -> Content:
        entries = longest(content)
        entries[index] = unsigned(entries[index], **members)
        return tidied(content)

    return rewrite


def _swap(content: Content) -> Content:
    entries = longest(content)
    first, second = entries[1], entries[2]
    entries[1] = unsigned(second, time=first["time"])
    entries[2] = unsigned(first, time=second["time"])
    return tidied(content)


def _backdate(content: Content) -> Content:
    entries = longest(content)
    entries[-1] = unsigned(entries[-1], time=entries[-2]["time"])
    return tidied(content)


def _postdate(content: Content) -> Content:
    entries = longest(content)
    entries[-1] = unsigned(entries[-1], time=entries[-1]["time"] + 10**6)
    return tidied(content)


def _double(content: Content) -> Content:
    entries = longest(content)
    entries.append(unsigned(entries[-1]))
    return tidied(content)


def _attribute(content: Content) -> Content:
    entries = longest(content)
    other = next(party["number"] for party in content["parties"] if party["number"] != entries[1]["party"])
    entries[1] = unsigned(entries[1], party=other)
    return tidied(content)


def _reseal(content: Content) -> Content:
    """The document says something else, and the entry has a seal that fits it."""
    entries = longest(content)
    event = next(one for one in content["events"] if seal_in(one) == entries[1]["seal"])
    event["document"]["disposition"] = "damaged"
    entries[1] = unsigned(entries[1], seal=seal_in(event))
    return tidied(content)


def _alter(content: Content) -> Content:
    """The document says something else, the entry's seal stays."""
    entries = longest(content)
    event = next(one for one in content["events"] if seal_in(one) == entries[1]["seal"])
    event["document"]["disposition"] = "damaged"
    content["events"].sort(key=seal_in)
    return content


def _smuggle(content: Content) -> Content:
    """A document that no entry has, among those that are sealed."""
    event = {"document": {**content["events"][0]["document"], "disposition": "damaged"}, "nonce": "0x" + "00" * 16}
    content["events"] = sorted([*content["events"], event], key=seal_in)
    return content


def _rename(content: Content) -> Content:
    """The buyer, to whom goods are under way, under another's name."""
    spoken = {entry["party"] for trail in content["trails"] for entry in trail["entries"]}
    silent = next(party for party in content["parties"] if party["number"] not in spoken)
    silent["identifier"] = "https://id.gs1.org/417/9521149999990"
    return content


def _spare_node(content: Content) -> Content:
    content["nodes"] = sorted([*content["nodes"], f"0x{'ab' * 64}"])
    return content


def _other_signature(content: Content) -> Content:
    captures = content["captures"]
    captures[0]["signature"], captures[-1]["signature"] = captures[-1]["signature"], captures[0]["signature"]
    return content


def _say_erased(content: Content) -> Content:
    """An event that is shown is told as erased, so that a reader skips it."""
    event = content["events"][0]
    party = content["parties"][0]["number"]
    content["erased"] = [{"seal": seal_in(event), "party": party, "time": 1, "reason": "asked by the data subject"}]
    return content


def _standings(case: Any) -> None:
    case.standings = [Standing(roles=1, suspended=False) for _ in case.bundle.parties]


def _custodies(case: Any) -> None:
    case.custodies = [Custody() for _ in case.bundle.trails]


def _no_custody_proof(content: Content) -> Content:
    """The nodes that prove custody are left out: nobody is to see that there are disputes or holds."""
    case = Case(dumped(content), Trust(block=bytes(32)), steps_of, None)
    case.take(bundles.read(case.file))
    case.header = Header.read(case.bundle.header)
    for title, check in CHECKS:
        if title in ("Contract", "Registry", "Heads", "Parties"):
            check(case)
    others = {f"0x{node.hex()}" for node in case.nodes.unread}
    for trail in case.trail_ids:
        case.provenance.slot(custody_slot(trail), case.nodes)
    left = {f"0x{node.hex()}" for node in case.nodes.unread}
    content["nodes"] = [node for node in content["nodes"] if node not in others - left]
    return content


_rewritten(
    "hidden-first-entry",
    "The first entry of a trail is left out",
    "who made the goods, and when, is forgotten",
    "`verify` step 10 (Whole)",
    _NOT_WHOLE,
    _hide(0),
)
_rewritten(
    "hidden-middle-entry",
    "An unwelcome inspection is left out",
    "the auditor gets a clean history, and a verdict that it is complete",
    "`verify` step 10 (Whole)",
    _NOT_WHOLE,
    _hide(1),
)
_rewritten(
    "truncated-bundle",
    "The newest entries are left out",
    "the auditor sees the goods as they were before they were lost",
    "`verify` step 10 (Whole)",
    _NOT_WHOLE,
    _hide(-1),
)
_rewritten(
    "duplicated-entry",
    "An entry is told twice",
    "a delivery counts twice",
    "`verify` step 10 (Whole)",
    _NOT_WHOLE,
    _double,
)
_rewritten(
    "reordered-entries",
    "Two entries change places, and times",
    "an inspection seems to come before what it found",
    "`verify` step 10 (Whole)",
    _NOT_WHOLE,
    _swap,
)
_rewritten(
    "back-dated-entry",
    "An entry's block time is moved back",
    "a late record seems to be in time",
    "`verify` step 10 (Whole)",
    _NOT_WHOLE,
    _backdate,
)
_rewritten(
    "post-dated-entry",
    "An entry is dated after the block that proves it",
    "what was true then seems to be true still",
    "`verify` steps 9 (Times) and 10 (Whole)",
    both(_without_step(9), _NOT_WHOLE),
    _postdate,
)
_rewritten(
    "entry-of-another-party",
    "An entry is shown as another party's",
    "blame moves from one party to another",
    "`verify` step 10 (Whole)",
    _NOT_WHOLE,
    _attribute,
)
_rewritten(
    "entry-with-another-step",
    "An observation is shown as a receipt",
    "custody seems to have passed",
    "`verify` steps 7 (Meaning) and 10 (Whole)",
    both(_without_step(7), _NOT_WHOLE),
    _change(2, step=3),
)
_rewritten(
    "entry-to-another-recipient",
    "A shipment is shown with another recipient",
    "goods seem to be under way to somebody else",
    "`verify` steps 7 (Meaning) and 10 (Whole)",
    both(_without_step(7), _NOT_WHOLE),
    _change(3, to="0x" + "11" * 32),
)
_rewritten(
    "altered-document-sealed-anew",
    "A document is altered, and its entry gets the seal that fits",
    "the auditor reads what nobody said",
    "`verify` step 10 (Whole)",
    _NOT_WHOLE,
    _reseal,
)
_rewritten(
    "document-of-no-entry",
    "A document that was never sealed is put among the others",
    "the auditor reads what nobody said, beside what was",
    "`verify` step 6 (Seals)",
    both(_without_step(6), _without_step(7)),
    _smuggle,
)
_rewritten(
    "shown-event-told-as-erased",
    "An event that is shown is said to be erased",
    "two readers of one bundle read two histories",
    "`verify` step 6 (Seals)",
    _without_step(6),
    _say_erased,
)
_rewritten(
    "party-renamed",
    "A party's number is shown under another's name",
    "goods seem to be with, or under way to, somebody else",
    "`verify` step 8 (Parties)",
    _without_step(8, _standings),
    _rename,
)
_rewritten(
    "custody-proof-left-out",
    "The proof of holds and disputes is left out",
    "a recalled or disputed thing passes for a clean one",
    "`verify` step 11 (Custody)",
    _without_step(11, _custodies),
    _no_custody_proof,
)
_rewritten(
    "signature-of-another-capture",
    "An entry is shown with the signature of another capture",
    "it seems that a key signed what it did not",
    "`verify` step 12 (Keys)",
    _without_step(12),
    _other_signature,
)
_rewritten(
    "spare-nodes",
    "Bytes that prove nothing are hidden among the proofs",
    "a bundle carries a message, or malware, that its digest vouches for; and has many spellings",
    "`verify` step 12 (Keys): no node is left over",
    _SPARE,
    _spare_node,
)


@attack(
    "altered-document",
    "A document is altered, its seal stays",
    guarantee="G2",
    adversary=Adversary.OPERATOR,
    without="the auditor reads what nobody said",
    where="`commitments.seal_of`: the seal is over the document",
    undefended=both(
        *(
            replaced(f"{place}:seal_of", lambda seal_of: lambda _document, nonce: seal_of(b"{}", nonce))
            for place in ("service.capture.draft", "service.sealing.bundle_parts", "service.trails.disclosure")
        )
    ),
)
async def _altered(world: World) -> Outcome:
    thing = item()
    for _ in range(3):
        await world.seal("supplier", seen(thing))
    evidence = await bundled(world, thing)
    return evidence.judged(_alter(evidence.content))


@attack(
    "trail-of-another-thing",
    "A clean thing's trail is shown as another thing's",
    guarantee="G2",
    adversary=Adversary.SUPPLIER,
    without="one good item vouches for all counterfeits",
    where="`commitments.trail_of`: the trail id is over the identifier; `verify` steps 5 and 7",
    undefended=both(
        _without_step(7),
        *(
            replaced(f"{place}:trail_of", lambda trail_of: lambda _thing, salt: trail_of("", salt))
            for place in ("service.capture.draft", "service.sealing.chain_steps", "service.trails.assemble")
        ),
    ),
)
async def _other_thing(world: World) -> Outcome:
    thing = item()
    await world.seal("supplier", seen(thing))
    evidence = await bundled(world, thing)
    content = evidence.content
    content["trails"][0]["identifier"] = item()
    return evidence.judged(content)


@attack(
    "documents-of-another-thing",
    "A party seals on one thing's trail what its document says of another",
    guarantee="G2",
    adversary=Adversary.SUPPLIER,
    without="a party's own relay puts an inspection of a good item on the trail of a bad one",
    where="`verify` step 7 (Meaning)",
    undefended=_without_step(7),
)
async def _foreign(world: World) -> Outcome:
    thing, other = item(), item()
    await world.seal("supplier", seen(thing))
    document, nonce = seen(other) | {"eventID": f"urn:uuid:{other[-36:]}"}, bytes(range(16))
    seal = seal_in({"document": document, "nonce": f"0x{nonce.hex()}"})
    await world.say("supplier", Entry(world.trail(thing), bytes.fromhex(seal[2:]), 0))
    evidence = await bundled(world, thing)
    content = evidence.content
    content["events"] = sorted([*content["events"], {"document": document, "nonce": f"0x{nonce.hex()}"}], key=seal_in)
    return evidence.judged(content)


@attack(
    "stale-state-proof",
    "The newest block's header over the proofs of an older state",
    guarantee="G2",
    adversary=Adversary.OPERATOR,
    without="entries since then are hidden behind a block hash of today",
    where="`trie.lookup`: every proof begins at the header's state root",
    undefended=replaced("service.sealing.state:lookup", lambda there: _unrooted(there)),  # noqa: PLW0108 defined below
)
async def _stale(world: World) -> Outcome:
    thing = item()
    await world.seal("supplier", seen(thing))
    old = await bundled(world, thing)
    await world.node.call("evm_increaseTime", 10)
    await world.seal("supplier", seen(thing))
    new = await bundled(world, thing)
    return new.judged({**old.content, "header": new.content["header"]})


def _unrooted(lookup: Any) -> Any:
    """As `lookup`, but the proof may begin at any node."""

    def find(root: bytes, key: bytes, nodes: Any) -> bytes | None:
        try:
            found: bytes | None = lookup(root, key, nodes)
        except BadProof:
            for name in [*nodes._unread, *nodes._read]:  # noqa: SLF001
                try:
                    found = lookup(name, key, nodes)
                except BadProof:
                    continue
                if found is not None:
                    return found
            raise
        return found

    return find


@attack(
    "header-of-another-chain",
    "A header that the auditor does not trust, over a state of the attacker's making",
    guarantee="G4",
    adversary=Adversary.OPERATOR,
    without="anybody with a laptop makes a chain that says whatever it likes",
    where="`verify` step 2 (Block)",
    undefended=replaced("service.sealing.chain_steps:_reasons", lambda _: lambda _case, _header: iter(())),
)
async def _other_header(world: World) -> Outcome:
    evidence = await told(world)
    content = evidence.content
    fields = rlp.decode_list(bytes.fromhex(content["header"][2:]))
    fields[8] = b"\x7f\xff\xff"
    content["header"] = f"0x{rlp.encode(fields).hex()}"
    return evidence.judged(content)


@attack(
    "duplicate-members",
    "A file in which a member stands twice",
    guarantee="G4",
    adversary=Adversary.OPERATOR,
    without="one verifier reads the first, another the second: two auditors get two histories from one file",
    where="`verify` step 1 (Form): one spelling",
    undefended=replaced("service.sealing.bundle:read", lambda _: _read_any_spelling),
)
async def _twice(world: World) -> Outcome:
    evidence = await told(world)
    spoilt = evidence.file.replace(b'"erased":', b'"erased":[{"note":"for other readers"}],"erased":', 1)
    return outcome_of(evidence.verdict(spoilt))


@attack(
    "flipped-bits",
    "Any one byte of a bundle is changed",
    guarantee="G4",
    adversary=Adversary.FAULT,
    without="damage in transit goes unnoticed where no proof covers it, as in what is said of erasures",
    where="`verify` step 1 (Form): digest",
    undefended=replaced("service.sealing.bundle:read", lambda _: _read_any_spelling),
)
async def _flipped(world: World) -> Outcome:
    evidence = await told(world)
    content = evidence.content
    entry = longest(content)[0]
    content["events"] = [event for event in content["events"] if seal_in(event) != entry["seal"]]
    content["erased"] = [{"seal": entry["seal"], "party": entry["party"], "time": 1, "reason": "asked for"}]
    honest = dumped(content)
    assert evidence.verdict(honest).holds
    return outcome_of(evidence.verdict(honest.replace(b"asked for", b"ashed for")))


def _read_any_spelling(file: bytes) -> Bundle:
    """As `bundle.read`, without its checks of digest and spelling."""
    content = orjson.loads(file)
    content.pop("digest")
    for event in content["events"]:
        event["document"] = canonical_json(event["document"])
    return TypeAdapter(Bundle).validate_python(content)


@attack(
    "erasure-blamed-on-another",
    "The operator hides an event, and says that its party erased it",
    guarantee="G2",
    adversary=Adversary.OPERATOR,
    without="whoever keeps the documents decides what is forgotten, and others answer for it",
    where="`verify._erased`: told as stated only where a sealed event of that party says so",
    undefended=replaced("service.sealing.verify:ErasedFound", lambda found: lambda *told: found(*told[:4], True)),
)
async def _blamed(world: World) -> Outcome:
    evidence = await told(world)
    content = evidence.content
    entry = longest(content)[1]
    content["events"] = [event for event in content["events"] if seal_in(event) != entry["seal"]]
    content["erased"] = [{"seal": entry["seal"], "party": entry["party"], "time": 1, "reason": "asked for"}]
    verdict = evidence.verdict(dumped(content))
    return survived(verdict.holds and not verdict.erased[0].stated, f"stated: {verdict.erased[0].stated}")
