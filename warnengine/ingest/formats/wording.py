"""What one clause of a Chinese warning states: a level, a lifting, or neither; and which product the text is.

A colour is the level only where the clause states it: the one after 为 in 升级…为…, none in 解除…, none in advice
(请…) or in what is over (继…后).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from warnengine.model.level import Level

LONGEST = 400
"""Characters of a clause that are read; a list of forty townships has 250."""

_COLOURS = {"红": 4, "紅": 4, "橙": 3, "黄": 2, "黃": 2, "蓝": 1, "藍": 1}
_ROMANS = {"Ⅰ": 4, "I": 4, "一": 4, "Ⅱ": 3, "II": 3, "二": 3, "Ⅲ": 2, "III": 2, "三": 2, "Ⅳ": 1, "IV": 1, "四": 1}
COLOUR = re.compile(r"([红紅橙黄黃蓝藍])(?:色|(?=预警|警报))|(?<=为)([红橙黄蓝])$")
ROMAN = re.compile(r"(Ⅳ|Ⅲ|Ⅱ|Ⅰ|IV|I{1,3}|[一二三四])级")
_RISK = {"风险很高": 4, "风险高": 3, "风险较高": 2, "一定风险": 1}
_RISK_WORD = re.compile("|".join(_RISK))

_QUOTES = str.maketrans("", "", "“”\"'‘’「」『』《》 \u3000\u00a0\t\r")
_SOURCE = re.compile(r"[(（](?:预警)?信息来源[^)）]*[)）]|预警信息发布中心|突发事件预警信息发布")
_LISTED = re.compile(r"(?<=[镇乡道])[,，](?=[\u4e00-\u9fff]{1,4}(?:街道|镇|乡))")
_GUIDE = re.compile(r"防御指南|防范指引|标准[::]")
_CLAUSE = re.compile(
    r"[，,。；;！!\n]|(?<!\d)[：:]|[：:](?!\d)|(?:并且?|同时)(?=(?:继续|联合|改)?(?:发布|变更|升级|降级|解除|将|更新))|(?<=号)(?=其中|其余)"
)
_ADVICE = re.compile(
    r"^(?:请|敬请|并请|需|要求|继(?!续)|待|至|直[至到]|封山)|之日|标准|(?:可能|或将?|视情|适时|拟)(?:升级|发布|变更)"
)
_LIFT = re.compile(
    r"(?:解除|撤销|取消|终止|结束)(?!前|后|之|时)(?=.*(?:预警|警报|信号|响应|特报|特報))"
    r"|(?:预警|信号|警报|响应).{0,8}?(?:解除|撤销)(?!前|后|之|时)"
)
_CHANGE = re.compile(r"升(?!温)|降(?![雨水雪温])|更新|变更|调整|下调|上调|改|转")
_TO = re.compile(r"为|至|到|成")
_LIFTING = re.compile(r"解除|撤销|取消|终止|结束")
_NOUN = re.compile(r"预警|信号|警报|响应")
_ATTRIBUTE = re.compile(r"[色级]的")
_STATES = re.compile(r"预警|信号|警报|响应|特报|特報|仍|维持|继续|保持|有效|生效|为")
_STILL = re.compile(r"仍|维持|继续|保持|有效|生效|为")
_RESTATES = re.compile(r"仍|维持|保持|继续(?:有效|生效)|不变")
_PAST_ISSUE = re.compile(r"发布的")
_OBSERVED = re.compile(r"过去|截[至止]|最近|近\d+小时|已达|已出现|已超|出现了|实况")
_CONTINUES = re.compile(r"将|可能|仍|持续|未来|预计")


@dataclass(frozen=True, slots=True)
class Statement:
    """What a clause states."""

    level: Level | None
    """None: lifted."""
    clause: str


def clauses(text: str) -> tuple[str, ...]:
    """The clauses that may state something, without quotation marks and blanks; 防御指南 is left out."""
    text = _LISTED.sub("、", _SOURCE.sub("", text.translate(_QUOTES)))
    guide = _GUIDE.search(text)
    parts = _CLAUSE.split(text[: guide.start()] if guide else text)
    return tuple(part[:LONGEST] for part in parts if part and not _ADVICE.search(part))


def observed(clause: str) -> bool:
    """Whether the clause tells what has been, not what will be."""
    return bool(_OBSERVED.search(clause)) and not _CONTINUES.search(clause)


def restates(clause: str) -> bool:
    """Whether the clause only says that what stood still stands: 其余镇街暴雨红色预警信号仍生效."""
    return bool(_RESTATES.search(clause))


def statement(clause: str, grades: re.Pattern[str] = COLOUR) -> Statement | None:
    """What the clause states, in colours or, with ROMAN, in grades Ⅳ–Ⅰ."""
    found = [(match.start(), _level(match)) for match in grades.finditer(clause)]
    change = _CHANGE.search(clause)
    to = _TO.search(clause, change.end()) if change else None
    after = [level for at, level in found if to and at >= to.end()]
    if _LIFT.search(clause) and not (after and _replaced(clause)):
        return Statement(None, clause)
    if after:
        return Statement(after[-1], clause)
    if not found or not _STATES.search(clause):
        return None
    if _PAST_ISSUE.search(clause) and not _STILL.search(clause):
        return None
    return Statement(max(level for _, level in found), clause)


def _replaced(clause: str) -> bool:
    """解除 of one signal and another put in its place, unlike 解除…升级为红色的预警信号."""
    at = 0
    for pattern in (_LIFTING, _NOUN, _CHANGE, _TO):
        found = pattern.search(clause, at)
        if not found:
            return False
        at = found.end()
    return not _ATTRIBUTE.search(clause, at)


def _level(match: re.Match[str]) -> Level:
    sign = next(group for group in match.groups() if group)
    return Level(_COLOURS.get(sign) or _ROMANS[sign])


def colour_in(text: str) -> Level | None:
    """The gravest colour that a short value (黃色, 高溫橙色燈號) names."""
    return max((_level(match) for match in COLOUR.finditer(text)), default=None)


def risk_in(text: str) -> Level | None:
    """风险很高, 高, 较高, 一定 mean Ⅰ to Ⅳ in the joint risk warnings of weather and water or land offices."""
    return max((Level(_RISK[word]) for word in _RISK_WORD.findall(text)), default=None)


_FAMILIES = (
    ("response", re.compile(r"应急响应|防御响应|级响应")),
    ("imminent", re.compile(r"临灾|极端降水警报|[26两六]小时(?:气象|临灾)?警报|气象警报")),
    ("bulletin", re.compile(r"专报|重要气象信息")),
    ("flood_command", re.compile(r"防汛抗旱指挥部|防指|防汛办")),
    ("hydrology", re.compile(r"水文|水情|(?:洪水|江河洪水)[红橙黄蓝]色")),
    ("joint_risk", re.compile(r"风险|地质灾害|山洪|中小河流")),
)


def family_of(headline: str, description: str, sender: str) -> str:
    """Which product it is: the wordings of families that look alike; a plain 预警信号 where none fits."""
    heading = sender + headline[:LONGEST].translate(_QUOTES)
    opening = next(iter(clauses(description[:LONGEST])), "")
    for title in (heading, opening):
        found = next((name for name, pattern in _FAMILIES if pattern.search(title)), None)
        if found:
            return found
    return "signal"
