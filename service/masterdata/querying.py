"""The use: asking for master data, by the parameters of SimpleMasterDataQuery (EPCIS 2.0 section 8.2.7.2)."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from service.epcis.contexts import STANDARD_PREFIXES, expanded
from service.epcis.identifiers import InvalidIdentifier, canonical
from service.epcis.query.faults import QueryParameterFault
from service.epcis.query.terms import hashed
from service.parties.caller import Caller
from service.parties.scopes import Scope
from service.queries.errors import BadPageToken, QueryTooLarge
from service.store import masterdata as store
from service.store.database import Database
from service.store.masterdata import ElementQuery, StoredElement

QUERY_NAME = "SimpleMasterDataQuery"
_LISTS = ("vocabularyName", "EQ_name", "WD_name", "HASATTR", "attributeNames")
_COUNT = re.compile("0{0,20}[0-9]{1,6}")
_KNOWN = ("includeAttributes", "includeChildren", *_LISTS, "EQATTR_<attribute>", "maxElementCount")


@dataclass(frozen=True, slots=True)
class MasterDataQuery:
    """What is asked, and what of each element is shown; `names` of attributes limit those, None shows all."""

    elements: ElementQuery
    attributes: bool = True
    children: bool = True
    names: frozenset[str] | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class ElementPage:
    """Elements in the order of vocabulary and id, and the token of what follows."""

    elements: tuple[StoredElement, ...]
    following: str | None


class MasterData:
    """Master data as one party sees it: its own, and of parties that granted it sight; auditors see all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def query(
        self, caller: Caller, query: MasterDataQuery, *, limit: int, token: str | None = None
    ) -> ElementPage:
        """A page of elements.

        Raises:
            ScopeMissing, BadPageToken; QueryTooLarge: there are more than the query's `most`.
        """
        caller.require(Scope.TRAILS_READ)
        start = _place(token) if token else ("", "", "")
        wanted = max(limit, query.most or 0) + 1
        async with self._database.session() as session:
            found = await store.elements(
                session, query.elements, caller.party, sees_all=caller.sees_all, after=start, limit=wanted
            )
        if query.most is not None and len(found) > query.most:
            raise QueryTooLarge(
                f"there are more than {query.most} elements: ask for fewer, or leave maxElementCount out"
            )
        shown = found[:limit]
        last = shown[-1] if len(found) > limit else None
        return ElementPage(tuple(_shown(one, query) for one in shown), _token(last) if last else None)


def url_parameters(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The parameters of a URL (decoded names and values); lists are delimited by `|`, or the name comes several times.

    Raises QueryParameterFault for one that is no list and comes twice.
    """
    found: dict[str, Any] = {}
    for name, text in pairs:
        if name in _LISTS or name.startswith("EQATTR_"):
            found.setdefault(name, []).extend(part for part in text.split("|") if part)
        elif name in found:
            raise QueryParameterFault(name, "it comes twice; send it once")
        else:
            found[name] = text
    return found


def parse(parameters: Mapping[str, Any]) -> MasterDataQuery:
    """The query that these parameters ask; values are text, lists of text, numbers or truths.

    Raises:
        QueryParameterFault: a parameter is unknown, or has a value that it cannot have.
    """
    lists: dict[str, tuple[str, ...]] = {}
    valued: list[tuple[int, tuple[int, ...]]] = []
    for name, value in parameters.items():
        if name in _LISTS:
            lists[name] = _texts(name, value)
        elif name.startswith("EQATTR_") and len(name) > len("EQATTR_"):
            attribute = expanded(name.removeprefix("EQATTR_"), STANDARD_PREFIXES)
            valued.append((hashed(attribute), tuple(map(hashed, _texts(name, value)))))
        elif name not in _KNOWN:
            raise QueryParameterFault(name, f"{QUERY_NAME} has no such parameter; it has {', '.join(_KNOWN)}")
    names = lists.get("attributeNames")
    query = ElementQuery(
        lists.get("vocabularyName"),
        _ids("EQ_name", lists.get("EQ_name")),
        _ids("WD_name", lists.get("WD_name")),
        tuple(hashed(expanded(one, STANDARD_PREFIXES)) for one in lists["HASATTR"]) if "HASATTR" in lists else None,
        tuple(valued),
    )
    return MasterDataQuery(
        query,
        _truth("includeAttributes", parameters),
        _truth("includeChildren", parameters),
        None if names is None else frozenset(expanded(one, STANDARD_PREFIXES) for one in names),
        _count(parameters.get("maxElementCount")),
    )


def vocabulary_list(elements: Iterable[StoredElement]) -> list[dict[str, Any]]:
    """The elements as the `vocabularyList` of a query's result (EPCIS 2.0, JSON binding)."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for element in elements:
        told: dict[str, Any] = {"id": element.id}
        if element.attributes:
            told["attributes"] = element.attributes
        if element.children:
            told["children"] = element.children
        lists.setdefault(element.vocabulary, []).append(told)
    return [{"type": vocabulary, "vocabularyElementList": told} for vocabulary, told in lists.items()]


def _shown(element: StoredElement, query: MasterDataQuery) -> StoredElement:
    attributes = [
        one for one in element.attributes if query.attributes and (query.names is None or one["id"] in query.names)
    ]
    children = element.children if query.children else []
    return StoredElement(element.vocabulary, element.id, attributes, children, element.told_at, element.owner)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    if not found or not all(isinstance(one, str) and one for one in found) or len(found) > 1000:
        raise QueryParameterFault(name, "send 1 to 1000 texts that are not empty")
    if any("\0" in one for one in found):
        raise QueryParameterFault(name, "no element has a zero byte (U+0000) in it")
    return tuple(found)


def _ids(name: str, sent: Sequence[str] | None) -> tuple[int, ...] | None:
    if sent is None:
        return None
    try:
        return tuple(hashed(canonical(one)) for one in sent)
    except InvalidIdentifier as fault:
        raise QueryParameterFault(name, str(fault)) from None


def _truth(name: str, parameters: Mapping[str, Any]) -> bool:
    value = parameters.get(name, True)
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise QueryParameterFault(name, "send true or false")


def _count(value: Any) -> int | None:
    if value is None:
        return None
    text = str(value)
    if isinstance(value, bool) or not _COUNT.fullmatch(text) or not 0 < int(text) <= 100_000:
        raise QueryParameterFault("maxElementCount", "send a whole number from 1 to 100000")
    return int(text)


def _token(last: StoredElement) -> str:
    place = orjson.dumps([last.vocabulary, last.id, last.owner])
    return base64.urlsafe_b64encode(place).rstrip(b"=").decode()


def _place(token: str) -> tuple[str, str, str]:
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        place = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        place = None
    if not isinstance(place, list) or len(place) != 3 or not all(isinstance(one, str) for one in place):
        raise BadPageToken("send a nextPageToken as it was given, or none to begin anew")
    if any("\0" in one for one in place):
        raise BadPageToken("send a nextPageToken as it was given, or none to begin anew")
    return (place[0], place[1], place[2])
