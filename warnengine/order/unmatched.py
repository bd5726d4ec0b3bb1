"""Warnings of which no unit has an order: none is lost without a word to the duty room. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from warnengine.model.book import RuleBook, UnitKind
from warnengine.model.level import Level
from warnengine.model.order import OrderKey
from warnengine.model.situation import CellKey, Statement, Unmatched, Word
from warnengine.model.warning import Warning

Words = Callable[[CellKey], Iterable[Word]]
OVER = "到达时已过有效时间,没有据此下达指令"
OVERTAKEN = "同一单位已有更新的发布,以新的为准"
LOWERED = "会商已作降级结论,按结论执行"
NO_HAZARD = "规则库不认识这个灾种,只转给了值班室,请人工研判"
NO_RULE = "规则库在这个级别没有措施,只转给了值班室,请人工研判"


def without_order(
    warning: Warning,
    said: Mapping[CellKey, Statement],
    words: Words,
    wanted: Collection[OrderKey],
    book: RuleBook,
) -> Iterator[Unmatched]:
    """One line for each danger of a warning that no unit but the duty room has an order on because of it.

    said: what it says of each cell. words: what counts in a cell now. wanted: every order that should stand.
    """
    dangers: dict[tuple[str, str], dict[CellKey, Statement]] = {}
    for key, statement in said.items():
        if statement.level and not statement.silent:
            dangers.setdefault((key.hazard, key.family), {})[key] = statement
    for (hazard, family), spoken in dangers.items():
        why = _why(warning, spoken, words, wanted, book)
        if why:
            top = max(one.level for one in spoken.values() if one.level)
            yield _line(warning, hazard, family, Level(top), why)


def _why(
    warning: Warning,
    spoken: Mapping[CellKey, Statement],
    words: Words,
    wanted: Collection[OrderKey],
    book: RuleBook,
) -> str:
    """Empty where it counts and somebody acts on it."""
    counting = [word for key in spoken for word in words(key) if warning.identifier in word.statement.names]
    key = next(iter(spoken))
    if any(word.level for word in counting):
        if any(order[1:] == key[1:] and not _room(order, book) for order in wanted):
            return ""
        return NO_RULE if book.hazard_table.get(key.hazard) else NO_HAZARD
    if counting:
        return LOWERED
    later = any(word.statement.sent > warning.sent for key in spoken for word in words(key))
    return OVERTAKEN if later else OVER


def _room(order: OrderKey, book: RuleBook) -> bool:
    unit = book.units.get(order.unit)
    return unit is not None and unit.kind is UnitKind.DUTY_ROOM


def _line(warning: Warning, hazard: str, family: str, level: Level, why: str) -> Unmatched:
    return Unmatched(
        warning.issuer,
        warning.identifier,
        warning.headline,
        hazard,
        family,
        level,
        why,
        warning.sent,
    )
