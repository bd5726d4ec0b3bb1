"""Raising a level never removes a recipient: whoever a lower level calls, the higher ones call too."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from warnengine.model.book import Called, Plan, Rung
from warnengine.model.finding import Finding
from warnengine.model.level import Level
from warnengine.rulebook.draft import Draft, Owned
from warnengine.rulebook.parse import Located


def check(draft: Draft) -> Iterator[Finding]:
    """The ladder, the posts that plans call, and the posts that measures name."""
    rungs = draft.ladder.value.rungs()
    for lower, higher in pairwise(sorted(rungs)):
        yield from _ladder(Located(rungs[higher], draft.ladder.sheet, (higher.key,)), lower, rungs[lower])
    for plan in draft.plans:
        yield from _plan(plan, draft)
    for new in draft.measures:
        for index, id_ in enumerate(new.value.replaces):
            if old := draft.measure_by_id.get(id_):
                yield from _measure(new, old, index, draft)


def _ladder(place: Located[Rung], lower: Level, below: Rung) -> Iterator[Finding]:
    for kind, posts in below.called.items():
        if lost := [post for post in posts if post not in place.value.called.get(kind, ())]:
            yield place.warning(*_lost(lost, lower, f"called.{kind} 里"), "called", kind)
    if lost := [role for role in below.responsible if role not in place.value.responsible]:
        yield place.warning(*_lost(lost, lower, "responsible 里"), "responsible")


def _plan(plan: Located[Plan], draft: Draft) -> Iterator[Finding]:
    calls: dict[tuple[str, str, str], set[Level]] = defaultdict(set)
    for called in plan.value.posts:
        for hazard in called.hazards:
            calls[called.unit, called.post, hazard] |= set(called.levels or Level)
    for index, called in enumerate(plan.value.posts):
        lowest = min(called.levels or Level)
        for hazard in called.hazards:
            higher = {level for level in draft.levels(hazard) if level > lowest}
            lost = higher - calls[called.unit, called.post, hazard] - _by_ladder(called, draft)
            if lost:
                levels = "、".join(level.key for level in sorted(lost))
                what = f"{hazard} {lowest.key} 级叫岗位 {called.post},等级高了({levels})反而不叫"
                yield plan.warning(what, f"请在 levels 里加上 {levels}", "posts", index, "levels")


def _by_ladder(called: Called, draft: Draft) -> set[Level]:
    """The levels at which the ladder calls that post anyway."""
    unit, rungs = draft.unit_by_code.get(called.unit), draft.ladder.value.rungs()
    return {level for level, rung in rungs.items() if unit and called.post in rung.called.get(unit.kind, ())}


def _measure(new: Owned, old: Owned, index: int, draft: Draft) -> Iterator[Finding]:
    level = new.value.when.level
    rung = draft.ladder.value.rungs().get(level)
    if old.value.when.level >= level or rung is None:
        return
    kinds = {unit.kind for unit in draft.bearers(new.owner)}
    called = [(*new.value.posts, *rung.called.get(kind, ())) for kind in kinds]
    if lost := [post for post in old.value.posts if not all(post in posts for posts in called)]:
        yield new.at.warning(
            *_lost(lost, old.value.when.level, f"替代了 {old.value.id},posts 里"), "replaces", index
        )


def _lost(lost: Sequence[str], lower: Level, where: str) -> tuple[str, str]:
    named = "、".join(lost)
    return f"{where}没有 {named}: {lower.key} 级叫的人,等级高了反而不叫", f"请加上 {named}"
