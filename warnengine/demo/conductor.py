"""Plays the night: tells everybody the time, lets things happen, and jumps on when nothing is in flight.

The engine is a child process that is only spoken to from outside. Engine time goes from one event to the next:
a message arrives, a timer of the engine runs out, a person reaches for the phone, the duty room gets to a task.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import segno
from rich.console import Console

from warnengine.demo import duty, phones, scenario
from warnengine.demo.breaker import Breaker
from warnengine.demo.children import DemoFailed, wait_until
from warnengine.demo.display import Display
from warnengine.demo.engine import Json
from warnengine.demo.oracle import EngineClaims, judge
from warnengine.demo.scenario import Event
from warnengine.demo.sink import entries
from warnengine.demo.stage import DIRECTORY, RULES, Stage
from warnengine.demo.summary import show

CALM_SECONDS = 60
AFTERWARDS = timedelta(minutes=90)
"""Engine time that people have after the last message of the night."""
SILENCE = timedelta(minutes=4)
"""For so long the SMPP line is mute when the yellow comes."""
STEPS = 5000


@dataclass(frozen=True, slots=True)
class Options:
    """How the night is played."""

    json: Path | None = None
    """Where the counts are written."""
    speed: float = 0
    """Seconds to pause before each message, for watching."""
    keep: bool = False
    """Leave everything running at the end, until interrupted."""
    breaking: bool = False
    """Kill engine, broker, database and gateways in turn during the red."""
    data: Path | None = None
    """Folder for the engine's data and all logs; it stays. None: a temporary one, removed when all was well."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Something that the conductor does at an engine time."""

    at: datetime
    act: Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Rest:
    """A moment in which nothing is in flight."""

    now: datetime
    """Engine time."""
    dues: tuple[datetime, ...]
    """When the engine and the people go on by themselves."""
    counters: Mapping[str, int]
    """Of the gateways."""


PLAIN_WIDTH = 120
"""Columns of the tables where the output is no terminal."""


def play(options: Options) -> int:
    """Play the night; 0 if everything that happened is explained."""
    console = Console()
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    try:
        if options.json:
            options.json.touch()
        if options.data:
            options.data.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        console.print(f"[bold red]Cannot write there:[/] {failure}", highlight=False)
        return 1
    try:
        return asyncio.run(_play(options, console))
    except DemoFailed as failure:
        console.print(f"[bold red]The night could not be played:[/] {failure}", highlight=False)
        return 1
    except aiohttp.ClientError as failure:
        console.print(f"[bold red]The night could not be played:[/] no answer where one was due: {failure}")
        return 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130


async def _play(options: Options, console: Console) -> int:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _cancel, asyncio.current_task())
    folder = options.data or Path(tempfile.mkdtemp(prefix="tongliang-"))
    stage = Stage(folder.resolve())
    began = time.monotonic()
    try:
        await stage.set_up()
        with Display(console) as display:
            claims, events = await Conductor(stage, options, display).night()
        verdict = judge(stage.log, events, RULES, DIRECTORY, claims)
        report = verdict.report(time.monotonic() - began, "librdkafka")
        show(verdict, console)
        if options.json:
            options.json.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        if options.keep:
            await _keep(stage, console)
    finally:
        await stage.clear()
    if not options.data and verdict.clean:
        shutil.rmtree(folder)
    else:
        console.print(f"Data and logs are in {folder}")
    return 0 if verdict.clean else 1


