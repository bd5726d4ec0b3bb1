"""B2: the engine beside what a user would pick instead, each pair on the same protocol and sink, in one run."""

from __future__ import annotations

from types import ModuleType

from tests.bench import b1, raw
from tests.bench.peers import alertmanager, kannel, naive, procrastinate
from tests.bench.stand import Stand

BY_HTTP: dict[str, ModuleType] = {"alertmanager": alertmanager, "procrastinate": procrastinate, "naive": naive}
SINK = 50_000


async def measure(stand: Stand) -> None:
    """Every peer that is installed, at the smallest size and at that of the goals."""
    fastest = {"http": 0.0, "smpp": 0.0}
    for size in sorted({stand.plan.sizes[0], stand.plan.peer_size}):
        ours = await stand.repeated("warnengine, HTTP", size, lambda: b1.by_http(stand, size))  # noqa: B023
        for peer, module in BY_HTTP.items():
            theirs = await one(stand, peer, module, size)
            fastest["http"] = max(fastest["http"], theirs)
            compare(stand, peer, size, ours["rate"] if ours else 0, theirs)
        theirs = await one(stand, "kannel", kannel, size)
        fastest["smpp"] = max(fastest["smpp"], theirs)
        compare(stand, "kannel", size, stand.values.get(f"B1.rate_{b1.name(size)}", 0), theirs)
    await sink(stand, fastest)


async def one(stand: Stand, peer: str, module: ModuleType, size: int) -> float:
    """A peer's rate; 0 where it is not installed or failed."""
    if "version" in vars(module) and not module.version():
        stand.runs.append({"what": peer, "size": size, "n": 0, "failed": "not installed"})
        return 0
    found = await stand.repeated(peer, size, lambda: module.measure(stand, size))
    return found["rate"] if found else 0


def compare(stand: Stand, peer: str, size: int, ours: float, theirs: float) -> None:
    if theirs:
        stand.values[f"B2.{peer}_{b1.name(size)}"] = ours / theirs


async def sink(stand: Stand, fastest: dict[str, float]) -> None:
    """The sink alone, against the fastest peer at each door."""
    for door, module in (("http", raw.http), ("smpp", raw.smpp)):
        alone = await stand.repeated(f"sink alone, {door}", SINK, lambda: module(stand, SINK), stand.plan.runs)  # noqa: B023
        if alone and fastest[door]:
            stand.values[f"B2.sink_{door}"] = alone["rate"] / fastest[door]
