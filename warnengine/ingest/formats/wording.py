"""The clauses of a Chinese warning, what each is there for, and which product the text is.

All of it reads plain text (`plain.plain`).
"""

from __future__ import annotations

import re

from warnengine.model.level import Level

LONGEST = 400
"""Characters of a clause that are read; a list of forty townships has 250."""

_COLOURS = {
    "红": Level.RED, "紅": Level.RED, "橙": Level.ORANGE, "黄": Level.YELLOW, "黃": Level.YELLOW, "蓝": Level.BLUE,
    "藍": Level.BLUE,
}  # fmt: skip
_COLOUR = re.compile(r"([红紅橙黄黃蓝藍])(?:色|(?=预警|警报|灯号))")
_RISKS = {"风险很高": Level.RED, "风险高": Level.ORANGE, "风险较高": Level.YELLOW, "一定风险": Level.BLUE}
_RISK = re.compile(r"风险(?:等级)?(很高|较高|高)|([很较])?高风险|(一定)(?:的)?风险")

_SOURCE = re.compile(
    r"[(【](?:预警)?信息来源[^)】]*[)】]|[^,。;:!\n]{0,8}预警信息发布中心|突发事件预警信息发布|^【[^】]{1,20}】"
)
_LISTED = re.compile(r"(?<=[镇乡道]),(?=[\u4e00-\u9fff]{1,4}(?:街道|镇|乡))")
_GUIDE = re.compile(r"防御指南|防范指引|防御措施|标准[::]")
_VERBS = r"发布|变更|升级|降级|解除|撤销|取消|终止|将|更新|启动|维持"
_CLAUSE = re.compile(
    r"[,。;!?\n]|(?<!\d):|:(?!\d)"
    rf"|(?:并且?|同时|以及|和)(?=(?:继续|联合|改)?(?:{_VERBS}))"
    r"|(?<=信号|预警|警报|响应)(?=(?:继续|改)?(?:发布(?!的|时|单位|$)|启动|维持|解除(?=[^,。;]{2,20}(?:信号|预警|响应))))"
    r"|(?<=号)(?=其中|其余)"
)
_ADVICE = re.compile(
    r"^(?:请|敬请|并请|需|要求|继(?!续)|待|至(?!\d)|直[至到]|封山|如|若|一旦)|之日|标准"
    r"|(?:可能|或将?|视情(?:况)?|适时|择机|拟|不排除)(?:升级|发布|变更|解除|启动|终止|撤销)"
)
_OBSERVED = re.compile(r"过去|截[至止]|最近|近\d+小时|已达|已出现|已超|出现了|实况|累计雨量为")
_CONTINUES = re.compile(r"将|可能|仍|持续|未来|预计")
_RESTATES = re.compile(r"仍|维持|保持|继续(?:有效|生效)|不变|持续(?:有效|生效)")


def clauses(text: str) -> tuple[str, ...]:
    """The clauses that may state something; 防御指南 and what is advice are left out."""
    text = _LISTED.sub("、", _SOURCE.sub("", text))
    guide = _GUIDE.search(text)
    parts = _CLAUSE.split(text[: guide.start()] if guide else text)
    return tuple(part[:LONGEST] for part in parts if part and not _ADVICE.search(part))


def observed(clause: str) -> bool:
    """Whether the clause tells what has been, not what will be."""
    return bool(_OBSERVED.search(clause)) and not _CONTINUES.search(clause)


def restates(clause: str) -> bool:
    """Whether the clause only says that what stood still stands: 其余镇街暴雨红色预警信号仍生效."""
    return bool(_RESTATES.search(clause))


def colour_in(text: str) -> Level | None:
    """The gravest colour that a short value (黄色, 高溫橙色燈號) names, also in traditional characters."""
    return max((_COLOURS[found[1]] for found in _COLOUR.finditer(text)), default=None)


def risk_in(text: str) -> Level | None:
    """风险很高, 高, 较高, 一定 mean Ⅰ to Ⅳ in the joint risk warnings of weather and water or land offices."""
    return max(map(_risk, _RISK.finditer(text)), default=None)


def _risk(found: re.Match[str]) -> Level:
    if found[3]:
        return _RISKS["一定风险"]
    return _RISKS[f"风险{found[1]}"] if found[1] else _RISKS[f"风险{found[2] or ''}高"]


RESPONSE = "response"
_RESPONSE = re.compile(r"应急响应|防御响应|级响应|色响应")
_FLOOD_COMMAND = re.compile(r"防汛抗旱指挥|防指|防汛办|防汛指挥|防办")
_FAMILIES = (
    (
        "imminent",
        re.compile(
            r"临灾|极端(?:强)?降[水雨]警报|[26两二六](?:个)?小时[气象临灾极端强短时降水雨暴]{0,8}警报|气象警报"
        ),
    ),
    ("bulletin", re.compile(r"专报|重要气象信息")),
    ("flood_command", _FLOOD_COMMAND),
    ("hydrology", re.compile(r"水文|水情|(?:洪水|江河洪水)[红橙黄蓝]色")),
    ("joint_risk", re.compile(r"风险|地质灾害|山洪|中小河流")),
)


def is_response(title: str) -> bool:
    """Whether a title is about a response."""
    return bool(_RESPONSE.search(title))


_ISSUED = re.compile(r"发布|解除|撤销|更新|变更|启动|终止")
_BY_WHAT = {"joint_risk"}
"""Families told by what is issued; who issues it may be a 地质灾害防治指挥部."""


def _is(family: str, pattern: re.Pattern[str], title: str) -> bool:
    issued = _ISSUED.search(title) if family in _BY_WHAT else None
    return bool(pattern.search(title, issued.end() if issued else 0))


def family_of(headline: str, opening: str, sender: str) -> str:
    """Which product a warning is: the wordings of families that look alike; a plain 预警信号 where none fits."""
    for title in (sender + headline[:LONGEST], opening):
        found = next((name for name, pattern in _FAMILIES if _is(name, pattern, title)), None)
        if found in {"hydrology", "joint_risk"} and _FLOOD_COMMAND.search(opening):
            return "flood_command"
        if found:
            return found
    return "signal"
