"""Options that many commands share."""

from typing import Annotated

import typer

from service.cli.local import running

Url = Annotated[str | None, typer.Option(envvar="TRAILSEAL_URL", help="address of the service; default: the local one")]
Key = Annotated[str | None, typer.Option(envvar="TRAILSEAL_API_KEY", help="API key; default: the local consortium's")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
As = Annotated[str, typer.Option("--as", help="member of the local consortium to speak for")]


def connection(url: str | None, key: str | None, member: str) -> tuple[str, str]:
    """Address and API key as given, else those of the local service, where the command speaks for `member`."""
    if url and key:
        return url, key
    if url or key:
        raise typer.BadParameter("give --url and --key together, or neither to use the local service")
    found = running()
    return found["url"], found[member]
