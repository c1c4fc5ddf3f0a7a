"""What the consortium entitles a party to, as the registry's bitmask (`IParticipants`)."""

from collections.abc import Iterable
from enum import IntFlag

from service.parties.errors import UnknownRole


class Role(IntFlag):
    """A party may have several, or none."""

    SUPPLIER = 1
    CARRIER = 2
    INSPECTOR = 4
    AUDITOR = 8
    ANALYST = 16
    REGULATOR = 32


SEES_ALL = Role.AUDITOR | Role.REGULATOR


def mask(names: Iterable[str]) -> int:
    """The bitmask of roles given by their names in lower case; `UnknownRole` names the first that is none."""
    total = Role(0)
    for name in names:
        role = Role.__members__.get(name.upper()) if name.islower() else None
        if role is None:
            raise UnknownRole(f"{name!r} is no role; the roles are {', '.join(names_of(63))}")
        total |= role
    return int(total)


def names_of(roles: int) -> list[str]:
    """The names of a bitmask's roles, from the lowest bit up."""
    return [str(role.name).lower() for role in Role if role & roles]
