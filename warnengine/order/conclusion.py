"""会商结论: what may be concluded, and what is said where it may not be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from warnengine.model.book import RuleBook
from warnengine.model.consultation import Conclusion, Verb
from warnengine.model.errors import Refused
from warnengine.model.level import Level
from warnengine.model.situation import CellKey, Word
from warnengine.order.compose import hazard_name
from warnengine.order.saying import clock, listed, named

LONGEST = timedelta(days=3)
"""That a conclusion may count without anybody saying so anew."""
NOTHING = "none"
"""The level of what is lowered to nothing."""
Scene = Mapping[CellKey, Sequence[Word]]
"""What counts now of each issuer, by cell."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants kept as the conclusion of a consultation, in their own words."""

    verb: str
    """raise, lower, extend, or 升级, 降级, 延长."""
    hazard: str
    """Key or name: rainstorm, 暴雨."""
    towns: tuple[str, ...]
    """Codes or names; the district's own means all of them."""
    until: datetime
    presided: str
    took_part: str
    why: str
    level: str = ""
    """blue yellow orange red, or 蓝色 …; none of what is lowered to nothing; empty of an extension."""
    family: str = "signal"
    messages: tuple[str, ...] = ()
    """Identifiers of what is lowered; none named: all that counts there above the level."""


def concluded(wanted: Wanted, scene: Scene, book: RuleBook, now: datetime) -> Conclusion:
    """The conclusion, not yet numbered; Refused, in Chinese, where it may not be."""
    verb, hazard = _verb(wanted.verb), _hazard(wanted.hazard, book)
    if wanted.family not in book.families:
        known = "、".join(book.families)
        raise Refused(422, f"没有产品种类“{wanted.family}”:请写 {known} 之一,一般是 signal(预警信号)。")
    towns, level = _towns(wanted.towns, book), _level(wanted.level, verb)
    _refuse_time(wanted.until, now)
    for name, given in (("主持人", wanted.presided), ("会商理由", wanted.why)):
        if len(_kept(given)) < 2:
            raise Refused(422, f"请写明{name}(至少两个字),要留痕。")
    stand = {town: scene.get(CellKey(town, hazard, wanted.family), ()) for town in towns}
    said = f"{hazard_name(hazard, book)}({book.family_name(wanted.family)})"
    names: tuple[str, ...] = ()
    match verb:
        case Verb.RAISE:
            levels = _raised(level, stand, book, said)
        case Verb.EXTEND:
            levels = _extended(wanted.until, stand, book, said)
        case _:
            levels, names = _lowered(level, wanted.messages, stand, book, said)
    minutes = _minutes(wanted.presided, wanted.took_part, wanted.why)
    return Conclusion(0, verb, hazard, wanted.family, levels, wanted.until, names, *minutes)


def refuse_again(one: Conclusion, scene: Scene, book: RuleBook, now: datetime) -> None:
    """Raise Refused where a conclusion that could be drawn then cannot be drawn now."""
    if one.verb is Verb.WITHDRAW:
        return
    assert one.until
    _refuse_time(one.until, now)
    stand = {town: scene.get(CellKey(town, one.hazard, one.family), ()) for town in one.towns}
    said = f"{hazard_name(one.hazard, book)}({book.family_name(one.family)})"
    if one.verb is Verb.LOWER:
        _lowered(one.levels[0][1], one.names, stand, book, said)
    elif one.verb is Verb.RAISE:
        _raised(one.levels[0][1], stand, book, said)
    elif _extended(one.until, stand, book, said) != one.levels:
        raise Refused(409, f"{said}的级别刚刚有变:请作废这份草稿,按新的级别重新填。")


def withdrawal(of: Conclusion, presided: str, took_part: str, why: str) -> Conclusion:
    """What ends a conclusion, not yet numbered."""
    if len(_kept(why)) < 2 or len(_kept(presided)) < 2:
        raise Refused(422, "请写明主持人和终止的理由(各至少两个字),要留痕。")
    if of.verb is Verb.WITHDRAW:
        raise Refused(409, f"第{of.id}号本身是终止:要恢复原来的结论,请另作新结论。")
    levels = tuple((town, None) for town in of.towns)
    words = _minutes(presided, took_part, why)
    return Conclusion(
        0, Verb.WITHDRAW, of.hazard, of.family, levels, None, (of.identifier,), *words, of=(of.id, of.verb)
    )


def _minutes(presided: str, took_part: str, why: str) -> tuple[str, str, str]:
    return _kept(presided), _kept(took_part), _kept(why)


def _kept(words: str) -> str:
    """In one line, without what no printer shows."""
    return "".join(letter for letter in " ".join(words.split()) if letter.isprintable())


