"""Thresholds: each has stations that show it, rises with its level, and is held against its own datum alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

from warnengine.model.book import Station, Trigger, Triggers, UnitKind
from warnengine.model.finding import Finding, did_you_mean
from warnengine.model.observation import OBSERVED, STAGES
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.parse import Located


def check(draft: Draft) -> Iterator[Finding]:
    """triggers.yaml, where there is one."""
    file = draft.triggers
    if file is None:
        return
    if OBSERVED not in draft.district.value.families:
        yield draft.district.error(
            f"达到阈值的指令属于产品种类“{OBSERVED}”,families 里没有写",
            f"请在 families 里加上 `{OBSERVED}: {{name: 监测预警}}`",
            "families",
        )
    for station in draft.stations:
        yield from _station(station, draft)
    for trigger in draft.trigger_list:
        yield from _names(trigger, draft)
        yield from _windows(trigger)
        yield from _levels(trigger)
        yield from _soil(trigger, file.value)
        yield from _watched(trigger, draft, file.value)
        yield from _measures(trigger, draft)
    yield from _unconfirmed(draft, file)


def _station(station: Located[Station], draft: Draft) -> Iterator[Finding]:
    value = station.value
    towns = {unit.code for unit in draft.of_kind(UnitKind.TOWNSHIP)}
    for index, code in enumerate(value.towns):
        if code not in towns and code not in draft.broken:
            yield station.error(f"没有镇街“{code}”", did_you_mean(code, towns), "towns", index)
    if STAGES.intersection(value.tells) and value.datum is None:
        yield station.error(
            f"{value.name}报水位,没有写 datum",
            "请按测站资料写上水位的基准面: datum: 吴淞、黄海或国家85",
        )
    if value.datum and not STAGES.intersection(value.tells):
        yield station.error(f"{value.name}不报水位,不用写 datum", "请删去", "datum")
    if (value.lon is None) != (value.lat is None):
        yield station.error(f"{value.name}的坐标只写了一半", "请写全 lon 和 lat,或者都不写")
    seen = {value.datum}
    for index, offset in enumerate(value.offsets):
        if offset.datum in seen:
            what = "就是测站自己的基准面" if offset.datum is value.datum else "写了两次"
            yield station.error(f"换算到{offset.datum}的 offsets {what}", "请删去", "offsets", index)
        seen.add(offset.datum)


def _names(trigger: Located[Trigger], draft: Draft) -> Iterator[Finding]:
    value = trigger.value
    hazards = {one.value.key: one.value for one in draft.hazards}
    hazard = hazards.get(value.hazard)
    if hazard is None and value.hazard not in draft.broken:
        yield trigger.error(f"没有灾种“{value.hazard}”", did_you_mean(value.hazard, hazards), "hazard")
    for level in value.limits:
        if hazard and hazard.criteria and level not in hazard.criteria:
            levels = "、".join(one.key for one in hazard.criteria)
            yield trigger.error(f"{hazard.name}不发 {level.key} 级", f"可以写: {levels}", level.key)
    towns = {unit.code for unit in draft.of_kind(UnitKind.TOWNSHIP)}
    for index, code in enumerate(value.towns):
        if code not in towns and code not in draft.broken:
            yield trigger.error(f"没有镇街“{code}”", did_you_mean(code, towns), "towns", index)


def _windows(trigger: Located[Trigger]) -> Iterator[Finding]:
    value = trigger.value
    if not value.limits:
        yield trigger.error(f"{value.name}没有写阈值", "请写 orange: 和 red:,或者四级中的一级")
    for level, limits in value.limits.items():
        for window in limits:
            if value.watch.windowed and not window:
                yield trigger.error(f"{value.watch} 的阈值要按时段写", "请写成 {30m: 30, 1h: 45} 这样", level.key)
            elif not value.watch.windowed and window:
                yield trigger.error(f"{value.watch} 的阈值不分时段", "请只写一个数", level.key)
            elif window > timedelta(hours=24) or window % timedelta(minutes=1):
                yield trigger.error(f"时段 {_span(window)} 没法判断", "请写整分钟,最多 24h", level.key)
        for (shorter, less), (longer, more) in pairwise(sorted(limits.items())):
            if more < less:
                yield trigger.error(
                    f"{_span(longer)} 的阈值 {more:g} 比 {_span(shorter)} 的 {less:g} 还低,总是先达到",
                    f"请至少写 {less:g}",
                    level.key,
                )


def _levels(trigger: Located[Trigger]) -> Iterator[Finding]:
    """A graver level never comes before a lower one."""
    for (lower, low), (graver, high) in pairwise(trigger.value.limits.items()):
        for window, limit in high.items():
            if window in low and limit <= low[window]:
                span = f" {_span(window)}" if window else ""
                yield trigger.error(
                    f"{graver.key}{span} 的阈值 {limit:g} 不比 {lower.key} 的 {low[window]:g} 高",
                    f"请写得比 {low[window]:g} 高,或者改 {lower.key}",
                    graver.key,
                )
        for window in low.keys() - high.keys() - {timedelta()}:  # one figure beside windows: told by _windows
            yield trigger.error(
                f"{lower.key} 写了 {_span(window)} 的阈值,{graver.key} 没有写", "请补上", graver.key
            )


def _soil(trigger: Located[Trigger], file: Triggers) -> Iterator[Finding]:
    value = trigger.value
    if value.soil and value.watch.value != "rain":
        yield trigger.error("只有雨量(rain)的阈值随土壤干湿调整", "请删去", "soil")
    elif value.soil and file.soil is None:
        yield trigger.error("没有写土壤蓄水量", "请在文件开头加上 soil: {holds: 100}", "soil")
    if value.watch.staged and value.datum is None:
        yield trigger.error(
            f"{value.name}没有写 datum: 可能拿不同基准面的水位来比",
            "请按阈值出处的文件写上 datum: 吴淞、黄海或国家85",
        )
    elif value.datum and not value.watch.staged:
        yield trigger.error("只有水位的阈值要写 datum", "请删去", "datum")


def _watched(trigger: Located[Trigger], draft: Draft, file: Triggers) -> Iterator[Finding]:
    value = trigger.value
    known = {one.value.id: one.value for one in draft.stations}
    for index, id_ in enumerate(value.stations):
        if id_ not in known:
            if id_ not in draft.broken:
                yield trigger.error(f"没有测站“{id_}”", did_you_mean(id_, known), "stations", index)
        elif value.watch.kind not in known[id_].tells:
            tells = "、".join(known[id_].tells)
            yield trigger.error(
                f"{known[id_].name}只报 {tells},不报 {value.watch.kind}",
                f"请换一个测站,或者在它的 tells 里加上 {value.watch.kind}",
                "stations",
                index,
            )
    towns = value.towns or tuple(unit.code for unit in draft.of_kind(UnitKind.TOWNSHIP))
    names = {unit.code: unit.name for unit in draft.of_kind(UnitKind.TOWNSHIP)}
    for stations, here in _places(value, towns, names, file):
        yield from _enough(trigger, stations, here)
    for one in {one.id: one for town in towns for one in file.watched(value, town)}.values():
        yield from _datum(trigger, one)


def _places(
    trigger: Trigger, towns: tuple[str, ...], names: dict[str, str], file: Triggers
) -> Iterator[tuple[tuple[Station, ...], str]]:
    """Stations, and the place for which they speak."""
    if trigger.stations:
        yield file.watched(trigger, ""), trigger.name
        return
    for town in towns:
        if town in names:
            yield file.watched(trigger, town), names[town]


def _enough(trigger: Located[Trigger], stations: tuple[Station, ...], here: str) -> Iterator[Finding]:
    agree = trigger.value.agree
    if not stations and not trigger.value.stations:
        yield trigger.warning(
            f"{here}没有报 {trigger.value.watch.kind} 的测站,在那里永远触发不了",
            "请给测站的 towns 加上这个镇街,或者在阈值的 towns 里删去它",
        )
    elif 0 < len(stations) < agree:
        yield trigger.error(
            f"{here}: 要 {agree} 个测站同时达到,只有 {len(stations)} 个",
            f"请写 agree: {len(stations)},或者增加测站",
        )


def _datum(trigger: Located[Trigger], station: Station) -> Iterator[Finding]:
    wanted = trigger.value.datum
    if wanted is None or station.datum is None or station.datum is wanted:
        return
    if not any(offset.datum is wanted for offset in station.offsets):
        yield trigger.error(
            f"{station.name}的水位是{station.datum}高程,阈值是{wanted}高程,不能比较",
            f"请从文件里查{station.datum}高程的阈值,或者在测站的 offsets 里写上到{wanted}的换算值和依据文件",
            "datum",
        )


def _measures(trigger: Located[Trigger], draft: Draft) -> Iterator[Finding]:
    """A crossing that no measure answers is heard by the duty room alone."""
    value = trigger.value
    has = {m.value.when.level for m in draft.measures if _meant(m.value.when.family, m.value.when.hazard, value)}
    if not value.shadow and not has:
        yield trigger.note(
            f"{OBSERVED} {value.hazard} 没有措施: 达到{value.name}阈值,只有值班室知道",
            f"请补上写有 family: {OBSERVED} 的措施,或者写 shadow: true",
        )


def _meant(family: str, hazard: str, trigger: Trigger) -> bool:
    return family == OBSERVED and hazard == trigger.hazard


def _unconfirmed(draft: Draft, file: Located[Triggers]) -> Iterator[Finding]:
    entries: tuple[Located[Any], ...] = (*draft.trigger_list, *draft.stations)
    for entry in entries:
        if entry.value.confirm:
            yield entry.note("区局还没有确认", "确认后删去 confirm:", "confirm")
    if file.value.soil and file.value.soil.confirm:
        yield file.note("区局还没有确认", "确认后删去 confirm:", "soil", "confirm")
    if samples := [one.value.name for one in draft.stations if one.value.sample]:
        more = f"等 {len(samples)} 个" if len(samples) > 6 else ""
        yield file.note(f"样例: {'、'.join(samples[:6])}{more}", "请换成区局自己的测站表", "stations")


def _span(window: timedelta) -> str:
    """As the file has it: 30m, 1h, 90s."""
    seconds = window // timedelta(seconds=1)
    size, unit = next(one for one in ((3600, "h"), (60, "m"), (1, "s")) if seconds % one[0] == 0)
    return f"{seconds // size}{unit}"
