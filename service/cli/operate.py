"""Commands of who runs the service: migrate, deploy, serve, work, bootstrap."""

import asyncio
import os
import signal
from typing import Annotated

import typer

from service.config import Settings


def settings() -> Settings:
    """The settings in this process's environment; raises BadSettings."""
    return Settings.from_environment(os.environ)


def migrate() -> None:
    """Bring the database to this release's tables."""
    from service.store.migrate import migrate as upgrade

    asyncio.run(upgrade(settings().database_url))


def deploy() -> None:
    """Put the contracts on the chain, once; a worker sends what this writes."""
    from service.ledger.client import Node
    from service.ledger.deploy import deploy as deploy_contracts
    from service.store.database import Database

    given = settings()
    if given.admin_key is None:
        raise typer.BadParameter("TRAILSEAL_ADMIN_KEY is not set; only who holds it may deploy")
    key = given.admin_key.get_secret_value()

    async def run() -> None:
        database, node = Database(given.database_url, 1), Node(given.rpc_url)
        try:
            deployed = await deploy_contracts(database, node, key)
        finally:
            await node.close()
            await database.close()
        typer.echo(f"Participants 0x{deployed.participants.hex()}\nProvenance   0x{deployed.provenance.hex()}")

    asyncio.run(run())


def work(
    roles: Annotated[
        list[str] | None, typer.Argument(help="relay, watch, index, deliver, recall, score; default: all")
    ] = None,
) -> None:
    """Relay what was accepted to the chain, and follow the chain. Any number of these may run."""
    from service.logs import configure_logs
    from service.workers import ROLES
    from service.workers import work as run_workers

    chosen = [role for role in ROLES if not roles or role in roles]
    unknown = set(roles or ()) - set(ROLES)
    if unknown:
        raise typer.BadParameter(f"no such role: {', '.join(sorted(unknown))}; there are {', '.join(ROLES)}")

    configure_logs()

    async def run() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for ending in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(ending, stop.set)
        await run_workers(settings(), chosen, stop)

    asyncio.run(run())


def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on")] = 8000,
    processes: Annotated[int, typer.Option(min=1, help="API processes")] = 1,
) -> None:
    """Serve the API."""
    import uvicorn

    settings()  # complain before the server starts
    uvicorn.run(
        "service.api.app:from_environment",
        factory=True,
        host=host,
        port=port,
        workers=processes if processes > 1 else None,
        access_log=False,
        log_config=None,
    )


def bootstrap(
    identifier: Annotated[str, typer.Argument(help="the operator's party, as a PGLN Digital Link or EPC URN")],
    name: Annotated[str, typer.Argument(help="its name")],
) -> None:
    """Make the first administrator's API key, and print it: it is shown once."""
    from service.parties.bootstrap import first_admin_key
    from service.store.database import Database

    async def run() -> str:
        database = Database(settings().database_url, 1)
        try:
            return await first_admin_key(database, identifier, name)
        finally:
            await database.close()

    typer.echo(asyncio.run(run()))
