"""The first line of an order in an SMS: it must stand alone within one segment of 70 characters."""

from __future__ import annotations

from warnengine.model.book import Evidence, Family, Measure, RuleBook, Unit

SEGMENT = 70
"""UCS-2 characters of a single SMS, 【signature】 counted."""
REPLY = "收到回1,办完回3。"
REPLY_COUNT = "收到回1,撤完回3加人数。"


def first_line_room(book: RuleBook, unit: Unit, measure: Measure) -> int:
    """Characters left of 70 by the first line of this order, or of its advice, when the level rises to it.

    Negative: it is too long.
    """
    hazard = book.hazard_table.get(measure.when.hazard)
    name = hazard.name if hazard else measure.when.hazard
    return room(book.signature, name, unit.short, measure, book.families.get(measure.when.family))


def room(signature: str, hazard: str, short: str, measure: Measure, family: Family | None) -> int:
    """The same for the parts of a line."""
    level = family.says(measure.when.level) if family else measure.when.level.zh
    texts = (measure.order, measure.advice or "")
    return min(SEGMENT - len(_line(signature, f"{hazard}升为{level}", short, measure, text)) for text in texts)


def _line(signature: str, head: str, short: str, measure: Measure, text: str) -> str:
    reply = REPLY_COUNT if Evidence.COUNT in measure.evidence else REPLY
    return f"【{signature}】{head} {short}:00:00前{text}。{reply}"
