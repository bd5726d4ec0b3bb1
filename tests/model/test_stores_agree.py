"""The store that the simulation trusts says what the real one says, whatever is asked of both."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import Postgres
from tests.model.both import ANSWERS, LEAVES, Both, Op
from tests.simulation.memory import Memory, MemoryDesk, MemoryStore
from tests.store.world import POSTS, World, few_units, person, small_directory
from warnengine.model.book import RuleBook

EXAMPLES = int(os.environ.get("WARNENGINE_TEST_EXAMPLES", "60"))
ASKED = ("anju_duty", "water_duty")
ABSENT = [key for unit, posts in POSTS.items() for post in posts if (key := person(unit, post)) not in ASKED]
PLACES, OWNERS = range(3), range(2)
GATEWAYS = ("one", "one", "two")
COMMON = [
    *(Op("claim", "everything", owner, gateway) for owner in OWNERS for gateway in GATEWAYS),
    *(Op("answer", what, place) for what in (*ANSWERS, "taken", "nothing", "busy") for place in PLACES[:2]),
    *(Op("release", place=place) for place in PLACES),
    Op("jump", place=1),
    Op("jump", place=2),
]
RARE = [
    *(Op("claim", leave, owner, gateway) for leave in LEAVES for owner in OWNERS for gateway in GATEWAYS[1:]),
    *(Op("die", place=place) for place in PLACES),
    *(Op("lease over", place=place) for place in PLACES),
    *(Op("reply", who) for who in ASKED),
    *(Op("warn", level) for level in ("yellow", "red", "")),
    Op("jump", place=60),
    Op("jump", place=600),
]
stories = st.lists(st.sampled_from(COMMON * 3 + RARE), min_size=15, max_size=40)
warns = st.sampled_from([Op("warn", "yellow"), Op("warn", "red")])
Play = Callable[[list[Op]], None]

RED, CLEAR = Op("warn", "red"), Op("warn", "")
CLAIM, HEIR, LATE = Op("claim", "everything"), Op("claim", "everything", 1), Op("lease over")
TAKEN, NOTHING, BUSY = Op("answer", "taken"), Op("answer", "nothing"), Op("answer", "busy")
FREE, DIE, SECOND = Op("release"), Op("die"), Op("jump", place=1)
TABLE = {
    "all is well": [RED, CLAIM, TAKEN, TAKEN, FREE, CLEAR, CLAIM, TAKEN, TAKEN, FREE],
    "who was never sent to gets no all-clear": [RED, Op("claim", "one"), TAKEN, CLEAR, CLAIM, TAKEN],
    "an all-clear waits for what is not settled": [RED, CLAIM, CLEAR, HEIR, FREE, SECOND, TAKEN, TAKEN, FREE, HEIR],
    "of a dead engine's texts nobody knows": [RED, CLAIM, DIE, HEIR, LATE, HEIR, FREE, CLAIM, CLAIM],
    "a late yes settles the resend": [RED, CLAIM, LATE, HEIR, TAKEN, TAKEN, CLAIM, CLAIM, HEIR],
    "a late no counts for nothing": [RED, CLAIM, LATE, HEIR, BUSY, BUSY, FREE, SECOND, CLAIM],
    "who comes late gives nothing back": [RED, CLAIM, TAKEN, TAKEN, LATE, HEIR, FREE, FREE],
    "a refusal goes again elsewhere": [RED, CLAIM, BUSY, BUSY, FREE, SECOND, Op("claim", "not its own"),
                                       Op("claim", "spare", 0, "two"), TAKEN],
    "alone, it goes again at the same gateway": [RED, CLAIM, BUSY, NOTHING, FREE, SECOND, CLAIM, CLAIM, TAKEN],
    "a gateway that is down settles what is abandoned": [RED, Op("claim", "nothing"), CLAIM, DIE, LATE,
                                                         Op("claim", "nothing"), FREE],
    "an update withdraws a resend": [Op("warn", "yellow"), CLAIM, NOTHING, TAKEN, FREE, RED, Op("jump", place=60),
                                     CLAIM, CLAIM, CLAIM, TAKEN],
    "who has answered is not asked again": [RED, CLAIM, BUSY, BUSY, Op("reply", "anju_duty"), SECOND, CLAIM, CLAIM],
    "what is over is not sent": [RED, Op("jump", place=600), CLAIM, FREE],
}  # fmt: skip


@pytest.fixture(scope="module")
def play(postgres: Postgres, book: RuleBook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """Tells stories to a world of its own."""
    with asyncio.Runner() as runner:
        copy = postgres.copy()
        unpaced = few_units(book).model_copy(update={"pace": None})  # many stories are told in no time
        world = World(runner.run(copy.__aenter__()), unpaced, Path(tmp_path_factory.mktemp("both")))
        runner.run(world.people(small_directory(without=ABSENT)))
        yield lambda ops: runner.run(Both(world).play(ops))
        runner.run(copy.__aexit__(None, None, None))


@pytest.mark.parametrize("name", TABLE)
def test_they_agree_on_what_has_been_told_before(play: Play, name: str) -> None:
    play(TABLE[name])


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(start=warns, story=stories)
def test_they_agree_on_any_story(play: Play, start: Op, story: list[Op]) -> None:
    play([start, *story])


@pytest.mark.parametrize(
    ("what", "rule", "story"),
    [
        pytest.param(Memory, "held", "an all-clear waits for what is not settled", id="no hold"),
        pytest.param(Memory, "taken", "a late yes settles the resend", id="nothing is ever taken"),
        pytest.param(Memory, "possibly_reached", "all is well", id="nobody was reached"),
        pytest.param(MemoryDesk, "_ours", "all is well", id="nothing is ours"),
        pytest.param(MemoryStore, "_due", "all is well", id="nothing is due"),
    ],
)
def test_where_they_differ_it_is_seen(
    play: Play, monkeypatch: pytest.MonkeyPatch, what: type, rule: str, story: str
) -> None:
    monkeypatch.setattr(what, rule, lambda *_: None)
    with pytest.raises(AssertionError):
        play(TABLE[story])


def test_a_late_no_would_be_seen(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MemoryDesk, "_ours", lambda _: True)
    for story in ("a late no counts for nothing", "who comes late gives nothing back"):
        with pytest.raises(AssertionError):
            play(TABLE[story])
