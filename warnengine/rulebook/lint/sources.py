"""How issuers without our colours grade: one source per sender, graver words for graver levels."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import pairwise

from warnengine.model.finding import Finding
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.files import SourceEntry
from warnengine.rulebook.parse import Located

_GRAVER_FIRST = ("extreme", "severe", "moderate", "minor")


def check(draft: Draft) -> Iterator[Finding]:
    """Sources that never count, and words whose order the levels turn round."""
    before: list[str] = []
    for source in draft.sources:
        yield from _hidden(source, before)
        yield from _turned(source)
        before += source.value.senders


def _hidden(source: Located[SourceEntry], before: list[str]) -> Iterator[Finding]:
    """The first that fits counts: a pattern behind a wider one is never asked."""
    for at, pattern in enumerate(source.value.senders):
        wider = next((one for one in before if fnmatchcase(pattern, one)), None)
        if wider:
            what = f"来源“{source.value.name}”的“{pattern}”轮不到: 前面的“{wider}”已经包括它"
            yield source.error(what, "从上往下第一条认得的算数,请把这一条移到前面,或删去", "senders", at)


def _turned(source: Located[SourceEntry]) -> Iterator[Finding]:
    severity = source.value.severity
    said = [(word, level) for word in _GRAVER_FIRST for key, level in severity.items() if key == word]
    for (graver, high), (milder, low) in pairwise(said):
        if high < low:
            what = f"来源“{source.value.name}”里 {graver} 折成{high.zh},比 {milder} 的{low.zh}还低"
            yield source.error(what, "严重程度高的词不能折成更低的颜色,请核对", "severity", graver)
