"""Words and figures as the pages show them. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from warnengine.model.book import RuleBook
from warnengine.model.byhand import FAMILY
from warnengine.model.channel import channel_zh
from warnengine.model.clock import BEIJING
from warnengine.model.level import Level
from warnengine.order.compose import hazard_name

TASKS = {
    "call": "打电话", "visit": "派人上门", "decide": "要决定", "unreached": "没送达", "unclear": "要看一看",
    "contact": "缺号码", "silent": "失联", "ended": "到期", "unstarted": "未启动响应", "gateway": "线路",
    "stations": "测站", "feed": "预警来源",
}  # fmt: skip
SCOPES = {"all": "全部停发", "district": "全区停发", "order": "单条指令停发"}
PAGES = (
    (r":用 GET /v1/orders 查看编号", ":请在“指令”页核对编号"),
    (r":用 GET /v1/manual 查看", ":请在“临时指令”页核对编号"),
    (r":用 GET /v1/consultations 查看", ":请在“会商”页核对编号"),
    (r":用 GET /v1/quarantine 查看编号", ":请在“来文隔离”页核对编号"),
    (r":用 GET /v1/approvals 查看编号", ":请在“请示”页核对编号"),
    (r":用 GET /v1/halt 查看", ":请在“停发”页核对编号"),
    (r":已发出的用 /v1/orders/编号/withdraw 撤回", ":已发出的请在“指令”页撤回"),
    (r"\((?:GET|PUT|POST) /v1[^)]*\)", ""),
    (r"\(break_glass\)", ""),
    (r":要发新的,去掉 corrects", ":请新拟一条"),
    (r"请改 not_after", "请改有效期"),
    (r"请核对 at", "请核对"),
    (
        r"it would go to (\d+) people, more than its ceiling in approvals\.yaml allows",
        r"要发给\1人,超过一次批准的上限:请先把请示分开或由区局改规则,再批",
    ),
    (r"\byes by (\S+)", r"已由\1批复同意,先到的算数"),
    (r"\bno by (\S+)", r"已由\1批复不同意,先到的算数"),
    (r"\bvoid by \S+", "已不用批:措施已解除"),
)
"""What the API calls a route is a page here."""


def plain_words(words: str) -> str:
    """A sentence of the engine without the names of routes and fields."""
    for pattern, instead in PAGES:
        words = re.sub(pattern, instead, words)
    return words


def clock(moment: datetime | str | None) -> str:
    """27日03:12"""
    if not moment:
        return ""
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return found.astimezone(BEIJING).strftime("%d日%H:%M")


def hour(moment: datetime) -> str:
    """03:12"""
    return moment.astimezone(BEIJING).strftime("%H:%M")


def level_of(value: str | int) -> Level:
    """orange, or 3."""
    return Level.from_key(value) if isinstance(value, str) else Level(value)


def danger(hazard: str, family: str, book: RuleBook) -> str:
    """暴雨; 第3号临时指令."""
    if family.startswith(FAMILY):
        return f"第{family.removeprefix(FAMILY)}号临时指令"
    return hazard_name(hazard, book)


def task_of(kind: str) -> str:
    """打电话; what has no name here keeps its own."""
    return TASKS.get(kind, kind)


def stop_key(stop: dict[str, Any]) -> str:
    """all; district 500151; order 7."""
    return f"{stop['scope']} {stop['target']}".strip()


def counted(channels: dict[str, int]) -> str:
    """短信4条、邮件3条"""
    return "、".join(f"{channel_zh(channel)}{n}条" for channel, n in sorted(channels.items(), reverse=True))


FILTERS: dict[str, Callable[..., str | Level]] = {
    "clock": clock,
    "hour": hour,
    "level": level_of,
    "danger": danger,
    "counted": counted,
    "stop_key": stop_key,
    "channel": channel_zh,
    "task": task_of,
    "scope": SCOPES.__getitem__,
}
