"""Observations joined: rows in, thresholds judged, and what they order handed to intake like any warning."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import structlog

from warnengine import metrics
from warnengine.app.rarely import Rarely
from warnengine.ingest.formats import observation
from warnengine.ingest.intake import Intake
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.book.trigger import Trigger, Triggers
from warnengine.model.clock import BEIJING
from warnengine.model.errors import Refused
from warnengine.model.level import Level
from warnengine.model.observation import Day, Kind, Outlook, Reading, Refusal, Report, Told
from warnengine.model.warning import Status
from warnengine.observe import admit, message, soil, words
from warnengine.observe.decide import WINDOW, Concerned, concerned, outlook, pressing
from warnengine.observe.judge import Record
from warnengine.store.database import Database
from warnengine.store.observations import JudgeDesk, ObservationStore
from warnengine.store.warnings import WarningStore

log = structlog.get_logger()
SOURCE = "observed"
"""Of what the thresholds order, as an arrival."""
LOOK = timedelta(minutes=1)
"""Between two looks for stations that have become silent."""


@dataclass
class Observing:
    """Takes observations, judges them, and tells."""

    book: RuleBook
    triggers: Triggers
    store: ObservationStore
    intake: Intake
    """Reads the engine's own messages, and nothing from outside."""
    status: Status
    silence: Rarely = field(init=False)

    def __post_init__(self) -> None:
        self.towns = tuple(town.code for town in self.book.district.townships)
        self.silence = Rarely(self._silent, LOOK)

    async def take(self, source: str, raw: bytes) -> Report:
        """Keep rows, and those that are refused with their reason. RefusedWarning where nothing can be read."""
        now = await self.store.now()
        readings: list[Reading] = []
        refused: list[Refusal] = []
        questions: dict[str, None] = {}
        for line, shown, row in observation.read(raw):
            if isinstance(row, Refusal):
                refused.append(row)
                continue
            try:
                readings.append(admit.admitted(row, self.triggers, now))
            except admit.Unusable as why:
                refused.append(Refusal(line, shown, str(why)))
                if isinstance(why, admit.OtherDatum):
                    questions[words.other_datum(source, str(why))] = None
        kept, differing = await self.store.keep(source, readings, refused)
        await self.store.ask(questions)
        metrics.OBSERVATIONS.labels(source, "kept").inc(kept)
        metrics.OBSERVATIONS.labels(source, "refused").inc(len(refused))
        log.info("observations", source=source, kept=kept, known=len(readings) - kept, refused=len(refused))
        return Report(kept, len(readings) - kept, tuple(refused), tuple(map(self._differs, differing)))

    async def step(self) -> bool:
        """Judge what has come, tell what must be told; whether there may be more."""
        judged = await self.judge()
        told = await self.tell()
        await self.silence.step()
        return judged or told

    async def judge(self) -> bool:
        """Everything that waits, in one transaction: what is decided is kept with the bytes that tell it."""
        async with self.store.judging() as desk:
            due = await desk.due() if desk else frozenset()
            if desk is None or not due:
                return False
            now = await desk.now()
            pairs = concerned(self.triggers, self.towns, due)
            records = await self._records(desk, due, pairs, now)
            states = await desk.states()
            found = [self._outlook(pair, records, states, now) for pair in pairs]
            await self._keep(desk, found, states, now)
            await self._show_fallen(desk)
            await desk.judged(due)
        return True

    async def tell(self) -> bool:
        """Hand to intake what was decided, the same bytes each time. Whether there was anything."""
        waiting = await self.store.unsaid()
        for number, identifier, raw in waiting:
            taken = await self.intake.take(Arrival(SOURCE, identifier, raw, "application/json"))
            if taken.verdict is Verdict.QUARANTINED:
                log.error("observed", identifier=identifier, reason=taken.reason, problem=taken.explanation)
            await self.store.said(number, taken.verdict)
        return bool(waiting)

    async def end(self, trigger: str, towns: Sequence[str], by: str, *, leader: bool) -> list[str]:
        """A person ends what has fallen below: an all-clear by the way of every message. Return the townships;
        Refused where it has not fallen, or is not theirs to end."""
        one = self.triggers.trigger(trigger)
        if one is None:
            raise Refused(404, f"没有阈值{trigger}:用 GET /v1/observations/triggers 查看")
        async with self.store.judging() as desk:
            if desk is None:
                raise Refused(409, "正在计算观测数据:请再按一次")
            now = await desk.now()
            stand = [o for o in await self.store.outlooks() if o.trigger == trigger and o.told.level is not None]
            ended = [o for o in stand if o.town in towns or (not towns and o.told.fallen)]
            self._refuse(ended, set(towns), leader=leader)
            await self._end(desk, one, ended, now, by)
            await self._show_fallen(desk)
        await self.tell()
        return [one.town for one in ended]

    async def shown(self) -> list[dict[str, object]]:
        """What stands, is over its threshold or near it."""
        names = {town.code: town.name for town in self.book.district.townships}
        found = pressing(await self.store.outlooks(), self.triggers)
        return [words.row(one, self.triggers, names) for one in found]

    async def _records(
        self, desk: JudgeDesk, due: frozenset[str], pairs: Iterable[Concerned], now: datetime
    ) -> dict[str, Record]:
        """What is known of every station that is looked at; the rain of the last two days is kept for the soil."""
        stations = {one.id: one for pair in pairs for one in pair.stations}
        today = soil.hydrological_day(now)
        readings = await desk.readings(stations, now - WINDOW)
        days = await desk.days(stations, today - timedelta(days=soil.DAYS))
        records: dict[str, Record] = {}
        kept: dict[tuple[str, date], Day] = {}
        file = self.triggers
        for id_, station in stations.items():
            # a station's clock may be a little ahead: what it says counts now, not when our clock has come so far
            until = now + admit.AHEAD
            known = Record(station, readings[id_], now - WINDOW, until, days[id_], file.soil, file.spike)
            records[id_] = known
            if id_ in due and Kind.RAIN in station.tells:
                fresh = {day: soil.rain_of(known.rain, day) for day in (today - timedelta(days=1), today)}
                days[id_].update(fresh)
                kept |= {(id_, day): rain for day, rain in fresh.items()}
        await desk.keep_days(kept)
        return records

    def _outlook(
        self,
        pair: Concerned,
        records: Mapping[str, Record],
        states: Mapping[tuple[str, str], tuple[Told, bool]],
        now: datetime,
    ) -> Outlook:
        told, shadow = states.get((pair.trigger.id, pair.town), (Told(), pair.trigger.shadow))
        if shadow != pair.trigger.shadow:  # out of the shadow nothing has been told yet
            told = Told(lifted=told.lifted)
        return outlook(pair.trigger, pair.town, [records[one.id] for one in pair.stations], told, now)

    async def _keep(
        self,
        desk: JudgeDesk,
        found: Sequence[Outlook],
        states: Mapping[tuple[str, str], tuple[Told, bool]],
        now: datetime,
    ) -> None:
        said: dict[tuple[str, str], str] = {}
        for trigger, rises in message.by_trigger(found, self.triggers):
            if not trigger.shadow:
                warning = message.rising(trigger, rises, self.book, now, self.status)
                await desk.say(warning.identifier, message.written(warning))
                said |= {(trigger.id, one.town): warning.identifier for one in rises}
                log.info("observed", trigger=trigger.id, towns=len(rises), identifier=warning.identifier)
        for one in found:
            trigger_ = self.triggers.trigger(one.trigger)
            assert trigger_ is not None
            identifier = said.get((one.trigger, one.town))
            if identifier:
                one = replace(one, told=replace(one.told, identifier=identifier))  # noqa: PLW2901
            await desk.keep(one, shadow=trigger_.shadow)
            await self._record(desk, trigger_, one, identifier)
            before = states.get((one.trigger, one.town), (Told(), False))[0].fallen
            if one.told.fallen and not before:
                await desk.cross(one, "falls", one.told.fallen, "低于阈值", shadow=trigger_.shadow)

    async def _record(self, desk: JudgeDesk, trigger: Trigger, one: Outlook, identifier: str | None) -> None:
        """A crossing, in the words in which it is told."""
        if not one.rises:
            return
        town = message.town_name(one.town, self.book)
        what = "begins" if one.begins else "rises"
        said = words.told(one, trigger, self.triggers, town)
        await desk.cross(one, what, one.rises.began, said, shadow=trigger.shadow, message=identifier)
        if one.rises.seen and one.rises.seen.spike and not trigger.shadow:
            await desk.ask([words.isolated(one, trigger, self.triggers, town)])

    async def _show_fallen(self, desk: JudgeDesk) -> None:
        """One task for each trigger that has fallen below somewhere and still stands there."""
        below: dict[str, list[tuple[str, Level, datetime]]] = defaultdict(list)
        for (trigger, town), (told, shadow) in (await desk.states()).items():
            if told.level is not None and told.fallen and not shadow:
                below[trigger].append((message.town_name(town, self.book), told.level, told.fallen))
        known = {one.id: one for one in self.triggers.triggers}
        await desk.show_fallen(
            {trigger: words.fallen(known[trigger], towns) for trigger, towns in below.items() if trigger in known}
        )

    def _refuse(self, ended: Sequence[Outlook], asked: set[str], *, leader: bool) -> None:
        if strange := asked - {one.town for one in ended}:
            raise Refused(404, f"{'、'.join(sorted(strange))}没有由这个阈值发出的监测预警:请核对镇街代码")
        if not ended:
            raise Refused(409, "这个阈值没有可以解除的:仍在阈值以上,或没有发出过")
        if up := [message.town_name(one.town, self.book) for one in ended if not one.told.fallen]:
            raise Refused(409, f"{'、'.join(up)}仍在阈值以上,不能解除:确需停止执行的,请撤回指令并说明理由")
        if not leader and any((one.told.level or 0) >= Level.ORANGE for one in ended):
            raise Refused(403, "橙色、红色监测预警由带班领导解除:请带班领导用本人令牌操作")

    async def _end(
        self, desk: JudgeDesk, trigger: Trigger, ended: Sequence[Outlook], now: datetime, by: str
    ) -> None:
        identifier = None
        if not trigger.shadow:
            stood = [(one.town, one.told.level, one.told.identifier) for one in ended if one.told.level]
            warning = message.ending(trigger, stood, self.book, now, self.status, by)
            identifier = warning.identifier
            await desk.say(identifier, message.written(warning))
        for one in ended:
            over = replace(one, told=Told(lifted=now))
            await desk.keep(over, shadow=trigger.shadow)
            await desk.cross(over, "lifted", now, f"{by}解除", shadow=trigger.shadow, message=identifier)

    async def _silent(self) -> None:
        """Tell of stations that have stopped reporting, source by source."""
        after = self.triggers.silent_after
        names = {one.id: one.name for one in self.triggers.stations}
        found = await self.store.silent(after)
        minutes = after // timedelta(minutes=1)
        told = {
            source: words.silent(source, [names[one] for one in stations if one in names], minutes)
            for source, stations in found.items()
            if any(one in names for one in stations)
        }
        await self.store.show_silent(told)

    def _differs(self, reading: Reading) -> str:
        at = f"{reading.at.astimezone(BEIJING):%m-%d %H:%M}"
        return f"{reading.station} {at}{reading.kind.zh}已有另一个值,按较高的算:要更正请加修订号 revision"


def observing(
    book: RuleBook, database: Database, warnings: WarningStore, statuses: frozenset[Status]
) -> Observing | None:
    """The parts for a book with thresholds; None where it has none. statuses: what may order something here."""
    if book.triggers is None:
        return None
    return Observing(
        book,
        book.triggers,
        ObservationStore(database, book.district.code),
        Intake(warnings, message.read, message.allowing(book), statuses),
        Status.ACTUAL if Status.ACTUAL in statuses else Status.EXERCISE,
    )
