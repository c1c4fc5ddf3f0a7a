"""What goes in and out: bodies are checked against these shapes, responses are tested against them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from service.parties.roles import Role
from service.parties.scopes import Scope

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")
]
PARTY = "0x6b1f5a3a2c5e9f0d4b7788a1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f5"
ADDRESS = "0x52908400098527886e0f7030069857d2e4169ee7"
RoleName = Literal["supplier", "carrier", "inspector", "auditor", "analyst", "regulator"]
assert set(RoleName.__args__) == {str(role.name).lower() for role in Role}  # type: ignore[attr-defined]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewParty(_Shape):
    """An organisation that joins; its identifier in any spelling of a party GLN, or a DID or other URI."""

    identifier: Annotated[str, Field(max_length=2048, examples=["urn:epc:id:pgln:9521321.00001"])]
    name: Annotated[Text, Field(examples=["Acme Air Cargo"])]
    roles: Annotated[list[RoleName], Field(max_length=6, examples=[["supplier", "carrier"]])] = []


class NewRoles(_Shape):
    """A party's roles from now on."""

    roles: Annotated[list[RoleName], Field(max_length=6, examples=[["carrier"]])]


class NewVocabulary(_Shape):
    """How a party's documents are held to the standard vocabularies of the CBV from now on."""

    check: Literal["strict", "lenient"]


class PartyShape(_Shape):
    """A party; `number` is the registry's, null until that is mined; `vocabulary` as its documents are checked."""

    id: Annotated[str, Field(examples=[PARTY])]
    identifier: Annotated[str, Field(examples=["https://id.gs1.org/417/9521321000018"])]
    name: Annotated[str, Field(examples=["Acme Air Cargo"])]
    roles: Annotated[list[RoleName], Field(examples=[["supplier", "carrier"]])]
    number: Annotated[int | None, Field(examples=[7])]
    suspended: bool
    vocabulary: Literal["strict", "lenient"]
    createdAt: datetime  # noqa: N815


class CallerShape(_Shape):
    """Who the API key speaks for, and what it may be used for."""

    party: PartyShape
    key: Annotated[str, Field(examples=["2f0c9a7d11b84e63"])]
    scopes: Annotated[list[str], Field(examples=[["captures:read", "captures:write"]])]
    expiresAt: datetime | None  # noqa: N815


class CustodialSigningKey(_Shape):
    """Let the service make a key, keep it and sign with it."""

    custody: Literal["service"]


class OwnSigningKey(_Shape):
    """A key of the party's own; `proof` is the challenge signed with personal_sign (EIP-191), 65 bytes in hex."""

    custody: Literal["own"]
    address: Annotated[str, Field(max_length=42, examples=[ADDRESS])]
    proof: Annotated[str, Field(max_length=132, examples=["0x" + "5c" * 64 + "1b"])]


class Challenge(_Shape):
    """The text that the own key signs."""

    challenge: Annotated[str, Field(examples=["Trailseal: this key signs for me.\nParty: ...\nAddress: 0x..."])]


class Revocation(_Shape):
    """Since when signatures are not to be trusted; left out: from now on."""

    compromisedFrom: Annotated[AwareDatetime | None, Field(examples=["2026-03-01T00:00:00Z"])] = None  # noqa: N815


class SigningKeyShape(_Shape):
    """A signing key; `registeredAt` is null until the registry has it."""

    address: Annotated[str, Field(examples=[ADDRESS])]
    custody: Literal["service", "own"]
    createdAt: datetime  # noqa: N815
    registeredAt: datetime | None  # noqa: N815
    revokedAt: datetime | None  # noqa: N815
    compromisedFrom: datetime | None  # noqa: N815


class NewApiKey(_Shape):
    """An API key to make: no wider and no longer-lived than the one that makes it."""

    label: Annotated[Text, Field(examples=["warehouse scanner 4"])]
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=9, examples=[["captures:write"]])]
    expiresAt: Annotated[AwareDatetime | None, Field(examples=["2027-01-01T00:00:00Z"])] = None  # noqa: N815


class ApiKeyShape(_Shape):
    """An API key without its secret."""

    id: Annotated[str, Field(examples=["2f0c9a7d11b84e63"])]
    label: Annotated[str, Field(examples=["warehouse scanner 4"])]
    scopes: Annotated[list[str], Field(examples=[["captures:write"]])]
    createdAt: datetime  # noqa: N815
    expiresAt: datetime | None  # noqa: N815
    revokedAt: datetime | None  # noqa: N815
    madeBy: Annotated[str | None, Field(examples=["9a1c0f77d2ab3e40"])]  # noqa: N815


class RevokedApiKey(ApiKeyShape):
    """A revoked API key, and the keys of the party that were revoked with it, because it made them."""

    alsoRevoked: Annotated[list[str], Field(examples=[["77d2ab3e409a1c0f"]])]  # noqa: N815


class ApiKeyWithToken(ApiKeyShape):
    """The only response that shows the token."""

    token: Annotated[str, Field(examples=["ts_2f0c9a7d11b84e63_<secret>"])]


class GrantShape(_Shape):
    """With whom the party shares its trails."""

    party: Annotated[str, Field(examples=[PARTY])]
    identifier: Annotated[str, Field(examples=["https://id.gs1.org/417/9521321000018"])]
    name: Annotated[str, Field(examples=["Acme Air Cargo"])]
    createdAt: datetime  # noqa: N815


class PartShape(_Shape):
    """A signed unit of a capture, and where it is on its way to the chain."""

    id: Annotated[str, Field(examples=["0x" + "a7" * 32])]
    state: Literal["waiting", "packed", "sealed", "refused"]
    entries: Annotated[int, Field(examples=[2])]
    signer: Annotated[str, Field(examples=[ADDRESS])]
    deadline: Annotated[int, Field(description="Unix seconds", examples=[1772323200])]
    transaction: Annotated[str | None, Field(examples=["0x" + "3d" * 32])]
    block: Annotated[int | None, Field(examples=[1289])]
    refusal: str | None


class ReceiptShape(_Shape):
    """An accepted document; `refused` lists what was left out, only where the caller asked to proceed.

    `document`: what the document said of itself, such as its sender; null in lists, and for events without a document.
    """

    captureID: Annotated[str, Field(examples=["0b5d7a64-5a0f-4a53-8b8f-6f6f9d1f8f10"])]  # noqa: N815
    state: Literal["captured", "sealed", "refused"]
    receivedAt: datetime  # noqa: N815
    events: Annotated[int, Field(examples=[1])]
    entries: Annotated[int, Field(examples=[2])]
    eventIDs: Annotated[list[str], Field(examples=[["ni:///sha-256;df7bb3c3...?ver=CBV2.0"]])]  # noqa: N815
    parts: list[PartShape]
    refused: list[dict[str, Any]]
    document: dict[str, Any] | None


class PreparedEventShape(_Shape):
    """An event as it will be sealed: check it, keep it, send it back."""

    document: dict[str, Any]
    nonce: Annotated[str, Field(examples=["0x" + "1f" * 16])]
    seal: Annotated[str, Field(examples=["0x" + "9e" * 32])]


class PreparedShape(_Shape):
    """What to check and to sign: one signature (`eth_signTypedData_v4`) for each part."""

    events: list[PreparedEventShape]
    parts: Annotated[list[dict[str, Any]], Field(description="id and typedData (EIP-712) of each part")]
    deadline: Annotated[int, Field(description="Unix seconds", examples=[1772323200])]
    refused: list[dict[str, Any]]
