"""What must be told now: the episodes of each trigger and township against what has been told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from warnengine.model.book.trigger import Station, Trigger, Triggers
from warnengine.model.observation import Episode, Outlook, Told
from warnengine.observe.judge import Record, episodes, moments

LATE = timedelta(hours=6)
"""How late a reading may show a crossing that is told all the same; what shows only later is history."""
WINDOW = timedelta(hours=48)
"""How far back readings are looked at: the longest window, what comes late, and yesterday's hydrological day."""


@dataclass(frozen=True, slots=True)
class Concerned:
    """A trigger in a township, and the stations that it looks at there."""

    trigger: Trigger
    town: str
    stations: tuple[Station, ...]


def concerned(triggers: Triggers, towns: Sequence[str], stations: Collection[str]) -> tuple[Concerned, ...]:
    """Every trigger and township that looks at one of these stations. towns: of the district."""
    every = (
        Concerned(trigger, town, triggers.watched(trigger, town))
        for trigger in triggers.triggers
        for town in trigger.towns or towns
    )
    return tuple(pair for pair in every if any(one.id in stations for one in pair.stations))


def outlook(trigger: Trigger, town: str, records: Sequence[Record], told: Told, now: datetime) -> Outlook:
    """One trigger in one township. What is told never falls in level, nor ends: only a person ends it."""
    since = max(now - LATE, told.lifted) if told.lifted else now - LATE
    shown = moments(trigger, records, since)
    found = episodes(trigger, shown, _before(told, since))
    stations = tuple(sorted({known.station.id for known in records}))
    plain = Outlook(trigger.id, town, shown[-1][1] if shown else None, stations, told)
    if not found:
        return plain
    going_on = replace(told, fallen=found[-1].fallen)
    rises = _rising(found, told)
    if rises is None:
        return replace(plain, told=going_on)
    begins = _fresh(rises, told)
    began = rises.began if begins else told.began
    return replace(plain, told=replace(going_on, level=rises.level, began=began), rises=rises, begins=begins)


def _rising(found: Sequence[Episode], told: Told) -> Episode | None:
    """What must be told: what is graver than what stands, or as grave and begun anew after that had fallen."""
    gravest = max(found, key=lambda one: (one.level, one.began))
    if told.level is None or gravest.level > told.level:
        return gravest
    anew = [one for one in found if _fresh(one, told) and one.level == told.level]
    return anew[-1] if anew else None


def _fresh(episode: Episode, told: Told) -> bool:
    """Whether an episode is another one than what is told: nothing is, or that had fallen before it began."""
    return told.level is None or (told.fallen is not None and episode.began > told.fallen)


def _before(told: Told, since: datetime) -> Episode | None:
    """What stood at a moment, for the crossings after it."""
    if told.level is None or told.began is None or told.began > since:
        return None
    return None if told.fallen is not None and told.fallen <= since else Episode(told.began, told.level)


def watched(trigger: str, town: str, triggers: Triggers) -> bool:
    """Whether anything still tells when what a trigger has ordered in a township has fallen below: a book that is
    adopted later may have taken away the trigger, its township or its stations, or have put it in the shadow."""
    one = triggers.trigger(trigger)
    if one is None or one.shadow or (one.towns and town not in one.towns):
        return False
    return bool(triggers.watched(one, town))


def left(trigger: str, town: str, told: Told, triggers: Triggers) -> bool:
    """Whether what a trigger has told still stands, and nothing watches it any more."""
    stands = told.level is not None and told.identifier != ""  # in the shadow nothing is told
    return stands and not watched(trigger, town, triggers)


def pressing(found: Iterable[Outlook], triggers: Triggers) -> list[Outlook]:
    """What stands, is over its threshold or near it, the gravest first."""
    near = [one for one in found if _listed(one, triggers.trigger(one.trigger))]
    return sorted(
        near, key=lambda one: (-(one.told.level or 0), one.now.short if one.now else 0, one.trigger, one.town)
    )


def _listed(one: Outlook, trigger: Trigger | None) -> bool:
    if trigger is None:
        return False
    return one.told.level is not None or (one.now is not None and one.now.short <= trigger.near)
