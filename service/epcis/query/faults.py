"""What is wrong with a query, and what to send instead (EPCIS 2.0 section 8.2.5: exceptions of the query interface)."""

from service.errors import TrailsealError


class QueryParameterFault(TrailsealError):
    """A parameter is not known, comes twice, excludes another, or has a value of a wrong type or form.

    `parameter` is its name as sent.
    """

    slug, title, status = "query-parameter", "A parameter of the query is wrong", 400

    def __init__(self, parameter: str, message: str) -> None:
        self.parameter = parameter
        super().__init__(f"{parameter[:200]}: {message}", {"parameter": parameter[:200]})


class QueryValidationFault(TrailsealError):
    """The query as a whole is not in the form that EPCIS gives to queries."""

    slug, title, status = "query-validation", "The query has a wrong form", 400


class QueryTooComplex(TrailsealError):
    """The query asks for more at once than is answered."""

    slug, title, status = "query-too-complex", "The query is too complex", 413
