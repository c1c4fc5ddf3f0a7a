"""Location descriptions and product descriptions as 21 CFR 1.1310 defines them, as far as master data has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from service.epcis.identifiers import Kind
from service.findings.case import Case
from service.findings.fsma.said import extensions, first, master
from service.findings.masterdata import whole_of
from service.findings.places import locate
from service.findings.told import Told, kind_of

_NAME = ("organizationname", "businessname", "legalname", "physicallocationname", "name", "partyname", "label")
_PHONE = ("telephone", "telephonenumber", "phone", "phonenumber")
_STREET = ("streetaddress", "streetaddressone", "address", "addressline")
_STREET_TWO = ("streetaddresstwo",)
_CITY = ("city", "addresslocality")
_STATE = ("state", "addressregion", "stateprovince")
_ZIP = ("postalcode", "zip", "zipcode")
_COUNTRY = ("countrycode", "country", "addresscountry")
PARTS = ("business name", "phone number", "physical address or coordinates", "city", "state", "zip code")
"""What a location description consists of (21 CFR 1.1310), for places in the United States."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place with its description; what master data does not have is None."""

    identifier: str
    name: str | None = None
    phone: str | None = None
    address: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None

    @property
    def missing(self) -> Sequence[str]:
        """The parts of the description that are not told. Abroad there may be no state to tell."""
        told = (self.name, self.phone, self.address, self.city, self.state, self.zip)
        abroad = self.country is not None and self.country.upper() not in ("US", "USA", "840")
        return [
            part for part, value in zip(PARTS, told, strict=True) if value is None and not (abroad and part == "state")
        ]

    def __str__(self) -> str:
        told = (self.name, self.phone, self.address, self.city, self.state, self.zip, self.country)
        text = ", ".join(part for part in told if part is not None)
        gap = f" [MISSING: {', '.join(self.missing)}]" if self.missing else ""
        return f"{text + ' ' if text else ''}({self.identifier}){gap}"


def location(case: Case, identifier: str) -> Location:
    """The description of a place or party; a part of a place has what its GLN has where it has nothing of its own."""
    whole = whole_of(identifier)
    holders = [master(case, identifier)] + ([master(case, whole)] if whole else [])

    def told(names: Sequence[str]) -> str | None:
        return first(names, *holders)

    street = [part for part in (told(_STREET), told(_STREET_TWO)) if part]
    point = locate(identifier, case.places)
    address = ", ".join(street) or (f"{point.latitude:g}, {point.longitude:g}" if point else None)
    return Location(
        identifier, told(_NAME), told(_PHONE), address, told(_CITY), told(_STATE), told(_ZIP), told(_COUNTRY)
    )


def product(case: Case, thing: str, made: Told | None) -> str | None:
    """Product name, brand, commodity, variety, packaging size and style, as far as told; None without a name."""
    whole = whole_of(thing)
    holders = [extensions(made)] if made is not None else []
    holders += [master(case, thing)] + ([master(case, whole)] if whole else [])
    name = first(
        ("productname", "regulatedproductname", "descriptionshort", "tradeitemdescription", "labeldescription",
         "functionalname", "description", "name"),
        *holders,
    )  # fmt: skip
    if name is None:
        return None
    more = (
        ("brand", ("brandname", "brand")),
        ("commodity", ("commodity",)),
        ("variety", ("variety",)),
        ("species", ("speciesforfisherystatisticspurposesname", "species", "acceptablemarketname")),
        ("size", ("packagingsize", "netcontentdescription", "netcontent")),
        ("packaging", ("packagingstyle", "packagingtype", "packaging")),
    )
    told = [f"{what} {text}" for what, names in more if (text := first(names, *holders)) is not None]
    return ", ".join([name, *told])


def commodity(case: Case, thing: str, one: Told) -> str | None:
    """Commodity and variety, as far as told."""
    whole = whole_of(thing)
    holders = [extensions(one), master(case, thing)] + ([master(case, whole)] if whole else [])
    told = (
        first(("commodity", "functionalname", "productname", "descriptionshort"), *holders),
        first(("variety",), *holders),
    )
    return ", ".join(part for part in told if part) or None


def lot_code(thing: str, made: Told | None) -> str | None:
    """The traceability lot code of a thing: GTIN and lot as element string; of an item, by the lot that ILMD names."""
    kind = kind_of(thing)
    if kind is Kind.LOT:
        head, _, lot = thing.partition("/10/")
        return f"(01){head[-14:]}(10){unquote(lot)}"
    number = first(("lotnumber", "traceabilitylotcode"), extensions(made)) if made is not None else None
    whole = whole_of(thing)
    return f"(01){whole[-14:]}(10){number}" if number and whole else number
