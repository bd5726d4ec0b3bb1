"""An event loop without a world: time is virtual, the order of what is ready is drawn from a seed.

A process of the simulation is an owner: whatever is started inside it belongs to it. Frozen (SIGSTOP), nothing of it
runs while time goes on; killed (SIGKILL), nothing of it ever runs again, no `finally` either.
"""

from __future__ import annotations

import asyncio
import heapq
import random
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

OWNER: ContextVar[str] = ContextVar("owner", default="world")


class NothingLeft(RuntimeError):
    """Everybody waits for somebody."""


class Blind(selectors._BaseSelectorImpl):  # type: ignore[misc,name-defined]
    """A selector that sees no socket."""

    def select(self, timeout: float | None = None) -> list[Any]:
        return []


class SeededLoop(asyncio.SelectorEventLoop):
    """Runs one thing at a time, in an order of its seed's own."""

    def __init__(self, seed: int) -> None:
        super().__init__(Blind())
        self.random = random.Random(seed)
        self.clock = 0.0
        self.frozen: dict[str, list[asyncio.Handle]] = {}
        self.dead: set[str] = set()
        self.tasks: list[asyncio.Task[Any]] = []
        """All, for what belongs to the dead must not even be collected while the story goes on."""
        self.set_task_factory(self._task)

    def time(self) -> float:
        return self.clock

    def run_in_executor(self, *_: Any) -> Any:
        raise NotImplementedError("a thread would not be replayed")

    def _task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
        task = asyncio.Task(coroutine, loop=loop, **options)
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        self.tasks.append(task)
        return task

    def freeze(self, owner: str) -> None:
        self.frozen.setdefault(owner, [])

    def thaw(self, owner: str) -> None:
        self._ready.extend(self.frozen.pop(owner, []))  # type: ignore[attr-defined]

    def kill(self, owner: str) -> None:
        self.dead.add(owner)
        self.frozen.pop(owner, None)

    def bury(self) -> None:
        """Close what never ended, without a word."""
        for task in self.tasks:
            with suppress(RuntimeError):
                task.get_coro().close()  # type: ignore[union-attr]
            if task.done() and not task.cancelled():
                task.exception()

    @contextmanager
    def inside(self, owner: str) -> Iterator[None]:
        """What is started here belongs to this owner."""
        token = OWNER.set(owner)
        try:
            yield
        finally:
            OWNER.reset(token)

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        if not ready:
            if not scheduled:
                raise NothingLeft
            self.clock = max(self.clock, scheduled[0].when())
        while scheduled and scheduled[0].when() <= self.clock:
            timer = heapq.heappop(scheduled)
            timer._scheduled = False
            ready.append(timer)
        place = self.random.randrange(len(ready))
        ready[0], ready[place] = ready[place], ready[0]
        handle = ready.popleft()
        if handle.cancelled():
            return
        owner = handle._context.get(OWNER, "world")
        if owner in self.frozen:
            self.frozen[owner].append(handle)
        elif owner not in self.dead:
            handle._run()


def simulate(seed: int, story: Callable[[SeededLoop], Any]) -> Any:
    """Run a story to its end; equal seeds give equal stories."""
    loop = SeededLoop(seed)
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(story(loop))
    finally:
        loop.bury()
        asyncio.set_event_loop(None)
        loop.close()
