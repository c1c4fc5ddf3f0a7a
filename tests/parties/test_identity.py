import pytest

from service.parties.errors import BadPartyIdentifier, UnknownRole, UnknownScope
from service.parties.identity import canonical_party, party_id
from service.parties.roles import Role, mask, names_of
from service.parties.scopes import known

PGLN = "https://id.gs1.org/417/9521321000018"


@pytest.mark.parametrize(
    "spelling",
    [
        PGLN,
        "urn:epc:id:pgln:9521321.00001",
        "https://example.com/some/417/9521321000018",
        "https://id.gs1.org/party/9521321000018",
    ],
)
def test_every_spelling_of_a_party_is_one_party(spelling: str) -> None:
    assert canonical_party(spelling) == PGLN
    assert party_id(spelling) == party_id(PGLN)


@pytest.mark.parametrize(
    "uri",
    [
        "did:web:example.com",
        "did:key:z6MkhaXgBZD",
        "https://example.com/companies/acme",
        "urn:uuid:0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10",
    ],
)
def test_other_uris_name_parties_too(uri: str) -> None:
    assert canonical_party(uri) == uri


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        "Acme",
        "https://id.gs1.org/417/9521321000019",
        "https://id.gs1.org/414/9521321000018",
        "https://id.gs1.org/00/095213210000000016",
        "urn:epc:id:pgln:952132100001",
        "did:web:" + "a" * 3000,
        "did:web:exämple",
        "did:web:a\x00b",
    ],
)
def test_what_names_no_party_is_refused(identifier: str) -> None:
    with pytest.raises(BadPartyIdentifier):
        canonical_party(identifier)


def test_roles_are_the_registrys_bits() -> None:
    assert mask(["supplier", "regulator"]) == 33
    assert names_of(33) == ["supplier", "regulator"]
    assert [int(role) for role in Role] == [1, 2, 4, 8, 16, 32]
    with pytest.raises(UnknownRole):
        mask(["Supplier"])


def test_an_unknown_scope_is_named() -> None:
    with pytest.raises(UnknownScope, match="captures:erase"):
        known(["captures:read", "captures:erase"])
