"""Commands about erasures: the list, applying it to a restored database, and taking dead rows off the disk."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from service.cli.operate import settings


def erasures() -> None:
    """Print the list of erasures, a JSON object a line: keep it outside of the database and of its backups."""
    from service.erasure.again import listed
    from service.store.database import Database

    async def run() -> None:
        database = Database(settings().database_url, 1)
        try:
            async for line in listed(database):
                typer.echo(line.decode())
        finally:
            await database.close()

    asyncio.run(run())


def replay_erasures(
    file: Annotated[Path, typer.Argument(help="what `trailseal erasures` printed, or logs of the service")],
) -> None:
    """Erase again what a restored database still has. Run it before the service is started on a restored database."""
    from service.erasure.again import Replayed, replay
    from service.store.database import Database

    async def run() -> Replayed:
        database = Database(settings().database_url, 1)
        try:
            with file.open("rb") as lines:
                return await replay(database, lines)
        finally:
            await database.close()

    done = asyncio.run(run())
    typer.echo(f"erased again: {done.again}; erased before: {done.before}; not in this database: {done.absent}")


def scrub() -> None:
    """Write the tables anew, without the rows that erasures left behind. Locks each table while it is written."""
    from service.store.scrub import scrub as write_anew

    asyncio.run(write_anew(settings().database_url))
