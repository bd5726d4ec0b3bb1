"""How a 会商结论 is said: the message that goes the way of every warning, and the words of pages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.consultation import CONSULTATION, Conclusion, Verb
from warnengine.model.level import Level
from warnengine.model.place import Area
from warnengine.model.situation import InForce
from warnengine.model.warning import Claim, MsgType, Status, Warning
from warnengine.order.compose import hazard_name
from warnengine.order.concluded import SAID_BY

LISTED = 6
"""Townships or messages that a sentence names; more are counted."""
WARNING = TypeAdapter(Warning)


def message(one: Conclusion, by: Sequence[str], now: datetime, status: Status, book: RuleBook) -> Warning:
    """The message that says a conclusion. by: who wrote it down, and who confirmed it."""
    kind = {Verb.RAISE: MsgType.ALERT, Verb.WITHDRAW: MsgType.CANCEL}.get(one.verb, MsgType.UPDATE)
    return Warning(
        identifier=one.identifier,
        sender=f"{book.district.name}应急局{SAID_BY}",
        issuer=one.issuer,
        sent=now,
        status=status,
        msg_type=kind,
        references=one.names,
        format=CONSULTATION,
        headline=f"{SAID_BY}:{headline(one, book)}",
        description=f"{now.astimezone(BEIJING):%m月%d日%H:%M}会商,{one.presided}主持"
        f"{f',{one.took_part}参加' if one.took_part else ''}。结论:{headline(one, book)}。理由:{one.why}。"
        f"{'、'.join(by)}记录确认。",
        effective=None,
        onset=None,
        expires=one.until,
        claims=tuple(_claim(one, town, level, book) for town, level in one.levels),
    )


def written(warning: Warning) -> bytes:
    """The bytes that are kept of it."""
    return WARNING.dump_json(warning)


def read(raw: bytes) -> list[Warning]:
    """A message from the bytes that were kept."""
    return [WARNING.validate_json(raw)]


def allowing(issuer: str, book: RuleBook) -> RuleBook:
    """The book in which a conclusion may speak. Only what this engine has made is read with it: nobody outside can
    speak as a consultation."""
    return book.model_copy(update={"issuers": book.issuers | {issuer: SAID_BY}})


def headline(one: Conclusion, book: RuleBook) -> str:
    """安居镇、白羊镇暴雨升级为红色,至27日08:00."""
    where = listed([town_name(town, book) for town in one.towns])
    if len(one.towns) == len(book.district.townships):
        where = "全区"
    what = hazard_name(one.hazard, book)
    if one.of:
        return f"终止第{one.of[0]}号结论({where}{what}{one.of[1].zh})"
    assert one.until
    until = f"至{one.until.astimezone(BEIJING):%d日%H:%M}"
    if one.verb is Verb.EXTEND:
        return f"{where}{what}延长{until}"
    level = one.levels[0][1]
    as_ = f"为{book.level_words(one.family, level)}" if level else "到不按预警执行"
    return f"{where}{what}{one.verb.zh}{as_},{until}"


def standing(forces: Iterable[InForce], book: RuleBook) -> list[dict[str, Any]]:
    """What is in force: hazard, family, name, parts (level, towns by name), the gravest first."""
    found: dict[tuple[str, str], dict[Level, list[str]]] = {}
    for force in forces:
        levels = found.setdefault((force.key.hazard, force.key.family), {})
        levels.setdefault(force.level, []).append(town_name(force.key.area, book))
    listed = sorted(found.items(), key=lambda one: (-max(one[1]), one[0]))
    return [
        {
            "hazard": hazard,
            "family": family,
            "name": f"{hazard_name(hazard, book)}({book.family_name(family)})",
            "parts": [(level, sorted(levels[level])) for level in sorted(levels, reverse=True)],
        }
        for (hazard, family), levels in listed
    ]


def town_name(town: str, book: RuleBook) -> str:
    """安居镇"""
    found = book.district.township(town)
    return found.name if found else town


def named(towns: Sequence[str], book: RuleBook) -> str:
    """安居镇、白羊镇"""
    return listed([town_name(town, book) for town in towns])


def listed(names: Sequence[str]) -> str:
    """The first of them, and how many there are."""
    return "、".join(name[:40] for name in names[:LISTED]) + (f"等{len(names)}个" if len(names) > LISTED else "")


def clock(moment: datetime) -> str:
    """27日08:00"""
    return f"{moment.astimezone(BEIJING):%d日%H:%M}"


def _claim(one: Conclusion, town: str, level: Level | None, book: RuleBook) -> Claim:
    return Claim(
        area=Area(town_name(town, book), town),
        hazard=one.hazard,
        event=hazard_name(one.hazard, book),
        family=one.family,
        level=level,
        begins=None,
        ends=one.until,
        lowers=one.names if one.verb is Verb.LOWER else (),
    )