def _verb(words: str) -> Verb:
    found = next((verb for verb in Verb if words in {verb.value, verb.zh} and verb is not Verb.WITHDRAW), None)
    if found is None:
        raise Refused(422, f"没有“{words[:20]}”这种结论:请写 raise(升级)、lower(降级)、extend(延长)之一。")
    return found


def _hazard(words: str, book: RuleBook) -> str:
    found = next((one.key for one in book.hazards if words in {one.key, one.name}), None)
    if found is None:
        raise Refused(422, f"规则里没有灾种“{words[:20]}”:请写 hazards.yaml 里的代码或名称,如 rainstorm 或 暴雨。")
    return found


def _towns(words: Sequence[str], book: RuleBook) -> tuple[str, ...]:
    district = book.district
    if {district.name, district.code} & set(words):
        return tuple(town.code for town in district.townships)
    codes = {name: town.code for town in district.townships for name in (town.code, town.name, *town.aliases)}
    if strange := [one for one in words if one not in codes]:
        raise Refused(422, f"{district.name}没有镇街“{listed(strange)}”:请核对名称或9位代码。")
    if not words:
        raise Refused(422, f"还没有选镇街:请写明哪些镇街,全区写“{district.name}”。不填不等于全区。")
    return tuple(dict.fromkeys(codes[one] for one in words))


def _level(words: str, verb: Verb) -> Level | None:
    if verb is Verb.EXTEND or (verb is Verb.LOWER and words == NOTHING):
        return None
    found = next((one for one in Level if words in {one.key, one.zh}), None)
    if found is None:
        more = ",或写 none(不再按预警执行)" if verb is Verb.LOWER else ""
        raise Refused(
            422, f"没有级别“{words[:20]}”:最低蓝色、最高红色,请写 blue、yellow、orange、red 之一{more}。"
        )
    return found


def _refuse_time(until: datetime, now: datetime) -> None:
    if until <= now:
        raise Refused(422, f"止期{clock(until)}已过:请填将来的时间。")
    if until > now + LONGEST:
        raise Refused(422, f"止期{clock(until)}太远:一次会商最多管{LONGEST.days}天,到期前可再会商延长。")


Stand = Mapping[str, Sequence[Word]]
"""What counts now, by township."""
Levels = tuple[tuple[str, Level | None], ...]


def _raised(level: Level | None, stand: Stand, book: RuleBook, said: str) -> Levels:
    assert level
    if high := [town for town, words in stand.items() if _now(words) >= level]:
        raise Refused(409, f"{named(high, book)}{said}已是{level.zh}或更高,不用升级:请去掉,要更久的请选延长。")
    return tuple((town, level) for town in stand)


def _extended(until: datetime, stand: Stand, book: RuleBook, said: str) -> Levels:
    if calm := [town for town, words in stand.items() if not _now(words)]:
        raise Refused(409, f"{named(calm, book)}现在没有{said},没有可延长的:从无到有请选升级。")
    ends = {town: [w.statement.ends for w in words if w.level == _now(words)] for town, words in stand.items()}
    if long := [town for town, found in ends.items() if any(end is None or end >= until for end in found)]:
        raise Refused(
            409,
            f"{named(long, book)}{said}本来就到{clock(until)}以后或没有止期,不用延长:请去掉,或填更晚的止期。",
        )
    return tuple((town, Level(_now(words))) for town, words in stand.items())


def _lowered(
    level: Level | None, messages: Sequence[str], stand: Stand, book: RuleBook, said: str
) -> tuple[Levels, tuple[str, ...]]:
    to = level.zh if level else "不按预警执行"
    if low := [town for town, words in stand.items() if _now(words) <= (level or 0)]:
        over = f"高于{to}的" if level else ""
        raise Refused(409, f"{named(low, book)}现在没有{over}{said},没有可降的:请去掉。")
    above = {
        town: [w.statement.identifier for w in words if (w.level or 0) > (level or 0)]
        for town, words in stand.items()
    }
    all_ = tuple(dict.fromkeys(name for names in above.values() for name in names))
    if strange := set(messages) - set(all_):
        raise Refused(
            409, f"来文{listed(sorted(strange))}现在不起作用,或不高于{to}:请核对编号,或不填(降所有起作用的)。"
        )
    about = messages or all_
    if left := [town for town, names in above.items() if set(names) - set(about)]:
        more = listed(sorted(set(all_) - set(about)))
        raise Refused(409, f"{named(left, book)}另有来文{more}仍高于{to},只降所点的不起作用:请一并研判,重新填。")
    return tuple((town, level) for town in stand), tuple(about)


def _now(words: Sequence[Word]) -> int:
    return max((word.level or 0 for word in words), default=0)
