"""Which gateway of a channel gets the work: the first in rank that is well; the next in rank what it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from warnengine import metrics
from warnengine.dispatch import circuit
from warnengine.dispatch.circuit import Circuit
from warnengine.dispatch.wire import Answer


class Way(NamedTuple):
    """One gateway among those of its channel."""

    kind: str
    rank: int
    """1 is used first; equals share the work."""


@dataclass(frozen=True, slots=True)
class Leave:
    """What a gateway may take now."""

    share: float
    """Of a batch: 1 all, 0 a single message."""
    spare: bool
    """Only what has failed elsewhere: another gateway does the work."""
    alone: bool
    """No other one could take what has failed here."""


class Routes:
    """The gateways of a process and what it has seen of them."""

    def __init__(self, ways: Mapping[str, Way]) -> None:
        self._ways = ways
        self._circuits = dict.fromkeys(ways, Circuit())

    def leave(self, gateway: str, now: float) -> Leave | None:
        """What a gateway may take at this moment; None where it rests or is down."""
        own = self._circuits[gateway].share(now)
        if own is None:
            return None
        rank = self._ways[gateway].rank
        others = {name: self._circuits[name].share(now) for name in self.others(gateway)}
        better = max((share or 0.0 for name, share in others.items() if self._ways[name].rank < rank), default=0.0)
        alone = all(share is None for share in others.values())
        return Leave(own if better >= 1 else min(own, 1 - better), spare=better >= 1, alone=alone)

    def answered(self, gateway: str, answer: Answer, now: float) -> None:
        """Note what a gateway has answered."""
        self._note(gateway, circuit.answered(self._circuits[gateway], answer, now))

    def seen(self, gateway: str, up: bool, why: str = "") -> None:
        """Note whether a gateway has a session."""
        self._note(gateway, circuit.seen(self._circuits[gateway], up, why))

    def doubt(self, gateway: str, why: str, now: float) -> None:
        """Note that a gateway takes messages and does not deliver them."""
        self._note(gateway, circuit.opened(self._circuits[gateway], why, now))

    def resting(self, now: float) -> dict[str, str]:
        """Gateways that get nothing now, and why."""
        return {name: one.why for name, one in self._circuits.items() if one.share(now) is None}

    def trust(self, now: float) -> dict[str, tuple[float | None, str]]:
        """How much of its work each gateway gets, None where it rests or is down, and why."""
        return {name: (one.share(now), one.why) for name, one in self._circuits.items()}

    def several(self) -> list[str]:
        """Channels with more than one gateway."""
        return sorted({way.kind for name, way in self._ways.items() if self.others(name)})

    def gateways(self) -> set[str]:
        """All of them."""
        return set(self._ways)

    def others(self, gateway: str) -> list[str]:
        """The other gateways of the same channel."""
        kind = self._ways[gateway].kind
        return [name for name, way in self._ways.items() if way.kind == kind and name != gateway]

    def _note(self, gateway: str, now: Circuit) -> None:
        self._circuits[gateway] = now
        metrics.CIRCUIT_OPEN.labels(gateway).set(now.step < len(circuit.STEPS) - 1)
