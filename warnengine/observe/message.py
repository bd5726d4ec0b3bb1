"""What a threshold orders goes the way of a warning: a message for each trigger, a claim for each township."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from warnengine.model.book import RuleBook
from warnengine.model.book.trigger import Trigger, Triggers
from warnengine.model.clock import BEIJING
from warnengine.model.level import Level
from warnengine.model.observation import OBSERVED, Outlook, Told
from warnengine.model.place import Area
from warnengine.model.warning import Claim, MsgType, Status, Warning
from warnengine.observe import words

FORMAT = "observed"
WARNING = TypeAdapter(Warning)


@dataclass(frozen=True, slots=True)
class Stood:
    """What a trigger has told of a township, in the words of its message: the book may have it no more."""

    town: str
    level: Level
    hazard: str
    name: str
    """Of the trigger."""
    identifier: str
    """Of the message."""
    began: datetime


def issuer(trigger: str) -> str:
    """Who speaks: each trigger for itself, so that what one says of a township never hides what another says."""
    return f"{OBSERVED}:{trigger}"


def allowing(book: RuleBook, *said: Warning) -> RuleBook:
    """The book in which its triggers may warn. Only what this engine has decided is read with it: nobody outside
    can speak as a trigger. said: whose triggers may warn also where the book has them no more."""
    own = book.triggers.triggers if book.triggers else ()
    known = {issuer(one.id): one.name for one in own} | {one.issuer: one.sender for one in said}
    return book.model_copy(update={"issuers": book.issuers | known})


def stood(town: str, told: Told, warning: Warning) -> Stood:
    """What stands in a township, from the message that told it last."""
    claim = next(claim for claim in warning.claims if claim.area.code == town)
    assert told.level is not None
    assert claim.hazard is not None
    return Stood(town, told.level, claim.hazard, claim.event, warning.identifier, told.began or warning.sent)


def rising(trigger: Trigger, rises: Sequence[Outlook], book: RuleBook, now: datetime, status: Status) -> Warning:
    """The message of what has begun or has become graver. It has no end: only a person ends it."""
    assert book.triggers
    names = {one.town: town_name(one.town, book) for one in rises}
    said = [words.told(one, trigger, book.triggers, names[one.town]) for one in rises]
    level = max(one.rises.level for one in rises if one.rises)
    told = [(one.town, one.rises.level) for one in rises if one.rises]
    claims = tuple(_claim(trigger.hazard, trigger.name, town, at, book) for town, at in told)
    before = tuple(sorted({one.told.identifier for one in rises if not one.begins and one.told.identifier}))
    headline = f"监测预警:{trigger.name}{words.asked(trigger.hazard, level)}({'、'.join(names.values())})"
    kind = MsgType.UPDATE if before else MsgType.ALERT
    return _warning(trigger.id, book, now, status, kind, headline, "。".join(said) + "。", claims, before)


def ending(
    trigger: str, ended: Sequence[Stood], book: RuleBook, now: datetime, status: Status, by: str
) -> Warning:
    """The message by which a person ends what stands by a trigger; it takes back what was said, as it was said."""
    names = "、".join(town_name(one.town, book) for one in ended)
    claims = tuple(_claim(one.hazard, one.name, one.town, None, book, lifts=one.level) for one in ended)
    before = tuple(sorted({one.identifier for one in ended}))
    headline = f"解除监测预警:{ended[0].name}({names})"
    words_ = f"{by}核实后解除{names}{ended[0].name}。"
    return _warning(trigger, book, now, status, MsgType.CANCEL, headline, words_, claims, before)


def written(warning: Warning) -> bytes:
    """The bytes that are kept of it."""
    return WARNING.dump_json(warning)


def read(raw: bytes) -> list[Warning]:
    """A message from the bytes that were kept."""
    return [WARNING.validate_json(raw)]


def town_name(town: str, book: RuleBook) -> str:
    """安居镇"""
    found = book.district.township(town)
    return found.name if found else town


def by_trigger(found: Iterable[Outlook], triggers: Triggers) -> list[tuple[Trigger, list[Outlook]]]:
    """What rises, trigger by trigger."""
    rising_now = [one for one in found if one.rises]
    grouped = [
        (trigger, [one for one in rising_now if one.trigger == trigger.id]) for trigger in triggers.triggers
    ]
    return [(trigger, rises) for trigger, rises in grouped if rises]


def _claim(
    hazard: str, event: str, town: str, level: Level | None, book: RuleBook, lifts: Level | None = None
) -> Claim:
    return Claim(
        area=Area(town_name(town, book), town),
        hazard=hazard,
        event=event,
        family=OBSERVED,
        level=level,
        begins=None,
        ends=None,
        lifts=lifts,
    )


def _warning(  # noqa: PLR0913, PLR0917 - the parts of a message
    trigger: str,
    book: RuleBook,
    now: datetime,
    status: Status,
    kind: MsgType,
    headline: str,
    description: str,
    claims: tuple[Claim, ...],
    references: tuple[str, ...],
) -> Warning:
    return Warning(
        identifier=f"{OBSERVED}.{trigger}.{now.astimezone(BEIJING):%Y%m%d%H%M%S%f}",
        sender=f"{book.district.name}{book.family_name(OBSERVED)}",
        issuer=issuer(trigger),
        sent=now,
        status=status,
        msg_type=kind,
        references=references,
        format=FORMAT,
        headline=headline,
        description=description,
        effective=None,
        onset=None,
        expires=None,
        claims=claims,
    )
