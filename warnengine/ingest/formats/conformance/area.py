"""D1 to D11: the areas. Each check says its rule in its first line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from warnengine.ingest.formats import geometry
from warnengine.ingest.formats.conformance.rule import Message, Rule, shown
from warnengine.model.warning import Gravity

_COORDINATES = re.compile(r"\s*-?\d{1,3}\.\d+,-?\d{1,3}\.\d+\s+-?\d{1,3}\.\d+,")
_CHINESE = re.compile(r"\d{14}(?:_|$)|(?:urn:oid:)?2\.49\.0\.[01]\.156\.")
_LISTS = re.compile(
    r"cap-cp|cap-twp|taiwan_geocode|aueventlist|^same$|^fips6?$|^ugc$|emma_id|cpeas|warncellid|^clc$"
    r"|ec-msc-smc|iso ?3166|^nuts|^gemid|^ags$|^cisorp$|amoc-areacode|2260|adcode",
    re.I,
)


def _named(message: Message) -> Iterator[str]:
    """D1: every area has a name in areaDesc."""
    for area in (place.node for place in message.places):
        if not area.text("areaDesc"):
            yield "An area has no areaDesc; it is known by its code alone, or not at all."


def _placed(message: Message) -> Iterator[str]:
    """D2: every area has a polygon, a circle or a geocode."""
    for place in message.places:
        if not (place.coded or place.polygons or place.circles):
            yield f"Area {place.name} has no polygon, circle or geocode; a person must say where it is."


def _polygon(message: Message) -> Iterator[str]:
    """D3: a polygon is four pairs lat,lon or more."""
    for place in message.places:
        if len(place.polygons) < len(place.node.all("polygon")):
            yield f"Area {place.name} has an empty polygon; it is passed over."
    for name, ring in message.rings:
        if not ring.readable:
            yield f"The polygon of {name} is not written as pairs lat,lon; what is no pair is left out."
        elif not ring.enough:
            yield f"The polygon of {name} has {len(ring.points)} points and encloses nothing."


def _open(message: Message) -> Iterator[str]:
    """D3: the last point of a polygon is its first."""
    for name, ring in message.rings:
        if ring.enough and not ring.closed:
            yield f"The polygon of {name} does not end where it began; it is taken as closed."


def _crossing(message: Message) -> Iterator[str]:
    """D4: the sides of a polygon do not cross."""
    for name, ring in message.rings:
        if ring.enough and geometry.crosses(ring.points):
            yield f"The sides of the polygon of {name} cross; its codes and its name say where it is."


def _on_earth(message: Message) -> Iterator[str]:
    """D5: latitudes are within ±90°, longitudes within ±180°; the ring is refused, not the point."""
    for name, ring in message.rings:
        if not ring.on_earth:
            yield f"The polygon of {name} leaves the earth (latitude and longitude exchanged?); it is not used."
    for place in message.places:
        for text in place.circles:
            circle = geometry.circle(text)
            if circle and not (-90 <= circle.lat <= 90 and -180 <= circle.lon <= 180):
                yield f"The circle {shown(text)!r} has its middle off the earth; it is not used."


def _circle(message: Message) -> Iterator[str]:
    """D6: a circle is lat,lon and a radius."""
    for place in message.places:
        for text in place.circles:
            if geometry.circle(text) is None:
                yield f"circle is {shown(text)!r}, not lat,lon and a radius; it is passed over."


def _point(message: Message) -> Iterator[str]:
    """D6: a circle of radius 0 is a point."""
    for place in message.places:
        for text in place.circles:
            circle = geometry.circle(text)
            if circle and circle.radius == 0:
                yield f"circle is {shown(text)!r}, a point."


def _height(message: Message) -> Iterator[str]:
    """D7: altitude is a number from 0, ceiling has an altitude and is above it."""
    for area in (place.node for place in message.places):
        if "altitude" in area.parts or "ceiling" in area.parts:
            altitude, ceiling = area.text("altitude"), area.text("ceiling")
            if not _heights_fit(altitude, ceiling):
                yield f"altitude is {shown(altitude)!r} and ceiling {shown(ceiling)!r}; both are passed over."


def _heights_fit(altitude: str, ceiling: str) -> bool:
    low, high = _number(altitude), _number(ceiling)
    if low is None or low < 0:
        return not altitude and not ceiling
    return not ceiling or (high is not None and high > low)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _geocode(message: Message) -> Iterator[str]:
    """D8: a geocode has a valueName and a value, and the value is a code."""
    for place in message.places:
        for name, value in place.codes:
            if not name or not value:
                yield f"A geocode has the name {shown(name)!r} and the value {shown(value)!r}; it is passed over."
            elif _COORDINATES.match(value):
                yield f"geocode {shown(name)} holds coordinates, not a code; they are passed over."


def _both(message: Message) -> Iterator[str]:
    """D9: shapes and codes of one area mean their union by the standard, and not by every profile."""
    for place in message.places:
        if place.coded and (place.polygons or place.circles):
            yield f"Area {place.name} has a shape and codes; the codes and the name say where it is."


def _abroad(message: Message) -> Iterator[str]:
    """D10: the places of a Chinese issuer are in China."""
    if not _CHINESE.match(message.head.identifier):
        return
    for name, ring in message.rings:
        if ring.on_earth and any(not (3 <= lat <= 54 and 73 <= lon <= 136) for lat, lon in ring.points):
            yield f"The polygon of {name} reaches beyond the issuer's country; it is not used."


def _lists(message: Message) -> Iterator[str]:
    """D11: codes are from a list that is known."""
    seen: set[str] = set()
    for place in message.places:
        for name, _ in place.codes:
            if name and name not in seen and not _LISTS.search(name):
                seen.add(name)
                yield f"geocode {shown(name)!r} is from no list that is known; the area keeps its name."


RULES: tuple[Rule[Message], ...] = (
    Rule("D1", "area_unnamed", Gravity.WARN, _named),
    Rule("D2", "area_unplaced", Gravity.WARN, _placed),
    Rule("D3", "polygon_form", Gravity.WARN, _polygon),
    Rule("D3", "polygon_open", Gravity.WARN, _open, national=True),
    Rule("D4", "polygon_crossing", Gravity.WARN, _crossing, national=True),
    Rule("D5", "off_earth", Gravity.WARN, _on_earth, national=True),
    Rule("D6", "circle_form", Gravity.WARN, _circle, national=True),
    Rule("D6", "circle_point", Gravity.NOTE, _point, national=True),
    Rule("D7", "height", Gravity.WARN, _height),
    Rule("D8", "geocode_form", Gravity.WARN, _geocode),
    Rule("D9", "shape_and_code", Gravity.NOTE, _both),
    Rule("D10", "abroad", Gravity.WARN, _abroad, national=True),
    Rule("D11", "code_list", Gravity.NOTE, _lists),
)
