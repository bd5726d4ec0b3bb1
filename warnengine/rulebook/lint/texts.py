"""What officials read must be plain and short."""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.model.finding import Finding
from warnengine.rulebook.draft import Draft, Owned
from warnengine.rulebook.texts import SEGMENT, room

FORBIDDEN = "。【】{}\n\r\t"
"""The full stop ends the order in the text, brackets are the signature's, braces the slots'; one line only."""


def check(draft: Draft) -> Iterator[Finding]:
    """Characters that may not stand in an order, and the length of its first line."""
    names = {hazard.value.key: hazard.value.name for hazard in draft.hazards}
    for measure in draft.measures:
        yield from _characters(measure)
        yield from _length(measure, names.get(measure.value.when.hazard, ""), draft)
    signature = draft.district.value.signature
    if set(signature) & set(FORBIDDEN):
        yield draft.district.error(f"签名“{signature}”里有不能用的符号", "不要写【和】", "signature")


def _characters(measure: Owned) -> Iterator[Finding]:
    for key in ("order", "advice"):
        found = [repr(c) if c.isspace() else c for c in FORBIDDEN if c in (getattr(measure.value, key) or "")]
        if found:
            yield measure.at.error(f"{key}: 不能有 {' '.join(found)}", "写成一行普通文字", key)


def _length(measure: Owned, hazard: str, draft: Draft) -> Iterator[Finding]:
    shorts = [unit.short for unit in draft.bearers(measure.owner)]
    own = draft.district.value
    family = own.families.get(measure.value.when.family)
    left = room(own.signature, hazard, max(shorts, key=len, default=""), measure.value, family)
    if left < 0:
        yield measure.at.error(
            f"短信首句有 {SEGMENT - left} 个字,超过 {SEGMENT} 个", f"请缩短 {-left} 个字", "order"
        )
