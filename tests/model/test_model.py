"""Why each guard of a send is there: all states of the protocol, with it and without it.

The full design breaks nothing and bounds the copies; without a guard exactly what is stated here breaks, and nothing
else. Some guards carry more here than a protocol with a claimed state of its own would let them: withdrawal is a
judgement in the transaction of the intent, so it alone keeps what is queued from overtaking; the intent is what the
hold waits for. And some carry less: each number is intended once and a state is its highest evidence, so a refusal
that comes late lowers nothing, fenced or not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest

from tests.model.protocol import decided
from tests.model.search import explore
from tests.model.states import Design
from warnengine.dispatch import machine

MORE = int(os.environ.get("WARNENGINE_TEST_MODEL_FAULTS", "0"))
"""Faults beyond those of the table: by night."""
OVERTAKES = "order after its all-clear"
OLD = "old version after the new one"
LATE = "sent after expiry"
HIDDEN = "hidden duplicate"
UNTOLD = "person has the order and no all-clear"
REOPENED = "accepted row reopened"
UNSETTLED = "attempt that nobody settles"
SILENT = "nobody got it and nobody was told"


class Row(NamedTuple):
    """A design, what breaks in it, and the most copies of one message."""

    name: str
    design: Design
    breaks: frozenset[str] = frozenset()
    copies: int | None = None
    """None: not what this row is about. Of a further fault may come a further copy."""
    held: bool = False
    """An attempt without an answer is left to a person at once."""


ONE = Design(faults=1)
TABLE = [
    Row("full design, sent again in doubt", Design(), copies=3),
    Row("full design, held in doubt", Design(), copies=1, held=True),
    Row("full design, the gateway drops repeats", Design(dedupes=True), copies=1),
    Row("without the intent", replace(ONE, intent=False), frozenset({HIDDEN, UNTOLD, OVERTAKES})),
    Row("the all-clear is not held", replace(ONE, hold=False), frozenset({OVERTAKES})),
    Row("the send is not bounded by the lease", replace(ONE, bounded=False), frozenset({OVERTAKES})),
    Row(
        "nor is it where the gateway drops repeats",
        replace(ONE, bounded=False, dedupes=True),
        frozenset({OVERTAKES}),
    ),
    Row("no expiry at the last look", replace(ONE, expiry=False), frozenset({LATE})),
    Row("results are not fenced: evidence only rises", Design(fenced=False)),
    Row("results are not fenced, the last one counts", Design(fenced=False, fold=False), frozenset({REOPENED})),
    Row("chunks are given back by anybody", Design(fenced_release=False), frozenset({UNSETTLED, SILENT})),
    Row("a second look before the send adds nothing", replace(ONE, reread=True)),
    Row("a second look is no bound", replace(ONE, reread=True, bounded=False), frozenset({OVERTAKES})),
    Row("what is superseded is not withdrawn", replace(ONE, withdraw=False), frozenset({OVERTAKES, UNTOLD})),
    Row("not withdrawn, but held", replace(ONE, withdraw=False, hold_queued=True), frozenset({UNTOLD})),
    Row("nobody settles what the dead left", replace(ONE, doubts=False), frozenset({UNSETTLED, SILENT})),
    Row("an update: full design", replace(ONE, versions=2), copies=2),
    Row("an update: not held", replace(ONE, versions=2, faults=0, hold=False), frozenset({OVERTAKES, OLD})),
    Row("an update: not bounded", replace(ONE, versions=2, bounded=False), frozenset({OVERTAKES, OLD})),
    Row("two gateways: full design", replace(ONE, gateways=2), copies=2),
    Row("two gateways that drop repeats", replace(ONE, gateways=2, dedupes=True), copies=2),
    Row("two gateways: not held", replace(ONE, gateways=2, faults=0, hold=False), frozenset({OVERTAKES})),
]


@pytest.fixture(autouse=True)
def decisions_afresh() -> Iterator[None]:
    decided.cache_clear()
    yield
    decided.cache_clear()


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in TABLE])
def test_what_breaks_is_what_is_stated(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    if row.held:
        monkeypatch.setattr(machine, "MOST_DOUBTS", 0)
    found = explore(replace(row.design, faults=row.design.faults + MORE))
    assert set(found.wrong) == row.breaks, found.told()
    if row.copies:
        assert found.copies == (row.copies if row.held or row.design.dedupes else row.copies + MORE)


def test_the_shortest_way_is_told_in_words() -> None:
    found = explore(Design(faults=0, hold=False))
    assert found.wrong[OVERTAKES] == [
        "an engine claims attempt 1 at the order",
        "the all-clear is issued and supersedes what came before",
        "the person is given the all-clear",
        "an engine claims attempt 1 at the all-clear",
        "attempt 1 at the all-clear is sent and taken",
        "attempt 1 at the order is sent and taken",
    ]


@pytest.mark.parametrize("event", [machine.Turn, machine.LastLook, machine.Abandoned])
def test_the_machine_is_what_is_asked(event: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the engine's own decision changes, the model's findings change."""
    real = machine.decide

    def blind(attempt: object, happening: object, now: object) -> object:
        return None if isinstance(happening, event) else real(attempt, happening, now)  # type: ignore[arg-type]

    monkeypatch.setattr(machine, "decide", blind)
    if event is machine.Abandoned:
        with pytest.raises(AssertionError):
            explore(ONE)
    else:
        assert explore(ONE).wrong
