"""The dispatcher on two thousand nights that no two clocks would play alike: each replays from its seed."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import structlog

from tests.simulation.loop import simulate
from tests.simulation.memory import Memory, MemoryDesk
from tests.simulation.story import Night, night
from warnengine.dispatch import dispatcher, machine
from warnengine.dispatch.machine import LastLook

SEEDS = int(os.environ.get("WARNENGINE_TEST_SEEDS", "2000"))
GROUPS = 8


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("group", range(GROUPS))
def test_nothing_is_lost_hidden_late_or_overtaken(group: int) -> None:
    for seed in range(group, SEEDS, GROUPS):
        found = simulate(seed, night).wrongs()
        assert not found, f"seed {seed}: {found}"


def story(seed: int) -> list[object]:
    told: Night = simulate(seed, night)
    return [*told.sink.arrivals, *told.memory.events.items(), told.loop.time()]


def test_a_seed_replays_identically() -> None:
    for seed in range(20):
        assert story(seed) == story(seed)


def goes_wrong(*wanted: str) -> bool:
    """Whether each of these comes up in some night, in words of its story."""
    missing = set(wanted)
    for seed in range(SEEDS):
        found = simulate(seed, night).wrongs()
        missing = {kind for kind in missing if not any(kind in wrong for wrong in found)}
        if not missing:
            return True
    return False


def test_the_nights_are_wild_enough() -> None:
    """Every state of a delivery comes up, and people get copies, marked as such."""
    whats, copies = set(), 0
    for seed in range(300):
        told: Night = simulate(seed, night)
        whats |= {what.value for found in told.memory.events.values() for what in found}
        copies += len(told.sink.arrivals) > len({one.delivery for one in told.sink.arrivals})
    assert {"accepted", "unknown", "refused", "failed", "withdrawn", "expired", "held"} <= whats
    assert copies > 20


def test_without_the_bounded_send_an_order_overtakes(monkeypatch: pytest.MonkeyPatch) -> None:
    def unbounded(attempt: object, happening: object, now: object) -> object:
        if isinstance(happening, LastLook):
            happening = LastLook(1.0)
        return machine.decide(attempt, happening, now)  # type: ignore[arg-type]

    monkeypatch.setattr(dispatcher, "decide", unbounded)
    assert goes_wrong("after its all-clear")


def test_without_the_hold_an_order_overtakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Memory, "held", lambda *_: False)
    assert goes_wrong("after its all-clear")


def test_without_the_last_look_a_text_leaves_after_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(attempt: object, happening: object, now: object) -> object:
        if isinstance(happening, LastLook):
            return None
        return machine.decide(attempt, happening, now)  # type: ignore[arg-type]

    monkeypatch.setattr(dispatcher, "decide", blind)
    assert goes_wrong("after its end")


def test_without_the_intent_copies_are_hidden_and_people_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def forget(desk: MemoryDesk, intents: object) -> list[float]:
        return []

    monkeypatch.setattr(MemoryDesk, "intend", forget)
    assert goes_wrong("copies", "no all-clear")
