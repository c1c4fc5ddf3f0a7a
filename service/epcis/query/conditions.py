"""What a query asks of events, in the terms that the store can answer by index.

An event is found by its *terms* (64-bit hashes of a field and a value in it; see `terms`), by numbers and times in it
(`Between`), and by a few columns of its own. All conditions of a query hold together; what is listed inside one is
alternatives.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Column = Literal["event_type", "action", "biz_step", "disposition", "read_point", "biz_location", "event_id"]
Vocabulary = str
"""URI of a master data vocabulary, such as `urn:epcglobal:epcis:vtype:BusinessLocation`."""


@dataclass(frozen=True, slots=True)
class HasTerm:
    """The event has at least one of these terms."""

    terms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """The column has one of these values: canonical, as stored (`service.store.tables.Event`)."""

    column: Column
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Some number of this field in the event is in the range; None is unbounded.

    `field` is a hash (`terms.hashed`), times count in seconds since 1970, measured values in the unit that `units`
    converts to.
    """

    field: int
    lowest: float | None = None
    highest: float | None = None
    with_lowest: bool = True
    with_highest: bool = True


@dataclass(frozen=True, slots=True)
class Among:
    """Some number of this field in the event is one of these; as `Between` with each as both its bounds."""

    field: int
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Timed:
    """`eventTime` or `recordTime` is at or after `since`, and before `before`; None is unbounded."""

    column: Literal["event_time", "record_time"]
    since: datetime | None = None
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Within:
    """The field (hash of its name) names one of these, or a descendant by master data (`WD_`).

    `places` are hashes of canonical identifiers; the event's term is `field ^ place`.
    """

    field: int
    vocabularies: tuple[Vocabulary, ...]
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HasAttribute:
    """The field (hash of its name) names something whose master data has one of the attributes (`HASATTR_`, `EQATTR_`).

    `attributes` are hashes of their names; `values` are hashes of values one of which it has, None for any.
    `vocabularies`: what only these say of it counts, None for all.
    """

    field: int
    attributes: tuple[int, ...]
    values: tuple[int, ...] | None = None
    vocabularies: tuple[Vocabulary, ...] | None = None


Condition = HasTerm | OneOf | Between | Among | Timed | Within | HasAttribute


@dataclass(frozen=True, slots=True)
class Order:
    """By `eventTime`, by `recordTime`, or by an extension field (full name, a key of `Indexed.sort_keys`)."""

    field: str
    ascending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query. `first`: only so many, in the order (`eventCountLimit`); `most`: refused beyond (`maxEventCount`).

    Without `order`, events come in the order in which they were recorded.
    """

    conditions: tuple[Condition, ...] = ()
    order: Order | None = None
    first: int | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Indexed:
    """What queries find an event by.

    `terms`: distinct. `numbers`: (field, value) pairs. `sort_keys`: extension fields at the event's top level that an
    order can name, by full name (namespace URI and local name): text, or a number (times count in seconds since 1970).
    """

    terms: tuple[int, ...]
    numbers: tuple[tuple[int, float], ...]
    sort_keys: dict[str, str | float]
