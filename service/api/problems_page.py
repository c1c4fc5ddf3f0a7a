"""docs/problems.md, written from the code: `python -m service.api.problems_page > docs/problems.md`."""

import sys

from service.api import app
from service.api.problems import BASE, known
from service.errors import TrailsealError

_NOT_OVER_HTTP = ("service.cli", "service.config", "service.devstack", "service.ledger.deploy", "service.witness")
_INTRODUCTION = f"""# Problems

Every refusal is an `application/problem+json` document (RFC 9457). Its `type` is `{BASE}` and the slug
below: a name, not an address, and the same in every deployment. `detail` says what to change, `requestID` is the
`X-Request-ID` of the response, by which an operator finds the request in the log. Some problems have members of their
own, such as `faults` (each with a JSON pointer). What lies behind a 5xx is told to the log, not to the caller.

This page is written from the code by `python -m service.api.problems_page`.

| Slug | Status | Title | When |
|---|---|---|---|
"""


def problems_page() -> str:
    """The page."""
    assert app.create_app is not None  # every room that HTTP can reach is loaded with the application
    rows = {}
    for kind in reversed(known()):
        if kind.__module__.startswith("service.") and not kind.__module__.startswith(_NOT_OVER_HTTP):
            rows[kind.slug] = f"| `{kind.slug}` | {kind.status} | {kind.title} | {_when(kind)} |\n"
    return _INTRODUCTION + "".join(rows[slug] for slug in sorted(rows))


def _when(kind: type[TrailsealError]) -> str:
    # A class that only adds headers to a problem says less of it than the class that it is of.
    base = kind.__mro__[1]
    told = base if getattr(base, "slug", None) == kind.slug and base is not TrailsealError else kind
    return " ".join((told.__doc__ or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(problems_page())
