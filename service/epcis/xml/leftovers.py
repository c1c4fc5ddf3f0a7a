"""What a JSON document says in places where EPCIS's XML schemas have none for it, in elements of our own.

`supplements` reads them back.
"""

import json
from collections.abc import Mapping
from typing import Any

from service.epcis.xml.escaping import in_attribute, in_text
from service.epcis.xml.namespaces import JSON
from service.epcis.xml.scopes import Scope
from service.epcis.xml.values import Values


def kept_context(context: Any, scope: Scope) -> str:
    """A `@context` that is more than prefixes, as JSON text."""
    marks = scope.machinery(scope.prefixing.json, JSON)
    return f"<{marks}:context>{in_text(json.dumps(context))}</{marks}:context>"


def left_over(left: Mapping[str, Mapping[str, Any]], scope: Scope) -> list[str]:
    """The elements that hold members for which the schema has no place where they belong."""
    values = Values(scope)
    marks = scope.machinery(scope.prefixing.json, JSON) if left else ""
    return [
        f'<{marks}:members at="{in_attribute(at)}">'
        f"{''.join(values.member(name, value) for name, value in members.items())}</{marks}:members>"
        for at, members in left.items()
    ]
