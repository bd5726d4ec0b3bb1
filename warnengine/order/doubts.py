"""What the duty room is asked about messages that are kept but not acted on."""

from __future__ import annotations

from warnengine.model.book import Family
from warnengine.model.clock import BEIJING
from warnengine.model.consultation import number_of
from warnengine.model.level import Level
from warnengine.model.situation import Doubt, Statement, Unheeded

_WORDS = {
    Unheeded.OVER: "过期的预警,未下发指令:{what},到达时已过有效时间。请核实险情;仍然有效的,请发布单位重新发布。",
    Unheeded.AHEAD: (
        "预警未下发指令:{what},到达时同一单位已有{standing},其发布时间晚于本预警到达的时间,因此以它为准。"
        "请立即与发布单位核实;本预警有效的,请其重新发布。"
    ),
    Unheeded.OTHER: (
        "解除未执行,原有指令继续有效:{what},针对的不是正在生效的{standing}。"
        "请与发布单位核实;确已解除的,请其写明所解除的预警,重新发布。"
    ),
    Unheeded.DISPUTED: (
        "来源说法不一,按较高级别执行:{what}与{standing}是同一时间的同一条预警。"
        "请立即与发布单位核实哪一个级别有效;低的有效的,请会商降级。"
    ),
    Unheeded.BEYOND: (
        "会商降级已不管用:{what}是会商以后新来的,第{number}号会商结论没有点到它,已按来文级别执行。"
        "仍要降级的,请再会商,另作结论。"
    ),
}


def question(doubt: Doubt, hazard: str, family: Family | None) -> str:
    """One Chinese sentence, the same for every township that it is about. hazard: its name."""
    standing = _named(doubt.standing, hazard, family) if doubt.standing else ""
    number = number_of(doubt.standing.identifier) if doubt.standing and doubt.why is Unheeded.BEYOND else 0
    what = _named(doubt.statement, hazard, family)
    return _WORDS[doubt.why].format(what=what, standing=standing, number=number)


def _named(statement: Statement, hazard: str, family: Family | None) -> str:
    """大风红色预警 50022441600000_0001(7月27日05:54发布)"""
    sent = statement.sent.astimezone(BEIJING)
    level = f"{hazard}{_graded(statement.level, family)}" if statement.level else f"{hazard}解除"
    return f"{level} {statement.identifier}({sent.month}月{sent.day}日{sent:%H:%M}发布)"


def _graded(level: Level, family: Family | None) -> str:
    return family.says(level) if family and family.levels else f"{level.zh}预警"
