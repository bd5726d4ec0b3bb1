"""What pages, routes and commands show and do of what was not let in."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Any, Protocol

MOST = 20_000
"""Characters of a message that are shown; all of its bytes can be fetched."""
_SEEN = "\n\t"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Quarantine(Protocol):
    """What carries it out, and says in Chinese what may not be."""

    async def listed(
        self, state: str, reason: str | None, within: timedelta | None, most: int = 200
    ) -> list[dict[str, Any]]:
        """What was not let in, newest first. state: open, closed or all."""

    async def one(self, arrival: int) -> dict[str, Any]:
        """One case: its text, how it is read, what people did, what may be done."""

    async def retry(self, arrival: int, by: str) -> dict[str, Any]:
        """Read it anew by the rules of now."""

    async def ask(self, arrival: int, by: str, why: str) -> dict[str, Any]:
        """Ask that it be let in."""

    async def agree(self, arrival: int, by: str) -> dict[str, Any]:
        """Let it in: another person than who asked."""

    async def close(self, arrival: int, by: str, why: str) -> dict[str, Any]:
        """It is junk, or has been dealt with by hand."""

    async def count(self) -> int:
        """How many wait for a person."""


def plain_text(raw: bytes) -> tuple[str, bool]:
    """What a message looks like, with everything that would not be seen written out, and whether more follows.

    Pure characters: whoever shows them escapes them."""
    text = _decoded(raw[: 4 * MOST])
    shown = "".join(
        one if one in _SEEN or unicodedata.category(one) not in _HIDDEN else _name(one) for one in text
    )
    return shown.replace("\r", "")[:MOST], len(shown) > MOST or len(raw) > 4 * MOST


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        chinese = raw.decode("gb18030", "replace")
        western = raw.decode("utf-8-sig", "replace")
        return min(chinese, western, key=lambda text: text.count("\N{REPLACEMENT CHARACTER}"))


def _name(one: str) -> str:
    return "" if one == "\r" else f"⟨U+{ord(one):04X}⟩"
