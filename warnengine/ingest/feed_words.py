"""What a silent feed says to the duty room: what failed, what it means, and what to try."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from warnengine.model.clock import BEIJING
from warnengine.model.feed import FeedState, Silence, Trouble, Why
from warnengine.settings import Feed

TROUBLES = {
    Trouble.UNREACHABLE: "连不上或没有按时回答",
    Trouble.REFUSED: "对方回答出错",
    Trouble.FORBIDDEN: "地址不在允许的范围内,没有去取",
    Trouble.TOO_LARGE: "内容超过了大小上限",
    Trouble.TRUNCATED: "内容没有传完整",
    Trouble.UNREADABLE: "取来的不是预警列表",
}
TRY = {
    Trouble.UNREACHABLE: "查网络、防火墙和对方服务器",
    Trouble.REFUSED: "问对方服务是否正常",
    Trouble.FORBIDDEN: "向对方核实地址,确是对方换的,再改设置里的 url、hosts 或 inside",
    Trouble.TOO_LARGE: "核对地址;确是正常内容的,调大 max_bytes",
    Trouble.TRUNCATED: "查网络和代理,再问对方",
    Trouble.UNREADABLE: "打开原地址看内容,问对方是否改了格式或地址",
}
STATUS = (
    (re.compile("HTTP 40[13]"), "口令可能过期:核对设置里的 headers 和 query"),
    (re.compile("HTTP (404|410)"), "地址可能改了:向对方核实 url"),
    (re.compile("HTTP 429"), "问得太勤:调大 interval_seconds"),
    (re.compile("HTTP 5"), "对方服务出了故障:打电话催修"),
)
NO_ALL_CLEAR = "取不到不等于没有预警,更不等于解除:已发的指令照旧有效"
"""What the absence of news means."""


def silent(feed: Feed, what: Silence) -> str:
    """A task for the duty room; it goes away by itself."""
    failed, means, attempt = _parts(feed, what)
    return (
        f"预警来源“{feed.shown}”{failed}。意味着:{means}。请先打电话问发布单位有没有新预警;"
        f"再请系统管理员{attempt}。恢复后这条自动消失。"
    )


def _parts(feed: Feed, what: Silence) -> tuple[str, str, str]:
    """What failed, what it means, what to try."""
    state, since = what.state, clock(what.since)
    if what.why is Why.UNREACHABLE:
        last = f"自{since}起一直取不到" if state.succeeded else f"从{since}设置以来没有取到过"
        failed = f"断了:{last},连续{state.failures}次,{trouble(state.trouble, state.detail)}"
        return failed, f"新预警不会从这一路进来。{NO_ALL_CLEAR}", _attempt(state.trouble, state.detail)
    if what.why is Why.UNREAD:
        return (
            f"读不懂了:自{since}起取来的内容解析不了({_unread(state)})",
            f"里面可能有新预警没有下发。{NO_ALL_CLEAR}",
            "看隔离区里的原文和原因,问对方是否改了格式,并联系维护人员",
        )
    if what.why is Why.WITHHELD:
        why = trouble(state.withheld_trouble, state.withheld_detail)
        return (
            f"列出的{state.withheld}份预警取不到正文:自{since}起,{why}",
            f"这些预警没有读到,也没有下发。{NO_ALL_CLEAR}",
            _attempt(state.withheld_trouble, state.withheld_detail),
        )
    newest = f"最新一条是{since}发布的" if state.newest else f"从{since}设置以来没有带来过预警"
    return (
        f"疑似停更:能连上,但{newest},超过{feed.stale_hours:g}小时",
        f"对方可能只在重复旧内容。{NO_ALL_CLEAR}",
        "问对方数据是否还在更新;这里本来就少有预警的,调大 stale_hours",
    )


def trouble(what: Trouble | None, detail: str) -> str:
    """对方回答出错(HTTP 503)"""
    if what is None:
        return "还没有轮到去取"
    return TROUBLES[what] + (f"({detail[:120]})" if detail else "")


def _attempt(what: Trouble | None, detail: str) -> str:
    if what is None:
        return "看引擎的日志:为什么没有去取"
    found = (words for pattern, words in STATUS if pattern.match(detail))
    return next(found, TRY[what]) if what is Trouble.REFUSED else TRY[what]


def _unread(state: FeedState) -> str:
    return state.unread[:120] if state.unread else f"接连{state.garbled}份,最后一份 {state.garbled_why[:80]}"


def light(feed: Feed, state: FeedState | None, what: Silence | None) -> tuple[str, str]:
    """Colour and words for the health page."""
    if state is None:
        return "grey", f"{feed.shown}:还没有取过"
    if what is not None:
        return "red", f"{feed.shown}:{_parts(feed, what)[0]}"
    if state.succeeded is None:
        why = f",{trouble(state.trouble, state.detail)}" if state.trouble else ""
        return "grey", f"{feed.shown}:还没有取到过{why}"
    newest = f",最新一条{clock(state.newest)}发布" if state.newest else ",还没有带来过预警"
    if state.failures:
        return "yellow", f"{feed.shown}:{clock(state.succeeded)}取到过,之后{state.failures}次没取到{newest}"
    return "green", f"{feed.shown}:{clock(state.succeeded)}取到{newest}"


def lag(source: str, half: timedelta, most: timedelta, count: int) -> str:
    """How long warnings take from issue to receipt."""
    return f"{source}:近7天{count}条新预警,一半在发布后{span(half)}内收到,95%在{span(most)}内"


def span(length: timedelta) -> str:
    """40秒; 21分钟; 3小时"""
    seconds = max(0, round(length.total_seconds()))
    if seconds < 120:
        return f"{seconds}秒"
    return f"{round(seconds / 60)}分钟" if seconds < 7200 else f"{round(seconds / 3600)}小时"


def clock(moment: datetime | None) -> str:
    """27日03:12"""
    return f"{moment.astimezone(BEIJING):%d日%H:%M}" if moment else ""
