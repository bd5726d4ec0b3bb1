"""What Chinese sentences state: the table, the same in every spelling, and lifting that never orders."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opencc import OpenCC

from tests.ingest.chinese import ROWS, TABLES, rows
from warnengine import rulebook
from warnengine.ingest.formats import Reading, read
from warnengine.model.clock import BEIJING
from warnengine.model.warning import Claim, Precision, Warning

Build = Callable[..., bytes]
BOOK = rulebook.load(Path(__file__).parents[2] / "rules")
SHORT = {town.code: re.sub("街道$|镇$", "", town.name) for town in BOOK.district.townships}
TO_SEE = {"unknown_town", "area_vague", "area_partly", "area_elsewhere", "lift_announced", "level_unknown"}


@pytest.fixture(scope="module")
def shipped() -> Reading:
    """As the engine reads: all hazards, and the rivers of the townships."""
    return Reading({BOOK.district.code: BOOK.district}, BOOK.hazard_table)


def taken(text: str, national: Build, shipped: Reading) -> Warning:
    raw = national(text, severity="Unknown", headline="", eventType="", sender="铜梁区气象台")
    (warning,) = read(raw, shipped)
    return warning


def told(warning: Warning) -> str:
    """The warning in the notation of the table."""
    groups: dict[tuple[str, str], list[Claim]] = {}
    for claim in (*warning.claims, *warning.ungraded):
        family = "" if claim.family == "signal" else f"@{claim.family}"
        level = claim.level.key if claim.level else "lifted" if claim in warning.claims else "unknown"
        groups.setdefault((f"{claim.hazard or '?'}{family}", level), []).append(claim)
    said = "; ".join(f"{hazard} {level} {_places(claims)}" for (hazard, level), claims in groups.items())
    problems = " ".join(dict.fromkeys(p.rule for p in warning.problems if p.rule in TO_SEE))
    return said + (f" !{problems}" if problems else "")


def _places(claims: list[Claim]) -> str:
    (precision,) = {claim.precision for claim in claims}
    named = [claim.area.code or "" for claim in claims]
    if named == [BOOK.district.code]:
        return {Precision.NAMED: "all", Precision.DISTRICT: "about", Precision.STILL: "still"}[precision]
    if len(named) > len(SHORT) / 2:
        return "-" + " ".join(name for code, name in SHORT.items() if code not in named)
    return " ".join(sorted((SHORT[code] for code in named), key=list(SHORT.values()).index))


def sorted_out(said: str) -> tuple[frozenset[str], frozenset[str]]:
    """Statements with their places in any order, and rules in any order."""
    statements, _, problems = said.partition("!")
    parts = (part.strip() for part in statements.split(";"))
    order = list(SHORT.values())
    whole = (" ".join(p[:2] + _ordered(p[2:], order)) for p in (part.split(" ") for part in parts if part))
    return frozenset(whole), frozenset(problems.split())


def _ordered(names: list[str], order: list[str]) -> list[str]:
    bare = [name.removeprefix("-") for name in names]
    left_out = bool(names) and names[0].startswith("-")
    found = sorted(bare, key=lambda name: order.index(name) if name in order else -1)
    return [f"-{found[0]}", *found[1:]] if left_out else found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [pytest.param(*row, id=f"{name}: {row[0]}") for name, table in TABLES.items() for row in rows(table)],
)
def test_sentences(text: str, wanted: str, national: Build, shipped: Reading) -> None:
    warning = taken(text, national, shipped)
    expected, _, period = wanted.partition(">")
    assert sorted_out(told(warning)) == sorted_out(expected)
    if period:
        begins, ends = (time.astimezone(BEIJING).strftime("%m%d%H%M") if time else "" for time in _period(warning))
        assert f"{begins}-{ends}" == period


def _period(warning: Warning) -> tuple[object, ...]:
    return warning.claims[0].begins, warning.claims[0].ends


def test_there_are_enough_sentences() -> None:
    assert len({text for text, _ in ROWS}) >= 150


TRADITIONAL = OpenCC("s2t")
FULL_WIDTH = str.maketrans("0123456789:,()-IV", "０１２３４５６７８９：，（）－ＩＶ")
NUMERALS = ("Ⅰ", "I", "一"), ("Ⅱ", "II", "二"), ("Ⅲ", "III", "三"), ("Ⅳ", "IV", "四")


def numerals(style: int) -> Callable[[str], str]:
    """Ⅲ级 as III级 or 三级."""
    return lambda text: re.sub("[ⅠⅡⅢⅣ](?=级)", lambda found: NUMERALS["ⅠⅡⅢⅣ".index(found.group())][style], text)


def quoted(left: str, right: str) -> Callable[[str], str]:
    """Every signal in quotation marks, as issuers like them."""
    return lambda text: re.sub(
        r"([\u4e00-\u9fff]{2}[红橙黄蓝]色预警信号)", rf"{left}\1{right}", re.sub("[“”]", "", text)
    )


def spaced(blank: str) -> Callable[[str], str]:
    return lambda text: blank.join(text[at : at + 3] for at in range(0, len(text), 3))


def without_suffixes(text: str) -> str:
    """Lists of townships without 镇 and 街道; a name that stands alone keeps it, for it is a word as well."""
    return re.sub(
        r"(?:(?<=[区计将除外])|(?<=解除))[^区计将除:,。；;]*?(?:镇|街道)(?:、[^:,。]*?(?:镇|街道))+(?=[等外降暴雷海])",
        _bare,
        text,
    )


def _bare(found: re.Match[str]) -> str:
    return re.sub("(?<!个)(?:镇|街道)(?=、|$)", "", found.group())


SPELLINGS: dict[str, Callable[[str], str]] = {
    "full-width digits and punctuation": lambda text: text.translate(FULL_WIDTH),
    "ASCII numerals": numerals(1),
    "Chinese numerals": numerals(2),
    "curly quotes": quoted("“", "”"),
    "corner quotes": quoted("「", "」"),
    "straight quotes": quoted('"', '"'),
    "blanks": spaced(" "),
    "ideographic blanks": spaced("\u3000"),
    "zero-width blanks": spaced("\u200b"),
    "traditional characters": TRADITIONAL.convert,
    "traditional, full width": lambda text: TRADITIONAL.convert(text).translate(FULL_WIDTH),
    "no 信号": lambda text: re.sub("(?<=预警)信号", "", text),
    "no suffixes": without_suffixes,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_states_the_same(spelling: str, national: Build, shipped: Reading) -> None:
    spelt = SPELLINGS[spelling]
    differing = {}
    for text, _ in ROWS:
        one, other = taken(text, national, shipped), taken(spelt(text), national, shipped)
        if (told(one), _times(one)) != (told(other), _times(other)):
            differing[spelt(text)] = told(other)
    assert not differing


def _times(warning: Warning) -> Iterable[object]:
    return {(claim.begins, claim.ends) for claim in warning.claims}


def test_what_is_kept_is_what_came(national: Build, shipped: Reading) -> None:
    text = "銅梁區氣象臺發佈「暴雨紅色預警信號」：預計２７日５時"
    assert taken(text, national, shipped).description == text


LIFTING = st.sampled_from(["解除", "撤销", "取消", "终止", "结束", "撤消", "解\u3000除", "「解除」"])
SIGNAL = st.builds(
    "{}{}{}".format,
    st.sampled_from(["暴雨", "雷电", "高温", "雷雨大风", "强对流", ""]),
    st.sampled_from(["红色", "橙色", "黄色", "蓝色"]),
    st.sampled_from(["预警信号", "预警", "警报", "预警信号[Ⅰ级/特别严重]"]),
)
WHERE = st.sampled_from(["", "安居镇", "安居、少云等镇街", "我区", "全区", "部分镇街", "除太平镇外其余镇街"])
WHEN = st.sampled_from(["", "7月27日4时发布的", "2时升级发布的", "27日2时变更的"])
BEFORE = st.builds("{}{}{}{}".format, LIFTING, WHERE, WHEN, SIGNAL)
AFTER = st.builds(
    "{}{}{}".format,
    SIGNAL,
    st.sampled_from(["", "已", "现已", "自即时起", "于5时"]),
    st.sampled_from(["解除", "失效", "撤销", "终止", "结束", "不再有效", "作废"]),
)
LIFTS = st.lists(BEFORE | AFTER, min_size=1, max_size=4).map(",".join)


@given(text=LIFTS, end=st.sampled_from(["", "。", ",请注意防范。", "(预警信息来源:国家预警信息发布中心)"]))
def test_no_form_of_lifting_states_a_level(text: str, end: str, national: Build, shipped: Reading) -> None:
    warning = taken(f"铜梁区气象台{text}{end}", national, shipped)
    assert not [claim for claim in warning.claims if claim.level]


@given(text=LIFTS, put=st.sampled_from(["蓝色", "黄色"]))
def test_after_a_lifting_only_what_is_put_in_place_stands(
    text: str, put: str, national: Build, shipped: Reading
) -> None:
    warning = taken(f"铜梁区气象台{text},同时发布大雾{put}预警信号", national, shipped)
    levels = {(claim.hazard, claim.level.zh) for claim in warning.claims if claim.level}
    assert levels == {("fog", put)}
