"""What differs between live, demo, drill and trial; all else is one and the same engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import structlog

from warnengine.app.sides import drill_spool
from warnengine.dispatch.channel import Channel
from warnengine.dispatch.fences import Fence, duty_room_only, marked_only
from warnengine.ingest.admission import DRILL, LIVE
from warnengine.ingest.handover import Handover
from warnengine.model.warning import Status
from warnengine.order.digest import Digest
from warnengine.order.drill_texts import DrillTexts
from warnengine.order.texts import Texts
from warnengine.settings import Settings
from warnengine.store.database import Database
from warnengine.store.drill import DrillStore

log = structlog.get_logger()
Step = Callable[[], Awaitable[bool]]
GOES_ON = frozenset({"observe", "reconcile", "expand", "listen", "hear", "audit", "seal", "lines", "rule book"})
"""Loops of a drill that reach nobody; all others wait while live comes first."""
PAUSED = "演练暂停,实战优先:有橙色或红色实战指令在执行,演练不再发送"
BLIND = "演练暂停:看不到实战指令是否在执行。请运行 warnengine drill prepare"


async def nothing() -> bool:
    """A step without work."""
    return False


@dataclass
class Preemption:
    """Live comes first: while a live order at orange or red stands, a drill sends nothing and chases nobody."""

    store: DrillStore
    why: str = field(default="", init=False)
    """In the words of the duty room; empty while the drill may go on."""

    async def holds(self) -> bool:
        """Look, and tell the drill's duty room of every change. What cannot be seen counts as standing."""
        stands = await self.store.live_stands()
        why = BLIND if stands is None else PAUSED if stands else ""
        if why != self.why:
            log.warning("drill", paused=bool(why), why=why or "演练继续")
            await self.store.tell(why)
            self.why = why
        return bool(why)

    def paced(self, step: Step) -> Step:
        """A step that does nothing while live comes first."""

        async def when_free() -> bool:
            return False if await self.holds() else await step()

        return when_free


@dataclass
class Mode:
    """The mode of one engine, from its settings."""

    settings: Settings
    database: Database
    preemption: Preemption | None = field(init=False)
    handover: Handover | None = field(init=False)

    def __post_init__(self) -> None:
        drill = self.settings.installation == "drill"
        self.preemption = Preemption(DrillStore(self.database)) if drill else None
        there = self.settings.data / "drill"
        self.handover = Handover(drill_spool(there)) if self.settings.drill and not drill else None

    @property
    def paused(self) -> str:
        """Why a drill waits; empty where it does not, and in all else."""
        return self.preemption.why if self.preemption else ""

    def steps(self) -> Iterator[tuple[str, Step]]:
        """A loop that only waits for its turn: every process of a drill knows whether it must."""
        if self.preemption:
            yield "live first", nothing

    @property
    def secret(self) -> bool:
        """Whether nobody outside may hear of what happens: other systems act on events as people do on texts."""
        return self.settings.installation == "trial"

    @property
    def statuses(self) -> frozenset[Status]:
        """Of the messages that may order anything."""
        return DRILL if self.preemption else LIVE

    def texts(self) -> Texts:
        """What writes."""
        return (DrillTexts if self.preemption else Texts)(self.settings.templates)

    def fenced(self, channel: Channel) -> Channel:
        """A channel as the dispatcher may use it. In a trial only duty-room addresses are behind it."""
        match self.settings.installation:
            case "drill":
                return Fence(channel, marked_only)
            case "trial":
                return Fence(channel, duty_room_only(frozenset(self.room)))
            case _:
                return channel

    @property
    def room(self) -> tuple[tuple[str, str], ...]:
        """(channel, address) of the duty room in a trial."""
        trial = self.settings.trial
        if trial is None or self.settings.installation != "trial":
            return ()
        return tuple(("sms", mobile) for mobile in trial.sms) + tuple(("email", box) for box in trial.email)

    def digest(self, signature: str, key: bytes) -> Digest | None:
        """What tells the duty room of each change in a trial."""
        return Digest(self.room, signature, key) if self.room else None

    def paced(self, name: str, step: Step) -> Step:
        """A loop's step: whatever in a drill could send or chase waits for live."""
        if self.preemption and name not in GOES_ON:
            return self.preemption.paced(step)
        return step
