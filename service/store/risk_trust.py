"""What was shown to whom, which scores are sealed, models and calibrations."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from service.store.database import Session


async def shown(session: Session, party: bytes, assessments: Sequence[UUID], *, ranked: bool = False) -> None:
    """Notes that the party is shown these stored scores, now; `ranked`: as one list, in this order.

    It is to be called in the transaction that stores or reads them, by whatever gives scores to somebody: answers,
    lists, alerts. The backtest judges what was shown and nothing else.
    """
    if not assessments:
        return
    statement = text(
        "INSERT INTO shown (assessment, party, rank) SELECT given.id, :party, CASE WHEN :ranked THEN given.place END"
        " FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS given (id, place)"
    )
    await session.execute(statement, {"party": party, "ids": list(assessments), "ranked": ranked})
