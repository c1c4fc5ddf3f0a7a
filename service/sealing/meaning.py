"""What a sealed document says about custody: the reading of EPCIS that signer, service and auditor share."""

from collections.abc import Mapping
from typing import Any

from service.epcis.saying import said


def steps_of(document: Mapping[str, Any]) -> Mapping[str, tuple[int, str | None]]:
    """Step and recipient for each thing that one stored event touches, by canonical identifier.

    The reading of docs/format.md, section 8: words are read leniently, whatever they were checked against when the
    event was captured. Words may join the standard later, a party may be allowed others, and none of that may change
    what a sealed event says.

    Raises:
        ValueError: the document is not one EPCIS event.
    """
    return said(document)
