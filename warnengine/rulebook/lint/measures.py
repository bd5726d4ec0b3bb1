"""What a measure may refer to, replace and compel."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from warnengine.model.book import BOUND, SIGNAL, Measure, UnitKind
from warnengine.model.finding import Finding, did_you_mean
from warnengine.rulebook.draft import Draft, Owned, owner

ALIKE = tuple(kind for kind in BOUND if kind is not UnitKind.SECTOR)
"""Kinds whose units have measures in common."""


def check(draft: Draft) -> Iterator[Finding]:
    """Measures, and the files they are in."""
    yield from _files(draft)
    yield from _plans(draft)
    for measure in draft.measures:
        yield from _when(measure, draft)
        yield from _in_use(measure, draft)
        yield from _id(measure, draft)
        yield from _replaces(measure, draft)
        yield from _compulsory(measure, draft)
        yield from _posts(measure, draft)


def _files(draft: Draft) -> Iterator[Finding]:
    sectors = {unit.code for unit in draft.of_kind(UnitKind.SECTOR)}
    for file in draft.measure_files:
        sector, kind = file.value.sector, file.value.kind
        if not owner(file.value):
            yield file.error("文件没有写明是哪个单位的措施,或者写了两个", "sector: 和 kind: 写一个,只写一个")
        elif kind and kind not in ALIKE:
            yield file.error(f"{kind} 类单位没有共有的措施", did_you_mean(kind, ALIKE), "kind")
        elif sector and sector not in sectors and sector not in draft.broken:
            yield file.error(f"没有单位“{sector}”", did_you_mean(sector, sectors), "sector")
        elif not file.sheet.file.endswith(f"/{owner(file.value)}.yaml"):
            yield file.error("文件名和单位不一致", f"请改名为 {owner(file.value)}.yaml")


def _plans(draft: Draft) -> Iterator[Finding]:
    towns = {unit.code: unit.short for unit in draft.of_kind(UnitKind.TOWNSHIP)}
    for plan in draft.plans:
        code = plan.value.township
        if code not in towns and code not in draft.broken:
            yield plan.error(f"没有镇街“{code}”", did_you_mean(code, towns), "township")
        elif code in towns and not plan.sheet.file.endswith(f"/{code}-{towns[code]}.yaml"):
            yield plan.error("文件名和镇街不一致", f"请改名为 {code}-{towns[code]}.yaml")


def _when(measure: Owned, draft: Draft) -> Iterator[Finding]:
    when, at = measure.value.when, measure.at
    hazards = {hazard.value.key: hazard.value for hazard in draft.hazards}
    families = draft.district.value.families
    if when.family not in families:
        yield at.error(f"没有产品种类“{when.family}”", did_you_mean(when.family, families), "when")
    hazard = hazards.get(when.hazard)
    if hazard is None:
        if when.hazard not in draft.broken:
            yield at.error(f"没有灾种“{when.hazard}”", did_you_mean(when.hazard, hazards), "when")
        return
    if hazard.criteria and when.level not in hazard.criteria:
        levels = "、".join(level.key for level in hazard.criteria)
        yield at.error(f"{hazard.name}不发 {when.level.key} 级,这条措施永远用不上", f"可以写: {levels}", "when")
    window = hazard.hours.get(when.level, 24)
    if measure.value.deadline > timedelta(hours=window):
        yield at.error(
            f"时限比{hazard.name} {when.level.key} 级的有效时间 {window} 小时还长",
            f"最多写 {window}h",
            "deadline",
        )


def _in_use(measure: Owned, draft: Draft) -> Iterator[Finding]:
    """A row that no input of its own table reaches: the book says that this danger has no such level."""
    when = measure.value.when
    used = draft.district.value.in_use.get(when.family, {}).get(when.hazard)
    if used and when.level not in used:
        what = f"in_use 里 {when.family} {when.hazard} 没有 {when.level.key} 级,这条措施用不上"
        fix = f"改成 {'、'.join(level.key for level in used)},或者在 in_use 里加上 {when.level.key}"
        yield measure.at.warning(what, fix, "when")


def _id(measure: Owned, draft: Draft) -> Iterator[Finding]:
    when = measure.value.when
    if not draft.bearers(measure.owner) or when.hazard not in {hazard.value.key for hazard in draft.hazards}:
        return
    own = f"p{measure.owner}" if measure.owner.isdigit() else measure.owner
    danger = when.hazard if when.family == SIGNAL else f"{when.family}.{when.hazard}"
    expected = f"{own}.{danger}.{when.level.key}."
    if not measure.value.id.startswith(expected):
        yield measure.at.error(
            f"编号“{measure.value.id}”和措施的单位、灾种、等级不一致", f"请以 {expected} 开头", "id"
        )


def _replaces(measure: Owned, draft: Draft) -> Iterator[Finding]:
    for index, target in enumerate(measure.value.replaces):
        other = draft.measure_by_id.get(target)
        if other is None:
            if target not in draft.broken:
                yield measure.at.error(
                    f"没有措施“{target}”", did_you_mean(target, draft.measure_by_id), "replaces", index
                )
        elif fault := _unfit(measure, other, draft):
            yield measure.at.error(f"不能替代“{target}”: {fault[0]}", fault[1], "replaces", index)


def _unfit(new: Owned, old: Owned, draft: Draft) -> tuple[str, str] | None:
    own_plan = new.owner.isdigit() and old.owner == UnitKind.TOWNSHIP
    if old.owner != new.owner and not own_plan:
        return f"那是 {old.owner} 的措施", f"只能替代 {new.owner} 的措施"
    if (old.value.when.hazard, old.value.when.family) != (new.value.when.hazard, new.value.when.family):
        return "那是另一灾种或产品种类的措施", "只能替代同一灾种、同一产品种类的措施"
    specific = own_plan and old.value.when.level == new.value.when.level
    if old.value.when.level >= new.value.when.level and not specific:
        return "它的等级不比这一条低", "只能替代等级更低的措施"
    return None


def _compulsory(measure: Owned, draft: Draft) -> Iterator[Finding]:
    value: Measure = measure.value
    if value.compulsory and not value.advice:
        yield measure.at.error("强制措施没有写 advice", "写上批准之前先发什么")
    if value.advice and not value.compulsory:
        yield measure.at.error("这句 advice 永远不会发出", "删去它,或者写上 compulsory: true", "advice")
    ceilings = {rule.value.level: rule.value.ceiling for rule in draft.approvals}
    level, most = value.when.level.key, ceilings.get(value.when.level)
    if value.compulsory and value.ceiling and most and value.ceiling > most:
        what = f"ceiling 是 {value.ceiling} 人,{level} 级一次批准最多 {most} 人: 多的没有人能批准"
        yield measure.at.warning(what, f"最多写 {most},或者改 approvals.yaml 里的 ceiling", "ceiling")
    if value.compulsory and most is None:
        yield measure.at.error(
            f"{level} 级的强制措施没有人能批准",
            f"请在 approvals.yaml 里加上 {level} 级",
            "compulsory",
        )


def _posts(measure: Owned, draft: Draft) -> Iterator[Finding]:
    posts = {post.value.key: post.value for post in draft.posts}
    kinds = {unit.kind for unit in draft.bearers(measure.owner)}
    for index, key in enumerate(measure.value.posts):
        if key not in posts and key not in draft.broken:
            yield measure.at.error(f"没有岗位“{key}”", did_you_mean(key, posts), "posts", index)
        for kind in sorted(kinds) if key in posts else ():
            if kind not in posts[key].kinds:
                fitting = [post.key for post in posts.values() if kind in post.kinds]
                yield measure.at.error(f"{kind} 类单位没有岗位“{key}”", did_you_mean(key, fitting), "posts", index)
