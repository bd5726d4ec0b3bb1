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
        yield from _id(measure, draft)
        yield from _replaces(measure, draft)
        yield from _compulsory(measure, draft)
        yield from _posts(measure, draft)


def _files(draft: Draft) -> Iterator[Finding]:
    sectors = {unit.code for unit in draft.of_kind(UnitKind.SECTOR)}
    for file in draft.measure_files:
        sector, kind = file.value.sector, file.value.kind
        if not owner(file.value):
            yield file.error("the file must name a sector or a kind", "write one of `sector:` and `kind:`")
        elif kind and kind not in ALIKE:
            yield file.error(f"a {kind} has no measures in common", did_you_mean(kind, ALIKE), "kind")
        elif sector and sector not in sectors and sector not in draft.broken:
            yield file.error(f'unknown unit "{sector}"', did_you_mean(sector, sectors), "sector")
        elif not file.sheet.file.endswith(f"/{owner(file.value)}.yaml"):
            yield file.error("the file is not named after its unit", f"rename it to {owner(file.value)}.yaml")


def _plans(draft: Draft) -> Iterator[Finding]:
    towns = {unit.code: unit.short for unit in draft.of_kind(UnitKind.TOWNSHIP)}
    for plan in draft.plans:
        code = plan.value.township
        if code not in towns and code not in draft.broken:
            yield plan.error(f'unknown township "{code}"', did_you_mean(code, towns), "township")
        elif code in towns and not plan.sheet.file.endswith(f"/{code}-{towns[code]}.yaml"):
            yield plan.error("the file is not named after its township", f"rename it to {code}-{towns[code]}.yaml")


def _when(measure: Owned, draft: Draft) -> Iterator[Finding]:
    when, at = measure.value.when, measure.at
    hazards = {hazard.value.key: hazard.value for hazard in draft.hazards}
    families = draft.district.value.families
    if when.family not in families:
        yield at.error(f'unknown product family "{when.family}"', did_you_mean(when.family, families), "when")
    hazard = hazards.get(when.hazard)
    if hazard is None:
        if when.hazard not in draft.broken:
            yield at.error(f'unknown hazard "{when.hazard}"', did_you_mean(when.hazard, hazards), "when")
        return
    if hazard.criteria and when.level not in hazard.criteria:
        levels = ", ".join(level.key for level in hazard.criteria)
        yield at.error(f"{hazard.name} has no {when.level.key} level", f"it has {levels}", "when")
    window = hazard.hours.get(when.level, 24)
    if measure.value.deadline > timedelta(hours=window):
        yield at.error(
            f"the deadline is longer than the {window} h for which {hazard.name} {when.level.key} stands",
            f"write at most {window}h",
            "deadline",
        )


def _id(measure: Owned, draft: Draft) -> Iterator[Finding]:
    when = measure.value.when
    if not draft.bearers(measure.owner) or when.hazard not in {hazard.value.key for hazard in draft.hazards}:
        return
    own = f"p{measure.owner}" if measure.owner.isdigit() else measure.owner
    danger = when.hazard if when.family == SIGNAL else f"{when.family}.{when.hazard}"
    expected = f"{own}.{danger}.{when.level.key}."
    if not measure.value.id.startswith(expected):
        yield measure.at.error(
            f'id "{measure.value.id}" does not say what the measure is', f"begin it with {expected}", "id"
        )


def _replaces(measure: Owned, draft: Draft) -> Iterator[Finding]:
    for index, target in enumerate(measure.value.replaces):
        other = draft.measure_by_id.get(target)
        if other is None:
            if target not in draft.broken:
                yield measure.at.error(
                    f'unknown measure "{target}"', did_you_mean(target, draft.measure_by_id), "replaces", index
                )
        elif fault := _unfit(measure, other, draft):
            yield measure.at.error(f'"{target}" cannot be replaced here: {fault[0]}', fault[1], "replaces", index)


def _unfit(new: Owned, old: Owned, draft: Draft) -> tuple[str, str] | None:
    own_plan = new.owner.isdigit() and old.owner == UnitKind.TOWNSHIP
    if old.owner != new.owner and not own_plan:
        return f"it binds {old.owner}", f"replace measures of {new.owner}"
    if (old.value.when.hazard, old.value.when.family) != (new.value.when.hazard, new.value.when.family):
        return "it is for another danger", "replace measures of the same hazard and family"
    specific = own_plan and old.value.when.level == new.value.when.level
    if old.value.when.level >= new.value.when.level and not specific:
        return "its level is not lower", "replace measures of lower levels"
    return None


def _compulsory(measure: Owned, draft: Draft) -> Iterator[Finding]:
    value: Measure = measure.value
    if value.compulsory and not value.advice:
        yield measure.at.error("a compulsory measure has no advice", "write what goes out until somebody approves")
    if value.advice and not value.compulsory:
        yield measure.at.error("the advice is never sent", "remove it, or write `compulsory: true`", "advice")
    if value.compulsory and value.when.level not in {rule.value.level for rule in draft.approvals}:
        level = value.when.level.key
        yield measure.at.error(
            f"nobody may approve compulsory measures of level {level}",
            f"add {level} to approvals.yaml",
            "compulsory",
        )


def _posts(measure: Owned, draft: Draft) -> Iterator[Finding]:
    posts = {post.value.key: post.value for post in draft.posts}
    kinds = {unit.kind for unit in draft.bearers(measure.owner)}
    for index, key in enumerate(measure.value.posts):
        if key not in posts and key not in draft.broken:
            yield measure.at.error(f'unknown post "{key}"', did_you_mean(key, posts), "posts", index)
        for kind in sorted(kinds) if key in posts else ():
            if kind not in posts[key].kinds:
                fitting = [post.key for post in posts.values() if kind in post.kinds]
                yield measure.at.error(f'a {kind} has no post "{key}"', did_you_mean(key, fitting), "posts", index)
