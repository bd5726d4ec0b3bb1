"""Observations joined: rows in, thresholds judged, and what they order handed to intake like any warning."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from warnengine import metrics
from warnengine.app import unended
from warnengine.app.judging import Judging
from warnengine.app.rarely import Rarely
from warnengine.ingest.formats import observation
from warnengine.ingest.intake import Intake
from warnengine.model.arrival import Arrival, Verdict
from warnengine.model.book import RuleBook
from warnengine.model.book.trigger import Triggers
from warnengine.model.clock import BEIJING
from warnengine.model.errors import Refused
from warnengine.model.level import Level
from warnengine.model.observation import Outlook, Reading, Refusal, Report, Told
from warnengine.model.warning import Status
from warnengine.observe import admit, message, soil, words
from warnengine.observe.decide import left, pressing
from warnengine.store.database import Database
from warnengine.store.observations import JudgeDesk, ObservationStore
from warnengine.store.warnings import WarningStore

log = structlog.get_logger()
SOURCE = "observed"
"""Of what the thresholds order, as an arrival."""
LOOK = timedelta(minutes=1)
"""Between two looks for stations that have become silent, and for what nothing watches any more."""
FORGET = timedelta(hours=12)
KEPT = timedelta(days=2 * soil.DAYS)
"""How long the rain of a day is kept: as long as the soil needs it, and as long again."""


@dataclass
class Observing:
    """Takes observations, judges them, and tells."""

    book: RuleBook
    triggers: Triggers
    store: ObservationStore
    intake: Intake
    """Reads the engine's own messages, and nothing from outside."""
    status: Status
    looks: tuple[Rarely, ...] = field(init=False)

    @property
    def judging(self) -> Judging:
        """What judges."""
        return Judging(self.book, self.triggers, self.status)

    def __post_init__(self) -> None:
        self.looks = (Rarely(self._silent, LOOK), Rarely(self._left, LOOK), Rarely(self._forget, FORGET))

    async def take(self, source: str, raw: bytes) -> Report:
        """Keep rows, and those that are refused with their reason. RefusedWarning where nothing can be read."""
        now = await self.store.now()
        # many rows take long to read, and texts must leave meanwhile
        readings, refused, questions = await asyncio.to_thread(self._read, source, raw, now)
        kept, differing = await self.store.keep(source, readings, refused)
        await self.store.ask(questions)
        metrics.OBSERVATIONS.labels(source, "kept").inc(kept)
        metrics.OBSERVATIONS.labels(source, "refused").inc(len(refused))
        log.info("observations", source=source, kept=kept, known=len(readings) - kept, refused=len(refused))
        return Report(kept, len(readings) - kept, tuple(refused), tuple(map(self._differs, differing)))

    def _read(
        self, source: str, raw: bytes, now: datetime
    ) -> tuple[list[Reading], list[Refusal], dict[str, None]]:
        """What counts, what does not, and what the duty room must be asked."""
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
        return readings, refused, questions

    async def step(self) -> bool:
        """Judge what has come, tell what must be told; whether there may be more."""
        due, unsaid = await self.store.waiting()
        judged = due and await self.judge()
        told = (unsaid or judged) and await self.tell()
        for look in self.looks:
            await look.step()
        return judged or told

    async def judge(self) -> bool:
        """Everything that waits, in one transaction. False where there was nothing, or another engine judges."""
        async with self.store.judging() as desk:
            return desk is not None and await self.judging.judge(desk)

    async def tell(self) -> bool:
        """Hand to intake what was decided, the same bytes each time. Whether there was anything."""
        waiting = await self.store.unsaid()
        for number, identifier, raw in waiting:
            heard = replace(self.intake, book=message.allowing(self.book, *message.read(raw)))
            taken = await heard.take(Arrival(SOURCE, identifier, raw, "application/json"))
            if taken.verdict is Verdict.QUARANTINED:
                log.error("observed", identifier=identifier, reason=taken.reason, problem=taken.explanation)
                await self.store.ask([words.unheard(identifier, taken.explanation or "")])
            await self.store.said(number, taken.verdict)
        return bool(waiting)

    async def end(self, trigger: str, towns: Sequence[str], by: str, *, leader: bool) -> list[str]:
        """A person ends what has fallen below, or what nothing watches any more: an all-clear by the way of every
        message. Return the townships; Refused where it has not fallen, or is not theirs to end."""
        async with self.store.judging() as desk:
            if desk is None:
                raise Refused(409, "正在计算观测数据:请再按一次")
            now = await desk.now()
            stand = [o for o in await self.store.outlooks() if o.trigger == trigger and o.told.level is not None]
            if not stand and self.triggers.trigger(trigger) is None:
                raise Refused(404, f"没有阈值{trigger}:用 GET /v1/observations/triggers 查看")
            ended = [o for o in stand if o.town in towns or (not towns and self._over(o))]
            self._refuse(ended, set(towns), leader=leader)
            await self._end(desk, trigger, ended, now, by)
            await unended.show(desk, self.book, self.triggers)
            await desk.seal(trigger, [one.town for one in ended], by)
        await self.tell()
        return [one.town for one in ended]

    async def shown(self) -> list[dict[str, object]]:
        """What stands, is over its threshold or near it."""
        names = {town.code: town.name for town in self.book.district.townships}
        found = await self.store.outlooks()
        behind = {(one.trigger, one.town): one for one in found if self._left_behind(one)}
        stood = await unended.stood(self.store, {key: one.told for key, one in behind.items()})
        rows = [words.row_left(behind[key], one.name, one.hazard, names) for key, one in stood.items()]
        near = pressing((one for one in found if (one.trigger, one.town) not in behind), self.triggers)
        return rows + [words.row(one, self.triggers, names) for one in near]

    def _left_behind(self, one: Outlook) -> bool:
        return left(one.trigger, one.town, one.told, self.triggers)

    def _over(self, one: Outlook) -> bool:
        """Whether a person may end it."""
        return one.told.fallen is not None or self._left_behind(one)

    def _refuse(self, ended: Sequence[Outlook], asked: set[str], *, leader: bool) -> None:
        if strange := asked - {one.town for one in ended}:
            raise Refused(404, f"{'、'.join(sorted(strange))}没有由这个阈值发出的监测预警:请核对镇街代码")
        if not ended:
            raise Refused(409, "这个阈值没有可以解除的:仍在阈值以上,或没有发出过")
        if up := [message.town_name(one.town, self.book) for one in ended if not self._over(one)]:
            raise Refused(409, f"{'、'.join(up)}仍在阈值以上,不能解除:确需停止执行的,请撤回指令并说明理由")
        if not leader and any((one.told.level or 0) >= Level.ORANGE for one in ended):
            raise Refused(403, "橙色、红色监测预警由带班领导解除:请带班领导用本人令牌操作")

    async def _end(self, desk: JudgeDesk, trigger: str, ended: Sequence[Outlook], now: datetime, by: str) -> None:
        stood = await unended.stood(desk, {(trigger, one.town): one.told for one in ended})
        identifier = None
        if stood:
            warning = message.ending(trigger, list(stood.values()), self.book, now, self.status, by)
            identifier = warning.identifier
            await desk.say(identifier, message.written(warning))
        for one in ended:
            over, shadow = replace(one, told=Told(lifted=now)), (trigger, one.town) not in stood
            await desk.keep([(over, shadow)])
            await desk.cross(over, "lifted", now, f"{by}解除", shadow=shadow, message=identifier)

    async def _left(self) -> None:
        """Ask about what nothing watches any more, for no reading will; while another engine judges, later."""
        async with self.store.judging() as desk:
            if desk is not None:
                await unended.show(desk, self.book, self.triggers)

    async def _forget(self) -> None:
        """Let the rain go of days that are long past."""
        async with self.store.judging() as desk:
            if desk is not None:
                await desk.forget_days(soil.hydrological_day(await desk.now() - KEPT))

    async def _silent(self) -> None:
        """Tell of stations that have stopped reporting, source by source."""
        after = self.triggers.silent_after
        names = {one.id: one.name for one in self.triggers.stations}
        found = await self.store.silent(after)
        minutes = after // timedelta(minutes=1)
        told = {
            source: (words.silent(source, [names[one] for one in stations if one in names], minutes), last)
            for source, (stations, last) in found.items()
            if any(one in names for one in stations)
        }
        await self.store.show_silent(told)

    def _differs(self, reading: Reading) -> str:
        at = f"{reading.at.astimezone(BEIJING):%m-%d %H:%M}"
        return f"{reading.station} {at}{reading.kind.zh}已有另一个值,按较高的算:要更正请加修订号 revision"


def observing(
    book: RuleBook, database: Database, warnings: WarningStore, statuses: frozenset[Status]
) -> Observing:
    """The parts for a book; one without thresholds still has to see to what an earlier book's have ordered.
    statuses: what may order something here."""
    return Observing(
        book,
        book.triggers or Triggers(stations=(), triggers=()),
        ObservationStore(database, book.district.code),
        Intake(warnings, message.read, message.allowing(book), statuses),
        Status.ACTUAL if Status.ACTUAL in statuses else Status.EXERCISE,
    )
