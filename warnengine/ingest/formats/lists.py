"""JSON documents: whatever is wrapped around them, the warnings in it are recognised by the keys of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

from warnengine.ingest.formats import (
    caiyun,
    cap_json,
    cma,
    cma_snapshot,
    jsontext,
    national_list,
    nmc,
    observation,
    qweather,
    salvage,
    weather_com_cn,
)
from warnengine.ingest.formats.reading import Reading
from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Warning


class _Form(NamedTuple):
    find: Callable[[Any], list[Any]]
    """The rows that a node is or holds; empty: it is not of this form."""
    read: Callable[[Any, Reading], Warning]


_FORMS = (
    _Form(cap_json.find, cap_json.read),
    _Form(national_list.find, national_list.read),
    _Form(cma_snapshot.find, cma_snapshot.read),
    _Form(nmc.find, nmc.read),
    _Form(weather_com_cn.find_pages, weather_com_cn.read_page),
    _Form(weather_com_cn.find_rows, weather_com_cn.read_row),
    _Form(qweather.find_now, qweather.read_now),
    _Form(qweather.find_current, qweather.read_current),
    _Form(caiyun.find, caiyun.read),
    _Form(cma.find, cma.read),
)
MAX_ROWS = 5000
"""The most that have been in force in the whole country at once are 1,309."""
_LISTS = ("warning", "warnings", "alerts", "alarms", "alarm", "list", "page", "rows", "data", "Data", "result")
"""What the list is called in one form or another; a form without any entry is known by this alone."""
_GOOD = re.compile(r"|0|200|204|ok|success|true|.{0,10}成功.{0,4}", re.I)
_NO_CONTENT = "204"
"""Of QWeather: nothing for this place."""
_STATES = ("code", "status", "msg", "message")


def read(text: str, reading: Reading) -> tuple[Warning, ...]:
    """Every warning of a JSON or JSONP text, in its order; a list that is empty has none. As `formats.read`."""
    document = jsontext.parse(text)
    rows = list(islice(_rows(document), MAX_ROWS + 1))
    if len(rows) > MAX_ROWS:
        raise RefusedWarning("too_many_alerts", f"一份列表超过{MAX_ROWS}条预警:请分批发送")
    if not rows:
        return _nothing(document)
    return salvage.each(rows, lambda row: row(reading))


def _rows(node: Any) -> Iterator[Callable[[Reading], Warning]]:
    """The outermost rows of any form."""
    for form in _FORMS:
        if found := form.find(node):
            yield from (partial(form.read, row) for row in found)
            return
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            if isinstance(child, dict | list):
                yield from _rows(child)


def _nothing(document: Any) -> tuple[Warning, ...]:
    """No warning at all: an empty list is an answer, a provider's error or a strange document is not."""
    head = document if isinstance(document, dict) else {}
    if _observed(document):
        raise observation.elsewhere()
    bad = [f"{name}={head[name]}" for name in _STATES if not _GOOD.fullmatch(str(head.get(name) or ""))]
    if bad or head.get("error"):
        said = "、".join(bad) or f"error={head['error']}"
        raise RefusedWarning(
            "source_error", f"来源答复的是错误({said[:100]}),不是“没有预警”:请核对网址、密钥与配额"
        )
    if _empty(document) or head.get("code") == _NO_CONTENT:
        return ()
    keys = "、".join(list(head)[:8]) or "一个列表"
    raise RefusedWarning("unknown_format", f"JSON 里没有认得的预警(有 {keys[:100]}):支持的格式见 docs/formats.md")


def _empty(node: Any) -> bool:
    """Whether the list that should hold warnings is there and holds nothing."""
    name = next((name for name in _LISTS if name in node), None) if isinstance(node, dict) else None
    if name is None:
        return bool(node == [])
    return not node[name] or _empty(node[name])


def _observed(node: Any) -> bool:
    first = node[0] if isinstance(node, list) and node else node
    return isinstance(first, dict) and observation.recognises(first)
