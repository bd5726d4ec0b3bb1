"""What a case can come to besides holding."""

from __future__ import annotations


class Broken(Exception):
    """A promise did not hold; says what was seen."""


class NotRun(Exception):
    """This machine, or this version, cannot show it; says why."""


def hold(condition: object, seen: str) -> None:
    """Raise Broken with what was seen unless the condition is true."""
    if not condition:
        raise Broken(seen)
