"""Attacks on the contract's recovery of signers: forged, foreign, malleable and compact signatures, other domains."""

from bench.attacks.ledger import DOMAINS_WITHOUT, Ledger, fresh, seen
from bench.attacks.mutants import mutant
from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import without_check
from bench.attacks.world import World
from service.ledger.abi import SignedCapture, entry_words
from service.sealing.entries import Entry
from service.sealing.hashing import keccak256
from service.sealing.signing import sign
from service.sealing.typeddata import capture_id

_CAPTURE_TYPE = keccak256(
    b"Capture(Entry[] entries,uint64 deadline)Entry(bytes32 trail,bytes32 seal,uint8 step,bytes32 to)"
)
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_RECOVER = "(signer,,) = ECDSA.tryRecoverCalldata(digest, signature);"
_UNKNOWN = (
    "if (session.standing == Standing.UnknownKey) return _refuse(id, signer, RefusalReason.UnknownKey);",
    "if (session.standing == Standing.UnknownKey) session.standing = Standing.Active;",
)
_ENCODED = "abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid, address(this))"
_TYPED = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


def _without_field(field: str, typed: str, encoded: str) -> str:
    name = mutant(
        f"domain-without-{field.lower()}",
        ("Provenance", _TYPED, typed),
        ("Provenance", _ENCODED, encoded),
    )
    DOMAINS_WITHOUT[name] = field
    return name


_NO_CHAIN = _without_field(
    "chainId",
    "EIP712Domain(string name,string version,address verifyingContract)",
    "abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, address(this))",
)
_NO_CONTRACT = _without_field(
    "verifyingContract",
    "EIP712Domain(string name,string version,uint256 chainId)",
    "abi.encode(DOMAIN_TYPEHASH, NAME_HASH, VERSION_HASH, block.chainid)",
)
_NO_VERSION = _without_field(
    "version",
    "EIP712Domain(string name,uint256 chainId,address verifyingContract)",
    "abi.encode(DOMAIN_TYPEHASH, NAME_HASH, block.chainid, address(this))",
)
_NO_NAME = _without_field(
    "name",
    "EIP712Domain(string version,uint256 chainId,address verifyingContract)",
    "abi.encode(DOMAIN_TYPEHASH, VERSION_HASH, block.chainid, address(this))",
)
_NAKED_ECRECOVER = mutant(
    "naked-ecrecover",
    (
        "Provenance",
        _RECOVER,
        "signer = ecrecover(digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64]));",
    ),
)
_COMPACT_TOO = mutant(
    "compact-signatures-too",
    (
        "Provenance",
        _RECOVER,
        """if (signature.length == 64) {
            bytes32 vs = bytes32(signature[32:64]);
            bytes32 s = vs & bytes32(uint256(type(int256).max));
            return ecrecover(digest, uint8(uint256(vs) >> 255) + 27, bytes32(signature[:32]), s);
        }
        (signer,,) = ECDSA.tryRecoverCalldata(digest, signature);""",
    ),
)
_ZERO_SPEAKS = mutant(
    "zero-address-speaks",
    (
        "Provenance",
        "if (signer == address(0)) return _refuse(id, address(0), RefusalReason.BadSignature);",
        "",
    ),
)
_ANYBODY_SPEAKS = mutant("unknown-keys-speak", ("Provenance", *_UNKNOWN))
ENTRIES_UNSIGNED = mutant(
    "entries-unsigned",
    (
        "Provenance",
        "keccak256(abi.encode(CAPTURE_TYPEHASH, id, deadline))",
        "keccak256(abi.encode(CAPTURE_TYPEHASH, deadline))",
    ),
)
_DEADLINE_UNSIGNED = mutant(
    "deadline-unsigned",
    (
        "Provenance",
        "keccak256(abi.encode(CAPTURE_TYPEHASH, id, deadline))",
        "keccak256(abi.encode(CAPTURE_TYPEHASH, id))",
    ),
)


async def _tried(ledger: Ledger, capture: SignedCapture) -> Outcome:
    """Survived where the contract records nothing of the capture."""
    done = await ledger.record(capture)
    return survived(done.mined and not done.entries, done)


@attack(
    "forged-signature",
    "A capture signed by a key that no party has",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="anybody writes on any trail, in the name of nobody",
    where="`Provenance._recordCapture`: UnknownKey",
    undefended=without_check(_ANYBODY_SPEAKS),
)
async def _forged(world: World) -> Outcome:
    ledger = await world.ledger()
    return await _tried(ledger, ledger.signed(fresh(), seen()))


@attack(
    "zero-address-recover",
    "A signature that recovers to the zero address",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="noise for a signature is recorded: zero equals a call's still empty memory of the last signer",
    where="`Provenance._recordCapture`: BadSignature",
    undefended=without_check(_ZERO_SPEAKS),
)
async def _zero(world: World) -> Outcome:
    ledger = await world.ledger()
    good = ledger.signed(ledger.acme.key, seen())
    return await _tried(ledger, SignedCapture(good.words, good.deadline, bytes(64) + b"\x1b"))


