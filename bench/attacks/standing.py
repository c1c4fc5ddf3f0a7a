"""Attacks on who may speak: revoked, expired, early and stolen keys, suspended parties, the registry's own powers."""

import time

from eth_abi.abi import encode

from bench.attacks.ledger import ALWAYS, Ledger, fresh, seen
from bench.attacks.mutants import mutant
from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import without_check
from bench.attacks.world import World
from service.ledger.client import hexed
from service.sealing.commitments import party_of
from service.sealing.hashing import keccak256
from service.sealing.signing import address_of

_THIEF = 3
_REVOKED_SPEAKS = mutant(
    "revoked-keys-speak",
    ("Participants", "if (binding.compromisedFrom != 0) return Standing.KeyRevoked;", ""),
)
_EXPIRED_SPEAKS = mutant(
    "expired-keys-speak", ("Participants", "if (block.timestamp >= binding.validTo) return Standing.KeyExpired;", "")
)
_EARLY_SPEAKS = mutant(
    "early-keys-speak", ("Participants", "if (block.timestamp < binding.validFrom) return Standing.KeyNotYetValid;", "")
)
_SUSPENDED_SPEAKS = mutant(
    "suspended-parties-speak",
    (
        "Participants",
        "standing = party.suspended ? Standing.PartySuspended : _standingOf(binding);",
        "standing = _standingOf(binding);",
    ),
)
_REBOUND = mutant("keys-bound-anew", ("Participants", "if (boundTo != 0) revert KeyAlreadyBound(key, boundTo);", ""))
_ZERO_BOUND = mutant(
    "zero-key-bound",
    ("Participants", "if (key == address(0)) revert Nobody();", ""),
)
_PARTY_TWICE = mutant(
    "party-registered-twice",
    ("Participants", "if (_numbers[partyId] != 0) revert PartyAlreadyRegistered(partyId);", ""),
)
_ANYBODY_REGISTERS = mutant(
    "anybody-registers",
    (
        "Participants",
        "function registerParty(bytes32 partyId, uint32 roles) external onlyRole(REGISTRAR_ROLE)",
        "function registerParty(bytes32 partyId, uint32 roles) external",
    ),
)
_ANYBODY_BINDS = mutant(
    "anybody-binds",
    (
        "Participants",
        "(address key, bytes32 partyId, uint64 validFrom, uint64 validTo) external onlyRole(REGISTRAR_ROLE)",
        "(address key, bytes32 partyId, uint64 validFrom, uint64 validTo) external",
    ),
)
_ANYBODY_SETS_ROLES = mutant(
    "anybody-sets-roles",
    (
        "Participants",
        "function setRoles(bytes32 partyId, uint32 roles) external onlyRole(REGISTRAR_ROLE) {",
        "function setRoles(bytes32 partyId, uint32 roles) external {",
    ),
)
_ANYBODY_SUSPENDS = mutant(
    "anybody-suspends",
    (
        "Participants",
        "function suspend(bytes32 partyId) external onlyRole(REGISTRAR_ROLE) {",
        "function suspend(bytes32 partyId) external {",
    ),
)
_ANYBODY_REVOKES = mutant(
    "anybody-revokes",
    (
        "Participants",
        "function revokeKey(address key, uint64 compromisedFrom) external onlyRole(REGISTRAR_ROLE) {",
        "function revokeKey(address key, uint64 compromisedFrom) external {",
    ),
)
_REVOCATION_MOVES_LATER = mutant(
    "revocation-moves-later",
    (
        "Participants",
        "if (compromisedFrom > latest) revert RevocationTooLate(compromisedFrom, latest);",
        "",
    ),
)
_NO_DELAY = mutant(
    "admin-without-delay",
    (
        "Participants",
        "AccessControlDefaultAdminRules(delay, admin)",
        "AccessControlDefaultAdminRules(delay * 0, admin)",
    ),
)
_ANYBODY_SUPERSEDES = mutant(
    "anybody-supersedes",
    (
        "Provenance",
        "if (msg.sender != IAccessControlDefaultAdminRules(participants).defaultAdmin()) revert NotAdmin(msg.sender);",
        "",
    ),
)
_REPOINTED = mutant(
    "registry-repointed",
    (
        "Provenance",
        "function _recordCapture(",
        "function setParticipants(address to) external { participants = to; }\n    function _recordCapture(",
    ),
)


@attack(
    "revoked-before-sealing",
    "A key is revoked between the signing and the sealing",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="what a thief signed in advance is recorded after the theft was noticed",
    where="`Participants._standingOf`: KeyRevoked",
    undefended=without_check(_REVOKED_SPEAKS),
)
async def _revoked(world: World) -> Outcome:
    ledger = await world.ledger()
    capture = ledger.signed(ledger.acme.key, seen())
    assert await ledger.registry("revokeKey", hexed(ledger.acme.address), 0)
    done = await ledger.record(capture)
    return survived(not done.entries and done.refusals == ["KeyRevoked"], done)


