"""What a check has to say about a file of the bureau: where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The file is refused."""
    WARNING = "warning"
    """Accepted; somebody should look."""
    NOTE = "note"
    """Waits for the bureau's word: a default, an inference, a sample."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint, for the person who edits the file."""

    file: str
    line: int
    """Counted from 1; 0: about the whole, not about a line."""
    severity: Severity
    what: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.what} — {self.fix}"


Findings = tuple[Finding, ...]
"""In the order of file and line."""


def together(findings: Iterable[Finding]) -> list[str]:
    """One sentence for what is said alike of several lines of a file: `rules/x.yaml:3,9: …`."""
    said: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        said.setdefault((finding.file, finding.what, finding.fix), []).append(finding)
    return [_sentence(alike) for alike in said.values()]


def _sentence(alike: Sequence[Finding]) -> str:
    lines = ",".join(str(finding.line) for finding in alike)
    return str(alike[0]).replace(f":{alike[0].line}: ", f":{lines}: ", 1)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a question, else the first dozen of the known words themselves, in Chinese."""
    words = sorted(set(known))
    near = get_close_matches(word, words, n=1)
    if near:
        return f"是不是“{near[0]}”?"
    more = "等" if len(words) > 12 else ""
    return "可以写: " + "、".join(words[:12]) + more if words else "请删去"
