"""How an organisation is named: one canonical identifier, and the id on chain that follows from it."""

from service.epcis.identifiers import InvalidIdentifier, Kind, canonical, kind
from service.parties.errors import BadPartyIdentifier
from service.sealing.commitments import party_of

MAX_LENGTH = 2048
"""As long as a bundle's party may be named (docs/format.md, section 5)."""


def canonical_party(identifier: str) -> str:
    """The canonical identifier of a party: the Digital Link of its party GLN (AI 417) or another URI, such as a DID.

    Raises:
        BadPartyIdentifier: malformed, too long, or a GS1 key that identifies something other than a party.
    """
    if len(identifier) > MAX_LENGTH:
        raise BadPartyIdentifier(f"the identifier has {len(identifier)} characters, at most {MAX_LENGTH} are allowed")
    try:
        text, what = canonical(identifier), kind(identifier)
    except InvalidIdentifier as fault:
        raise BadPartyIdentifier(f"{fault}; send a party GLN (urn:epc:id:pgln:... or .../417/...) or a DID") from fault
    if what not in (Kind.PARTY, Kind.OTHER):
        raise BadPartyIdentifier(f"{text} identifies a {what.value}; send the party GLN (AI 417) of the organisation")
    return text


def party_id(identifier: str) -> bytes:
    """The 32-byte id on chain of a party named in any spelling; raises BadPartyIdentifier."""
    return party_of(canonical_party(identifier))
