"""一乡镇一方案: what a plan names is there, its points can be found, and somebody looks after them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from warnengine.model.book import Charge, Measure, Plan, Point, Role, UnitKind
from warnengine.model.clock import BEIJING
from warnengine.model.finding import Finding, did_you_mean
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.facilities import WORDS, of_plan
from warnengine.rulebook.parse import Located

STALE = timedelta(days=365)
"""After which a ledger has not been looked at for a year."""
Where = tuple[str | int, ...]


def check(draft: Draft) -> Iterator[Finding]:
    """plans/*.yaml, beyond their measures."""
    today = datetime.now(BEIJING).date()
    for plan in draft.plans:
        yield from _hazards(plan, plan.value.sensitive, ("sensitive",), draft)
        for index, called in enumerate(plan.value.posts):
            where: Where = ("posts", index)
            yield from _hazards(plan, called.hazards, (*where, "hazards"), draft)
            yield from _post(plan, called.unit, called.post, where, draft)
        for index, point in enumerate(plan.value.points):
            yield from _point(plan, point, ("points", index), draft)
        yield from _stale(plan, today)
    yield from _unreached(draft)


def _hazards(plan: Located[Plan], keys: Sequence[str], where: Where, draft: Draft) -> Iterator[Finding]:
    known = {hazard.value.key for hazard in draft.hazards}
    for index, key in enumerate(keys):
        if key not in known | draft.broken:
            yield plan.error(f"没有灾种“{key}”", did_you_mean(key, known), *where, index)


def _post(plan: Located[Plan], code: str, post: str, where: Where, draft: Draft) -> Iterator[Finding]:
    """A post that is called: its unit is of this township, and has it."""
    town = plan.value.township
    if not code.startswith(town):
        yield plan.error(f"“{code}”不在 {town}", "请写这个镇街,或者它的村社区、网格", *where)
        return
    yield from _has(plan, code, post, where, draft)


def _has(plan: Located[Plan], code: str, post: str, where: Where, draft: Draft) -> Iterator[Finding]:
    unit = draft.unit_by_code.get(code)
    if unit is None:
        if code not in draft.broken:
            near = [known for known in draft.unit_by_code if known[:9] == code[:9] or not known.isdigit()]
            yield plan.error(f"没有单位“{code}”", did_you_mean(code, near), *where)
        return
    fitting = [one.value.key for one in draft.posts if unit.kind in one.value.kinds]
    if post not in fitting and post not in draft.broken:
        yield plan.error(f"{unit.name}没有岗位“{post}”", did_you_mean(post, fitting), *where)


def _point(plan: Located[Plan], point: Point, where: Where, draft: Draft) -> Iterator[Finding]:
    town = plan.value.township
    if not point.code.startswith(f"{town}-"):
        yield plan.error(f"点位“{point.code}”不属于 {town}", f"编号请以 {town}- 开头", *where, "code")
    yield from _hazards(plan, point.hazards, (*where, "hazards"), draft)
    for index, charge in enumerate(point.responsible):
        yield from _charge(plan, charge, (*where, "responsible", index), draft)
    if point.village:
        yield from _village(plan, point.village, (*where, "village"), draft)
    yield from _place(plan, point, where)
    yield from _shelter(plan, point, where)


def _charge(plan: Located[Plan], charge: Charge, where: Where, draft: Draft) -> Iterator[Finding]:
    unit = draft.unit_by_code.get(charge.unit)
    if charge.role is not Role.SECTOR:
        yield from _post(plan, charge.unit, charge.post, where, draft)
    elif unit and unit.kind is not UnitKind.SECTOR:
        yield plan.error(f"{unit.name}不是行业部门", "请写按职责负责的部门", *where, "unit")
    else:
        yield from _has(plan, charge.unit, charge.post, where, draft)


def _village(plan: Located[Plan], code: str, where: Where, draft: Draft) -> Iterator[Finding]:
    town = plan.value.township
    villages = [unit.code for unit in draft.of_kind(UnitKind.VILLAGE) if unit.code.startswith(town)]
    if code not in villages and code not in draft.broken:
        yield plan.error(f"没有村社区“{code}”", did_you_mean(code, villages), *where)


def _place(plan: Located[Plan], point: Point, where: Where) -> Iterator[Finding]:
    given = [key for key in ("lon", "lat", "datum") if getattr(point, key) is not None]
    if given and len(given) < 3:
        fix = "请写全 lon、lat 和 datum(WGS84,国内地图上量的写 GCJ02),或者都不写"
        yield plan.error(f"{point.name}只写了 {'、'.join(given)}", fix, *where, given[0])
    if (point.elevation is None) != (point.height is None):
        half = "elevation" if point.height is None else "height"
        fix = "请写全 elevation 和 height(黄海或吴淞),或者都不写"
        yield plan.error(f"{point.name}的高程只写了 {half}", fix, *where, half)


def _shelter(plan: Located[Plan], point: Point, where: Where) -> Iterator[Finding]:
    if point.capacity is not None and not point.shelter:
        yield plan.error(
            f"{point.name}写了 capacity,没有写安置点", "请在 shelter 里写上安置点", *where, "capacity"
        )
    elif point.capacity is not None and point.people is not None and point.capacity < point.people:
        what = f"{point.name}有 {point.people} 人,安置点只能容纳 {point.capacity} 人"
        yield plan.warning(what, "请再写一个安置点", *where, "capacity")
    if point.special is not None and point.people is not None and point.special > point.people:
        what = f"{point.name}的特殊人群比总人数还多"
        yield plan.error(what, "请核对: special 包括在 people 里", *where, "special")


def _stale(plan: Located[Plan], today: date) -> Iterator[Finding]:
    """Samples have nobody who could look after them."""
    old = [p.name for p in plan.value.points if not p.sample and (p.updated is None or today - p.updated > STALE)]
    if old:
        what = f"一年没有核查: {'、'.join(old)}"
        yield plan.note(what, "请到现场核查,写上 updated:", "points")


def _unreached(draft: Draft) -> Iterator[Finding]:
    owned: dict[str, list[Measure]] = defaultdict(list)
    for measure in draft.measures:
        owned[measure.owner].append(measure.value)
    measures = {unit.value.code: owned[unit.value.code] + owned[unit.value.kind] for unit in draft.units}
    names = {hazard.value.key: hazard.value.name for hazard in draft.hazards}
    for plan in draft.plans:
        for found in of_plan(plan.value, measures):
            hazards = "、".join(names.get(hazard, hazard) for hazard in found.hazards)
            fix = f"请在镇街的措施里写到“{WORDS[found.point.kind][0]}”,或者在 responsible 里写上行业责任人"
            what = f"没有措施管到{found.point.name}({found.point.kind}): {hazards}"
            yield plan.note(what, fix, "points", plan.value.points.index(found.point))
