"""Master data: each party's word on an element of a vocabulary; the last word counts, wholly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import text

from service.store.database import Session


class ElementRow(NamedTuple):
    """An element in the columns of `vocabulary_elements` but `told_at`; the last two are JSON text."""

    owner: bytes
    vocabulary: str
    term: int
    id: str
    attributes: str
    children: str


class ChildRow(NamedTuple):
    """That one element lies directly below another, in the columns of `vocabulary_children`."""

    owner: bytes
    vocabulary: str
    parent: int
    child: int


class AttributeRow(NamedTuple):
    """An attribute's value in the columns of `vocabulary_attributes`."""

    owner: bytes
    vocabulary: str
    element: int
    attribute: int
    value: int


@dataclass(frozen=True, slots=True)
class StoredElement:
    """An element as one party told it, with that party's canonical identifier."""

    vocabulary: str
    id: str
    attributes: list[Any]
    children: list[Any]
    told_at: datetime
    owner: str


_TELL = text(
    "INSERT INTO vocabulary_elements (owner, vocabulary, term, id, attributes, children)"
    " SELECT owner, vocabulary, term, id, attributes::jsonb, children::jsonb FROM unnest(CAST(:owners AS bytea[]),"
    " CAST(:vocabularies AS text[]), CAST(:terms AS bigint[]), CAST(:ids AS text[]), CAST(:attributes AS text[]),"
    " CAST(:children AS text[])) AS told (owner, vocabulary, term, id, attributes, children)"
    " ORDER BY owner, vocabulary, term ON CONFLICT (owner, vocabulary, term) DO UPDATE"
    " SET id = excluded.id, attributes = excluded.attributes, children = excluded.children, told_at = now()"
)
_FORGET_CHILDREN = text(
    "DELETE FROM vocabulary_children USING unnest(CAST(:owners AS bytea[]), CAST(:vocabularies AS text[]),"
    " CAST(:terms AS bigint[])) AS told (owner, vocabulary, term) WHERE vocabulary_children.owner = told.owner"
    " AND vocabulary_children.vocabulary = told.vocabulary AND parent = told.term"
)
_FORGET_ATTRIBUTES = text(
    "DELETE FROM vocabulary_attributes USING unnest(CAST(:owners AS bytea[]), CAST(:vocabularies AS text[]),"
    " CAST(:terms AS bigint[])) AS told (owner, vocabulary, term) WHERE vocabulary_attributes.owner = told.owner"
    " AND vocabulary_attributes.vocabulary = told.vocabulary AND element = told.term"
)
_CHILDREN = text(
    "INSERT INTO vocabulary_children (owner, vocabulary, parent, child) SELECT * FROM unnest(CAST(:owners AS bytea[]),"
    " CAST(:vocabularies AS text[]), CAST(:parents AS bigint[]), CAST(:children AS bigint[])) ON CONFLICT DO NOTHING"
)
_ATTRIBUTES = text(
    "INSERT INTO vocabulary_attributes (owner, vocabulary, element, attribute, value) SELECT * FROM"
    " unnest(CAST(:owners AS bytea[]), CAST(:vocabularies AS text[]), CAST(:elements AS bigint[]),"
    " CAST(:names AS bigint[]), CAST(:values AS bigint[])) ON CONFLICT DO NOTHING"
)


async def tell(
    session: Session, elements: Sequence[ElementRow], children: Sequence[ChildRow], attributes: Sequence[AttributeRow]
) -> None:
    """Writes elements (each at most once), and forgets what the same parties said about them before.

    The rows of the elements come first and in one order, so that two documents about the same elements take turns.
    """
    if not elements:
        return
    owners, vocabularies, terms, ids, told, below = (list(column) for column in zip(*elements, strict=True))
    keys = {"owners": owners, "vocabularies": vocabularies, "terms": terms}
    await session.execute(_TELL, {**keys, "ids": ids, "attributes": told, "children": below})
    await session.execute(_FORGET_CHILDREN, keys)
    await session.execute(_FORGET_ATTRIBUTES, keys)
    if children:
        await session.execute(_CHILDREN, _columns(("owners", "vocabularies", "parents", "children"), children))
    if attributes:
        names = ("owners", "vocabularies", "elements", "names", "values")
        await session.execute(_ATTRIBUTES, _columns(names, attributes))


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


