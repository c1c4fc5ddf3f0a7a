"""Where places are, and how far apart: `geo` URIs, coordinates in master data, and great circles."""

import re
from collections.abc import Iterator, Mapping
from math import asin, cos, isfinite, radians, sin, sqrt
from typing import Any, NamedTuple

from service.epcis.identifiers import InvalidIdentifier, canonical
from service.findings.statements import MasterData

EARTH_KM = 6371.0088
"""Mean radius of the Earth (IUGG)."""
_NUMBER = r"-?\d{1,3}(?:\.\d{1,20})?"
_GEO = re.compile(
    rf"geo:({_NUMBER}),({_NUMBER})(?:,-?\d{{1,9}}(?:\.\d{{1,20}})?)?((?:;[^;]*)*)", re.IGNORECASE | re.ASCII
)
_UNCERTAINTY = re.compile(r"\d{1,9}(?:\.\d{1,20})?", re.ASCII)


class Point(NamedTuple):
    """WGS 84 degrees, and how far off the point may be."""

    latitude: float
    longitude: float
    uncertainty_km: float = 0.0


def geo(uri: str) -> Point | None:
    """The point of a `geo` URI (RFC 5870); None for other text, another reference system, or no place on Earth.

    `u` (uncertainty in metres) is read; other parameters do not change where the point is.
    """
    match = _GEO.fullmatch(uri) if len(uri) <= 200 else None
    if match is None:
        return None
    parameters = dict(part.lower().partition("=")[::2] for part in match[3].split(";") if part)
    if parameters.get("crs", "wgs84") != "wgs84":
        return None
    off = parameters.get("u", "0")
    uncertainty = float(off) / 1000 if _UNCERTAINTY.fullmatch(off) else 0.0
    return _point(float(match[1]), float(match[2]), uncertainty)


def coordinates(masterdata: MasterData) -> dict[str, Point]:
    """Points of the places whose master data has latitude and longitude (CBV 2.0, GS1 Web Vocabulary)."""
    found = {}
    for identifier, attributes in masterdata.items():
        point = _stated(attributes)
        if point is not None:
            found[identifier] = point
    return found


def locate(identifier: str, places: Mapping[str, Point]) -> Point | None:
    """Where a place is: by its own coordinates, else as a `geo` URI, else by those of the GLN that it is a part of."""
    point = places.get(identifier) or geo(identifier)
    if point is not None:
        return point
    whole, extension, _ = identifier.partition("/254/")
    return places.get(whole) if extension else None


def known(places: Mapping[str, tuple[float, float]]) -> Iterator[tuple[str, Point]]:
    """Places as a caller gives them, by canonical identifier; those that are none on Earth are left out."""
    for identifier, (latitude, longitude) in places.items():
        point = _point(latitude, longitude, 0.0)
        if point is not None:
            yield _canonical(identifier), point


def kilometres(one: Point, other: Point) -> float:
    """Length of the great circle between two points, less their uncertainties; never negative."""
    north, south = radians(one.latitude), radians(other.latitude)
    half = sin((north - south) / 2) ** 2
    half += cos(north) * cos(south) * sin(radians(one.longitude - other.longitude) / 2) ** 2
    return max(0.0, 2 * EARTH_KM * asin(min(1.0, sqrt(half))) - one.uncertainty_km - other.uncertainty_km)


def _canonical(identifier: str) -> str:
    try:
        return canonical(identifier)
    except InvalidIdentifier:
        return identifier


def _stated(attributes: Mapping[str, tuple[Any, ...]]) -> Point | None:
    said: dict[str, float] = {}
    for name, values in attributes.items():
        word = re.split(r"[:#/]", name)[-1].lower()
        number = _number(values[0]) if word in ("latitude", "longitude") and values else None
        if number is not None:
            said.setdefault(word, number)
    return _point(said["latitude"], said["longitude"], 0.0) if len(said) == 2 else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip()
    try:
        return float(text) if len(text) <= 40 else None
    except ValueError:
        return None


def _point(latitude: float, longitude: float, uncertainty: float) -> Point | None:
    if not (isfinite(latitude) and isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Point(latitude, longitude, uncertainty)
