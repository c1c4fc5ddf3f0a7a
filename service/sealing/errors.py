"""What can be wrong with a bundle: one class for each step of the verification (docs/format.md, section 6)."""

from typing import ClassVar

from service.errors import TrailsealError


class ProofFailed(TrailsealError):
    """A bundle does not prove what it claims; `step` is the number of the step that failed."""

    slug, title, status = "proof-failed", "The bundle does not hold", 422
    step: ClassVar[int] = 0


class MalformedBundle(ProofFailed):
    """The file is no bundle of a known version, is not in canonical form, or its digest differs from its content."""

    step = 1


class UntrustedBlock(ProofFailed):
    """Something that the auditor trusts does not say that the header is one of the chain's."""

    step = 2


class ForeignContract(ProofFailed):
    """The bundle's address is not the given ledger, or the state does not hold released Provenance code there."""

    step = 3


class ForeignRegistry(ProofFailed):
    """The registry that Provenance asks is not the released Participants code."""

    step = 4


class HeadUnproven(ProofFailed):
    """The state does not prove a head for a trail."""

    step = 5


class SealBroken(ProofFailed):
    """A disclosed document and nonce do not open the seal of an entry."""

    step = 6


class ForeignEvent(ProofFailed):
    """A disclosed document is no event, or says of no trail what an entry with its seal says."""

    step = 7


class PartyUnproven(ProofFailed):
    """The registry does not prove that a party's number is that of its identifier, or its roles."""

    step = 8


class TimesDisordered(ProofFailed):
    """Block times run backwards, or beyond the proven block."""

    step = 9


class NotWhole(ProofFailed):
    """A trail's entries do not fold into its proven head: something was hidden, altered, reordered or added."""

    step = 10


class CustodyUnproven(ProofFailed):
    """The state does not prove a trail's custody slot, or it names a party that the bundle does not."""

    step = 11


class KeyUnproven(ProofFailed):
    """A signature is not that of a key which the registry held for the entry's party, or proofs are left over."""

    step = 12
