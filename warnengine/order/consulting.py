"""What routes and pages call to write down, show, confirm and withdraw 会商结论."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from warnengine.order.conclusion import Wanted
from warnengine.order.wish import Who


class Consulting(Protocol):
    """What carries it out, and says in Chinese what may not be."""

    async def draft(self, wanted: Wanted, who: Who) -> dict[str, Any]:
        """Keep a draft and show what it would do."""

    async def withdraw(self, of: int, presided: str, took_part: str, why: str, who: Who) -> dict[str, Any]:
        """The same for the end of a conclusion."""

    async def confirm(self, id_: int, who: Who, confirm: str) -> dict[str, Any]:
        """Let a draft count."""

    async def discard(self, id_: int, who: Who) -> dict[str, Any]:
        """Throw a draft away."""

    async def shown(self, most: int = 200) -> list[dict[str, Any]]:
        """All, newest first."""

    async def one(self, id_: int) -> dict[str, Any]:
        """One, with what it would do where it is a draft."""

    async def standing(self) -> Sequence[dict[str, Any]]:
        """What is in force now: hazard, family, name, parts (level, towns by name), the gravest first."""
