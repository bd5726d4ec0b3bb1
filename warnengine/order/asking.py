"""What the ladder writes: to whom nobody has answered, what is not finished, who is responsible. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from warnengine.model.book import RuleBook
from warnengine.model.bundle import Asked, Written
from warnengine.model.order import Version
from warnengine.order.clocks import ordered
from warnengine.order.compose import compose
from warnengine.order.draft import whole
from warnengine.order.texts import Texts
from warnengine.order.wording import post_names


def written(asked: Asked, versions: Mapping[int, Version], book: RuleBook, texts: Texts) -> Written | None:
    """The words of one message; None where nothing is left to ask for."""
    orders = [whole(version) for version in versions.values()]
    if asked.purpose in {"finish", "unfinished"}:
        orders = _left(asked, versions, book)
    if not orders:
        return None
    return compose(orders, book, texts, kind=asked.purpose, more=_facts(asked, orders, book))


def _left(asked: Asked, versions: Mapping[int, Version], book: RuleBook) -> list[Version]:
    """Of each order what is due by now, or soon, and was not reported done."""
    finish = book.ladder[asked.level].finish
    soon = (finish.before if finish and asked.purpose == "finish" else None) or timedelta()
    found = []
    for id_, version in versions.items():
        marks = tuple(
            mark
            for mark in whole(version).measures
            if ordered(mark)
            and (id_, mark.standing.measure) not in asked.done
            and mark.deadline
            and asked.moment
            and version.made_at < mark.deadline <= asked.moment + soon
        )
        if marks:
            found.append(replace(whole(version), measures=marks))
    return found


def _facts(asked: Asked, orders: Sequence[Version], book: RuleBook) -> dict[str, object]:
    names = [f"{'、'.join(post_names(posts, book))}{name}" for name, posts in asked.silent]
    overdue = any(
        mark.deadline and asked.moment and mark.deadline <= asked.moment for one in orders for mark in one.measures
    )
    who = "、".join(names)
    intros = {
        "reminder": "再次提醒",
        "finish": "未报办结,请报办结" if overdue else "时限快到,办完请报办结",
        "unfinished": f"{who}已收到未办结,请督办",
        "shared": f"{'、'.join(asked.others)}、{asked.responsible}都已应答,先应答的{asked.responsible}负责办完",
    }
    return {
        "intro": intros.get(asked.purpose, ""),
        "by_item": asked.purpose != "unfinished",
        "silent": names,
        "who": asked.silent[0][0] + (f"等{len(names)}人" if len(names) > 1 else "") if asked.silent else "",
        "overdue": overdue,
        "responsible": asked.responsible,
        "others": "、".join(asked.others),
        "stands_in": book.ladder[asked.level].answer.deputy,
    }
