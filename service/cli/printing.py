"""How commands print what they found: as JSON for programs, or in words for people."""

from collections.abc import Callable
from typing import Any, TypeVar

import orjson
import typer

Found = TypeVar("Found")


def print_json(found: Any) -> None:
    """Indented JSON."""
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def tell(found: Found, in_words: Callable[[Found], None], *, as_json: bool) -> None:
    """JSON where it was asked for, else whatever `in_words` prints."""
    if as_json:
        print_json(found)
    else:
        in_words(found)
