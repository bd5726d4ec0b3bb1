"""Polygons and circles as CAP writes them, looked at for what the standard asks of them.

Nothing here decides where an order goes: the district's places are known by code and by name. So rings are judged
and closed in thought, never kept, and no library of geometry is needed for that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

Point = tuple[float, float]

_NUMBER = r"[-+]?\d{1,4}+(?:\.\d{0,25}+)?+"
_PAIRS = re.compile(rf"(?:{_NUMBER},{_NUMBER}(?:\s++|$))++")
_PAIR = re.compile(rf"({_NUMBER})\s*,\s*({_NUMBER})")
_CIRCLE = re.compile(rf"({_NUMBER}),({_NUMBER})\s+(\d{{1,8}}+(?:\.\d{{0,25}}+)?+)")
STEPS = 60_000
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


Segment = tuple[float, float, float, float]
"""Western and eastern end: longitude, latitude, longitude, latitude."""


def crosses(points: tuple[Point, ...]) -> bool:
    """Whether two sides of a ring cross; touching in a point is no crossing. A sweep from west to east."""
    sides = sorted(_side(points, at) for at in range(len(points)))
    steps = 0
    for at, side in enumerate(sides):
        for further in range(at + 1, len(sides)):
            if sides[further][0] > side[2] or steps > STEPS:
                break
            steps += 1
            if _cross(side, sides[further]):
                return True
    return False


def _side(points: tuple[Point, ...], at: int) -> Segment:
    (y1, x1), (y2, x2) = points[at], points[(at + 1) % len(points)]
    return (x1, y1, x2, y2) if x1 <= x2 else (x2, y2, x1, y1)


def _cross(one: Segment, other: Segment) -> bool:
    ax, ay, bx, by = one
    cx, cy, dx, dy = other
    if max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    of_c = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    of_d = (bx - ax) * (dy - ay) - (by - ay) * (dx - ax)
    of_a = (dx - cx) * (ay - cy) - (dy - cy) * (ax - cx)
    of_b = (dx - cx) * (by - cy) - (dy - cy) * (bx - cx)
    return of_c * of_d < 0 and of_a * of_b < 0