class Conductor:
    """One night, from the first message to the replay of them all."""

    def __init__(self, stage: Stage, options: Options, display: Display) -> None:
        self._stage = stage
        self._options = options
        self._display = display
        self._events = list(scenario.night())
        self._approved: list[Json] = []
        """What was approved, by unit: said by those who approved it, not by the engine."""
        self._cues = sorted(self._all_cues(), key=lambda cue: cue.at)
        self._end = self._cues[-1].at + AFTERWARDS

    async def night(self) -> tuple[EngineClaims, list[Event]]:
        """Play it; what the engine says of it, and everything that arrived."""
        await self._jump(self._cues[0].at - timedelta(minutes=1))
        steps = 0
        while await self._step():
            steps += 1
            if steps > STEPS:
                raise DemoFailed(f"the night does not end: {STEPS} steps and still something is due")
        await self._replay()
        api = self._stage.api
        tasks = (*await api.all("tasks", state="open"), *await api.all("tasks", state="closed"))
        orders, deliveries = await api.all("orders", most="5000"), await api.all("deliveries", most="20000")
        # a call by hand passes no gateway that keeps a log: it is judged as the task that it is
        sent = tuple(delivery for delivery in deliveries if delivery["channel"] != "call")
        claims = EngineClaims(tuple(orders), sent, tuple(self._approved), tasks)
        kept = json.dumps(asdict(claims), ensure_ascii=False, indent=1)
        (self._stage.folder / "claims.json").write_text(kept, encoding="utf-8")
        return claims, self._events

    async def _step(self) -> bool:
        """Go to the next thing that is due and let it happen; False when the night is over."""
        rest = await self._calm()
        works = await self._works()
        dues = [*rest.dues, *(cue.at for cue in self._cues[:1]), *(work.due for work in works[:1])]
        due = min(dues, default=self._end)
        if due >= self._end:
            return False
        if due > rest.now:
            await self._jump(due)
        while self._cues and self._cues[0].at <= due:
            await self._cues.pop(0).act()
        for work in works:
            if work.due <= due:
                await self._do(work, max(due, rest.now))
        return True

    async def _works(self) -> list[duty.Work]:
        approvals = await self._stage.api.all("approvals", state="pending")
        return duty.plan(approvals, await self._stage.api.all("tasks", state="open"))

    def _all_cues(self) -> list[Cue]:
        cues = [Cue(event.at, partial(self._arrive, event)) for event in self._events]
        yellow = next(event.at for event in self._events if event.body == scenario.YELLOW.xml())
        cues.append(Cue(yellow - timedelta(seconds=1), partial(self._fault, "mute", "the SMPP line falls silent")))
        cues.append(Cue(yellow + SILENCE, partial(self._fault, "ok", "the SMPP line speaks again")))
        return cues

    async def _arrive(self, event: Event) -> None:
        if self._options.speed:
            await asyncio.sleep(self._options.speed)
        self._display.event(event.at, f"{event.title}  ({'、'.join(event.via)})")
        breaks = self._options.breaking and event.body == scenario.RED.xml() and "kafka" in event.via
        if "kafka" in event.via:
            await self._stage.put(event.body)
        if "http" in event.via:
            await self._stage.api.warn(event.body)
        if breaks:
            await Breaker(self._stage, self._display).run()
        elif "kafka" in event.via:
            await self._read()

    async def _read(self) -> None:
        """Wait until the engine has read the topic to its end."""

        async def at_its_end() -> bool:
            return await self._stage.lag() == 0

        await wait_until("the engine to read its topic", at_its_end, CALM_SECONDS, self._stage.engine)

    async def _fault(self, mode: str, what: str) -> None:
        self._display.note(what)
        await self._stage.tell_gateways("fault", gateway="smpp", mode=mode)

    async def _do(self, work: duty.Work, now: datetime) -> None:
        if work.kind == "approval":
            self._display.note(f"{work.by} approves")
            self._approved += ({**item, "decided_at": now.isoformat()} for item in work.approved)
            await self._stage.api.decide(work.id, work.answer, work.by)
        else:
            await self._stage.api.report(work.id, work.answer, work.by, work.words)

    async def _jump(self, to: datetime) -> None:
        """The engine first: nobody acts before their time."""
        await self._stage.api.jump(to)
        await self._stage.tell_gateways("clock", now=to.isoformat())

    async def _calm(self) -> Rest:
        """Wait until nothing is in flight: two looks in a row find everybody at rest and nothing new."""

        async def look() -> Rest | None:
            if not self._stage.engine.running:
                raise DemoFailed(f"the engine ended; its last words:\n{self._stage.engine.tail()}")
            try:
                first = await self._glance()
                return await self._glance(first) if first else None
            except (aiohttp.ClientError, TimeoutError):
                return None  # it is being mended; the wait is bounded

        return await wait_until("engine and people to come to rest", look, CALM_SECONDS, self._stage.engine)

    async def _glance(self, before: Rest | None = None) -> Rest | None:
        """How everybody is at rest; None while something is in flight or has changed."""
        clock, people = await self._stage.api.clock(), await self._stage.people()
        self._display.progress(clock.now, people["counters"])
        act = datetime.fromisoformat(people["next"]) if people["next"] else None
        rest = Rest(clock.now, tuple(due for due in (clock.next, act) if due), people["counters"])
        quiet = clock.calm and not people["busy"] and (act is None or act > clock.now)
        return rest if quiet and (before is None or before.counters == rest.counters) else None

    async def _replay(self) -> None:
        """Every message of the night once more, both ways: nothing may be sent."""
        now = (await self._calm()).now
        before = await self._sent()
        self._display.event(now, "every message of the night once more, by Kafka and HTTP")
        for message in scenario.MESSAGES:
            await self._stage.put(message.xml())
            await self._stage.api.warn(message.xml())
            self._events.append(Event(now, ("kafka", "http"), message.xml(), "重放"))
        await self._read()
        await self._calm()
        if again := await self._sent() - before:
            raise DemoFailed(f"{again} messages were sent because old ones came again; none may be")

    async def _sent(self) -> int:
        counters = (await self._stage.people())["counters"]
        return sum(count for name, count in counters.items() if name.endswith(" message"))


async def _keep(stage: Stage, console: Console) -> None:
    """Show the way to a link page and wait until interrupted."""
    links = [link for entry in entries(stage.log) for link in phones.links(entry.get("text") or "")]
    console.print(f"The engine is running at {stage.public_url} until you press Ctrl-C.")
    if links:
        console.print(f"An official's page: {links[-1]}")
        segno.make(links[-1]).terminal(compact=True)
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


def _cancel(task: asyncio.Task[Any] | None) -> None:
    if task:
        task.cancel()
