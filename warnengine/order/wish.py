"""What may be ordered by hand, and how many persons must say yes to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from warnengine.model.book import BOUND, RuleBook
from warnengine.model.errors import Refused
from warnengine.model.level import Level

ORDERED = frozenset(BOUND)
"""Kinds of unit that receive orders."""
LONGEST = timedelta(days=3)
"""That an order by hand may stand without anybody saying so anew."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Wish:
    """An order that somebody wants."""

    units: tuple[str, ...]
    words: str
    deadline: datetime
    level: Level
    not_after: datetime
    why: str
    corrects: int | None = None
    """The order by hand whose place it takes."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who acts, under their own name."""

    name: str
    role: str


def written(wish: Wish, root: int | None) -> dict[str, Any]:
    """A wish as it is kept."""
    return {
        "root": root,
        "units": list(dict.fromkeys(wish.units)),
        "words": wish.words,
        "deadline": wish.deadline,
        "level": wish.level,
        "not_after": wish.not_after,
        "why": wish.why,
    }


def refuse(wish: Wish, book: RuleBook, now: datetime) -> None:
    """Raise Refused where an order could reach nobody, or could not be kept."""
    strange = [code for code in wish.units if code not in book.units or book.units[code].kind not in ORDERED]
    if strange or not wish.units:
        raise Refused(
            422, f"没有能接收指令的单位:{'、'.join(strange) or '未填'}。单位代码见规则 units/。不填不等于全区。"
        )
    if wish.deadline <= now:
        raise Refused(422, "完成时限已过:请填将来的时间。")
    if not wish.deadline <= wish.not_after <= now + LONGEST:
        raise Refused(422, f"有效期要在完成时限之后、{LONGEST.days}天之内:请改 not_after。")


def refuse_again(id_: int, manual: Row | None) -> None:
    """Raise Refused where there is no such draft any more."""
    if manual is None:
        raise Refused(404, f"没有第{id_}号临时指令:用 GET /v1/manual 查看。")
    if manual["sent_at"]:
        raise Refused(409, f"第{id_}号临时指令已由{'、'.join(manual['sent_by'])}发出:不用再发,要改请发更正。")
    if manual["ended_at"]:
        raise Refused(409, f"第{id_}号临时指令已作废:请重新拟写。")
    if manual["deadline"] <= manual["now"]:
        raise Refused(409, f"第{id_}号临时指令的完成时限已过:请修改时限(PUT /v1/manual/{id_}),重新核对。")


def lacking(
    author: str, who: str, yes: Sequence[tuple[str, str]], over: Sequence[str], break_glass: str | None
) -> str:
    """What is still missing before an order by hand may go, in words for the clerk; empty where nothing is.

    Two persons; one with a reason (先发后补); three, one of them a leader, beyond a limit.
    """
    others = {name: role for name, role in yes if name != author}
    if over:
        if break_glass:
            return f"{';'.join(over)}:超限的不能先发后补,请另两人核对,其中一人是带班领导。"
        if len(others) < 2 or "leader" not in others.values():
            return (
                f"{';'.join(over)}:除拟稿人外还要两人核对,其中一人是带班领导;已核对:{'、'.join(others) or '无'}。"
            )
        return ""
    if others or (break_glass and who == author):
        return ""
    return "拟稿人不能自己核发:请另一人核对后发出;确实无人在场,写明理由先发后补(break_glass)。"
