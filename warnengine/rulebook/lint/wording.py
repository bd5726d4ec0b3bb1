"""An order says one thing to do, and asks for what can be answered."""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.model.book import Evidence
from warnengine.model.finding import Finding
from warnengine.rulebook import acts
from warnengine.rulebook.draft import Draft, Owned


def check(draft: Draft) -> Iterator[Finding]:
    """Orders without an act, with two, or that ask for a number of nobody."""
    for measure in draft.measures:
        yield from _acts(measure)
        yield from _count(measure)


def _acts(measure: Owned) -> Iterator[Finding]:
    for key in ("order", "advice"):
        text = getattr(measure.value, key)
        if text and not acts.names_an_act(text):
            yield measure.at.warning(
                f"{key}: 一开头看不出要做什么", "以动词开头,例如 关闭、停止、撤离、检查、通知", key
            )
    if acts.joined(measure.value.order):
        yield measure.at.warning("order: 一条里写了几件事,办结时说不清是哪一件", "一件事写一条措施", "order")


def _count(measure: Owned) -> Iterator[Finding]:
    value = measure.value
    if Evidence.COUNT in value.evidence and not acts.PEOPLE.search(value.order):
        yield measure.at.warning(
            "evidence 要报人数,order 里没有说是什么人", "写明清点谁,或者删去 count", "evidence"
        )
