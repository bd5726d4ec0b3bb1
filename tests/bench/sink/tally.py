"""What a door has seen, and the conditions under which it takes anything."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Tally:
    """Counts of one door; times are seconds since the epoch, 0 where nothing came."""

    taken: int = 0
    first: float = 0
    last: float = 0
    throttled: int = 0
    watched: int = 0
    watches: list[float] = field(default_factory=list)
    """When each of those came that are looked out for, up to a thousand."""
    seconds: Counter[int] = field(default_factory=Counter)
    """How many were taken in each second after the first."""

    def take(self, count: int, now: float) -> None:
        """So many were taken at once."""
        if not self.taken:
            self.first = now
        self.taken += count
        self.last = now
        self.seconds[int(now - self.first)] += count

    def watch(self, now: float) -> None:
        """One of those that are looked out for."""
        self.watched += 1
        if len(self.watches) < 1000:
            self.watches.append(now)

    def told(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {**asdict(self), "seconds": [self.seconds[n] for n in range(max(self.seconds, default=-1) + 1)]}


@dataclass
class Conditions:
    """How the gateway behaves that the sink stands for."""

    delay: float = 0
    """Seconds until an answer leaves: the round trip."""
    contract: int = 0
    """Most messages in any second; 0: as many as come."""
    watch: str = ""
    """Words of the texts that are looked out for."""
    receipts: str = "at once"
    """`at once`, `held` until the flood, or `none`."""
    window: int = 1000
    """Receipts on the wire at once."""
    callback: str = ""
    """Where receipts of the HTTP door go."""


@dataclass
class Contract:
    """No more than `most` in any second."""

    most: int
    times: deque[float] = field(default_factory=deque)

    def admits(self, now: float) -> bool:
        """Whether one more is within the contract; if so it is counted."""
        if not self.most:
            return True
        if len(self.times) >= self.most and now - self.times[0] < 1:
            return False
        self.times.append(now)
        if len(self.times) > self.most:
            self.times.popleft()
        return True
