"""Routers that look at a path's beginning before they try their routes: the bindings have over a hundred of these."""

from typing import Any

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope

from service.api.epcis.paths import PREFIX, path_of


class Branch(APIRouter):
    """The routes at and below one path of the bindings, such as `/events`; all of the bindings where it is empty."""

    def __init__(self, below: str = "", **options: Any) -> None:
        super().__init__(**options)
        self._at = f"{PREFIX}{below}"

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = path_of(scope)
        if path.startswith(self._at) and path[len(self._at) : len(self._at) + 1] in ("", "/"):
            return super().matches(scope)
        return Match.NONE, {}


def branch(below: str) -> Branch:
    """The router of a resource, whose routes are written from the bindings' root on."""
    return Branch(below, prefix=PREFIX)
