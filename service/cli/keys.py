"""Commands about the keys that the service keeps: rotation of the key-encryption key."""

import asyncio

import typer

from service.cli.operate import settings


def rotate_keys() -> None:
    """Wrap everything with TRAILSEAL_KEY_ENCRYPTION_KEY that a former key wrapped. Run it again if it was stopped."""
    from service.parties.rewrapping import Rewrapped, Rewrapper
    from service.store.database import Database

    given = settings()

    async def run() -> Rewrapped:
        database = Database(given.database_url, 1)
        try:
            return await Rewrapper(database, given).run()
        finally:
            await database.close()

    done = asyncio.run(run())
    typer.echo(f"wrapped anew: {done.signing_keys} signing keys, {done.tokens} signature tokens")
    for left in done.left:
        typer.secho(left, fg=typer.colors.RED, err=True)
    if done.left:
        typer.secho(
            f"{len(done.left)} are left as they were: keep the former keys in the settings",
            fg=typer.colors.RED,
            err=True,
        )
        raise typer.Exit(1)