@dataclass(frozen=True, slots=True)
class ElementQuery:
    """Which elements: None asks for all. Names, attributes and values are hashes; all conditions hold together.

    `within` are elements, or anything below them. `attributes`: one of these is there; `valued`: each of these
    attributes has one of its values.
    """

    vocabularies: tuple[str, ...] | None = None
    names: tuple[int, ...] | None = None
    within: tuple[int, ...] | None = None
    attributes: tuple[int, ...] | None = None
    valued: tuple[tuple[int, tuple[int, ...]], ...] = ()


_VISIBLE = (
    "(:sees_all OR {owner} = :viewer OR EXISTS (SELECT FROM grants WHERE grantor = {owner} AND grantee = :viewer))"
)
_BELOW = (
    "WITH RECURSIVE below (vocabulary, term, depth) AS ("  # noqa: S608
    " SELECT DISTINCT vocabulary, term, 0 FROM vocabulary_elements WHERE term = ANY(CAST(:within AS bigint[]))"
    " UNION SELECT held.vocabulary, held.child, below.depth + 1 FROM below JOIN vocabulary_children AS held"
    " ON held.vocabulary = below.vocabulary AND held.parent = below.term"
    f" WHERE below.depth < 20 AND {_VISIBLE.format(owner='held.owner')}) "
)


async def elements(
    session: Session,
    query: ElementQuery,
    viewer: bytes,
    *,
    sees_all: bool,
    after: tuple[str, str, str] = ("", "", ""),
    limit: int,
) -> list[StoredElement]:
    """The elements that the viewer may see, by vocabulary, id and owner, after that place."""
    values: dict[str, Any] = {"viewer": viewer, "sees_all": sees_all, "limit": limit}
    values |= dict(zip(("vocabulary", "id", "owner"), after, strict=True))
    conditions = [
        _VISIBLE.format(owner="element.owner"),
        "(element.vocabulary, element.id, parties.identifier) > (:vocabulary, :id, :owner)",
    ]
    if query.vocabularies is not None:
        conditions.append("element.vocabulary = ANY(CAST(:vocabularies AS text[]))")
        values["vocabularies"] = list(query.vocabularies)
    if query.names is not None:
        conditions.append("element.term = ANY(CAST(:names AS bigint[]))")
        values["names"] = list(query.names)
    if query.within is not None:
        conditions.append("(element.vocabulary, element.term) IN (SELECT vocabulary, term FROM below)")
        values["within"] = list(query.within)
    for place, (attribute, wanted) in enumerate(_asked(query)):
        conditions.append(_attribute(place, valued=wanted is not None))
        values[f"attribute{place}"] = list(attribute)
        if wanted is not None:
            values[f"value{place}"] = list(wanted)
    statement = text(
        f"{_BELOW if query.within is not None else ''}"  # noqa: S608
        "SELECT element.vocabulary, element.id, element.attributes, element.children, element.told_at,"
        " parties.identifier FROM vocabulary_elements AS element JOIN parties ON parties.id = element.owner"
        f" WHERE {' AND '.join(conditions)} ORDER BY 1, 2, 6 LIMIT :limit"
    )
    return [StoredElement(*row) for row in (await session.execute(statement, values)).all()]


def _asked(query: ElementQuery) -> list[tuple[tuple[int, ...], tuple[int, ...] | None]]:
    there: list[tuple[tuple[int, ...], tuple[int, ...] | None]] = []
    if query.attributes is not None:
        there.append((query.attributes, None))
    return there + [((attribute,), wanted) for attribute, wanted in query.valued]


def _attribute(place: int, *, valued: bool) -> str:
    value = f" AND held.value = ANY(CAST(:value{place} AS bigint[]))" if valued else ""
    return (
        "EXISTS (SELECT FROM vocabulary_attributes AS held WHERE held.owner = element.owner"
        " AND held.vocabulary = element.vocabulary AND held.element = element.term"
        f" AND held.attribute = ANY(CAST(:attribute{place} AS bigint[])){value})"
    )
