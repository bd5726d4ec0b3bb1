"""Who speaks, for which place and with which verb, from a title or the opening of a text.

重庆市铜梁区气象台继续发布暴雨橙色预警信号 → issuer 重庆市铜梁区气象台, place 重庆市铜梁区, an update.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from warnengine.ingest.formats.plain import simplified
from warnengine.model.warning import MsgType, Status

READ = 400
"""Characters of a title that are read."""
NATION = "全国"
MOMENT = (
    r"(?:(?:\d{4}年)?\d{1,2}月)?\d{1,2}[日号]\d{1,2}(?:[时点:：]\d{0,2}分?)?"
    r"|\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\d{1,2}[:：]\d{2}(?:[:：]\d{2})?"
)
VERB = (
    r"(?:联合|继续|升级|降级|更新|变更|重新|再次|统一|首次|同时|正式|决定)*"
    r"(?:发布(?!中心)|解除|撤[销消]|取消|更新|变更|升级|降级|升高|升为|降为|提升|降低|调整|确认|继续|维持|启动|终止|结束|"
    r"延长|订正|更正|宣布|将)"
)
OPENING = re.compile(
    r"(?:【[^】]{0,40}】|\[[^\]]{0,40}\]|\([^)]{0,12}\))*(?!关于)(?P<issuer>[^,，。;；:：“\"]{2,120}?)(?:(?:经?研究|经会商|现)?决定)?(?:关于|于|在)?"
    rf"(?:(?P<when>{MOMENT})?{VERB}|(?<=[局台部心委站厅会办室])(?:于|在)?(?P<at>{MOMENT}))"
)
"""Issuer, time and verb with which a title or text begins, or an office and a time (at); blanks taken out."""
_CLAUSE = re.compile(r"[,，。;；\n]|(?<!\d)[:：]|[:：](?!\d)")
_BLANK = re.compile(r"[\s\u200b\ufeff]+")
_OFFICES = re.compile(
    r"中心气象|气象|应急|水利|水务|水文|规划|自然资源|林业|林草|农业|森林|草原|防汛|抗旱|防灾|减灾|地质|城市管理|城管|"
    r"住房|交通|公安|教育|教体|生态|环境|突发|预警|消防|文化|文旅|海洋|海事|地震|卫生|人民政府|政府|国土"
)
_WEATHER = re.compile(r"气象")
_JOINT = re.compile(r"[、,，/]|(?<=[局台部厅委站])(?:和|与|会同|联合)")
_RELAYED = re.compile(r".+(?:转发|转载|转)(?=.{2,}[局台心])")
_NATIONAL = {"", "中央", "国家", "中国", NATION}
_ENGLISH_ISSUER = re.compile(
    r"(.{3,120}?)\s+(?:issue[sd]?|update[sd]?|cancel(?:s|led|ed)?|lift(?:s|ed)?|continue[sd]?)\b", re.I
)
_LATIN = re.compile(r"[\x00-\u024f]+")
_ENGLISH_OFFICE = re.compile(
    r"[ _]+(?:Central|Municipal|Provincial|Regional)?[ _]*"
    r"(?:Meteorological|Weather|Emergency|Flood|Hydrolog|Forest).*",
    re.I,
)
_ENGLISH_END = re.compile(r"\b(?:cancel(?:s|led|ed|lation)?|lift(?:s|ed)|withdraw[sn]?|terminate[sd]?)\b", re.I)
_CHANGE = re.compile(
    r"继续|更新|变更|升级|降级|升高|[升降]为|提升|降低|[上下]调|调整|维持|确认|延长|订正|更正|\bupdate[sd]?\b|\bcontinue[sd]?\b",
    re.I,
)
_MARK = re.compile(r"[【\[(（〔](?P<mark>[^】\])）〕]{0,12}(?:演练|演习|测试)[^】\])）〕]{0,6})[】\])）〕]")
_MARKED_FIRST = re.compile(r"^\W*(?:这是一?[次条个])?(?P<mark>演练|演习|测试)[】\])）〕:：,，\s]*")
_EXERCISE = re.compile(r"演练|演习")


@dataclass(frozen=True, slots=True)
class Heading:
    """What a title says beside hazard and level."""

    issuer: str
    """As written, several joined as they came; empty where the title names none."""
    place: str
    """Of the issuer; 全国 of a national office, empty where the title names none."""
    verb: MsgType


def read(title: str) -> Heading:
    """Read a title, Chinese or English, or the opening of a text."""
    line = title[:READ]
    issuer = issuer_of(line)
    return Heading(issuer, place_of(simplified(issuer)), _verb(line))


def issuer_of(line: str) -> str:
    """The issuer that a title or text opens with; empty where there is none."""
    line = _MARKED_FIRST.sub("", line[:READ])
    found = OPENING.match(_BLANK.sub("", line)) or _ENGLISH_ISSUER.match(line)
    if not found:
        return ""
    return relayed(found["issuer"]) if found.re is OPENING else found[1].strip()


def relayed(issuer: str) -> str:
    """Whose words they are: 应急管理局转发气象台…."""
    return _RELAYED.sub("", issuer)


def _verb(title: str) -> MsgType:
    """继续发布, 升级…为… are updates. What 解除 ends, its sentence says when it is read."""
    if _ENGLISH_END.search(title):
        return MsgType.CANCEL
    return MsgType.UPDATE if changes(title) else MsgType.ALERT


def changes(text: str) -> bool:
    """Whether the first clause continues, raises or lowers something: 27日3时15分升级…为…."""
    return bool(_CHANGE.search(clause(text[:READ])))


def clause(text: str) -> str:
    """What comes before the first punctuation; the colon of a time of day is none."""
    return _CLAUSE.split(text.strip(), maxsplit=1)[0]


def place_of(issuer: str) -> str:
    """The place of an office: 上海 of 上海中心气象台, that of the first of several; a place is its own."""
    first = _JOINT.split(issuer)[0]
    if _LATIN.fullmatch(first):
        return _ENGLISH_OFFICE.sub("", first)
    office = _OFFICES.search(first)
    place = first[: office.start()] if office else first
    return NATION if place in _NATIONAL and issuer else place


def speaker(issuer: str) -> str:
    """The one of several joint issuers that counts: its weather office, which sends what they sign together."""
    offices = [office for office in _JOINT.split(issuer) if office]
    return next((office for office in offices if _WEATHER.search(office)), offices[0] if offices else issuer)


def status_of(title: str, text: str) -> Status:
    """Actual, unless title or text is marked 【演练】 or 【测试】: so says a format without a status."""
    for part in (title[:READ], text[:READ], text[-40:]):
        found = _MARK.search(part) or (None if part is text[-40:] else _MARKED_FIRST.match(part))
        if found:
            return Status.EXERCISE if _EXERCISE.search(found["mark"]) else Status.TEST
    return Status.ACTUAL
