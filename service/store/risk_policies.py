# ruff: noqa: S608 (statements are put together from constants; every value is bound)
"""Risk policies: what things cost a party, and how many alerts it wants."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text

from service.store.database import Session


class PolicyRow(NamedTuple):
    """A party's policy in the columns of `risk_policies`."""

    party: bytes
    penalty: float
    checking: float
    intervening: float
    effectiveness: float
    alerts: bool
    budget: int
    timezone: str
    inspection: float
    changed_at: datetime
    changed_with: str


_POLICY = ", ".join(PolicyRow._fields)


async def policy(session: Session, party: bytes) -> PolicyRow | None:
    """The party's policy, if it has set one."""
    row = (
        await session.execute(text(f"SELECT {_POLICY} FROM risk_policies WHERE party = :party"), {"party": party})
    ).one_or_none()
    return PolicyRow(*row) if row else None


async def put_policy(session: Session, row: PolicyRow) -> None:
    """Writes the party's policy anew; `changed_at` is the database's."""
    names = [name for name in PolicyRow._fields if name != "changed_at"]
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name != "party")
    statement = text(
        f"INSERT INTO risk_policies ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
        f" ON CONFLICT (party) DO UPDATE SET {changes}, changed_at = now()"
    )
    await session.execute(statement, row._asdict())


async def policies_of(session: Session, parties: Collection[bytes], *, locked: bool = False) -> dict[bytes, PolicyRow]:
    """The policies of these parties; `locked`: nobody else changes them or alerts these parties before the commit."""
    lock = " FOR NO KEY UPDATE" if locked else ""
    statement = text(f"SELECT {_POLICY} FROM risk_policies WHERE party = ANY(:parties) ORDER BY party{lock}")
    rows = await session.execute(statement, {"parties": sorted(parties)})
    return {row[0]: PolicyRow(*row) for row in rows.all()}
