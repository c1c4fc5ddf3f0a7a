import json
import sys
from collections import UserDict
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.epcis.documents import parse
from service.epcis.faults import InvalidDocument
from tests.epcis.examples import EVENTS, OBJECT_EVENT, document, encoded, varied


def fault(text: bytes) -> tuple[str, str, str]:
    with pytest.raises(InvalidDocument) as refusal:
        parse(text)
    first = refusal.value.faults[0]
    return first.pointer, first.rule, first.message


def with_member(value: str) -> bytes:
    """The example event with an extension whose value is this JSON text."""
    return encoded(varied(OBJECT_EVENT, **{"https://x.example/a": "HERE"})).replace(b'"HERE"', value.encode())


PLACE = "/https:~1~1x.example~1a"


@pytest.mark.parametrize(
    ("value", "pointer", "rule"),
    [
        ("NaN", PLACE, "number"),
        ("-Infinity", PLACE, "number"),
        ("1e999", PLACE, "number"),
        ("1e-999", PLACE, "number"),
        ("9007199254740992", PLACE, "number"),
        ("-9007199254740992", PLACE, "number"),
        ("9" * 5000, PLACE, "number"),
        ("1e17", PLACE, "number"),
        ("0.1234567890123456789", PLACE, "number"),
        ('"\\u0000"', PLACE, "text"),
        ('"\\ud83d"', PLACE, "text"),
        ('["\\ude00\\ud83d"]', PLACE + "/0", "text"),
        ('{"\\ud83d": 1}', PLACE, "text"),
        ('{"k": 1, "k": 2}', PLACE, "duplicate-key"),
        ('[0, {"k": {"a": 1, "a": 1}}]', PLACE + "/1/k", "duplicate-key"),
        ("[" * 64 + "]" * 64, PLACE + "/0" * 63, "depth"),
    ],
)
def test_what_json_readers_disagree_on_is_refused(value: str, pointer: str, rule: str) -> None:
    assert fault(with_member(value))[:2] == (pointer, rule)


@pytest.mark.parametrize(
    "value",
    ["9007199254740991", "-9007199254740991", "1e21", "0.1", "-0.0", "0.30000000000000004", '"\\ud83d\\ude00"',
     '"\\\\u0000"', "[" * 63 + "]" * 63, '{"a": null}', "1e-7", '"' + "9" * 40 + '"'],
)  # fmt: skip
def test_what_rfc_8785_keeps_is_kept(value: str) -> None:
    (event,) = parse(with_member(value)).events
    assert event.source["https://x.example/a"] == json.loads(value)
    assert parse(rfc8785.dumps(event.source)).events[0].source == event.source


def test_malformed_json_is_named_with_line_and_column() -> None:
    assert fault(b'{\n  "type": "ObjectEvent",\n  oops\n}')[1:] == (
        "json",
        "malformed JSON at line 3, column 3: Expecting property name enclosed in double quotes",
    )


@pytest.mark.parametrize(
    ("text", "rule"),
    [(b"", "json"), (b"\xff{}", "encoding"), (b"[" * 100_000, "depth"), (b'{"a":' * 100_000, "depth"), (b"7", "type"),
     (b"null", "type"), (b"{}", "missing"), (b'["x"]', "value"), (b'"\\ud800"', "type")],
)  # fmt: skip
def test_other_texts_are_refused(text: bytes, rule: str) -> None:
    assert fault(text)[1] == rule


@pytest.mark.parametrize(
    "text", [b"[" * 200_000, b"[NaN," + b"[" * 200_000, b'["\\"]",' + b'{"a":' * 200_000, b"]" * 9 + b"[" * 99]
)
def test_no_nesting_overruns_the_stack_even_where_a_library_lifted_the_limit(text: bytes) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    try:
        assert fault(text)[1] in {"depth", "json"}
    finally:
        sys.setrecursionlimit(before)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse(b"\xef\xbb\xbf" + encoded(OBJECT_EVENT)).events


def test_mappings_are_judged_like_text() -> None:
    assert parse(UserDict(OBJECT_EVENT)).events[0].source == OBJECT_EVENT
    for bad in (float("nan"), 2**53, "\0", "\ud800", b"bytes", object(), {1: 2}, {"a": (1,)}):
        with pytest.raises(InvalidDocument):
            parse(varied(OBJECT_EVENT, **{"https://x.example/a": [bad]}))


