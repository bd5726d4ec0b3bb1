"""What a machine says in a call: the words of the SMS, made sayable. Pure."""

from __future__ import annotations

import re

KEYS = "确认请按1,重听请按2,转值班室请按3。"
"""Ends every call; the keys are what a vendor's report is read by."""

_LINK = re.compile(r"[,;。]?\s*(?:详见|详情)?\s*https?://\S+")
_ANSWER = re.compile(r"(?:请?回复?1收到|收到请?回复?1)[^。\n]*[。]?")
_SIGN = re.compile(r"^(?:【(演练)】)?【([^】]*)】")
_CLOCK = re.compile(r"(?<![0-9])(?<![0-9]:)([01]?[0-9]|2[0-4]):([0-5][0-9])(?![0-9:])")
_TELEPHONE = re.compile(
    r"(?<![0-9.])\+?[0-9]{2,4}-[0-9]{5,8}(?![0-9])|(?<![0-9.])\+?[0-9]{5,}(?![0-9.余多人户米亩元吨])"
)
_RANGE = re.compile(r"(?<=[0-9点分])\s*[-~\uff5e\u2013\u2014]+\s*(?=[0-9])")
_WIDE = str.maketrans("\uff0c\uff1b\uff1a\uff01\uff1f\uff08\uff09", ",;:!?()")
_CIRCLED = {circled: f"第{number}," for number, circled in enumerate("①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳", 1)}
_SIGNS = str.maketrans(_CIRCLED | dict.fromkeys("“”\"'《》<>[]【】{}*_#|\\", "") | {"℃": "度"})
_UNITS = {"km/h": "公里每小时", "m/s": "米每秒", "mm": "毫米", "km": "公里", "cm": "厘米"}
_UNIT = re.compile(rf"(?<=[0-9])\s*({'|'.join(map(re.escape, _UNITS))})(?![A-Za-z])", re.IGNORECASE)
_ON_PAPER = re.compile(r"\(报人数\)|^(?:只办完一项回|核实|范围)[^\n]*$|核实[0-9][0-9-]*", re.MULTILINE)
_SPLIT = re.compile(r"[①-⑳]|;")
_DIGITS = str.maketrans("0123456789", "零幺二三四五六七八九")
_STOPS = re.compile(r"[。;,、:\s]*\n[\s]*|。[。;,、\s]+")


def spoken(short: str) -> str:
    """Make a short text sayable.

    The 【signature】 is who calls; clock times and telephone numbers are read as people read them; links and how
    to answer by SMS are left out; the keys are named at the end.
    """
    return announced(short) + KEYS


def announced(short: str) -> str:
    """The same without the keys: what a loudspeaker says, which nobody can answer."""
    words = _ANSWER.sub("", _LINK.sub("", short.translate(_WIDE)))
    words = _SIGN.sub(lambda found: f"{'演练。' if found[1] else ''}这里是{found[2]}。", words)
    words = _CLOCK.sub(_clock, words)
    words = _TELEPHONE.sub(_telephone, words)
    words = _UNIT.sub(lambda unit: _UNITS[unit[1].lower()], _RANGE.sub("到", words))
    words = _STOPS.sub("。", words.translate(_SIGNS).strip())
    return f"{words.rstrip('。;,、: ')}。"


def proclaimed(short: str) -> str:
    """What a village loudspeaker says to people who hear it once, outdoors: short sentences, and all of it twice.

    List signs are left out, and what only whoever has the text can do.
    """
    words = re.sub("。+", "。", announced(_SPLIT.sub("。", _ON_PAPER.sub("", short))))
    return f"{words}再播一遍。{words}"


def _clock(found: re.Match[str]) -> str:
    hour, minute = int(found[1]), int(found[2])
    if not minute:
        return f"{hour}点"
    return f"{hour}点{'零' if minute < 10 else ''}{minute}分"


def _telephone(found: re.Match[str]) -> str:
    return found[0].lstrip("+").replace("-", ",").translate(_DIGITS)
