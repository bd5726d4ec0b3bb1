"""The guard: hostile or broken JSON is refused before anything is made of it; JSONP is JSON in a wrapper.

Numbers stay the digits that they were written with: nothing overflows, and an identifier keeps its zeros.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from warnengine.model.errors import RefusedWarning

MAX_BYTES = 4 * 1024 * 1024
"""The whole national list with the text of every warning has about two megabytes."""
MAX_DEPTH = 32
MAX_ITEMS = 250_000
"""Commas and brackets together; that list has some forty thousand."""
_WRAPPER = re.compile(r"(?:(?:var|let|const)\s+)?[\w.$]{1,80}\s*[=(]\s*(?=[\[{])")
_REST = re.compile(r"[\s;)]*")
_SHOWN = 60


def begins(text: str) -> bool:
    """Whether a text is JSON or JSONP, or means to be."""
    return text[:1] in {"{", "["} or bool(_WRAPPER.match(text))


def parse(text: str) -> Any:
    """The value of a JSON, JSONP or JSON lines text: dict, list, str, bool, None; numbers are their digits as str.

    Raise RefusedWarning with `too_many_items`, `too_deep`, `malformed`, `duplicate_key`.
    """
    if sum(text.count(sign) for sign in ",[{") > MAX_ITEMS:
        raise RefusedWarning("too_many_items", f"JSON 里超过{MAX_ITEMS}项:请分批发送")
    value = _value(text)
    _refuse_deep(value)
    if "\\u" in text:
        _refuse_unwritable(value)
    return value


def _value(text: str) -> Any:
    """The one value, or the list of several that follow one another (JSON lines)."""
    wrapper = _WRAPPER.match(text)
    at = wrapper.end() if wrapper else 0
    found: list[Any] = []
    while not found or at < len(text):
        if found and text[at] not in "[{":
            raise RefusedWarning("malformed", f"JSON 结束后还有内容 {text[at : at + _SHOWN]!r}:请去掉后重发")
        try:
            value, end = _DECODER.raw_decode(text, at)
        except RecursionError as error:
            raise _too_deep() from error
        except ValueError as error:
            raise RefusedWarning("malformed", f"不是完整的 JSON({error}):可能没有收全,请重新发送") from error
        found.append(value)
        rest = _REST.match(text, end)
        at = rest.end() if rest else end
    return found if len(found) > 1 else found[0]


def _refuse_deep(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        inside = (node.values() if isinstance(node, dict) else node for node in level)
        level = [child for nodes in inside for child in nodes if isinstance(child, dict | list)]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> RefusedWarning:
    return RefusedWarning("too_deep", f"JSON 嵌套超过{MAX_DEPTH}层:不是预警列表,请核对来源")


def _refuse_unwritable(value: Any) -> None:
    """Halves of characters and NUL, which JSON can spell and no store can hold."""
    written = json.dumps(value, ensure_ascii=False)
    try:
        written.encode()
    except UnicodeEncodeError as error:
        raise RefusedWarning("malformed", "JSON 里有半个字符(孤立的 \\ud800–\\udfff):请来源更正后重发") from error
    if "\\u0000" in written:
        raise RefusedWarning("malformed", "JSON 里有空字符 \\u0000:请来源更正后重发")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RefusedWarning(
            "duplicate_key", f"JSON 里同一处有两个 {twice[:_SHOWN]!r},不知以哪个为准:请来源更正后重发"
        )
    return found


def _no_number(word: str) -> NoReturn:
    raise RefusedWarning("malformed", f"JSON 里有 {word},不是数字:请来源更正后重发")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no_number, parse_int=str, parse_float=str)
