"""What cannot be said in XML."""

from service.errors import TrailsealError


class InexpressibleInXml(TrailsealError):
    """The document cannot be written as EPCIS XML: it is no EPCIS 2.0 document, or holds what XML cannot."""

    slug, title, status = "inexpressible-in-xml", "The document cannot be written as XML", 406

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(f"{pointer or 'document'}: {message}; ask for JSON instead", {"pointer": pointer})
        self.pointer = pointer
