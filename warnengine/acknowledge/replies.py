"""What a person's SMS means. Pure. Anything that is not plain goes to the duty room, never to a guess."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Meaning(StrEnum):
    """What somebody wrote back."""

    RECEIVED = "received"
    """1, 收到, 已收到，马上去."""
    ACTING = "acting"
    """2, 已开展, 正在转移."""
    DONE = "done"
    """3, 3 转移35人, 已完成."""
    WRONG_PERSON = "wrong_person"
    """不是本人, 打错了: the address list is wrong."""
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class ReadReply:
    """A reply as understood."""

    meaning: Meaning
    number: int | None = None
    """People, where one number is given."""


_WRONG = re.compile(r"不是本人|打错|发错|不认识|已调离|换号|不是我")
_NOT = re.compile(r"没收到|未收到|不能|无法|没有?完成|未完成|做不到|没办法|不去|怎么|什么|吗|[??]")
_DONE = re.compile(r"完成|完毕|撤完|办完|转移完|已转移|已撤离|全部撤离|全部转移")
_ACTING = re.compile(r"开展|正在|已安排|已部署|出发|在转移|已组织|组织转移")
_RECEIVED = re.compile(r"收到|知道了|明白|已阅|好的|遵照")
_STEPS = {"1": Meaning.RECEIVED, "2": Meaning.ACTING, "3": Meaning.DONE}
_LED = re.compile(r"^([123])(?=$|[^0-9])\s*[.,、:;。!)]*\s*(.*)$", re.DOTALL)


def read_reply(text: str) -> ReadReply:
    """Read one reply; full-width letters and stray spaces are as good as plain ones (NFKC)."""
    words = unicodedata.normalize("NFKC", text).strip()
    if _WRONG.search(words):
        return ReadReply(Meaning.WRONG_PERSON)
    led = _LED.match(words)
    if led:
        return _with_number(_STEPS[led[1]], led[2])
    if _NOT.search(words):
        return ReadReply(Meaning.UNCLEAR)
    for pattern, meaning in ((_DONE, Meaning.DONE), (_ACTING, Meaning.ACTING), (_RECEIVED, Meaning.RECEIVED)):
        if pattern.search(words):
            return _with_number(meaning, words)
    return ReadReply(Meaning.UNCLEAR)


def _with_number(meaning: Meaning, rest: str) -> ReadReply:
    """A number counts only after 3; two numbers are nobody's guess."""
    if meaning is not Meaning.DONE:
        return ReadReply(Meaning.UNCLEAR if _NOT.search(rest) else meaning)
    numbers = re.findall(r"\d+", rest)
    if len(numbers) > 1 or _NOT.search(rest):
        return ReadReply(Meaning.UNCLEAR)
    return ReadReply(meaning, int(numbers[0]) if numbers else None)