@attack(
    "malleable-signature",
    "The other signature (high s) of a signed capture",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="a signature has two spellings, so what a receipt, a bundle or a log says was signed is not unique",
    where="OpenZeppelin `ECDSA`, called by `Provenance._signer`",
    undefended=without_check(_NAKED_ECRECOVER),
)
async def _malleable(world: World) -> Outcome:
    ledger = await world.ledger()
    good = ledger.signed(ledger.acme.key, seen())
    s, v = int.from_bytes(good.signature[32:64], "big"), good.signature[64]
    other = good.signature[:32] + (_ORDER - s).to_bytes(32, "big") + bytes((55 - v,))
    return await _tried(ledger, SignedCapture(good.words, good.deadline, other))


@attack(
    "compact-signature",
    "The 64-byte form (EIP-2098) of a signed capture",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="as above: a second spelling of one signature",
    where="OpenZeppelin `ECDSA`: 65 bytes only",
    undefended=without_check(_COMPACT_TOO),
)
async def _compact(world: World) -> Outcome:
    ledger = await world.ledger()
    good = ledger.signed(ledger.acme.key, seen())
    parity = good.signature[64] - 27
    vs = (parity << 255 | int.from_bytes(good.signature[32:64], "big")).to_bytes(32, "big")
    return await _tried(ledger, SignedCapture(good.words, good.deadline, good.signature[:32] + vs))


@attack(
    "replay-other-chain",
    "A capture signed for a test network, sent to the ledger",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="what a member tried out elsewhere becomes a statement on the real trail",
    where="`Provenance.domainSeparator`: chain id",
    undefended=without_check(_NO_CHAIN),
)
async def _other_chain(world: World) -> Outcome:
    ledger = await world.ledger()
    domain = ledger.domain(chainId=ledger.chain_id + 1)
    return await _tried(ledger, ledger.signed(ledger.acme.key, seen(), domain=domain))


@attack(
    "replay-other-contract",
    "A capture recorded in one ledger, sent to another with the same parties",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="an old or foreign ledger's statements are replayed in the new one, with today's block times",
    where="`Provenance.domainSeparator`: verifying contract",
    undefended=without_check(_NO_CONTRACT),
)
async def _other_contract(world: World) -> Outcome:
    ledger = await world.ledger()
    capture = ledger.signed(ledger.acme.key, seen())
    first = await ledger.record(capture)
    second = await ledger.record(capture, at=await ledger.provenance_beside())
    return survived(len(first.entries) == 1 and not second.entries, f"there: {first}; here: {second}")


@attack(
    "replay-other-version",
    "A capture signed for another version of the format",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="a later version's words, which may mean something else, count under this one's rules",
    where="`Provenance.domainSeparator`: version",
    undefended=without_check(_NO_VERSION),
)
async def _other_version(world: World) -> Outcome:
    ledger = await world.ledger()
    return await _tried(ledger, ledger.signed(ledger.acme.key, seen(), domain=ledger.domain(version="2")))


@attack(
    "replay-other-application",
    "Typed data of another application with the same shape",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="a wallet that signs for a look-alike application signs for the ledger",
    where="`Provenance.domainSeparator`: name",
    undefended=without_check(_NO_NAME),
)
async def _other_name(world: World) -> Outcome:
    ledger = await world.ledger()
    return await _tried(ledger, ledger.signed(ledger.acme.key, seen(), domain=ledger.domain(name="Trailsea1")))


@attack(
    "signature-over-other-entries",
    "A good signature put under another capture's entries",
    guarantee="G1",
    adversary=Adversary.RELAY,
    without="whoever relays makes any party say anything",
    where="`Provenance._signer`: the capture id is signed",
    undefended=without_check(ENTRIES_UNSIGNED),
)
async def _other_entries(world: World) -> Outcome:
    ledger = await world.ledger()
    good = signed_for(ledger, seen(), deadline=2**40)
    return await _tried(ledger, SignedCapture(entry_words([seen()]), good.deadline, good.signature))


@attack(
    "deadline-prolonged",
    "A stale capture sent with a later deadline",
    guarantee="G1",
    adversary=Adversary.RELAY,
    without="a relay keeps a statement back for as long as it likes, and then dates it to its own day",
    where="`Provenance._signer`: the deadline is signed",
    undefended=without_check(_DEADLINE_UNSIGNED),
)
async def _prolonged(world: World) -> Outcome:
    ledger = await world.ledger()
    good = signed_for(ledger, seen(), deadline=1)
    return await _tried(ledger, SignedCapture(good.words, 2**40, good.signature))


def signed_for(ledger: Ledger, entry: Entry, *, deadline: int) -> SignedCapture:
    """As a party's wallet signs for this contract, which may take less into the digest than the released one."""
    words = {ENTRIES_UNSIGNED: [_word(deadline)], _DEADLINE_UNSIGNED: [capture_id([entry])]}
    signed = words.get(ledger.mutant or "", [capture_id([entry]), _word(deadline)])
    digest = keccak256(b"\x19\x01", ledger.domain(), keccak256(_CAPTURE_TYPE, *signed))
    return SignedCapture(entry_words([entry]), deadline, sign(digest, ledger.acme.key))


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")
