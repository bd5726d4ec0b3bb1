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
            f'thresholds order under the product family "{OBSERVED}", which is missing',
            f"add `{OBSERVED}: 监测预警` to families",
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
            yield station.error(f'unknown township "{code}"', did_you_mean(code, towns), "towns", index)
    if STAGES.intersection(value.tells) and value.datum is None:
        yield station.error(
            f"{value.name} tells stages and names no datum",
            "write the zero from which they count, datum: 吴淞, 黄海 or 国家85, as the station's papers say",
        )
    if value.datum and not STAGES.intersection(value.tells):
        yield station.error(f"{value.name} tells no stages and has a datum", "remove it", "datum")
    if (value.lon is None) != (value.lat is None):
        yield station.error(f"{value.name} has one coordinate", "write lon and lat, or neither")
    seen = {value.datum}
    for index, offset in enumerate(value.offsets):
        if offset.datum in seen:
            what = "the station's own datum" if offset.datum is value.datum else "said twice"
            yield station.error(f"offset to {offset.datum}: {what}", "remove it", "offsets", index)
        seen.add(offset.datum)


def _names(trigger: Located[Trigger], draft: Draft) -> Iterator[Finding]:
    value = trigger.value
    hazards = {one.value.key: one.value for one in draft.hazards}
    hazard = hazards.get(value.hazard)
    if hazard is None and value.hazard not in draft.broken:
        yield trigger.error(f'unknown hazard "{value.hazard}"', did_you_mean(value.hazard, hazards), "hazard")
    for level in value.limits:
        if hazard and hazard.criteria and level not in hazard.criteria:
            levels = ", ".join(one.key for one in hazard.criteria)
            yield trigger.error(f"{hazard.name} has no {level.key} level", f"it has {levels}", level.key)
    towns = {unit.code for unit in draft.of_kind(UnitKind.TOWNSHIP)}
    for index, code in enumerate(value.towns):
        if code not in towns and code not in draft.broken:
            yield trigger.error(f'unknown township "{code}"', did_you_mean(code, towns), "towns", index)


def _windows(trigger: Located[Trigger]) -> Iterator[Finding]:
    value = trigger.value
    if not value.limits:
        yield trigger.error(f"{value.name} has no threshold", "write orange: and red:, or one of the four levels")
    for level, limits in value.limits.items():
        for window in limits:
            if value.watch.windowed and not window:
                yield trigger.error(
                    f"{value.watch} is said by window", "write such as {30m: 30, 1h: 45}", level.key
                )
            elif not value.watch.windowed and window:
                yield trigger.error(f"{value.watch} has no window", "write one number", level.key)
            elif window > timedelta(hours=24) or window % timedelta(minutes=1):
                yield trigger.error(
                    f"a window of {window} cannot be judged", "write whole minutes, at most 24h", level.key
                )
        for (shorter, less), (longer, more) in pairwise(sorted(limits.items())):
            if more < less:
                yield trigger.error(
                    f"{_span(longer)} has {more:g}, less than the {less:g} of {_span(shorter)}: it is always "
                    "reached first",
                    f"write at least {less:g}",
                    level.key,
                )


def _levels(trigger: Located[Trigger]) -> Iterator[Finding]:
    """A graver level never comes before a lower one."""
    for (lower, low), (graver, high) in pairwise(trigger.value.limits.items()):
        for window, limit in high.items():
            if window in low and limit <= low[window]:
                where = f" of {_span(window)}" if window else ""
                yield trigger.error(
                    f"{graver.key}{where} is {limit:g}, not above the {low[window]:g} of {lower.key}",
                    f"write more than {low[window]:g}, or change {lower.key}",
                    graver.key,
                )
        for window in low.keys() - high.keys():
            yield trigger.error(
                f"{graver.key} has no threshold for {_span(window)}, {lower.key} has", "add it", graver.key
            )


def _soil(trigger: Located[Trigger], file: Triggers) -> Iterator[Finding]:
    value = trigger.value
    if value.soil and value.watch.value != "rain":
        yield trigger.error("only thresholds of rain move with the soil", "remove it", "soil")
    elif value.soil and file.soil is None:
        yield trigger.error("nothing says how much the soil holds", "add `soil: {holds: 100}` at the top", "soil")
    if value.watch.staged and value.datum is None:
        yield trigger.error(
            f"{value.name} names no datum: its figures could be held against another zero",
            "write datum: 吴淞, 黄海 or 国家85, as the document with the figures says",
        )
    elif value.datum and not value.watch.staged:
        yield trigger.error("only stages have a datum", "remove it", "datum")


def _watched(trigger: Located[Trigger], draft: Draft, file: Triggers) -> Iterator[Finding]:
    value = trigger.value
    known = {one.value.id: one.value for one in draft.stations}
    for index, id_ in enumerate(value.stations):
        if id_ not in known:
            if id_ not in draft.broken:
                yield trigger.error(f'unknown station "{id_}"', did_you_mean(id_, known), "stations", index)
        elif value.watch.kind not in known[id_].tells:
            tells = ", ".join(known[id_].tells)
            yield trigger.error(
                f"{known[id_].name} tells {tells}, not {value.watch.kind}",
                f"name another station, or add {value.watch.kind} to its tells",
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
            f"{here} has no station that tells {trigger.value.watch.kind}: nothing would ever be noticed there",
            "add a station with that township under towns, or take the township out",
        )
    elif 0 < len(stations) < agree:
        yield trigger.error(
            f"{here}: {agree} stations must agree and there is {len(stations)}",
            f"write agree: {len(stations)}, or add stations",
        )


def _datum(trigger: Located[Trigger], station: Station) -> Iterator[Finding]:
    wanted = trigger.value.datum
    if wanted is None or station.datum is None or station.datum is wanted:
        return
    if not any(offset.datum is wanted for offset in station.offsets):
        yield trigger.error(
            f"{station.name} counts from {station.datum}, the threshold from {wanted}: they are not comparable",
            f"take the threshold in {station.datum} from its document, or give the station an offset to {wanted} "
            "with its source",
            "datum",
        )


def _measures(trigger: Located[Trigger], draft: Draft) -> Iterator[Finding]:
    """A crossing that no measure answers is heard by the duty room alone."""
    value = trigger.value
    has = {m.value.when.level for m in draft.measures if _meant(m.value.when.family, m.value.when.hazard, value)}
    if not value.shadow and not has:
        yield trigger.note(
            f"no measure is for {OBSERVED} {value.hazard}: only the duty room learns of {value.name}",
            f"add measures with `family: {OBSERVED}`, or run it with shadow: true",
        )


def _meant(family: str, hazard: str, trigger: Trigger) -> bool:
    return family == OBSERVED and hazard == trigger.hazard


def _unconfirmed(draft: Draft, file: Located[Triggers]) -> Iterator[Finding]:
    entries: tuple[Located[Any], ...] = (*draft.trigger_list, *draft.stations)
    for entry in entries:
        if entry.value.confirm:
            yield entry.note("not confirmed by the bureau", "remove `confirm:` once it is", "confirm")
    if file.value.soil and file.value.soil.confirm:
        yield file.note("not confirmed by the bureau", "remove `confirm:` once it is", "soil", "confirm")
    if samples := [one.value.name for one in draft.stations if one.value.sample]:
        more = f" and {len(samples) - 6} more" if len(samples) > 6 else ""
        yield file.note(
            f"samples: {', '.join(samples[:6])}{more}", "enter the bureau's own table of stations", "stations"
        )


def _span(window: timedelta) -> str:
    minutes = window // timedelta(minutes=1)
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
