"""Taking what was erased off the disk: PostgreSQL keeps dead rows in its files until they are written anew."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.store.database import async_url

TABLES = (
    "events",
    "nonces",
    "event_terms",
    "event_numbers",
    "event_parties",
    "party_values",
    "events_to_index",
    "captures",
    "deliveries",
    "assessments",
    "shipments",
    "shipment_units",
    "shipment_lanes",
    "shipment_milestones",
    "shipment_outcomes",
    "shipment_times",
    "shipments_due",
    "shipment_scores",
)
"""Everything that an erasure takes rows or values from."""


async def scrub(url: str) -> None:
    """Writes the tables anew without their dead rows, and lets the server drop its old log (WAL) segments.

    Each table is locked while it is written. Takes a superuser or the tables' owner who is in `pg_checkpoint`.
    """
    engine = create_async_engine(async_url(url), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for table in TABLES:
                await connection.execute(text(f"VACUUM (FULL, ANALYZE) {table}"))
            await connection.execute(text("VACUUM (FULL) pg_statistic"))  # it keeps common values
            for _ in range(2):
                await connection.execute(text("SELECT pg_switch_wal()"))
                await connection.execute(text("CHECKPOINT"))
    finally:
        await engine.dispose()
