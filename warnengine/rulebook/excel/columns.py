"""The columns of the tables: how a cell is written from an entry of the book, and what it means to a file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NoReturn

from warnengine.model.book import SIGNAL
from warnengine.rulebook.excel.words import ALL, NO, YES, Misread, Vocabulary, nearest, parts

Raw = str | list[str] | list[dict[str, str]] | dict[str, str]
"""A value as a rule file holds it: every scalar is text."""
Show = Callable[[Any, Vocabulary], str]
Read = Callable[[str, Vocabulary], Raw]
UNITS = {"秒": "s", "分": "m", "分钟": "m", "小时": "h", "时": "h", "s": "s", "m": "m", "h": "h"}
IDS = re.compile(r"[a-z0-9_.、,,\s]+")
"""A line of nothing but ids."""
DAY = "写成 2026-09-30 这样"
LONGEST = 120
"""Characters of a Phrase."""


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    title: str
    key: str
    """The key in the file: `deadline`, `when.level`, `responsible.party`."""
    show: Show
    read: Read
    width: int = 14
    required: bool = False
    choices: str = ""
    """The list of its drop-down, as the hidden sheet 词表 names it; empty: none."""
    several: bool = False
    """The drop-down is a proposal: several words may stand in the cell."""
    dated: bool = False
    """A date is what belongs here."""


def duration(value: timedelta) -> str:
    """30分钟, 2小时."""
    seconds = int(value.total_seconds())
    for unit, length in (("小时", 3600), ("分钟", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}秒"


def read_duration(cell: str, _words: Vocabulary) -> Raw:
    """30m from 30分钟, 2h from 2小时; a bare number could be either and is refused."""
    found = re.fullmatch(r"(\d+)\s*([^\d\s]*)", cell)
    if found and not found[2]:
        raise Misread(f"“{cell}”没有写分钟还是小时", f"写“{cell}分钟”或“{cell}小时”")
    if not found or found[2] not in UNITS:
        raise Misread(f"读不懂时限“{cell}”", "写数字加分钟或小时,例如“30分钟”“2小时”;一个半小时写“90分钟”")
    if not int(found[1]):
        raise Misread("时限是0", "写办完要多久,例如“30分钟”")
    return f"{int(found[1])}{UNITS[found[2]]}"


def phrase(cell: str, _words: Vocabulary) -> Raw:
    """One line of at most 120 characters."""
    if "\n" in cell:
        raise Misread("一格里写了几行", "一格一行;几件事分几行,每行一条措施")
    if len(cell) > LONGEST:
        raise Misread(f"文字有{len(cell)}个字", f"最多写{LONGEST}个字")
    return cell


def whole_number(cell: str, _words: Vocabulary) -> Raw:
    """A count of people or households."""
    if not re.fullmatch(r"[0-9]{1,7}", cell):
        raise Misread(f"“{cell}”不是整数", "只写数字,例如 200")
    return str(int(cell))


def number(cell: str, _words: Vocabulary) -> Raw:
    """A figure with or without a decimal point."""
    plain = unicodedata.normalize("NFKC", cell)
    if not re.fullmatch(r"-?[0-9]{1,6}(\.[0-9]{1,8})?", plain):
        raise Misread(f"“{cell}”不是数", "只写数字,不写单位,例如 106.05、217.5")
    return figure(float(plain))


def figure(value: float) -> str:
    """45, 217.5."""
    return str(int(value)) if value == int(value) else str(value)


def yes(word: str) -> Read:
    """`word` in the file for 是, nothing for 否."""

    def read(cell: str, _words: Vocabulary) -> Raw:
        if cell not in {YES, NO}:
            raise Misread(f"“{cell}”不是“是”或“否”", "写“是”,或者空着")
        return word if cell == YES else ""

    return read


def day(cell: str, _words: Vocabulary) -> Raw:
    """2026-09-30."""
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", cell)
    try:
        return date(*map(int, found.groups())).isoformat() if found else _no_day(cell)
    except ValueError as error:
        raise Misread(f"“{cell}”不是日期", DAY) from error


def _no_day(cell: str) -> NoReturn:
    raise Misread(f"“{cell}”不是日期", DAY)


def read_levels(cell: str, words: Vocabulary) -> Raw:
    """A list; nothing for 全部, which a file need not say."""
    return "" if cell == ALL else words.levels.keys(cell)


def named(cell: str) -> list[str]:
    """The measures that a cell names, one a line: ids, which may share a line, or an order in its words."""
    lines = [line.strip() for line in re.split(r"[\n;;]+", cell) if line.strip()]
    return [
        one for line in lines for one in (re.split(r"[、,,\s]+", line) if IDS.fullmatch(line) else [line]) if one
    ]


def one_of(values: tuple[str, ...], what: str) -> Read:
    """One word of a closed list."""

    def read(cell: str, _words: Vocabulary) -> Raw:
        if cell not in values:
            raise Misread(f"{what}里没有“{cell}”", nearest(cell, values))
        return cell

    return read


def several_of(values: tuple[str, ...], what: str) -> Read:
    """Several words of a closed list."""
    single = one_of(values, what)
    return lambda cell, words: [str(single(word, words)) for word in parts(cell)]


def plain(key: str) -> Show:
    """A text as it stands."""
    return lambda entry, _words: str(getattr(entry, key) or "")


def count(key: str) -> Show:
    """A whole number."""
    return lambda entry, _words: "" if getattr(entry, key) is None else str(getattr(entry, key))


def flag(key: str) -> Show:
    """是, or nothing."""
    return lambda entry, _words: YES if getattr(entry, key) else ""


def decimal(key: str) -> Show:
    """A figure; nothing where none is given."""
    return lambda entry, _words: "" if getattr(entry, key) is None else figure(getattr(entry, key))


def hazard_list(key: str = "hazards") -> Show:
    """暴雨、山洪."""
    return lambda entry, words: words.hazards.say_all(getattr(entry, key))


def level_list(entry: Any, words: Vocabulary) -> str:
    """红色、橙色, or 全部."""
    return words.levels.say_all(level.key for level in entry.levels) or ALL


MEASURES = (
    Column(
        "灾种",
        "when.hazard",
        lambda one, words: words.hazards.say(one.when.hazard),
        lambda cell, words: words.hazards.key(cell),
        required=True,
        choices="hazards",
    ),
    Column(
        "产品",
        "when.family",
        lambda one, words: words.families.say(one.when.family),
        lambda cell, words: words.families.key(cell),
        width=20,
        required=True,
        choices="families",
    ),
    Column(
        "等级",
        "when.level",
        lambda one, words: words.levels.say(one.when.level.key),
        lambda cell, words: words.levels.key(cell),
        width=8,
        required=True,
        choices="levels",
    ),
    Column("措施", "order", plain("order"), phrase, width=48, required=True),
    Column(
        "时限(分钟或小时)",
        "deadline",
        lambda one, _words: duration(one.deadline),
        read_duration,
        required=True,
    ),
    Column(
        "反馈",
        "evidence",
        lambda one, words: words.evidence.say_all(part.value for part in one.evidence),
        lambda cell, words: words.evidence.keys(cell),
        choices="evidence",
        several=True,
    ),
    Column("强制", "compulsory", flag("compulsory"), yes("true"), width=7, choices="yes"),
    Column("未批准前先发", "advice", plain("advice"), phrase, width=36),
    Column(
        "代替", "replaces", lambda one, _words: "\n".join(one.replaces), lambda cell, _words: named(cell), width=36
    ),
    Column(
        "岗位",
        "posts",
        lambda one, words: words.posts.say_all(one.posts),
        lambda cell, words: words.posts.keys(cell),
        width=18,
        choices="posts",
        several=True,
    ),
    Column("上限", "ceiling", count("ceiling"), whole_number, width=8),
    Column("待确认", "confirm", flag("confirm"), yes("bureau"), width=8, choices="yes"),
)
"""一行业一措施, and the measures of a township's plan."""

SILENT = (
    Column(
        "灾种",
        "hazards",
        hazard_list(),
        lambda cell, words: words.hazards.keys(cell),
        width=36,
        required=True,
        choices="hazards",
        several=True,
    ),
    Column(
        "产品",
        "family",
        lambda one, words: words.families.say(one.family),
        lambda cell, words: words.families.key(cell).removeprefix(SIGNAL),
        width=20,
        required=True,
        choices="families",
    ),
    Column(
        "等级", "levels", level_list, read_levels, width=22, required=True, choices="levels_or_all", several=True
    ),
    Column("为什么不需要", "because", plain("because"), phrase, width=48, required=True),
    Column("谁决定的", "decided_by", plain("decided_by"), phrase, width=36, required=True),
    Column("到哪一天为止", "until", plain("until"), day, dated=True),
)
"""不需要措施: a decision that nothing is owed."""