class Own(str):
    """Text of another type than text."""

    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "rule"),
    [(float("nan"), "number"), (float("-inf"), "number"), (2.0**53, "number"), (-1e16, "number"), (9.99e20, "number"),
     (1234567890123456789.0, "number"), (2**53, "number"), (2**64, "number"), ("\0", "text"), ("\ud800", "text"),
     (b"bytes", "json"), ((1,), "json"), (Decimal(1), "json"), (UUID(int=7), "json"), (Own("x"), "json"),
     ({"\ud800": 1}, "text"), ({1: 2}, "json"), ({UUID(int=7): 2}, "json"), ({"a": {"b": [(1,)]}}, "json")],
)  # fmt: skip
@pytest.mark.parametrize("place", [lambda value: value, lambda value: [0.5, value], lambda value: {"a": value, "b": 1}])
def test_what_a_mapping_must_not_hold_is_refused(value: Any, rule: str, place: Callable[[Any], Any]) -> None:
    with pytest.raises(InvalidDocument) as refusal:
        parse(document(varied(OBJECT_EVENT, **{"https://x.example/a": place(value)})))
    assert {found.rule for found in refusal.value.faults} == {rule}


@pytest.mark.parametrize("levels", [60, 61])
def test_a_mapping_may_be_nested_as_deep_as_text(levels: int) -> None:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    whole = document(varied(OBJECT_EVENT, **{"https://x.example/a": value}))  # the value is at level 5
    for sent in (whole, encoded(whole)):
        if levels == 60:
            assert parse(sent).events
        else:
            with pytest.raises(InvalidDocument, match="nested"):
                parse(sent)


def test_a_mapping_that_contains_itself_is_refused() -> None:
    event: dict[str, Any] = varied(OBJECT_EVENT)
    event["https://x.example/a"] = event
    with pytest.raises(InvalidDocument, match="nested"):
        parse(event)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
member_names = st.sampled_from(sorted({name for event in EVENTS for name in event} | {"@context", "ilmd", "eventID",
    "sensorElementList", "sourceList", "errorDeclaration", "persistentDisposition", "certificationInfo"}))  # fmt: skip


def never_anything_but_invalid_document(value: Any) -> None:
    for proceed in (False, True):
        try:
            parse(value, proceed=proceed)
        except InvalidDocument as refusal:
            must_be_tellable(refusal)


def must_be_tellable(refusal: InvalidDocument) -> None:
    assert 0 < len(refusal.faults) <= 100
    for found in refusal.faults:
        json.dumps([found.pointer, found.rule, found.message], ensure_ascii=False).encode()


@given(st.binary())
def test_any_bytes(text: bytes) -> None:
    never_anything_but_invalid_document(text)


@given(json_values)
def test_any_json(value: Any) -> None:
    never_anything_but_invalid_document(json.dumps(value).encode())
    if isinstance(value, dict):
        never_anything_but_invalid_document(value)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(EVENTS), st.dictionaries(member_names, json_values, max_size=3))
def test_any_values_in_the_place_of_members(event: dict[str, Any], members: dict[str, Any]) -> None:
    never_anything_but_invalid_document({**event, **members})
    never_anything_but_invalid_document(json.dumps(document({**event, **members})).encode())


@given(
    st.dictionaries(
        st.sampled_from(["@context", "type", "epcisBody", "epcisHeader", "schemaVersion", "id"]), json_values
    )
)
def test_any_values_in_the_place_of_a_documents_members(members: dict[str, Any]) -> None:
    never_anything_but_invalid_document(document(OBJECT_EVENT, **members))


def judged(value: Any) -> tuple[Any, ...]:
    """What `parse` makes of a document: its events, or its faults."""
    try:
        return tuple(event.source for event in parse(value).events)
    except InvalidDocument as refusal:
        return refusal.faults


@given(json_values | st.lists(st.integers(-(2**54), 2**54).map(float) | st.floats(2.0**52, 1e22)))
def test_a_plain_dict_is_judged_as_any_other_mapping_is(value: Any) -> None:
    whole = document(varied(OBJECT_EVENT, **{"https://x.example/a": value}))
    assert repr(judged(whole)) == repr(judged(UserDict(whole)))


@given(st.dictionaries(st.text(min_size=1), json_values, max_size=4))
def test_what_is_accepted_can_be_canonicalised_and_read_again(extensions: dict[str, Any]) -> None:
    event = varied(
        OBJECT_EVENT, **{f"https://x.example/{number}": value for number, value in enumerate(extensions.values())}
    )
    try:
        (read,) = parse(event).events
    except InvalidDocument:
        return
    canonical = rfc8785.dumps(read.source)
    assert rfc8785.dumps(parse(canonical).events[0].source) == canonical
