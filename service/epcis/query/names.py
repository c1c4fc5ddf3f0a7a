"""Names of extension fields: how those in events and those in queries meet.

An event says `example:shift` or a full URI; a query says `example:shift`, `https://example.com/ns#shift` (namespace,
`#`, local name, as section 8.2.7.1 has it) or `https://example.com/ns/shift` (as JSON-LD expands it). They are the same
field if their full names are the same once every `/`, `#` and `:` is left out: then it does not matter whether the
namespace ends in one of them. A compact name whose prefix a query does not declare means the events in which that very
name was sent, whatever its prefix stands for there.
"""

from typing import Final

from service.epcis.contexts import STANDARD_PREFIXES, Prefixes
from service.epcis.query.memory import remembered

_SEPARATORS: Final = str.maketrans("", "", "/#:")
SCOPES: Final = (
    "ILMD",
    "ERROR_DECLARATION",
    "SENSORELEMENT",
    "SENSORMETADATA",
    "SENSORREPORT",
    "readPoint",
    "bizLocation",
)
"""Where extension fields can stand, other than at the top of an event; `INNER_` before it is anywhere below."""


def in_scope(scope: str, field: str) -> str:
    """The name under which a field of a scope is indexed; `scope` is empty at the top, and may begin with `INNER_`."""
    return f"{scope}.{field}"


@remembered(1 << 12)
def full(name: str) -> str:
    """The form in which full names (namespace and local name, however joined) are compared."""
    return name.translate(_SEPARATORS)


@remembered(1 << 13)
def sent(name: str, namespace: str | None) -> tuple[str, ...]:
    """The fields that a member's name in an event is found by; `namespace` is what its prefix stands for, if anything.

    The name as sent comes second, where a query could not know the prefix.
    """
    if namespace is None:
        return (full(name),)
    prefix, _, local = name.partition(":")
    whole = full(namespace + local)
    return (whole,) if STANDARD_PREFIXES.get(prefix) == namespace else (whole, name)


def asked(name: str, prefixes: Prefixes) -> str:
    """The field that a name in a query means; `prefixes` are those that the query declares."""
    prefix, colon, local = name.partition(":")
    if colon and prefix in prefixes and not local.startswith("//"):
        return full(prefixes[prefix] + local.removeprefix("#"))
    return name if colon and not is_full(name) else full(name)


def is_full(name: str) -> bool:
    """Whether a name holds its namespace, rather than a prefix."""
    return "/" in name or "#" in name or name.count(":") > 1