@attack(
    "expired-key",
    "A key signs after its validity",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="a key that the consortium gave for a year speaks for ever",
    where="`Participants._standingOf`: KeyExpired",
    undefended=without_check(_EXPIRED_SPEAKS),
)
async def _expired(world: World) -> Outcome:
    return await _with_key(world, 0, 1000, "KeyExpired")


@attack(
    "key-not-yet-valid",
    "A key signs before its validity",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="a key that is handed over next month speaks today",
    where="`Participants._standingOf`: KeyNotYetValid",
    undefended=without_check(_EARLY_SPEAKS),
)
async def _early(world: World) -> Outcome:
    return await _with_key(world, int(time.time()) + 10**7, ALWAYS, "KeyNotYetValid")


async def _with_key(world: World, begin: int, end: int, reason: str) -> Outcome:
    ledger, key = await world.ledger(), fresh()
    assert await ledger.registry("addKey", hexed(address_of(key)), ledger.acme.id, begin, end)
    done = await ledger.record(ledger.signed(key, seen()))
    return survived(not done.entries and done.refusals == [reason], done)


@attack(
    "suspended-party",
    "A suspended party relays for itself",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="a party that the consortium put aside goes on writing, past our API",
    where="`Participants.speaker`: PartySuspended",
    undefended=without_check(_SUSPENDED_SPEAKS),
)
async def _suspended(world: World) -> Outcome:
    ledger = await world.ledger()
    assert await ledger.registry("suspend", ledger.acme.id)
    done = await ledger.record(ledger.signed(ledger.acme.key, seen()))
    return survived(not done.entries and done.refusals == ["PartySuspended"], done)


@attack(
    "key-bound-to-another-party",
    "A registrar binds a member's key to another party",
    guarantee="G1",
    adversary=Adversary.REGISTRAR,
    without="a statement that one party signed stands as another's",
    where="`Participants._bind`: KeyAlreadyBound",
    undefended=without_check(_REBOUND),
)
async def _rebound(world: World) -> Outcome:
    ledger = await world.ledger()
    await ledger.registry("addKey", hexed(ledger.acme.address), ledger.bolt.id, 0, ALWAYS)
    done = await ledger.record(ledger.signed(ledger.acme.key, seen()))
    parties = {entry[1] for entry in done.entries}
    return survived(
        parties == {ledger.acme.id}, "recorded as Acme" if ledger.acme.id in parties else "recorded as Bolt"
    )


@attack(
    "zero-key-bound",
    "A registrar binds the zero address to a party",
    guarantee="G1",
    adversary=Adversary.REGISTRAR,
    without="the address to which broken signatures recover speaks for a party",
    where="`Participants._bind`: Nobody",
    undefended=without_check(_ZERO_BOUND),
)
async def _zero_bound(world: World) -> Outcome:
    ledger = await world.ledger()
    bound = await ledger.registry("addKey", hexed(bytes(20)), ledger.acme.id, 0, ALWAYS)
    return survived(not bound, "bound" if bound else "reverted")


@attack(
    "party-registered-twice",
    "A registrar registers a party anew, under a second number and with other roles",
    guarantee="G1",
    adversary=Adversary.REGISTRAR,
    without="one party has two numbers: its custody and its keys fall apart, and its roles are replaced unseen",
    where="`Participants._register`: PartyAlreadyRegistered",
    undefended=without_check(_PARTY_TWICE),
)
async def _party_twice(world: World) -> Outcome:
    ledger = await world.ledger()
    again = await ledger.registry("registerParty", ledger.acme.id, 32)
    return survived(not again, "registered twice" if again else "reverted")


@attack(
    "outsider-registers-itself",
    "An outsider registers itself as a party",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="the registry no longer says who the consortium's members are",
    where="`Participants.registerParty`: onlyRole",
    undefended=without_check(_ANYBODY_REGISTERS),
)
async def _registers(world: World) -> Outcome:
    return await _as_thief(await world.ledger(), "registerParty", party_of("mallory"), 32)


@attack(
    "outsider-binds-a-key",
    "An outsider binds a key of its own to a member",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="the outsider speaks as that member",
    where="`Participants.addKey`: onlyRole",
    undefended=without_check(_ANYBODY_BINDS),
)
async def _binds(world: World) -> Outcome:
    ledger = await world.ledger()
    return await _as_thief(ledger, "addKey", hexed(address_of(fresh())), ledger.acme.id, 0, ALWAYS)


