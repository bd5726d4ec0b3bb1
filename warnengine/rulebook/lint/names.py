"""Every name means one thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from warnengine.model.finding import Finding
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.parse import Located

Named = tuple[str, Located[Any]]


def check(draft: Draft) -> Iterator[Finding]:
    """Ids, codes, keys and words that stand for two things."""
    yield from _twice("措施编号", ((m.value.id, m.at) for m in draft.measures))
    yield from _twice("单位代码", ((unit.value.code, unit) for unit in draft.units))
    yield from _twice("单位简称", ((unit.value.short, unit) for unit in draft.units))
    yield from _twice("岗位", ((post.value.key, post) for post in draft.posts))
    yield from _twice("灾种", ((hazard.value.key, hazard) for hazard in draft.hazards))
    yield from _twice("灾种名称", _words(draft))
    yield from _twice("灾种代码", ((code, h) for h in draft.hazards for code in h.value.codes))
    yield from _twice("审批等级", ((rule.value.level.key, rule) for rule in draft.approvals))
    yield from _twice("镇街方案", ((plan.value.township, plan) for plan in draft.plans))
    yield from _twice("行业措施文件", ((file.value.sector or "", file) for file in draft.measure_files))
    yield from _twice("共有措施文件", ((file.value.kind or "", file) for file in draft.measure_files))
    yield from _twice("阈值编号", ((trigger.value.id, trigger) for trigger in draft.trigger_list))
    yield from _twice("测站", ((station.value.id, station) for station in draft.stations))
    yield from _twice("点位代码", ((p.code, plan) for plan in draft.plans for p in plan.value.points))


def _words(draft: Draft) -> Iterator[Named]:
    for hazard in draft.hazards:
        yield from ((word, hazard) for word in dict.fromkeys((hazard.value.name, *hazard.value.synonyms)))


def _twice(what: str, named: Iterable[Named]) -> Iterator[Finding]:
    first: dict[str, Located[Any]] = {}
    for name, place in named:
        other = first.setdefault(name, place)
        if other is not place and name:
            where = f"{other.sheet.file}:{other.sheet.line(other.path)}"
            yield place.error(f"{what}“{name}”写了两次", f"{where} 已经有了,请改名或删去一个")
