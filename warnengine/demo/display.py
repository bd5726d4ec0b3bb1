"""The night on the screen: a line per event, and below them, on a terminal, the clock and the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.status import Status

from warnengine.demo.scenario import BEIJING


class Display:
    """Prints plain lines where the output is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status = Status("starting broker, gateways and engine", console=console)
        self._before: Counter[str] = Counter()
        self._now: Counter[str] = Counter()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()
        if kind is None:
            self._sum_up()

    def event(self, at: datetime, what: str) -> None:
        """Something happens; what came of the event before is summed up first."""
        self._sum_up()
        self._console.print(f"[bold]{_clock(at)}[/]  {what}", highlight=False)

    def note(self, what: str) -> None:
        """Something that belongs to the event."""
        self._console.print(f"       {what}", style="dim", highlight=False)

    def progress(self, now: datetime, counters: Mapping[str, int]) -> None:
        """Engine time and the gateways' counters (`smpp message` …)."""
        self._now = Counter()
        for name, count in counters.items():
            self._now[name.rpartition(" ")[2]] += count
        self._status.update(f"{_clock(now)}  {_words(self._now)}")

    def _sum_up(self) -> None:
        news = self._now - self._before
        if news:
            self.note(_words(news))
        self._before = self._now.copy()


def _words(counts: Mapping[str, int]) -> str:
    answers = counts.get("reply", 0) + counts.get("page", 0)
    return f"{counts.get('message', 0)} messages sent, {answers} answers by SMS and link page"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%H:%M}"