@attack(
    "member-makes-itself-regulator",
    "A member gives itself the role of a regulator",
    guarantee="G1",
    adversary=Adversary.SUPPLIER,
    without="it holds others' goods and lifts others' recalls",
    where="`Participants.setRoles`: onlyRole",
    undefended=without_check(_ANYBODY_SETS_ROLES),
)
async def _sets_roles(world: World) -> Outcome:
    ledger = await world.ledger()
    return await _as_thief(ledger, "setRoles", ledger.bolt.id, 32)


@attack(
    "rival-suspends-a-member",
    "A rival suspends a member",
    guarantee="G3",
    adversary=Adversary.SUPPLIER,
    without="any member silences any other",
    where="`Participants.suspend`: onlyRole",
    undefended=without_check(_ANYBODY_SUSPENDS),
)
async def _suspends(world: World) -> Outcome:
    ledger = await world.ledger()
    return await _as_thief(ledger, "suspend", ledger.acme.id)


@attack(
    "rival-revokes-a-key",
    "A rival revokes a member's key, compromised since long ago",
    guarantee="G3",
    adversary=Adversary.SUPPLIER,
    without="any member casts doubt on all that another ever said",
    where="`Participants.revokeKey`: onlyRole",
    undefended=without_check(_ANYBODY_REVOKES),
)
async def _revokes(world: World) -> Outcome:
    ledger = await world.ledger()
    return await _as_thief(ledger, "revokeKey", hexed(ledger.acme.address), 1)


async def _as_thief(ledger: Ledger, function: str, *arguments: object) -> Outcome:
    done = await ledger.registry(function, *arguments, sender=_THIEF)
    return survived(not done, f"{function} {'went through' if done else 'reverted'}")


@attack(
    "doubt-taken-back",
    "A revoked key's compromised-from time is moved later",
    guarantee="G1",
    adversary=Adversary.REGISTRAR,
    without="what was told to be doubtful becomes good again, without a trace in the state",
    where="`Participants.revokeKey`: RevocationTooLate",
    undefended=without_check(_REVOCATION_MOVES_LATER),
)
async def _doubt(world: World) -> Outcome:
    ledger = await world.ledger()
    assert await ledger.registry("revokeKey", hexed(ledger.acme.address), 1000)
    later = await ledger.registry("revokeKey", hexed(ledger.acme.address), 2000)
    return survived(not later, "moved later" if later else "reverted")


@attack(
    "admin-handed-on-at-once",
    "A thief of the admin key hands the registry on before anybody notices",
    guarantee="G1",
    adversary=Adversary.REGISTRAR,
    without="one stolen key, used once, takes the registry for good",
    where="OpenZeppelin `AccessControlDefaultAdminRules`, with the delay of `Participants`' constructor",
    undefended=without_check(_NO_DELAY),
)
async def _handed_on(world: World) -> Outcome:
    ledger = await world.ledger()
    begin = keccak256(b"beginDefaultAdminTransfer(address)")[:4] + encode(["address"], [ledger.accounts[_THIEF]])
    assert await ledger.done(ledger.participants, begin, 0)
    await world.node.call("evm_increaseTime", 3600)
    accepted = await ledger.done(ledger.participants, keccak256(b"acceptDefaultAdminTransfer()")[:4], _THIEF)
    return survived(not accepted, "accepted within the hour" if accepted else "must wait for two days")


@attack(
    "ledger-superseded-by-an-outsider",
    "An outsider declares the ledger superseded",
    guarantee="G3",
    adversary=Adversary.OUTSIDER,
    without="one transaction ends the ledger, and points everybody to the attacker's",
    where="`Provenance.supersede`: NotAdmin",
    undefended=without_check(_ANYBODY_SUPERSEDES),
)
async def _superseded(world: World) -> Outcome:
    ledger = await world.ledger()
    data = keccak256(b"supersede(address)")[:4] + encode(["address"], [hexed(await ledger.provenance_beside())])
    done = await ledger.done(ledger.provenance, data, _THIEF)
    return survived(not done, "superseded" if done else "reverted")


@attack(
    "registry-repointed",
    "The ledger is pointed to another registry",
    guarantee="G1",
    adversary=Adversary.REGISTRAR,
    without="whoever holds the admin key swaps all members for ones of its own, and history reads as theirs",
    where="`Provenance` has no owner and no setter: `participants` is set once, by the constructor",
    undefended=without_check(_REPOINTED),
)
async def _repointed(world: World) -> Outcome:
    ledger = await world.ledger()
    data = keccak256(b"setParticipants(address)")[:4] + encode(["address"], [hexed(ledger.provenance)])
    done = await ledger.done(ledger.provenance, data, 0)
    return survived(not done, "repointed" if done else "there is no such function")
