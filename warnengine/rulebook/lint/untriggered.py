"""Orders of the family observed that no threshold can bring about: they read like protection and are none."""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.model.book import DIGITS, Trigger, Unit, UnitKind
from warnengine.model.finding import Finding
from warnengine.model.observation import OBSERVED
from warnengine.rulebook.draft import Draft, Owned

TOWN = DIGITS[UnitKind.TOWNSHIP]


def check(draft: Draft) -> Iterator[Finding]:
    """Dangers in use and measures that wait for a threshold that triggers.yaml does not have. One in the shadow is
    there: it is being tried."""
    triggers = [one.value for one in draft.trigger_list]
    watched = {one.hazard for one in triggers}
    for hazard in draft.district.value.in_use.get(OBSERVED, {}):
        if hazard not in watched:
            what = f"triggers.yaml 里没有 {hazard} 的阈值: {OBSERVED} {hazard} 的措施永远触发不了"
            fix = f"请在 triggers.yaml 里加上 hazard: {hazard} 的阈值,或者删去这一行和它的措施"
            yield draft.district.warning(what, fix, "in_use", OBSERVED, hazard)
    for measure in draft.measures:
        if measure.value.when.family == OBSERVED:
            yield from _measure(measure, triggers, draft)


def _measure(measure: Owned, triggers: list[Trigger], draft: Draft) -> Iterator[Finding]:
    when = measure.value.when
    reach = [one for one in triggers if one.hazard == when.hazard and max(one.limits, default=0) >= when.level]
    bearers = draft.bearers(measure.owner)
    if not bearers or any(_meets(one, unit) for one in reach for unit in bearers):
        return
    where = f"在{bearers[0].short}" if reach else ""
    what = f"triggers.yaml 里{where}没有能达到 {when.hazard} {when.level.key} 的阈值,这条措施永远触发不了"
    fix = f"请{'把它写进阈值的 towns' if reach else f'加上 hazard: {when.hazard} 的阈值'},或者删去这条措施"
    yield measure.at.warning(what, fix, "when")


def _meets(trigger: Trigger, unit: Unit) -> bool:
    """Whether a trigger orders where a unit has its weather."""
    if unit.code[:TOWN].isdigit():
        return not trigger.towns or unit.code[:TOWN] in trigger.towns
    return not trigger.towns or not unit.towns or bool(set(unit.towns) & set(trigger.towns))
