"""What one measure replaces of another: never in a circle, never slower, never for nothing, never everywhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from warnengine.model.finding import Finding
from warnengine.rulebook import acts
from warnengine.rulebook.draft import Draft, Owned
from warnengine.rulebook.lint.beside import place

REPEATS = 0.7
"""From this likeness on advice only says again what is ordered anyway."""


def check(draft: Draft) -> Iterator[Finding]:
    """Circles; rows that never count; later ones that are slower or say nothing new."""
    yield from _circles(draft)
    yield from _masked(draft)
    yield from _unborne(draft)
    for new in draft.measures:
        for index, id_ in enumerate(new.value.replaces):
            old = draft.measure_by_id.get(id_)
            if old and old.value.when.level < new.value.when.level:
                yield from _slower(new, old)
                yield from _needless(new, old, index)
                yield from _repeated(new, old)


def _circles(draft: Draft) -> Iterator[Finding]:
    left: dict[str, set[str]] = {id_: set(one.value.replaces) for id_, one in draft.measure_by_id.items()}
    while circle := _circle(left):
        where = min((draft.measure_by_id[id_] for id_ in circle), key=lambda one: one.value.when.level).at
        yield where.error(
            f"replaces 绕成了一圈: {' → '.join(circle)}", "等级高的替代等级低的,不能反过来", "replaces"
        )
        left[circle[0]].discard(circle[1])


def _circle(left: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(left).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _masked(draft: Draft) -> Iterator[Finding]:
    """A measure in common that the own ones of all its units replace at its own level."""
    by: dict[str, dict[str, Owned]] = defaultdict(dict)
    for new in draft.measures:
        for id_ in new.value.replaces:
            old = draft.measure_by_id.get(id_)
            if old and old.value.when.level == new.value.when.level and old.value.id != new.value.id:
                by[id_][new.owner] = new
    for id_, ones in by.items():
        old = draft.measure_by_id[id_]
        codes = {unit.code for unit in draft.bearers(old.owner)}
        if codes and codes <= ones.keys() | ({old.owner} if old.owner in ones else set()):
            other = next(iter(ones.values()))
            what = f"每个单位都用同级的另一条替代了它,它永远不生效: {other.value.id}({place(other.at)})"
            yield old.at.warning(what, "删去这一条,或者至少留一个单位用它", "id")


def _unborne(draft: Draft) -> Iterator[Finding]:
    """Measures in common of a kind of which there is no unit."""
    for file in draft.measure_files:
        if file.value.kind and file.value.measures and not draft.of_kind(file.value.kind):
            what = f"没有 {file.value.kind} 类的单位,这些措施永远用不上"
            yield file.warning(what, "请在 units/ 里加上单位,或者删去这个文件", "kind")


def _slower(new: Owned, old: Owned) -> Iterator[Finding]:
    if acts.same_act(old.value.order, new.value.order) and new.value.deadline > old.value.deadline:
        late, soon = (int(one.value.deadline.total_seconds() // 60) for one in (new, old))
        level = old.value.when.level.key
        what = f"等级高了,同一件事的时限反而长了: {late} 分钟,{level} 级 {old.value.id} 是 {soon} 分钟"
        yield new.at.warning(what, f"写 {soon}m 以内", "deadline")


def _needless(new: Owned, old: Owned, index: int) -> Iterator[Finding]:
    """The row could be contracted with the one below it: what nothing replaces goes on at the higher level."""
    alike = ("order", "advice", "compulsory", "evidence", "posts", "ceiling")
    one, other = new.value, old.value
    if all(getattr(one, key) == getattr(other, key) for key in alike) and one.deadline >= other.deadline:
        what = f"和它替代的 {other.id} 一样,什么都没有变"
        yield new.at.warning(what, "删去这一条: 没有被替代的措施到高一级继续有效", "replaces", index)


def _repeated(new: Owned, old: Owned) -> Iterator[Finding]:
    """Until the graver measure is approved its advice stands beside the order that it will replace."""
    advice = new.value.advice or ""
    if not old.value.compulsory and acts.likeness(old.value.order, advice) >= REPEATS:
        what = f"批准以前,它和仍然有效的 {old.value.id} 几乎一样,同一个人会收到两遍"
        yield new.at.warning(what, "只写比那一条多做的事,例如“通知……准备停工”", "advice")
