"""The root of everything that Trailseal refuses; `service.api` alone turns it into RFC 9457 problem documents."""

from collections.abc import Mapping
from typing import Any, ClassVar


class TrailsealError(Exception):
    """A refusal that tells the caller what to change.

    `slug` ends the problem's `type` URI, `title` says the kind of problem in words, `status` is the HTTP status that
    fits; `extra` carries members of the problem document beyond RFC 9457's own.
    """

    slug: ClassVar[str] = "internal"
    title: ClassVar[str] = "Something went wrong on our side"
    status: ClassVar[int] = 500

    def __init__(self, detail: str, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra: Mapping[str, Any] = extra or {}
