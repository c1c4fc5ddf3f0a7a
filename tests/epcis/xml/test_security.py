"""What XML can do beyond data is refused, and no bytes take long or raise anything but InvalidDocument."""

import contextlib
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.epcis.documents import parse
from service.epcis.faults import Fault, InvalidDocument
from service.epcis.translated import Translated
from service.epcis.xml import read_query_xml, read_xml
from service.epcis.xml.contents import MAX_DEPTH
from tests.epcis.strategies import events
from tests.epcis.xml.examples import document, event, object_event
from tests.shared import SHARED

LAUGHS = '<!DOCTYPE a [<!ENTITY l "ha">' + "".join(
    f'<!ENTITY l{n} "{f"&l{n - 1 or str()};" * 10}">' for n in range(1, 9)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    "doctype",
    [
        LAUGHS, '<!DOCTYPE a SYSTEM "file:///etc/passwd">', '<!DOCTYPE a PUBLIC "x" "http://a.example/a.dtd">',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>', "<!DOCTYPE a []>",
        "<!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]>",
        '<!DOCTYPE a [<!ENTITY % e SYSTEM "http://a.example/e"> %e;]>', "<!doctype a>", "<!DOCTYPE>",
    ],
)  # fmt: skip
def test_document_types_are_refused(doctype: str) -> None:
    bare = ("<!DOCTYPE a>", "<!DOCTYPE a> <!-- b --><?pi c?>\n")
    for prolog in ("", '<?xml version="1.0"?>', "<!-- <!DOCTYPE a> -->\n", "<?pi <!DOCTYPE a>?>", *bare):
        with pytest.raises(InvalidDocument) as refusal:
            read_xml(prolog.encode() + doctype.encode() + document(object_event("<example:x>&l8;</example:x>")))
        assert refusal.value.faults[0].rule == "doctype"


def test_a_doctype_that_says_nothing_is_passed_over() -> None:
    assert parse(read_xml(b"<!-- a --><!DOCTYPE project>" + document(object_event())).value).events


@pytest.mark.parametrize("name", ["lt", "gt", "amp", "quot", "apos"])
def test_the_entities_of_xml_itself_are_read(name: str) -> None:
    assert event(object_event(f"<example:x>&{name};</example:x>")).source["example:x"] in "<>&\"'"


@pytest.mark.parametrize(
    "inside", ["{}", "<example:x>{}</example:x>", "<readPoint>{}</readPoint>", "<epcList>{}</epcList>"]
)
def test_xinclude_is_refused_and_nothing_is_fetched(inside: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    with pytest.raises(InvalidDocument) as refusal:
        read_xml(document(object_event(inside.format(include))))
    assert refusal.value.faults[0].rule == "xinclude"


def test_hints_where_schemas_are_are_passed_over() -> None:
    hint = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x http://a.example/x.xsd"'
    assert "http://a.example/x.xsd" not in str(event(object_event(attributes=hint)).source)


@pytest.mark.parametrize("tag", ["a", "extension", "example:x", "epcList"])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 250, 100_000])
def test_deep_nesting_ends_soon(tag: str, depth: int) -> None:
    started = time.monotonic()
    inside = f"<{tag}>" * depth + f"</{tag}>" * depth
    with pytest.raises(InvalidDocument):
        parse(read_xml(document(object_event(f"<example:x>{inside}</example:x>"))).value)
    with pytest.raises(InvalidDocument):
        parse(read_xml(document(object_event(inside))).value)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "body",
    [
        document(object_event("<example:x " + " ".join(f'a{n}="1"' for n in range(50_000)) + "/>")),
        document(object_event("", "".join(f' xmlns:n{n}="https://{n}.example/"' for n in range(5_000)))),
        document(object_event("<example:x>" + "<b/>" * 200_000 + "</example:x>")),
        document(object_event("<example:x>" + "t" * 9_000_000 + "</example:x>")),
        document(object_event("<example:x>" + "zz:y<b/>" * 50_000 + "</example:x>")),
        document(*(f"<a{n}/>" for n in range(50_000))),
        document(object_event("".join(f"<n{n}:x xmlns:n{n}='https://{n}.example/'/>" for n in range(20_000)))),
        document(object_event("".join(f"<x xmlns='https://{n}.example/'/>" for n in range(2_000)))),
    ],
    ids=[
        "attributes",
        "namespaces",
        "elements",
        "text",
        "prefixes in values",
        "events",
        "prefixes",
        "default namespaces",
    ],
)
def test_much_of_anything_is_read_or_refused_in_time(body: bytes) -> None:
    started = time.monotonic()
    with contextlib.suppress(InvalidDocument):
        parse(read_xml(body).value, proceed=True)
    assert time.monotonic() - started < 20


def answered(body: bytes) -> None:
    """Reads bytes as documents and as queries: a value that is judged, with a place for each fault, or a refusal."""
    faults: list[Fault] = []
    translated = None
    for read in (read_xml, read_query_xml):
        try:
            found = read(body)
        except InvalidDocument as refusal:
            faults += refusal.faults
        else:
            translated = found if isinstance(found, Translated) else translated
    assert all(fault.notation == "xpath" for fault in faults)
    if translated is None:
        return
    try:
        parse(translated.value)
    except InvalidDocument as refusal:
        faults = list(refusal.faults)
    assert all(fault.notation == "xpath" or translated.place(fault.pointer).startswith("/") for fault in faults)


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    answered(body)


_PIECES = st.sampled_from(
    [
        "<ObjectEvent>", "</ObjectEvent>", "<epcList>", "</epcList>", "<epc>", "</epc>", "text", "<a/>", "<extension>",
        "</extension>", "<json:members at='/epcList'>", "</json:members>", "<json:members at=''>",
        "<json:value name='a'/>",
        "<json:value name='type'/>", "<json:context>[1]</json:context>", "<json:context>{</json:context>",
        "<readPoint json:type='array'>", "</readPoint>", "<e:x json:type='null'/>", "<sensorElementList>",
        "<sensorElement>",
        "<sensorReport json:number='a:b c' c='1'/>", "</sensorElement>", "</sensorElementList>", "<VocabularyList>",
        "</VocabularyList>", "<e:x json:escaped='1'>\\u0000\\ud800</e:x>", "<quantity>1e999</quantity>", "&#x1F600;",
    ]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(_PIECES, max_size=12), st.booleans())
def test_any_structure(pieces: list[str], whole: bool) -> None:
    names = 'xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:json="urn:trailseal:epcis:json" xmlns:e="https://e.example/"'
    inside = "".join(pieces)
    answered(document(inside, namespaces=names) if whole else f"<ObjectEvent {names}>{inside}</ObjectEvent>".encode())


def _documents() -> list[Path]:
    return sorted((SHARED / "epcis").rglob("*.xml")) if SHARED.exists() else []


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_documents_of_others_with_bytes_changed(data: st.DataObject) -> None:
    paths = _documents()
    if not paths:
        pytest.skip("shared test material is not present")
    body = bytearray(data.draw(st.sampled_from(paths)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(body) - 1))
        kind = data.draw(st.integers(0, 2))
        piece = data.draw(
            st.binary(min_size=1, max_size=4) | st.sampled_from([b"<", b">", b"&", b'"', b"xmlns", b"]]>"])
        )
        end = place + (0 if kind == 0 else data.draw(st.integers(1, 40)))
        body[place:end] = b"" if kind == 2 else piece
    answered(bytes(body))


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(event=events())
def test_what_we_write_has_no_document_type(event: dict[str, object]) -> None:
    from service.epcis.xml import write_document

    assert b"<!" not in write_document(event).replace(b"<![CDATA[", b"")
