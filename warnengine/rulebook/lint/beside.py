"""Orders of one unit that stand beside each other, after the classes of DMN's table analysis: overlap,
contradiction, and a row that should have been masked and was not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from warnengine.model.finding import Finding
from warnengine.rulebook import acts
from warnengine.rulebook.draft import Draft, Owned
from warnengine.rulebook.parse import Located

SAME = 0.8
"""From this likeness on two orders are one order written twice."""


def check(draft: Draft) -> Iterator[Finding]:
    """Every two orders that some unit owes at the same time."""
    for weaker, stronger in beside_each_other(draft):
        if found := _complaint(weaker, stronger, draft):
            what, fix = found
            yield stronger.at.warning(f"{what}: {weaker.value.id}({place(weaker.at)})", fix, "order")


def beside_each_other(draft: Draft) -> Iterator[tuple[Owned, Owned]]:
    """Pairs that stand together for some unit once the higher of their levels is reached and all is approved.

    The first one is of the lower level or stands first in the book; each pair comes once.
    """
    seen: set[tuple[str, str]] = set()
    for owed in _tables(draft):
        for level in {measure.value.when.level for measure in owed}:
            reached = [measure for measure in owed if measure.value.when.level <= level]
            gone = replaced(reached, draft)
            standing = sorted(
                (one for one in reached if one.value.id not in gone), key=lambda one: one.value.when.level
            )
            for weaker, stronger in combinations(standing, 2):
                names = (weaker.value.id, stronger.value.id)
                if stronger.value.when.level == level and names not in seen:
                    seen.add(names)
                    yield weaker, stronger


def replaced(measures: Iterable[Owned], draft: Draft) -> frozenset[str]:
    """The ids that these measures replace, and what those have replaced in their turn."""
    gone: set[str] = set()
    waiting = [id_ for measure in measures for id_ in measure.value.replaces]
    while waiting:
        id_ = waiting.pop()
        if id_ not in gone:
            gone.add(id_)
            old = draft.measure_by_id.get(id_)
            waiting += old.value.replaces if old else ()
    return frozenset(gone)


def place(at: Located[Any]) -> str:
    """File and line, as a finding names them."""
    return f"{at.sheet.file}:{at.sheet.line(at.path)}"


def _tables(draft: Draft) -> Iterator[tuple[Owned, ...]]:
    """The measures of one unit for one danger; units that owe the same ones come once."""
    owners: dict[str, list[Owned]] = defaultdict(list)
    for measure in draft.measures:
        owners[measure.owner].append(measure)
    seen: set[tuple[str, ...]] = set()
    for unit in draft.units:
        dangers: dict[tuple[str, str], list[Owned]] = defaultdict(list)
        for measure in (*owners[unit.value.kind.value], *owners[unit.value.code]):
            dangers[measure.value.when.family, measure.value.when.hazard].append(measure)
        for owed in dangers.values():
            names = tuple(measure.value.id for measure in owed)
            if names not in seen:
                seen.add(names)
                yield tuple(owed)


def _complaint(weaker: Owned, stronger: Owned, draft: Draft) -> tuple[str, str] | None:
    one, other = weaker.value, stronger.value
    if against := acts.opposed(one.order, other.order):
        return f"“{against[1]}”和同时有效的“{against[0]}”互相矛盾", "改其中一条,或者用 replaces 写明替代"
    if acts.likeness(one.order, other.order) >= SAME:
        return "和同时有效的另一条几乎一样,同一个人会收到两遍", "删去一条,或者用 replaces 写明替代"
    if one.when.level == other.when.level:
        return None
    if acts.stale(one.order, other.order):
        return "已经下令去做,低一级的“准备”还同时有效", f"在 replaces 里加上 {one.id}"
    common = replaced([weaker], draft) & replaced([stronger], draft)
    if common and not one.compulsory:
        return f"跳过了中间一级,两条都替代 {min(common)},低一级的还同时有效", f"在 replaces 里加上 {one.id}"
    return None
