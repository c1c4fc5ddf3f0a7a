"""Attacks on the recovery of a party that lost its keys, by administrators and by whoever reads their mail."""

import dataclasses
import secrets
from typing import Any

from bench.attacks.registry import Adversary, Outcome, attack, survived
from bench.attacks.undoing import replaced
from bench.attacks.world import World
from service.parties.caller import Caller
from service.parties.credentials import Credentials
from service.parties.errors import EnrolmentRefused, SecondAdministratorNeeded
from service.parties.recovery import Recoveries
from service.parties.registration import add
from service.parties.scopes import Scope


async def _administrators(world: World) -> list[Caller]:
    """Two administrators with first keys of their own."""
    found = []
    for name in ("supplier", "carrier"):
        party = world.members[name]
        key, _ = await Credentials(world.database).issue(party.party, [Scope.CONSORTIUM_ADMIN], "administrator")
        scopes = frozenset((str(Scope.CONSORTIUM_ADMIN),))
        found.append(dataclasses.replace(party, scopes=scopes, key_id=key.id))
    return found


async def _lost(world: World) -> bytes:
    """A party that lost its keys, and nobody else's concern."""
    async with world.database.session() as session:
        return (await add(session, f"did:example:{secrets.token_hex(6)}", "Lost", ["supplier"])).id


def _used_again(use: Any) -> Any:
    async def again(session: Any, recovery: Any, token_hash: bytes, at: Any) -> Any:
        from service.store import recoveries

        await recoveries.change(session, recovery, used_at=None)
        return await use(session, recovery, token_hash, at)

    return again


@attack(
    "recovery-code-reused",
    "Somebody who reads an old message uses a party's recovery codes again",
    guarantee="G1",
    adversary=Adversary.OUTSIDER,
    without="a recovery opens the party to whoever finds its codes within the hour",
    where="`parties.recovery.enrol`: once, within an hour",
    undefended=replaced("service.store.recoveries:use", _used_again),
)
async def _reused(world: World) -> Outcome:
    first, second = await _administrators(world)
    recoveries = Recoveries(world.database, Credentials(world.database))
    asked = await recoveries.ask(first, await _lost(world), "the office burnt down")
    confirmed = await recoveries.confirm(second, asked.recovery.id)
    codes = [*asked.codes, *confirmed.codes]
    await recoveries.enrol(codes, "the party's")
    try:
        await recoveries.enrol(codes, "the finder's")
    except EnrolmentRefused as refusal:
        return survived(True, refusal.slug)
    return survived(False, "a second API key was made")


async def _own_roots(_session: Any, _keys: Any) -> set[str]:
    return {secrets.token_hex(8)}


@attack(
    "recovery-by-one-administrator",
    "An administrator takes over a party alone: asks for a recovery, and confirms it with a key of its own making",
    guarantee="G1",
    adversary=Adversary.OPERATOR,
    without="one bribed administrator, or one stolen key, becomes any party of the consortium",
    where="`parties.recovery.confirm`: an administrator of another descent",
    undefended=replaced("service.store.recoveries:roots", lambda _: _own_roots),
)
async def _alone(world: World) -> Outcome:
    first, _ = await _administrators(world)
    credentials = Credentials(world.database)
    recoveries = Recoveries(world.database, credentials)
    made, _ = await credentials.create(first, [Scope.CONSORTIUM_ADMIN], "a colleague, believe me")
    asked = await recoveries.ask(first, await _lost(world), "they called me")
    try:
        await recoveries.confirm(dataclasses.replace(first, key_id=made.id), asked.recovery.id)
    except SecondAdministratorNeeded as refusal:
        return survived(True, refusal.slug)
    return survived(False, "one administrator was enough")
