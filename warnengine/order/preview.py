"""What people look at before they confirm an order by hand, and the hash that says they saw the same. Pure."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from warnengine.model.book import RuleBook
from warnengine.model.byhand import Load
from warnengine.model.order import Kind, Version
from warnengine.order.byhand import retraction
from warnengine.order.limits import beyond
from warnengine.order.texts import fill

MODES = {"live": "实战(LIVE)", "demo": "演示(DEMO)", "drill": "演练(DRILL)", "trial": "试运行(TRIAL)"}
SLOTS = {"name": "×××", "posts": "(岗位)", "link": "(链接)", "resend": ""}
Row = Mapping[str, Any]


def preview(loads: Sequence[Load], texts: Sequence[Row], book: RuleBook, mode: str) -> dict[str, Any]:
    """What somebody looks at before they confirm: how many people, in which mode, in which words."""
    people = {key for text in texts for key in text["who"]}
    names = {code: unit.short for code, unit in book.units.items()}
    channels = Counter(channel for text in texts for channel in text["channels"])
    return {
        "confirm": _sha256(loads, book, mode),
        "mode": MODES[mode],
        "says": f"{MODES[mode]}:{_says(len(people), mode)}",
        "people": len(people),
        "without_address": sum(text["without"] for text in texts),
        "channels": dict(channels),
        "over": [why for load in loads if (why := beyond(load, book))],
        "orders": [
            {
                "unit": load.version.change.key.unit,
                "name": names.get(load.version.change.key.unit, ""),
                "kind": load.version.change.kind.value,
                "people": load.people,
            }
            for load in loads
        ],
        "texts": [{"text": fill(text["short"], SLOTS), "people": text["people"]} for text in texts],
        "corrections": [retraction(one.version) for one in loads if one.version.change.kind is not Kind.LAPSE],
    }


def _says(people: int, mode: str) -> str:
    """What a yes would do."""
    if not people:
        return "没有人收到过,撤下即可,不发信息"
    return f"确认后只计算,拟发{people}人,不发给任何责任人" if mode == "trial" else f"确认后立即向{people}人发出"


def _sha256(loads: Sequence[Load], book: RuleBook, mode: str) -> str:
    """Over mode, rule book, units, posts, words and times: who holds a post may change, what they read may not."""
    what = [_decided(load.version) for load in loads]
    return hashlib.sha256(json.dumps([mode, book.hash, what], ensure_ascii=False).encode()).digest().hex()


def _decided(version: Version) -> list[Any]:
    change = version.change
    marks = [
        [
            mark.standing.measure,
            mark.standing.form,
            mark.mark,
            mark.words,
            mark.deadline and mark.deadline.timestamp(),
        ]
        for mark in version.measures
    ]
    ends = None if change.kind is Kind.LAPSE else version.not_after.timestamp()
    return [*change.key, change.kind, change.version, change.level, marks, version.posts, version.channels, ends]
