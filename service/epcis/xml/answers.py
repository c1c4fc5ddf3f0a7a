"""XML of the REST bindings' other answers: collections, capture jobs, problems, named queries and subscriptions.

Capture jobs and exceptions are as EPCISCaptureJob and EPCISException in EPCglobal-epcis-2_0.xsd, problems as RFC 9457
appendix B has them; GS1 publishes no XML for the others, so they are the members of their JSON, as elements. Text that
XML cannot hold is shown with U+FFFD in its place.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from service.epcis.xml.escaping import in_attribute, in_text, shown
from service.epcis.xml.namespaces import EPCIS, PROBLEM, QUERY, is_name
from service.epcis.xml.scopes import Prefixing, Scope
from service.epcis.xml.values import Values

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_JOB = ("captureErrorBehaviour", "createdAt", "finishedAt", "errors", "errorFile")
_JOB_ATTRIBUTES = ("running", "success", "captureID")
_PROBLEM = ("type", "title", "status", "detail", "instance")


def collection_xml(members: Sequence[str], context: Any = None) -> bytes:
    """A collection of resources: `epcis:Collection` with a `member` for each; prefixes of `context` are declared."""
    scope = Scope(Prefixing({"@context": context}), context)
    tag = f"{scope.machinery(scope.prefixing.free('epcis'), EPCIS)}:Collection"
    inside = "".join(_element("member", member) for member in members)
    return _document(f"<{tag}{scope.declarations()}>{inside}</{tag}>")


def capture_job_xml(job: Mapping[str, Any]) -> bytes:
    """A capture job (EPCIS 2.0 section 12.6.1): its members as EPCISCaptureJob has them, then its extensions."""
    scope = Scope(Prefixing(job), job.get("@context"))
    values = Values(scope)
    parts = [_element(name, job[name]) for name in _JOB[:3] if job.get(name) is not None]
    if errors := job.get("errors"):
        parts.append(f"<errors>{''.join(_exception('error', error) for error in errors)}</errors>")
    elif job.get("errorFile"):
        parts.append(_element("errorFile", job["errorFile"]))
    parts += [values.member(name, value) for name, value in job.items() if ":" in name]
    attributes = "".join(f' {name}="{in_attribute(_text(job[name]))}"' for name in _JOB_ATTRIBUTES if name in job)
    tag = f"{scope.machinery(scope.prefixing.free('epcis'), EPCIS)}:EPCISCaptureJob"
    return _document(f"<{tag}{scope.declarations()}{attributes}>{''.join(parts)}</{tag}>")


def problem_xml(members: Mapping[str, Any]) -> bytes:
    """A problem document as `application/problem+xml` (RFC 9457 appendix B): members in one namespace, items as `i`."""
    return _document(f'<problem xmlns="{PROBLEM}">{_members(members)}</problem>')


def exception_xml(members: Mapping[str, Any]) -> bytes:
    """A problem document as EPCISException, which GS1's OpenAPI names for `application/xml`."""
    return _document(_exception("epcis:EPCISException", members, f' xmlns:epcis="{EPCIS}"'))


def query_xml(name: str, parameters: Mapping[str, Any]) -> bytes:
    """A named query: `epcisq:Poll`, whose queryName and params `read_query_xml` reads."""
    return _document(f'<epcisq:Poll xmlns:epcisq="{QUERY}">{_query(name, parameters)}</epcisq:Poll>')


def queries_xml(queries: Sequence[tuple[str, Mapping[str, Any]]]) -> bytes:
    """A list of named queries: `epcisq:Queries`, with a `query` like `query_xml`'s for each."""
    inside = "".join(f"<query>{_query(name, parameters)}</query>" for name, parameters in queries)
    return _document(f'<epcisq:Queries xmlns:epcisq="{QUERY}">{inside}</epcisq:Queries>')


def subscription_xml(members: Mapping[str, Any]) -> bytes:
    """A subscription: `epcisq:Subscription` with the members of its JSON as elements."""
    return _document(f'<epcisq:Subscription xmlns:epcisq="{QUERY}">{_members(members, "")}</epcisq:Subscription>')


def subscriptions_xml(subscriptions: Sequence[Mapping[str, Any]]) -> bytes:
    """A list of subscriptions: `epcisq:Subscriptions`, with a `subscription` for each."""
    inside = "".join(f"<subscription>{_members(members, '')}</subscription>" for members in subscriptions)
    return _document(f'<epcisq:Subscriptions xmlns:epcisq="{QUERY}">{inside}</epcisq:Subscriptions>')


def _document(element: str) -> bytes:
    return (_DECLARATION + element).encode()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else shown(str(value))


def _element(tag: str, value: Any, attributes: str = "") -> str:
    return f"<{tag}{attributes}>{in_text(_text(value))}</{tag}>"


def _exception(tag: str, members: Mapping[str, Any], declarations: str = "") -> str:
    known = [_element(name, members[name]) for name in _PROBLEM if members.get(name) is not None]
    more = {name: value for name, value in members.items() if name not in _PROBLEM and value is not None}
    inside = "".join(known) + (_members(more, "p:", f' xmlns:p="{PROBLEM}"') if more else "")
    return f"<{tag}{declarations}>{inside}</{tag}>"


def _members(members: Mapping[str, Any], prefix: str = "", declaration: str = "") -> str:
    """The members as elements; a name that XML does not have stands in the attribute `name` of a `member`."""
    parts: list[str] = []
    for name, value in members.items():
        tag, attribute = (name, "") if is_name(name) else ("member", f' name="{in_attribute(shown(name))}"')
        parts.append(_value(prefix + tag, value, declaration + attribute, prefix))
    return "".join(parts)


def _value(tag: str, value: Any, attributes: str, prefix: str) -> str:
    if isinstance(value, Mapping):
        return f"<{tag}{attributes}>{_members(value, prefix)}</{tag}>"
    if isinstance(value, list | tuple):
        return f"<{tag}{attributes}>{''.join(_value(f'{prefix}i', item, '', prefix) for item in value)}</{tag}>"
    return f"<{tag}{attributes}/>" if value is None else _element(tag, value, attributes)


def _query(name: str, parameters: Mapping[str, Any]) -> str:
    params = "".join(
        f"<param>{_element('name', parameter)}{_parameter(value)}</param>" for parameter, value in parameters.items()
    )
    return f"{_element('queryName', name)}<params>{params}</params>"


def _parameter(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"<value>{''.join(_element('string', item) for item in value)}</value>"
    return "<value/>" if value is None else _element("value", value)
