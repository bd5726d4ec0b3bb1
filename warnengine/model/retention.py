"""How long what is about people is kept: pure rules, and what would go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

LEAST_YEARS = 5
"""Orders, attempts, receipts, answers and the record of decisions are kept so long at least."""
HOLDS = {
    "orders": "{n} orders still stand",
    "obligations": "{n} people still owe an answer",
    "messages": "{n} messages have not been judged",
    "attempts": "{n} attempts have not been made",
    "timers": "{n} steps of the ladder have not been taken",
    "tasks": "{n} tasks of the duty room are open",
    "requests": "{n} requests for approval are undecided",
    "unsealed": "not all of it is in the audit chain",
}
"""What keeps a month although its term is over."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month that is past its term, and what lies in it."""

    month: date
    """Its first day."""
    rows: Mapping[str, int]
    """By table; about so many."""
    bytes: int
    held: Sequence[str]
    """Why it does not go yet, in words; empty: it may go."""

    @property
    def name(self) -> str:
        """2021-05"""
        return f"{self.month:%Y-%m}"


def past(months: Sequence[date], today: date, years: int) -> list[date]:
    """Months (first days) that ended more than so many years ago, oldest first.

    A day is left over at the end, so that no clock that is a little fast takes anything that must be kept."""
    return sorted(month for month in months if _end(month, years) < today)


def _end(month: date, years: int) -> date:
    """The first day after a month, so many years later."""
    year, number = divmod(month.year * 12 + month.month, 12)
    return date(year + years, number + 1, 1)


def held(counts: Mapping[str, int]) -> list[str]:
    """What keeps a month, in words; counts: how many of each in HOLDS."""
    return [words.format(n=counts[what]) for what, words in HOLDS.items() if counts.get(what)]


def going(months: Sequence[Month]) -> list[Month]:
    """Months that go now: in their order, up to the first that is held. The chain is cut from its beginning, so
    what is kept of a month keeps all that came later."""
    found = []
    for month in months:
        if month.held:
            break
        found.append(month)
    return found


def told(months: Sequence[Month], years: int) -> list[str]:
    """Line by line, for people: what goes, what stays and why."""
    if not months:
        return [f"nothing is older than {years} years; nothing goes"]
    goes = {month.month for month in going(months)}
    lines = []
    for month in months:
        rows = ", ".join(f"about {n:,} {table}" for table, n in month.rows.items() if n) or "no rows"
        size = f"{month.bytes / 2**20:,.0f} MB"
        if month.month in goes:
            lines.append(f"{month.name}: goes, with {rows} ({size})")
        else:
            why = "; ".join(month.held) or "an earlier month is kept, and the chain is cut only from its beginning"
            lines.append(f"{month.name}: stays, though its {years} years are over: {why}")
    lines.append("raw warnings, orders with their texts, approvals and the address list stay")
    return lines
