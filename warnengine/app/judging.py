"""Judging: what waits is held against the thresholds, and what is decided is kept with the bytes that tell it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import structlog

from warnengine.app import unended
from warnengine.model.book import RuleBook, Station, Triggers
from warnengine.model.observation import Day, Kind, Outlook, Reading, Told
from warnengine.model.warning import Status
from warnengine.observe import admit, message, soil, words
from warnengine.observe.decide import WINDOW, Concerned, concerned, outlook
from warnengine.observe.judge import Record
from warnengine.store.observations import JudgeDesk

log = structlog.get_logger()
States = Mapping[tuple[str, str], tuple[Told, bool]]
"""By trigger and township: what has been told, and whether in the shadow."""


@dataclass(frozen=True, slots=True)
class Judging:
    """Judges for a book with thresholds."""

    book: RuleBook
    triggers: Triggers
    status: Status
    """With which messages are marked: Actual, in a drill Exercise."""

    async def judge(self, desk: JudgeDesk) -> bool:
        """Everything that waits; False where nothing did."""
        due = await desk.due()
        if not due:
            return False
        now = await desk.now()
        towns = tuple(town.code for town in self.book.district.townships)
        states = await desk.states()
        pairs = [pair for pair in concerned(self.triggers, towns, due) if not _left_in_shadow(pair, states)]
        stations = {one.id: one for pair in pairs for one in pair.stations}
        readings = await desk.readings(stations, now - WINDOW)
        days = await desk.days(stations, soil.hydrological_day(now) - timedelta(days=soil.DAYS))
        # a whole district takes a second of computing, and texts must leave meanwhile
        found, rain = await asyncio.to_thread(self._judged, pairs, readings, days, states, now)
        await desk.keep_days({(id_, day): fell for (id_, day), fell in rain.items() if id_ in due})
        await self._keep(desk, found, states, now)
        await unended.show(desk, self.book, self.triggers)
        await desk.judged(due)
        return True

    def _judged(
        self,
        pairs: Sequence[Concerned],
        readings: Mapping[str, Sequence[Reading]],
        days: Mapping[str, Mapping[date, Day]],
        states: States,
        now: datetime,
    ) -> tuple[list[Outlook], dict[tuple[str, date], Day]]:
        """What every trigger shows, and the rain of the last two hydrological days by station."""
        today = soil.hydrological_day(now)
        records: dict[str, Record] = {}
        rain: dict[tuple[str, date], Day] = {}
        for station in {one.id: one for pair in pairs for one in pair.stations}.values():
            known = self._record(station, readings[station.id], days[station.id], now)
            records[station.id] = known
            if Kind.RAIN in station.tells:
                fresh = {day: soil.rain_of(known.rain, day) for day in (today - timedelta(days=1), today)}
                known.days = {**known.days, **fresh}
                rain |= {(station.id, day): fell for day, fell in fresh.items()}
        return [self._outlook(pair, records, states, now) for pair in pairs], rain

    def _record(
        self, station: Station, readings: Sequence[Reading], days: Mapping[date, Day], now: datetime
    ) -> Record:
        """What is known of a station. Its clock may be a little ahead: what it says counts at once, not when ours
        has come so far."""
        until = now + admit.AHEAD
        return Record(station, readings, now - WINDOW, until, days, self.triggers.soil, self.triggers.spike)

    def _outlook(
        self,
        pair: Concerned,
        records: Mapping[str, Record],
        states: States,
        now: datetime,
    ) -> Outlook:
        told, shadow = states.get((pair.trigger.id, pair.town), (Told(), pair.trigger.shadow))
        if shadow != pair.trigger.shadow:  # out of the shadow nothing has been told yet
            told = Told(lifted=told.lifted)
        return outlook(pair.trigger, pair.town, [records[one.id] for one in pair.stations], told, now)

    async def _keep(self, desk: JudgeDesk, found: Sequence[Outlook], states: States, now: datetime) -> None:
        """Messages, states and crossings."""
        said: dict[tuple[str, str], str] = {}
        shadow = {trigger.id for trigger in self.triggers.triggers if trigger.shadow}
        for trigger, rises in message.by_trigger(found, self.triggers):
            if not trigger.shadow:
                warning = message.rising(trigger, rises, self.book, now, self.status)
                await desk.say(warning.identifier, message.written(warning))
                said |= {(trigger.id, one.town): warning.identifier for one in rises}
                log.info("observed", trigger=trigger.id, towns=len(rises), identifier=warning.identifier)
        await desk.keep([(_identified(one, said), one.trigger in shadow) for one in found])
        for one in found:
            await self._cross(desk, one, said.get((one.trigger, one.town)), states, shadow=one.trigger in shadow)

    async def _cross(
        self, desk: JudgeDesk, one: Outlook, identifier: str | None, states: States, *, shadow: bool
    ) -> None:
        """A crossing, in the words in which it is told; a peak that stands alone is asked about."""
        trigger, town = self.triggers.trigger(one.trigger), message.town_name(one.town, self.book)
        if one.rises and trigger:
            what, said = "begins" if one.begins else "rises", words.told(one, trigger, self.triggers, town)
            await desk.cross(one, what, one.rises.began, said, shadow=shadow, message=identifier)
            if one.rises.seen and one.rises.seen.spike and not shadow:
                await desk.ask([words.isolated(one, trigger, self.triggers, town)])
        before = states.get((one.trigger, one.town), (Told(), shadow))[0].fallen
        if one.told.fallen and not before:
            await desk.cross(one, "falls", one.told.fallen, "低于阈值", shadow=shadow)


def _left_in_shadow(pair: Concerned, states: States) -> bool:
    """Whether a trigger runs in the shadow now and what it ordered still stands: a person ends that first."""
    told, shadow = states.get((pair.trigger.id, pair.town), (Told(), True))
    return pair.trigger.shadow and not shadow and told.level is not None


def _identified(one: Outlook, said: Mapping[tuple[str, str], str]) -> Outlook:
    """The outlook with the message that told it, where one did."""
    identifier = said.get((one.trigger, one.town))
    return replace(one, told=replace(one.told, identifier=identifier)) if identifier else one
