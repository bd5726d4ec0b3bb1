"""Nobody is left without a word, and nothing is left unconfirmed in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from warnengine.model.book import Unit, UnitKind
from warnengine.model.finding import Finding, did_you_mean
from warnengine.model.level import Level
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.lint.escalation import BOUND
from warnengine.rulebook.parse import Located

Cell = tuple[str, str, Level]
"""(owner, hazard, level)"""


def check(draft: Draft) -> Iterator[Finding]:
    """Gaps, silences that are none, unknown hazards in use, cases' names, and what waits for the bureau."""
    hazards = {hazard.value.key: hazard.value for hazard in draft.hazards}
    spoken = {(m.owner, m.value.when.hazard, m.value.when.level) for m in draft.measures}
    yield from _silences(draft, spoken)
    for index, key in enumerate(draft.district.value.in_use):
        if key in hazards:
            yield from _gaps(draft, key, tuple(hazards[key].criteria or Level), spoken)
        elif key not in draft.broken:
            yield draft.district.error(f'unknown hazard "{key}"', did_you_mean(key, hazards), "in_use", index)
    planned = {plan.value.township for plan in draft.plans}
    for unit in draft.units:
        if unit.value.kind is UnitKind.TOWNSHIP and unit.value.code not in planned:
            yield unit.warning(
                f"{unit.value.name} has no plan", f"add plans/{unit.value.code}-{unit.value.short}.yaml"
            )
    yield from _unconfirmed(draft)


def _gaps(draft: Draft, hazard: str, levels: tuple[Level, ...], spoken: set[Cell]) -> Iterator[Finding]:
    silent = {(owner, entry.value.hazard, entry.value.level) for owner, entry in draft.silent}
    for unit in draft.units:
        missing = [
            level.key
            for level in levels
            if unit.value.kind in BOUND
            and not any((owner, hazard, level) in spoken | silent for owner in _owners(unit.value))
        ]
        if missing and not _owners(unit.value) & {name.split(".")[0] for name in draft.broken}:
            yield unit.error(
                f"{unit.value.name} has no measure for {hazard} {', '.join(missing)}",
                "add one, or say under `none:` who decided that there is none",
            )


def _owners(unit: Unit) -> set[str]:
    """What the measures of a unit begin with."""
    return {unit.code, f"p{unit.code}", unit.kind.value}


def _silences(draft: Draft, spoken: set[Cell]) -> Iterator[Finding]:
    hazards = [hazard.value.key for hazard in draft.hazards]
    for owner, entry in draft.silent:
        if entry.value.hazard not in hazards and entry.value.hazard not in draft.broken:
            fix = did_you_mean(entry.value.hazard, hazards)
            yield entry.error(f'unknown hazard "{entry.value.hazard}"', fix, "hazard")
        if (owner, entry.value.hazard, entry.value.level) in spoken:
            yield entry.error("a measure stands where none is said to", "remove the one or the other")


def _unconfirmed(draft: Draft) -> Iterator[Finding]:
    measures: tuple[Located[Any], ...] = tuple(measure.at for measure in draft.measures)
    flagged = (*measures, *draft.units, *draft.hazards, *draft.plans)
    for entry in flagged:
        if entry.value.confirm:
            yield entry.note("not confirmed by the bureau", "remove `confirm:` once it is", "confirm")
    for plan in draft.plans:
        waiting: dict[str, list[str]] = defaultdict(list)
        for point in plan.value.points:
            waiting["a sample" if point.sample else "not confirmed" if point.confirm else ""].append(point.name)
        for state in ("a sample", "not confirmed"):
            if names := waiting[state]:
                yield plan.note(f"{state}: {', '.join(names)}", "enter the bureau's own ledger", "points")
