"""Nobody is left without a word, and nothing is left unconfirmed in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from warnengine.model.book import SIGNAL, Silent, Unit, UnitKind
from warnengine.model.finding import Finding, did_you_mean
from warnengine.model.level import Level
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.lint.escalation import BOUND
from warnengine.rulebook.parse import Located

Danger = tuple[str, str]
"""(product family, hazard)"""
Cell = tuple[str, str, str, Level]
"""(owner, product family, hazard, level)"""


def check(draft: Draft) -> Iterator[Finding]:
    """Gaps, silences that are none, unknown hazards in use, cases' names, and what waits for the bureau."""
    spoken = {(m.owner, m.value.when.family, m.value.when.hazard, m.value.when.level) for m in draft.measures}
    yield from _silences(draft, spoken)
    for family, keys in draft.district.value.in_use.items():
        for key, levels in keys.items():
            yield from _in_use(draft, (family, key), levels or draft.levels(key), spoken)
    planned = {plan.value.township for plan in draft.plans}
    for unit in draft.units:
        if unit.value.kind is UnitKind.TOWNSHIP and unit.value.code not in planned:
            yield unit.warning(
                f"{unit.value.name}没有方案", f"请新建 plans/{unit.value.code}-{unit.value.short}.yaml"
            )
    yield from _unconfirmed(draft)


def _in_use(draft: Draft, danger: Danger, levels: tuple[Level, ...], spoken: set[Cell]) -> Iterator[Finding]:
    family, hazard = danger
    own, hazards = draft.district, {one.value.key for one in draft.hazards}
    if family not in own.value.families:
        yield own.error(f"没有产品种类“{family}”", did_you_mean(family, own.value.families), "in_use", family)
    elif hazard in hazards:
        yield from _gaps(draft, danger, levels, spoken)
    elif hazard not in draft.broken:
        yield own.error(f"没有灾种“{hazard}”", did_you_mean(hazard, hazards), "in_use", *danger)


def _gaps(draft: Draft, danger: Danger, levels: tuple[Level, ...], spoken: set[Cell]) -> Iterator[Finding]:
    silent = {cell for owner, entry in draft.silent for cell in _cells(owner, entry.value, draft)}
    covered = spoken | silent
    named = danger[1] if danger[0] == SIGNAL else " ".join(danger)
    for unit in draft.units:
        missing = [
            level.key
            for level in levels
            if unit.value.kind in BOUND
            and not any((owner, *danger, level) in covered for owner in _owners(unit.value))
        ]
        if missing and not _owners(unit.value) & {name.split(".")[0] for name in draft.broken}:
            yield unit.error(
                f"{unit.value.name}没有 {named} {'、'.join(missing)} 的措施",
                "请补一条措施,或者在 none: 下写明由谁决定没有",
            )


def _owners(unit: Unit) -> set[str]:
    """What the measures of a unit begin with."""
    return {unit.code, f"p{unit.code}", unit.kind.value}


def _silences(draft: Draft, spoken: set[Cell]) -> Iterator[Finding]:
    hazards = [hazard.value.key for hazard in draft.hazards]
    for owner, entry in draft.silent:
        for index, hazard in enumerate(entry.value.hazards):
            if hazard not in hazards and hazard not in draft.broken:
                yield entry.error(f"没有灾种“{hazard}”", did_you_mean(hazard, hazards), "hazards", index)
        if both := spoken.intersection(_cells(owner, entry.value, draft)):
            where = "、".join(sorted(f"{hazard} {level.key}" for _, _, hazard, level in both))
            yield entry.error(f"none: 说没有措施,实际写了措施: {where}", "两处删去一处")


def _cells(owner: str, silent: Silent, draft: Draft) -> Iterator[Cell]:
    for hazard in silent.hazards:
        for level in silent.levels or draft.levels(hazard):
            yield owner, silent.family, hazard, level


def _unconfirmed(draft: Draft) -> Iterator[Finding]:
    measures: tuple[Located[Any], ...] = tuple(measure.at for measure in draft.measures)
    flagged = (*measures, *draft.units, *draft.hazards, *draft.plans)
    for entry in flagged:
        if entry.value.confirm:
            yield entry.note("区局还没有确认", "确认后删去 confirm:", "confirm")
    for plan in draft.plans:
        waiting: dict[str, list[str]] = defaultdict(list)
        for point in plan.value.points:
            waiting["样例" if point.sample else "待确认" if point.confirm else ""].append(point.name)
        for state in ("样例", "待确认"):
            if names := waiting[state]:
                yield plan.note(f"{state}: {'、'.join(names)}", "请换成区局自己的台账", "points")
