"""What stands by a threshold until a person ends it: what has fallen below, and what nothing watches any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from warnengine.model.book import RuleBook, Triggers
from warnengine.model.level import Level
from warnengine.model.observation import Told
from warnengine.observe import decide, message, words
from warnengine.observe.message import Stood
from warnengine.store.observations import JudgeDesk, Key

Task = tuple[str, datetime]
"""Words, and the moment since when it is so: whoever has closed a task has seen what was so before."""


class Record(Protocol):
    """Where messages are kept."""

    async def spoken(self, identifiers: Iterable[str]) -> dict[str, bytes]:
        """The bytes of messages that were decided on, by identifier."""


async def show(desk: JudgeDesk, book: RuleBook, triggers: Triggers) -> None:
    """One task for each trigger that has fallen below somewhere and still stands there, and one for each that
    stands somewhere though the book does not watch it any more."""
    states = await desk.states()
    stands = {key: told for key, (told, shadow) in states.items() if told.level is not None and not shadow}
    left = {key: told for key, told in stands.items() if decide.left(*key, told, triggers)}
    below = {key: told for key, told in stands.items() if key not in left and told.fallen}
    gone = await stood(desk, left)
    await desk.show_ended(_fallen(below, book, triggers), _left(gone, book))


async def stood(record: Record, stands: Mapping[Key, Told]) -> dict[Key, Stood]:
    """What stands, as the messages say that told it; nothing for what ran in the shadow."""
    said = await record.spoken(told.identifier for told in stands.values())
    warnings = {identifier: message.read(raw)[0] for identifier, raw in said.items()}
    return {
        (trigger, town): message.stood(town, told, warnings[told.identifier])
        for (trigger, town), told in stands.items()
        if told.identifier in warnings
    }


def _fallen(below: Mapping[Key, Told], book: RuleBook, triggers: Triggers) -> dict[str, Task]:
    towns: dict[str, list[tuple[str, Level, datetime]]] = defaultdict(list)
    for (trigger, town), told in below.items():
        if told.level and told.fallen:
            towns[trigger].append((message.town_name(town, book), told.level, told.fallen))
    known = {one.id: one for one in triggers.triggers}
    return {id_: (words.fallen(known[id_], found), _last(found)) for id_, found in towns.items() if id_ in known}


def _left(gone: Mapping[Key, Stood], book: RuleBook) -> dict[str, Task]:
    towns: dict[tuple[str, str], list[tuple[str, str, datetime]]] = defaultdict(list)
    for (trigger, town), one in gone.items():
        asks = words.asked(one.hazard, one.level)
        towns[trigger, one.name].append((message.town_name(town, book), asks, one.began))
    return {id_: (words.left(id_, name, found), _last(found)) for (id_, name), found in towns.items()}


def _last(found: Sequence[tuple[str, Level | str, datetime]]) -> datetime:
    return max(since for *_, since in found)
