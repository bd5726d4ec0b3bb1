"""Polygons and circles as CAP writes them, looked at for what the standard asks of them.

Nothing here decides where an order goes: the district's places are known by code and by name. So rings are judged
and closed in thought, never kept, and no library of geometry is needed for that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

Point = tuple[float, float]

_NUMBER = r"[-+]?\d{1,4}+(?:\.\d{0,25}+)?+"
_PAIRS = re.compile(rf"(?:{_NUMBER},{_NUMBER}(?:\s++|$))++")
_PAIR = re.compile(rf"({_NUMBER})\s*,\s*({_NUMBER})")
_CIRCLE = re.compile(rf"({_NUMBER}),({_NUMBER})\s+(\d{{1,8}}+(?:\.\d{{0,25}}+)?+)")
STEPS = 8_000
"""Comparisons that the search for crossings may take in one ring; what is longer is taken as it is."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One polygon: its points as latitude and longitude, the last of them not the first again."""

    points: tuple[Point, ...]
    closed: bool
    readable: bool
    """Whether the text is nothing but pairs."""

    @property
    def enough(self) -> bool:
        """Three points make an area."""
        return self.readable and len(self.points) >= 3

    @property
    def on_earth(self) -> bool:
        """Latitude within ±90°, longitude within ±180°."""
        return all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in self.points)


def ring(text: str) -> Ring:
    """Read `lat,lon lat,lon …`; what is no pair is left out and the ring is not readable."""
    text = text.strip()
    readable = bool(_PAIRS.fullmatch(text))
    numbers = map(float, text.replace(",", " ").split()) if readable else None
    points = tuple(zip(numbers, numbers, strict=True)) if numbers else _points(text)
    closed = len(points) > 1 and points[0] == points[-1]
    return Ring(points[:-1] if closed else points, closed, readable)


def _points(text: str) -> tuple[Point, ...]:
    return tuple((float(lat), float(lon)) for lat, lon in _PAIR.findall(text))


@dataclass(frozen=True, slots=True)
class Circle:
    """A point and a radius: kilometres in CAP, metres in the national message."""

    lat: float
    lon: float
    radius: float


def circle(text: str) -> Circle | None:
    """Read `lat,lon radius`; None where it is something else."""
    found = _CIRCLE.fullmatch(text.strip())
    return Circle(float(found[1]), float(found[2]), float(found[3])) if found else None


Side = tuple[float, float, float, float, float, float]
"""West, east, south and north, then the latitudes of the western and of the eastern end."""


def crosses(points: tuple[Point, ...]) -> bool:
    """Whether two sides of a ring cross; touching in a point is no crossing. A sweep from west to east."""
    sides = sorted(map(_side, points, (*points[1:], points[0])))
    steps = 0
    for at, side in enumerate(sides, 1):
        _, east, south, north, *_ = side
        for other in islice(sides, at, None):
            if other[0] > east:
                break
            steps += 1
            if other[2] <= north and other[3] >= south and _cross(side, other):
                return True
        if steps > STEPS:
            return False
    return False


def _side(one: Point, other: Point) -> Side:
    (y1, x1), (y2, x2) = (one, other) if one[1] <= other[1] else (other, one)
    return (x1, x2, y1, y2, y1, y2) if y1 <= y2 else (x1, x2, y2, y1, y1, y2)


def _cross(one: Side, other: Side) -> bool:
    ax, bx, _, _, ay, by = one
    cx, dx, _, _, cy, dy = other
    of_c = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    of_d = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    if of_c * of_d >= 0:
        return False
    of_a = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    of_b = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    return of_a * of_b < 0
