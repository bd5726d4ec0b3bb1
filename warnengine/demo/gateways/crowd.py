"""The people: they read what reached their phone and act when engine time comes to it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import aiohttp

from warnengine.demo import phones
from warnengine.demo.gateways.owed import until
from warnengine.demo.sink import EngineClock, Entry, Sink

PAGE_SECONDS = 10


class Line(Protocol):
    """A gateway that people can write back by."""

    name: str

    async def say(self, number: str, ours: str, text: str) -> None:
        """Hand over a reply; return once the engine has confirmed it."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that one person is going to do."""

    due: datetime
    number: str
    line: str
    ours: str
    """Our number, as the person sees it."""
    message: str
    """Id of the message that it answers."""
    turn: int
    reaction: phones.Reaction
    link: str


class Crowd:
    """Everybody's intentions. A new message replaces what a person had in mind."""

    def __init__(
        self,
        sink: Sink,
        clock: EngineClock,
        subscribe: Callable[[str], Mapping[str, object] | None],
    ) -> None:
        """`subscribe` makes a Web Push subscription for those phones that can."""
        self._sink = sink
        self._clock = clock
        self._lines: dict[str, Line] = {}
        self._subscribe = subscribe
        self._minds: dict[str, list[Act]] = defaultdict(list)
        self._acting: dict[asyncio.Task[None], str] = {}
        self._changed = asyncio.Event()
        for entry in sink.earlier:
            self._remember(entry)

    def busy(self, silent: Collection[str] = ()) -> int:
        """People whose acts the engine has not confirmed yet, but for those who wait for a silent line."""
        return sum(line not in silent for line in self._acting.values())

    def join(self, *lines: Line) -> None:
        """Gateways by which people write back."""
        self._lines.update({line.name: line for line in lines})

    @property
    def next(self) -> datetime | None:
        """Engine time of the next act."""
        return min((acts[0].due for acts in self._minds.values() if acts), default=None)

    def read(self, message: Entry) -> None:
        """A message is on somebody's phone."""
        at = message["engine_at"]
        self._minds[message["to"]] = _intend(message, datetime.fromisoformat(at)) if at else []
        self.wake()

    def wake(self) -> None:
        """Engine time has moved."""
        self._changed.set()

    async def run(self) -> None:
        """Act when it is time, until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PAGE_SECONDS)) as web:
            while True:
                self._changed.clear()
                self._begin_due(web)
                try:
                    await asyncio.wait_for(self._changed.wait(), self._seconds_left())
                except TimeoutError:
                    continue

    def _remember(self, entry: Entry) -> None:
        """Take up the intentions that an earlier process had not carried out."""
        if entry["event"] == "message" and "from" in entry and entry["fate"] == "delivered":
            self.read(entry)
        elif entry["event"] in ("reply", "page"):
            done = (entry["message"], entry["turn"])
            mind = self._minds[entry["to"]]
            mind[:] = [act for act in mind if (act.message, act.turn) != done]

    def _seconds_left(self) -> float | None:
        now, due = self._clock.now(), self.next
        return max(0.0, (due - now).total_seconds()) if now and due else None

    def _begin_due(self, web: aiohttp.ClientSession) -> None:
        now = self._clock.now()
        if now is None:
            return
        for number, acts in self._minds.items():
            due = [act for act in acts if act.due <= now]
            if due:
                self._minds[number] = acts[len(due) :]
                task = asyncio.create_task(self._carry_out(due, web))
                self._acting[task] = due[0].line
                task.add_done_callback(self._acting.pop)

    async def _carry_out(self, acts: Iterable[Act], web: aiohttp.ClientSession) -> None:
        for act in acts:
            if act.reaction.kind == "reply":
                await self._lines[act.line].say(act.number, act.ours, act.reaction.text)
                self._log(act, "reply")
            else:
                await until(lambda act=act: self._visit(act, web))  # type: ignore[misc]
                self._log(act, "page")

    def _log(self, act: Act, event: str) -> None:
        more = {"message": act.message, "turn": act.turn, "text": act.reaction.text, "count": act.reaction.count}
        if event == "page":
            self._sink.write("page", "page", act.number, link=act.link, **more)
        else:
            self._sink.write(act.line, "reply", act.number, **more)

    async def _visit(self, act: Act, web: aiohttp.ClientSession) -> bool:
        """Open the page, press a button; on the first visit some phones also ask for push messages."""
        form = {"step": act.reaction.text}
        if act.reaction.count is not None:
            form["count"] = str(act.reaction.count)
        try:
            async with web.get(act.link) as page:
                opened = page.ok
            async with web.post(act.link, data=form) as answer:
                taken = answer.ok
            subscription = self._subscribe(act.number) if act.reaction.text == "1" else None
            if taken and subscription:
                async with web.post(f"{act.link}/push", json=subscription) as answer:
                    taken = answer.ok
        except (aiohttp.ClientError, TimeoutError):
            return False
        return opened and taken


def _intend(message: Entry, at: datetime) -> list[Act]:
    link = next(iter(phones.links(message["text"])), "")
    reactions = phones.react(message["to"], message["text"])
    common = (message["to"], message["gateway"], message["from"], message["ids"][0])
    return [
        Act(_on_grid(at, reaction.after), *common, turn, reaction, link) for turn, reaction in enumerate(reactions)
    ]


def _on_grid(at: datetime, after: timedelta) -> datetime:
    """Round up to the half minute, later to two minutes: a night then needs hundreds of steps, not thousands."""
    grid = timedelta(seconds=30) if after < timedelta(minutes=4) else timedelta(minutes=2)
    past = (at + after - datetime.min.replace(tzinfo=at.tzinfo)) % grid
    return at + after - past + grid
