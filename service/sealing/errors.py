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
    """The header does not hash to the block that the auditor trusts."""

    step = 2


class ForeignContract(ProofFailed):
    """The bundle's address is not the given ledger, or the state does not hold released Provenance code there."""

    step = 3


class ForeignRegistry(ProofFailed):
    """The registry that Provenance asks is not the released Participants code."""

    step = 4


class HeadUnproven(ProofFailed):
    """The state does not prove a head for this trail."""

    step = 5


class SealBroken(ProofFailed):
    """A disclosed document and nonce do not open the seal of their entry."""

    step = 6


class ForeignEvent(ProofFailed):
    """A disclosed document does not speak of this trail, or says another step than its entry."""

    step = 7


class PartyUnnamed(ProofFailed):
    """An entry's party is not among those that the bundle names."""

    step = 8


class TimesDisordered(ProofFailed):
    """Block times run backwards, or beyond the proven block."""

    step = 9


class NotWhole(ProofFailed):
    """The entries do not fold into the proven head: something was hidden, altered, reordered or added."""

    step = 10


class CustodyUnproven(ProofFailed):
    """The state does not prove the trail's custody slot, or its numbers are not the registry's parties."""

    step = 11
