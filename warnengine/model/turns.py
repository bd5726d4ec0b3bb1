"""The channels of one person, one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of how to reach somebody."""

    prefers: tuple[str, ...] = ()
    """Channels in the order of the address list."""
    used: frozenset[tuple[str, str]] = frozenset()
    """Ways (channel, address) by which something that is replaced now may have left."""
    listed: tuple[tuple[str, str], ...] = ()
    """Ways in the order of the address list: of two numbers the first comes first."""


class Ahead(NamedTuple):
    """A way before one that waits."""

    state: str
    trying: bool
    """A further attempt is under way or due."""
