"""What the typed events are made of: the base of every element, and the few types of its members.

Names of members are those of the standard's JSON binding, so that a model reads like the document.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, StrictBool, StrictFloat, StrictInt, StrictStr

from service.epcis import times


class Element(BaseModel):
    """Base of every EPCIS element: immutable; members that the standard does not name are kept in `extensions`."""

    model_config = ConfigDict(extra="allow", frozen=True, populate_by_name=False, ser_json_inf_nan="constants")

    @property
    def extensions(self) -> dict[str, Any]:
        """Members beyond the standard's own, by name as sent (`prefix:name`, or a full URI)."""
        return self.__pydantic_extra__ or {}


def _time(text: str) -> str:
    times.instant(text)
    return text


def _offset(text: str) -> str:
    if not times.is_offset(text):
        raise ValueError(f"{text!r} is no offset from UTC; write it like +01:00, at most 14:00")
    return text


Text = StrictStr
Number = StrictInt | StrictFloat
Truth = StrictBool
Time = Annotated[StrictStr, AfterValidator(_time)]
"""A time with an offset, kept as sent."""
Offset = Annotated[StrictStr, AfterValidator(_offset)]
