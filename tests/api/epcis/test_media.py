from hypothesis import given
from hypothesis import strategies as st

from service.api.epcis.headers import read_extensions
from service.api.epcis.media import JSON, XML, chosen, problem_form

OFFERED = (*JSON, *XML)


def test_what_is_asked_for_most_is_chosen() -> None:
    for accept, wanted in (
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("*", "application/json"),
        ("application/ld+json", "application/ld+json"),
        ("APPLICATION/XML", "application/xml"),
        ("text/*", "text/xml"),
        ("application/*;q=0.5, text/xml;q=0.4", "application/json"),
        ("application/json;q=0.4, application/xml;q=0.5", "application/xml"),
        ("*/*, application/xml", "application/xml"),
        ("application/json;q=0, */*", "application/ld+json"),
        ("text/html, image/gif, *; q=.2, */*; q=.2", "application/json"),
        ("application/xml; charset=utf-8; q=0.7", "application/xml"),
        ("application/json;q=oops", "application/json"),
        ("text/html", None),
        ("application/json;q=0", None),
        ("*/*;q=0", None),
        (",,;;", None),
    ):
        assert chosen(accept, OFFERED) == wanted, accept


def test_a_refusal_is_json_unless_xml_is_wanted_more() -> None:
    for accept, wanted in (
        (None, "json"),
        ("*/*", "json"),
        ("application/json", "json"),
        ("application/xml", "xml"),
        ("text/xml;q=0.9, application/json;q=0.8", "xml"),
        ("image/png", "json"),
        ("application/problem+xml", "xml"),
    ):
        assert problem_form(accept) == wanted, accept


@given(st.text(max_size=200))
def test_no_header_breaks_negotiation(accept: str) -> None:
    assert chosen(accept, OFFERED) in (*OFFERED, None)
    assert problem_form(accept) in ("json", "xml")


@given(st.text(max_size=200))
def test_no_header_breaks_extensions(given_: str) -> None:
    assert all(":" not in prefix for prefix in read_extensions(given_))


def test_extensions_are_prefixes_and_uris() -> None:
    assert read_extensions("a=https://a.example/, b=urn:b:,c,=x,d=,e=no uri, 1=https://x.example/") == {
        "a": "https://a.example/",
        "b": "urn:b:",
    }
