"""How the engine shows that it is alive and that people can be reached, before a warning needs it."""

from __future__ import annotations

from datetime import time

from pydantic import Field

from warnengine.settings.section import Section


class Canary(Section):
    """The test message that flies through every way in and every gateway that has a `canary` address."""

    every_seconds: float = Field(default=60, ge=1)


class Alive(Section):
    """The sign of life that goes out while everything is well; whoever hears none must ring."""

    url: str = Field(pattern=r"^https?://.+$")
    """POST, no body. On another machine, with other power and another network."""
    every_seconds: float = Field(default=30, ge=1)


class RollCall(Section):
    """The evening roll-call (点名), which proves that numbers are right and posts are held."""

    at: time = time(17, 30)
    """By Beijing time."""
    months: tuple[int, ...] = (5, 6, 7, 8, 9)
    """The flood season."""
    posts: tuple[str, ...] = ("duty",)
    """Which posts of every unit are called."""
    within_minutes: int = Field(default=30, ge=1, le=240)
    """Until it is closed, and whoever has not answered is on the duty room's list."""
