"""Mutations that leave a message what it is: elements, values and words change, the form holds."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from lxml import etree

WORDS = (
    "解除", "发布", "继续发布", "升级", "降级", "更新", "变更", "为", "除", "外", "其余", "等", "部分镇街", "我区", "大部",
    "暴雨", "雷电", "大风", "高温", "地质灾害气象风险", "红色", "橙色", "黄色", "蓝色", "Ⅰ级", "II级", "预警信号", "应急响应",
    "安居镇", "土桥镇", "铜梁区", "潼南区", "未来6小时", "18日20时至19日08时", "2小时临灾警报", "海拔800米以上", "、", "和",
    "，", "。", "：", "“", "”", "（", "Alert", "Update", "Cancel", "Actual", "Test", "Draft", "Extreme", "Severe",
    "500151", "500224001", "50015141600000_20260727031500", "11B03", "2026-07-27T03:15:00+08:00", "2026-13-45 99:99",
    "a,b,2026-07-27T03:15:00+08:00", "29.8,106.0 29.9,106.1 29.8,106.2 29.8,106.0", "91,181 0", "NaN", "-1", "0", "1" * 40,
    "\u200b", "\ufeff", "\u202e", "９", "Ａ", "紅", "發布", "\ud7ff", "𠮷", "é" * 9,
)  # fmt: skip
Mutator = Callable[[bytes, random.Random], bytes]


def mutated(raw: bytes, chance: random.Random) -> bytes:
    """A neighbour of a message in its own form; a text where it has none."""
    body = raw.lstrip(b"\xef\xbb\xbf \r\n\t")
    how: Mutator = _xml if body.startswith(b"<") else _json if body.startswith((b"{", b"[")) else _text
    try:
        return how(body, chance)
    except (etree.XMLSyntaxError, ValueError, RecursionError):
        return _text(body, chance)


def _text(raw: bytes, chance: random.Random) -> bytes:
    return _said(raw.decode("utf-8", "replace"), chance).encode("utf-8", "replace")


def _said(text: str, chance: random.Random) -> str:
    """A word more, less, doubled, or somewhere else."""
    at, size = chance.randrange(len(text) + 1), chance.randrange(12)
    match chance.randrange(5):
        case 0:
            return text[:at] + chance.choice(WORDS) + text[at:]
        case 1:
            return text[:at] + chance.choice(WORDS) + text[at + size :]
        case 2:
            return text[:at] + text[at + size :]
        case 3:
            return text[: at + size] + text[at:]
        case _:
            return text[at:] + text[:at]


def _xml(raw: bytes, chance: random.Random) -> bytes:
    root = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True))
    for _ in range(chance.randrange(1, 4)):
        one = chance.choice(list(root.iter(etree.Element)))
        match chance.randrange(4):
            case 0 if (above := one.getparent()) is not None:
                above.remove(one)
            case 1 if (above := one.getparent()) is not None:
                above.insert(chance.randrange(len(above) + 1), etree.fromstring(etree.tostring(one)))
            case 2:
                one.tag = chance.choice(list(root.iter(etree.Element))).tag
            case _:
                one.text = "".join(filter(_allowed, _said(one.text or "", chance)))
    return etree.tostring(root, encoding=chance.choice(("utf-8", "utf-16", "gb18030")), xml_declaration=True)


def _allowed(sign: str) -> bool:
    return sign in "\t\n\r" or (sign >= " " and sign not in "\ufffe\uffff")


def _json(raw: bytes, chance: random.Random) -> bytes:
    value = json.loads(raw)
    for _ in range(chance.randrange(1, 4)):
        _change(value, chance)
    return json.dumps(value, ensure_ascii=chance.random() < 0.5).encode("utf-8", "replace")


def _change(value: Any, chance: random.Random) -> None:
    """Something inside changes, at any depth."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if not keys:
        return
    key = chance.choice(keys)
    inner = value[key]
    if isinstance(inner, dict | list) and inner and chance.random() < 0.8:
        _change(inner, chance)
        return
    match chance.randrange(4):
        case 0:
            del value[key]
        case 1:
            value[key] = chance.choice((None, True, -1, 1e300, [], {}, [inner], {"a": inner}, *WORDS))
        case 2 if isinstance(value, dict):
            value[chance.choice(WORDS)] = inner
        case _:
            value[key] = _said(str(inner), chance)
