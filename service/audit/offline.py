"""An audit of a bundle: verified first, then judged, with nothing but the file and what the auditor trusts."""

from datetime import datetime

from service.findings import Limits
from service.findings.bundles import looked_at, statements_of
from service.findings.find import found_in, gathered
from service.findings.report import Report
from service.findings.told import moment
from service.sealing import bundle as bundles
from service.sealing import report as told
from service.sealing.meaning import steps_of
from service.sealing.state import Header
from service.sealing.trust import Trust
from service.sealing.verify import verify


def audited(file: bytes, trust: Trust, ledger: bytes | None, limits: Limits) -> Report:
    """The audit of all trails in a bundle. Where it does not hold, the report says so before anything else.

    Raises:
        MalformedBundle: the file is no bundle, so that there is nothing to judge.
    """
    verdict = verify(file, trust, steps_of, ledger)
    bundle = bundles.read(file)
    bindings = {key.address: key.binding for key in verdict.keys}
    as_of, block = _block(bundle.header)
    case = gathered(statements_of(bundle, bindings), limits=limits, as_of=as_of)
    return Report(
        bundle.trails[0].identifier,
        as_of,
        block,
        case,
        found_in(case),
        looked_at(bundle),
        holds=verdict.holds,
        verdict=told.as_lines(verdict),
    )


def _block(raw: bytes) -> tuple[datetime, int | None]:
    """Time and number of the header; where it is malformed, which the verdict says, the time is the epoch."""
    try:
        header = Header.read(raw)
    except ValueError:
        return moment(0), None
    return moment(header.time), header.number
