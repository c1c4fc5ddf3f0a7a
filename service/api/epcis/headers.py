"""The GS1 headers: what the service says of itself, and what a request may ask for (EPCIS 2.0, 12.6)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_args

from fastapi import Depends, Header

from service.api.epcis.errors import NotAcceptable
from service.epcis.contexts import STANDARD_PREFIXES, Prefixes
from service.epcis.identifiers import is_uri
from service.epcis.rendering import EpcFormat

CbvFormat = Literal["No_Preference", "Always_Web_URI", "Always_URN", "Never_Translates"]
VERSION, OLDEST_CAPTURED = "2.0.0", "1.2.0"
EXTENSION_PREFIX, EXTENSION_NAMESPACE = "trailseal", "urn:trailseal:epcis:"
_SPOKEN = (2, 0)
_CAPTURED = ((1, 2), (2, 0))
_EPC_FORMATS: tuple[EpcFormat, ...] = get_args(EpcFormat)
_CBV_FORMATS: tuple[CbvFormat, ...] = get_args(CbvFormat)
_BOUNDS = ("GS1-EPCIS-Min", "GS1-EPCIS-Max", "GS1-CBV-Min", "GS1-CBV-Max")
_VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}")
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")

ANSWERED: Mapping[str, str] = MappingProxyType(
    {
        "GS1-EPCIS-Version": VERSION,
        "GS1-CBV-Version": VERSION,
        "GS1-Extensions": f"{EXTENSION_PREFIX}={EXTENSION_NAMESPACE}",
    }
)
"""On every answer that carries events, resources or a job."""


def _version(name: str, description: str) -> Any:
    schema: Any = {"pattern": r"^\d+(\.\d+)*$"}
    return Header(alias=name, description=description, examples=["2.0.0"], json_schema_extra=schema)


EpcisVersion = Annotated[str | None, _version("GS1-EPCIS-Version", "the version of EPCIS that the body is in")]
CbvVersion = Annotated[str | None, _version("GS1-CBV-Version", "the version of the CBV that the body uses")]
EpcisMin = Annotated[str | None, _version("GS1-EPCIS-Min", "the lowest version of EPCIS that the answer may have")]
EpcisMax = Annotated[str | None, _version("GS1-EPCIS-Max", "the highest version of EPCIS that the answer may have")]
CbvMin = Annotated[str | None, _version("GS1-CBV-Min", "the lowest version of the CBV that the answer may have")]
CbvMax = Annotated[str | None, _version("GS1-CBV-Max", "the highest version of the CBV that the answer may have")]
GivenEpcFormat = Annotated[
    str | None,
    Header(
        alias="GS1-EPC-Format",
        description="how EPCs are to be written; left out: as GS1 Digital Links",
        json_schema_extra={"enum": [*_EPC_FORMATS]},
        examples=["Never_Translates"],
    ),
]
GivenCbvFormat = Annotated[
    str | None,
    Header(
        alias="GS1-CBV-XML-Format",
        description="how values of the CBV are to be written in XML; left out: as URNs",
        json_schema_extra={"enum": [*_CBV_FORMATS]},
        examples=["Always_Web_URI"],
    ),
]
GivenExtensions = Annotated[
    str | None,
    Header(
        alias="GS1-Extensions",
        description="prefixes of extensions and what they stand for, `ex=https://example.com/ns/,...`: extension fields"
        " in query parameters are read by them, and values of an extension are written with them",
        examples=["ex=https://example.com/ns/"],
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request's headers ask for: the format of EPCs and of CBV values, and prefixes of extensions."""

    epc_format: EpcFormat
    cbv_format: CbvFormat
    extensions: Prefixes

    @property
    def prefixes(self) -> Prefixes:
        """What prefixes in query parameters stand for."""
        return {**STANDARD_PREFIXES, **self.extensions}


def check_versions(given: Mapping[str, str | None]) -> None:
    """Raises `NotAcceptable` where the versions that a request can take leave out the one that answers are in."""
    for name in _BOUNDS:
        value = given.get(name)
        if value is None:
            continue
        asked = _read(name, value)
        if (name.endswith("-Min") and asked > _SPOKEN) or (name.endswith("-Max") and asked < _SPOKEN):
            raise NotAcceptable(f"{name}: {value} leaves out {VERSION}, the version that answers are in")


def check_body_versions(epcis: str | None, cbv: str | None, *, older: bool = False) -> None:
    """Raises `NotAcceptable` for a version that a body cannot be in; `older`: 1.2 can be read too."""
    spoken = _CAPTURED if older else (_SPOKEN,)
    for name, value in (("GS1-EPCIS-Version", epcis), ("GS1-CBV-Version", cbv)):
        if value is not None and _read(name, value) not in spoken:
            known = " and ".join(f"{major}.{minor}" for major, minor in spoken)
            raise NotAcceptable(f"{name}: {value} is not read here; send a body of version {known}")


def _read(name: str, value: str) -> tuple[int, int]:
    """Major and minor version: the third number counts corrections of the text, which change no document."""
    if not _VERSION.fullmatch(value.strip()):
        raise NotAcceptable(f"{name} must be a version, such as {VERSION}")
    major, minor, *_ = (*map(int, value.strip().split(".")), 0)
    return major, minor


def _versions(  # noqa: PLR0917 FastAPI calls it by name
    epcis_min: EpcisMin = None,
    epcis_max: EpcisMax = None,
    cbv_min: CbvMin = None,
    cbv_max: CbvMax = None,
    epcis: Annotated[str | None, Header(alias="GS1-EPCIS-Version", include_in_schema=False)] = None,
    cbv: Annotated[str | None, Header(alias="GS1-CBV-Version", include_in_schema=False)] = None,
) -> None:
    check_body_versions(epcis, cbv)
    check_versions(
        {"GS1-EPCIS-Min": epcis_min, "GS1-EPCIS-Max": epcis_max, "GS1-CBV-Min": cbv_min, "GS1-CBV-Max": cbv_max}
    )


def _asked(
    epc_format: GivenEpcFormat = None, cbv_format: GivenCbvFormat = None, extensions: GivenExtensions = None
) -> Asked:
    return formats({"GS1-EPC-Format": epc_format, "GS1-CBV-XML-Format": cbv_format, "GS1-Extensions": extensions})


def formats(given: Mapping[str, str | None]) -> Asked:
    """What headers by name ask for; raises `NotAcceptable` for a format that there is not."""
    return Asked(
        _one_of(_EPC_FORMATS, "GS1-EPC-Format", given.get("GS1-EPC-Format"), "Always_GS1_Digital_Link"),
        _one_of(_CBV_FORMATS, "GS1-CBV-XML-Format", given.get("GS1-CBV-XML-Format"), "No_Preference"),
        read_extensions(given.get("GS1-Extensions")),
    )


def _one_of(known: tuple[Any, ...], name: str, given: str | None, default: str) -> Any:
    value = default if given is None else given.strip()
    if value not in known:
        raise NotAcceptable(f"{name} must be one of {', '.join(known)}")
    return value


def read_extensions(given: str | None) -> dict[str, str]:
    """Prefixes of a `GS1-Extensions` header; what is no `prefix=URI` says nothing about a prefix and is left out."""
    found = {}
    for pair in (given or "").split(","):
        prefix, _, uri = (part.strip() for part in pair.partition("="))
        if _PREFIX.fullmatch(prefix) and is_uri(uri):
            found[prefix] = uri
    return found


Versioned = Depends(_versions)
"""Refuses what answers in EPCIS and CBV 2.0 cannot fulfil."""
AsAsked = Annotated[Asked, Depends(_asked)]
