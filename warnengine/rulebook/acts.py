"""The words of an order: which act it names, on what, and whether another order names the same or the opposite.

Chinese has no spaces, so two texts are compared by the pairs of neighbouring characters that they share
(Dice's coefficient), which needs no dictionary and takes 关闭涉水景区 and 关闭临崖景区 for relatives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

_VERBS = """
安排 安置 搬离 绑扎 保暖 保温 保障 报告 报请 报送 备好 备勤 备足 避险 避让 播报 补水 部署 采收 拆除 撤离
撤人 撤回 撤出 出动 储备 除冰 处置 传达 带班 待命 到点 到岗 到位 登记 调度 调配 点名 断电 对接 发布 发送
防范 放行 封控 封山 封闭 封路 复工 复课 复航 复产 覆盖 更新 公布 供电 供水 固定 关闭 关停 管控 管制 灌溉
广播 核查 核对 核实 护送 恢复 回港 回复 汇总 会商 会同 集结 加固 加密 加强 监测 检查 检修 减排 降尘 叫醒
叫应 救援 救助 救治 进入 禁止 警戒 靠岸 看管 看护 看守 抗旱 开放 开通 开展 控制 拉闸 联动 联系 留校 留守
落实 泄洪 鸣锣 排查 排涝 排水 派出 派驻 配合 扑救 启动 启用 签收 前置 抢收 抢通 抢险 抢修 抢栽 切断 清除
清点 清理 清人 清掏 清运 劝导 劝返 劝离 劝阻 确认 绕行 融雪 入户 洒水 撒盐 铲雪 上报 上泵 上岗 上移 设卡
设立 设置 施救 收悉 收起 疏导 疏散 疏通 送到 送水 送医 搜救 锁定 腾库 提请 提示 提醒 调整 停产 停工 停航
停课 停运 停驶 停电 停水 停业 停训 停止 停采 停飞 停售 通报 通知 统计 投放 完成 维持 慰问 限电 限流 限行
限制 削减 协助 巡查 巡护 巡逻 巡视 巡访 研判 引导 引水 预泄 预置 抢救 暂停 暂缓 增派 增加 值守 值班 指挥
指导 指定 终止 驻守 转发 转移 准备 自查 走访 组织 坐镇 做好 作好 督促 督导 督办 盯守 蹲守 首报 错峰 降低
压减 延迟 推迟 取消 调离 收割 转栏 遮盖 通风 消杀 消毒 供暖 供气 断气 断水 加注 备料 备药 备齐 召开 召集
召回 只出不进 不得 严禁 调运 制止 取下 补足 集中 动员 减产 减少 实施 等候 转到 转送 请求 拨付 编组 提供 划定
检测 编好 铲除 抽排 搬到 搬高 划出 赶到 路检 夜巡 限速 执行 退出 挡水 先保 上路 减载 排定 转运 调车 调派
减班 围挡 改用 上岸 告知 申请 人工增雨 人工防雹 加大 宣传 装好 降温 中止 拉响 鸣笛 喊话 敲门 分流 送达 送药
送粮 供应 供餐 熄火 扑打 清火 隔离 预热 加温 防冻 覆土 排空 包扎 采样 复核 备案 增氧 增温 加水 通水 抽水
引流 疏浚 堵口 封堵 加高 打桩 支撑 抬升 返航 锚泊 系泊 移交 接收 安抚 陪护 收治 转诊 登高 远离 不进 不出
劝停
停用 收拾 看望 认清 巡林 收火 核清 摸清 执勤 增开 松开 错开 守住 看住 停渡 绕开 靠边 打开 架设 运送 备战
"""
VERBS = tuple(dict.fromkeys(_VERBS.split()))
"""What an order may say to do: the acts of the shipped book and the usual ones of 防御指南 and 应急预案."""
VERB = re.compile("|".join(VERBS))
SHORT = re.compile(
    "(?:先|随时|立即|及时|逐[户家点村]|全部)*[报查停撤断封关守设备拆送开清立收移禁劝护盯派给装铺搬调赶补垫减排用让等把抽挡加发叫喊带到]"
    "|[^,,]*[员队组力部人导](?:全部)?[到上赶]|[首分逐][^,,]{0,3}报"
)
"""Acts of one character begin the order, or follow who does it: 警力到路口."""
OPENINGS = re.compile(
    "请(?!示|求)|要(?!求|道|害)|应当|应该|须|需要|务必|希望|望各|各单位|各部门|有关|相关|根据|按照|由于|因为|因此|为了|为做好|"
    "鉴于|高度|进一步|切实|认真"
)
"""Ways to begin that put the act off."""
GETTING_READY = re.compile("备好|准备|预置|做好")
"""What takes less time than the act that it precedes."""
KIN = 0.4
"""From this likeness on two orders are about the same things."""
JOINED = re.compile(r"[;;]|(?<!合)并且?(?![网排发列报])|同时|以及|随后|然后|之后再")
"""Words that join a second act."""
PEOPLE = re.compile(r"[人户民众客童婴孕老]|学生|师生|员工|职工|教师|病患|司机|船员|渔业")
"""Somebody who can be counted."""
READY = (re.compile(r"准备(?:好)?(..)"), re.compile(r"做好(..)准备"), re.compile(r"(..)准备(?:$|[,,;])"))
"""停课 of 准备停课 and of 做好停课准备."""

OPPOSITES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = tuple(
    (tuple(one.split()), tuple(other.split()))
    for one, other in (
        ("封闭 封控 封路 劝返 禁止通行 停止通行 限行", "放行 恢复通行 开放通行"),
        ("停课", "复课 正常上课 照常上课 恢复上课"),
        ("停工 停产 停采", "复工 复产 恢复施工 恢复生产 照常施工 照常生产"),
        ("停运 停航 停驶 停飞", "复航 恢复运行 恢复运营 恢复通航 照常运行 加开"),
        ("撤离 转移 疏散 清空 撤人 劝离", "留校 留守 留置 返回 回迁 原地避险 原地等候 不得离开"),
        ("断电 切断 拉闸 停电 断气 断水", "送电 恢复供电 恢复供气 恢复供水 合闸"),
        ("预泄 泄洪 腾库 开闸", "蓄水 关闸 停止泄洪"),
        ("启动 启用 进入", "终止 解除 结束"),
        ("上岗 到岗", "撤岗 离岗"),
        ("关闭 封闭 关停 停用 封控 封山 停业 停止 停售 暂停", "开放 恢复 营业"),
    )
)
"""Acts that undo each other."""
DENIED = ("不得", "禁止", "严禁", "不准", "不要", "防止", "已", "未", "不能", "准备", "停止", "暂停")
"""不得返回 orders the contrary of 返回, 已撤人员 orders nothing, 准备停运 not yet."""
_VAGUE = """
准备 做好 人员 全部 所有 危险 险区 安全 工作 完成 区域 相关 有关 全区 辖区 单位 情况 及时 组织 通知
督促 协助 提醒 指导 要求 负责 落实 保障
"""
VAGUE = frozenset(_VAGUE.split())
"""What two orders may share without being about the same thing."""
FILLING = re.compile("全部|所有|全体|全面|立即|马上|及时|尽快|有关|相关|的")
"""What an order may say more without being another one."""


@lru_cache(maxsize=65536)
def pairs(text: str) -> frozenset[str]:
    """Every two neighbouring characters, punctuation and words that change nothing left out."""
    letters = "".join(c for c in FILLING.sub("", text) if c.isalnum())
    return frozenset(letters[i : i + 2] for i in range(len(letters) - 1))


def likeness(one: str, other: str) -> float:
    """How much of their words two orders share: 0 nothing, 1 everything."""
    mine, theirs = pairs(one), pairs(other)
    return 2 * len(mine & theirs) / (len(mine) + len(theirs)) if mine or theirs else float(one == other)


def clauses(text: str) -> list[str]:
    """The parts between commas."""
    return [part for part in re.split(r"[,,;;]", text) if part]


def names_an_act(text: str) -> bool:
    """Whether the first part of an order says what to do, and does not begin by putting it off."""
    first = clauses(text)[0] if clauses(text) else ""
    named = SHORT.match(first) or VERB.search(first)
    return bool(named) and not OPENINGS.match(first)


def joined(text: str) -> bool:
    """Whether an order names more than one answer can be about: a second act after 并 or 同时, or three parts.

    What is done 并报人数 is one act, and the report is its answer.
    """
    found = JOINED.search(text)
    later = text[found.end() :] if found else ""
    acting = [part for part in clauses(text) if part.startswith(VERBS)]
    return bool(VERB.search(later)) or len(acting) > 2


def prepared(text: str) -> frozenset[str]:
    """The acts that an order only prepares."""
    return frozenset(act for form in READY for act in form.findall(text))


def stale(weaker: str, stronger: str) -> bool:
    """Whether one order only prepares what the other wants done."""
    return any(
        act in part and not prepared(part) and _about_the_same(ready, part, (act, act))
        for ready in clauses(weaker)
        for act in prepared(ready)
        for part in clauses(stronger)
    )


def opposed(one: str, other: str) -> tuple[str, str] | None:
    """The acts by which two orders contradict each other on the same thing; None: they do not."""
    for mine in clauses(one):
        for theirs in clauses(other):
            for acts in _opposed(mine, theirs):
                if _about_the_same(mine, theirs, acts):
                    return acts
    return None


def _opposed(mine: str, theirs: str) -> Iterator[tuple[str, str]]:
    for left, right in OPPOSITES:
        for one, other in ((left, right), (right, left)):
            yield from ((a, b) for a in _ordered(mine, one) for b in _ordered(theirs, other))


def _ordered(clause: str, acts: tuple[str, ...]) -> Iterator[str]:
    """The acts that a clause orders and does not deny."""
    for act in acts:
        before, found, _ = clause.partition(act)
        if found and not before.endswith(DENIED) and not any(word in before for word in ("不得", "禁止", "严禁")):
            yield act


def _about_the_same(mine: str, theirs: str, acts: tuple[str, str]) -> bool:
    left, right = mine.replace(acts[0], "|"), theirs.replace(acts[1], "|")
    things = [frozenset().union(*(pairs(part) for part in rest.split("|"))) - VAGUE for rest in (left, right)]
    return bool(things[0] & things[1]) or not all(things)


def same_act(one: str, other: str) -> bool:
    """Whether two orders want the same thing done, one perhaps to more of it: 关闭涉水项目, 关闭涉水景区."""
    if likeness(one, other) < KIN or GETTING_READY.match(one):
        return False
    return any(verb in one and verb in other for verb in VERBS if verb != "准备")
