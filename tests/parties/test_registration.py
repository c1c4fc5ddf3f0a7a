import pytest

from service.parties.caller import Caller
from service.parties.credentials import Credentials
from service.parties.errors import (
    GrantNotFound,
    GrantToOneself,
    PartyExists,
    PartyNotFound,
    PartyStateUnchanged,
    ScopeMissing,
    SuspendingOneself,
)
from service.parties.grants import Grants
from service.parties.registration import Parties
from service.sealing.commitments import party_of
from service.store.database import Database
from service.store.outbox import waiting_calls

from .conftest import NewCaller

PGLN = "https://id.gs1.org/417/9521321000018"


@pytest.fixture
def parties(database: Database) -> Parties:
    return Parties(database, Credentials(database))


@pytest.fixture
async def admin(new_caller: NewCaller) -> Caller:
    return await new_caller("operator", scopes=frozenset({"consortium:admin"}))


async def purposes(database: Database) -> list[str]:
    async with database.session() as session:
        return [call.purpose for call in await waiting_calls(session, 100)]


async def test_a_party_is_registered_once_under_any_spelling(
    database: Database, parties: Parties, admin: Caller
) -> None:
    party = await parties.register(admin, "urn:epc:id:pgln:9521321.00001", "Acme", ["supplier", "carrier"])
    assert (party.identifier, party.id, party.roles, party.number) == (PGLN, party_of(PGLN), 3, None)
    with pytest.raises(PartyExists):
        await parties.register(admin, PGLN, "Acme again", [])
    assert await purposes(database) == ["registerParties", "registerParties"]


async def test_a_party_is_suspended_and_reinstated_on_both_sides(
    database: Database, parties: Parties, admin: Caller
) -> None:
    party = await parties.register(admin, PGLN, "Acme", [])
    with pytest.raises(PartyStateUnchanged):
        await parties.reinstate(admin, party.id)
    assert (await parties.suspend(admin, party.id)).suspended
    with pytest.raises(PartyStateUnchanged):
        await parties.suspend(admin, party.id)
    assert not (await parties.reinstate(admin, party.id)).suspended
    assert (await purposes(database))[2:] == ["suspend", "reinstate"]


async def test_roles_are_replaced_and_the_registry_hears_of_changes_only(
    database: Database, parties: Parties, admin: Caller
) -> None:
    party = await parties.register(admin, PGLN, "Acme", ["supplier"])
    assert (await parties.set_roles(admin, party.id, ["auditor"])).roles == 8
    assert (await parties.set_roles(admin, party.id, ["auditor"])).roles == 8
    assert (await purposes(database))[2:] == ["setRoles"]


async def test_only_administrators_change_the_consortium(
    parties: Parties, admin: Caller, new_caller: NewCaller
) -> None:
    member = await new_caller("member")
    for attempt in (
        parties.register(member, PGLN, "Acme", []),
        parties.suspend(member, admin.party),
        parties.reinstate(member, admin.party),
        parties.set_roles(member, member.party, ["regulator"]),
    ):
        with pytest.raises(ScopeMissing):
            await attempt
    with pytest.raises(SuspendingOneself):
        await parties.suspend(admin, admin.party)
    with pytest.raises(PartyNotFound):
        await parties.suspend(admin, bytes(32))


async def test_members_are_listed_in_pages(parties: Parties, admin: Caller, new_caller: NewCaller) -> None:
    for name in "edcba":
        await new_caller(name)
    seen: list[str] = []
    after = ""
    while page := await parties.listed(admin, after, 4):
        seen.extend(party.name for party in page)
        after = page[-1].identifier
    assert seen == ["a", "b", "c", "d", "e", "operator"]


async def test_a_grant_holds_until_it_is_taken_back(database: Database, new_caller: NewCaller) -> None:
    grants = Grants(database)
    acme, other, third = [await new_caller(name) for name in ("acme", "other", "third")]
    first = await grants.grant(acme, other.party)
    assert await grants.grant(acme, other.party) == first
    assert [granted.name for granted in await grants.listed(acme, b"", 10)] == ["other"]
    assert await grants.listed(other, b"", 10) == []
    with pytest.raises(GrantNotFound):
        await grants.revoke(third, other.party)
    await grants.revoke(acme, other.party)
    assert await grants.listed(acme, b"", 10) == []
    with pytest.raises(GrantNotFound):
        await grants.revoke(acme, other.party)


async def test_a_grant_goes_to_another_known_party(database: Database, new_caller: NewCaller) -> None:
    grants, acme = Grants(database), await new_caller("acme")
    with pytest.raises(GrantToOneself):
        await grants.grant(acme, acme.party)
    with pytest.raises(PartyNotFound):
        await grants.grant(acme, bytes(32))
    with pytest.raises(ScopeMissing):
        await grants.grant(await new_caller("reader", scopes=frozenset({"trails:read"})), acme.party)
