"""One line of the doctor's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

SIGNS = {True: "✓", False: "✗", None: "–"}


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, where, what was found, and what to do where it is not well."""

    what: str
    where: str
    ok: bool | None
    """None: it does not apply here."""
    found: str
    do: str = ""

    def line(self, width: int) -> str:
        """✓ what  where: found → do"""
        place = f"{self.where}: " if self.where else ""
        return f"{SIGNS[self.ok]} {self.what:<{width}}  {place}{self.found}" + (f" → {self.do}" if self.do else "")

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def table(checks: Sequence[Check]) -> str:
    """All lines, what is not well last, and the verdict."""
    width = max((len(check.what) for check in checks), default=0)
    lines = [check.line(width) for check in sorted(checks, key=lambda check: check.ok is False)]
    bad = sum(check.ok is False for check in checks)
    verdict = (
        f"not fit to be trusted tonight: {bad} of {len(checks)} checks fail"
        if bad
        else "fit to be trusted tonight"
    )
    return "\n".join((*lines, verdict))


def fit(checks: Sequence[Check]) -> bool:
    """Whether the installation may be trusted tonight."""
    return all(check.ok is not False for check in checks)


def some(names: Sequence[str], most: int = 5) -> str:
    """The first of many."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
