"""Nobody is left without a word, and nothing is left unconfirmed in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from warnengine.model.book import SIGNAL, Measure, Point, Silent, Unit, UnitKind
from warnengine.model.finding import Finding, did_you_mean
from warnengine.model.level import Level
from warnengine.rulebook.coverage import Danger, Held, Table, cells, used
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.pending import Pending, pending

Place = tuple[str, str, str, Level]
"""(owner, product family, hazard, level)"""


def check(draft: Draft) -> Iterator[Finding]:
    """Gaps, silences that are none, unknown hazards in use, cases' names, and what waits for the bureau."""
    spoken = {(m.owner, m.value.when.family, m.value.when.hazard, m.value.when.level) for m in draft.measures}
    yield from _silences(draft, spoken)
    missing = _missing(draft)
    for family, keys in draft.district.value.in_use.items():
        for key in keys:
            yield from _in_use(draft, Danger(family, key), missing)
    planned = {plan.value.township for plan in draft.plans}
    for unit in draft.units:
        if unit.value.kind is UnitKind.TOWNSHIP and unit.value.code not in planned:
            yield unit.warning(
                f"{unit.value.name}没有方案", f"请新建 plans/{unit.value.code}-{unit.value.short}.yaml"
            )
    yield from _unconfirmed(draft)


def _missing(draft: Draft) -> dict[tuple[Danger, str], list[str]]:
    """The levels that nobody has decided, by danger and unit. A decision that is over is `in_time`'s to tell."""
    owed: dict[str, list[Measure]] = defaultdict(list)
    silent: dict[str, list[Silent]] = defaultdict(list)
    for measure in draft.measures:
        owed[measure.owner].append(measure.value)
    for owner, entry in draft.silent:
        silent[owner].append(entry.value)
    units = tuple(unit.value for unit in draft.units)
    table = Table(units, used(draft.district.value.in_use, draft.levels), draft.levels, owed, silent)
    missing: dict[tuple[Danger, str], list[str]] = defaultdict(list)
    for cell in cells(table):
        if cell.held is Held.GAP:
            missing[cell.danger, cell.unit.code].append(cell.level.key)
    return missing


def _in_use(draft: Draft, danger: Danger, missing: Mapping[tuple[Danger, str], list[str]]) -> Iterator[Finding]:
    family, hazard = danger
    own, hazards = draft.district, {one.value.key for one in draft.hazards}
    if family not in own.value.families:
        yield own.error(f"没有产品种类“{family}”", did_you_mean(family, own.value.families), "in_use", family)
    elif hazard in hazards:
        yield from _gaps(draft, danger, missing)
    elif hazard not in draft.broken:
        yield own.error(f"没有灾种“{hazard}”", did_you_mean(hazard, hazards), "in_use", *danger)


def _gaps(draft: Draft, danger: Danger, missing: Mapping[tuple[Danger, str], list[str]]) -> Iterator[Finding]:
    named = danger.hazard if danger.family == SIGNAL else " ".join(danger)
    refused = {name.split(".")[0] for name in draft.broken}
    for unit in draft.units:
        levels = dict.fromkeys(missing.get((danger, unit.value.code), ()))
        if levels and not _owners(unit.value) & refused:
            yield unit.error(
                f"{unit.value.name}没有 {named} {'、'.join(levels)} 的措施",
                "请补一条措施,或者在 none: 下写明由谁决定没有",
            )


def _owners(unit: Unit) -> set[str]:
    """What the measures of a unit begin with."""
    return {unit.code, f"p{unit.code}", unit.kind.value}


def _silences(draft: Draft, spoken: set[Place]) -> Iterator[Finding]:
    hazards = [hazard.value.key for hazard in draft.hazards]
    for owner, entry in draft.silent:
        for index, hazard in enumerate(entry.value.hazards):
            if hazard not in hazards and hazard not in draft.broken:
                yield entry.error(f"没有灾种“{hazard}”", did_you_mean(hazard, hazards), "hazards", index)
        if both := spoken.intersection(_cells(owner, entry.value, draft)):
            where = "、".join(sorted(f"{hazard} {level.key}" for _, _, hazard, level in both))
            yield entry.error(f"none: 说没有措施,实际写了措施: {where}", "两处删去一处")


def _cells(owner: str, silent: Silent, draft: Draft) -> Iterator[Place]:
    for hazard in silent.hazards:
        for level in silent.levels or draft.levels(hazard):
            yield owner, silent.family, hazard, level


def _unconfirmed(draft: Draft) -> Iterator[Finding]:
    """Samples and points by file and name, everything else line by line."""
    named: dict[tuple[str, bool], list[Pending]] = defaultdict(list)
    for entry in pending(draft):
        if entry.sample or isinstance(entry.at.value, Point):
            named[entry.at.sheet.file, entry.sample].append(entry)
        else:
            yield entry.at.note("区局还没有确认", "确认后删去 confirm:", "confirm")
    for (_, sample), found in named.items():
        what = f"{'样例' if sample else '待确认'}: {'、'.join(entry.name for entry in found)}"
        yield found[0].at.note(what, "请换成区局自己的台账")
