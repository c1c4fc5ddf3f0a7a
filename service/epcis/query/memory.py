"""Remembering what was worked out of short texts: no document can fill the memory with long ones."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, Final, ParamSpec, TypeVar, cast

LONGEST: Final = 256
"""Characters of a text that is remembered; of longer ones everything is worked out anew."""

_Rest = ParamSpec("_Rest")
_Found = TypeVar("_Found")
_OfText = Callable[Concatenate[str, _Rest], _Found]


def remembered(size: int) -> Callable[[_OfText[_Rest, _Found]], _OfText[_Rest, _Found]]:
    """A decorator for a pure function of a text (and more): `size` results are kept, the least recent go first."""

    def decorate(function: _OfText[_Rest, _Found]) -> _OfText[_Rest, _Found]:
        known = cast(_OfText[_Rest, _Found], lru_cache(size)(function))

        @wraps(function)
        def asked(text: str, /, *rest: _Rest.args, **more: _Rest.kwargs) -> _Found:
            if len(text) > LONGEST:
                return function(text, *rest, **more)
            return known(text, *rest, **more)

        return asked

    return decorate
