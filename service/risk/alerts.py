"""Which scores become alerts: as they are stored, within each party's budget for its day (docs/risk-work.md)."""

from collections.abc import Sequence
from datetime import datetime

from service.store.database import Session
from service.store.risk import AssessmentRow


async def noticed(
    session: Session, rows: Sequence[AssessmentRow], secret: bytes, *, now: datetime | None = None
) -> None:
    """Alerts every party that asked for it to the shipments among `rows` that are worth it, and draws inspections.

    Call it once in the transaction that stores the rows, after they were written, and last: it locks the policies of
    the parties that it may alert until the commit. `secret` is the consortium's (the draws derive from it), `now`
    whose day it is, default the clock's. Scores of the past (more than a day before `now`) alert nobody.
    """
