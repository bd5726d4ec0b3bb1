"""Numbers as people write them in words: 三十五. Pure."""

from __future__ import annotations

import re

NUMERALS = "零〇一二两三四五六七八九十百千万"
_VALUES = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"": 1}
_DIGIT = "[一二三四五六七八九]"
_WRITTEN_OUT = re.compile(
    rf"(?=.)(?:({_DIGIT})千)?(?:零?({_DIGIT})百)?(?:零?({_DIGIT}?)十)?((?<=[百千])零{_DIGIT}|(?<![百千]){_DIGIT})?|零"
)


def number_in_words(words: str) -> int | None:
    """Read a number below 10 000 that is written out; None for all else.

    两百五 means 250 to whoever says it and 205 to whoever reads it digit by digit: it is not written out.
    """
    found = _WRITTEN_OUT.fullmatch(words.replace("两", "二").replace("〇", "零"))
    if found is None:
        return None
    places = zip(found.groups(), (1000, 100, 10, 1), strict=True)
    return sum(_VALUES[digit.lstrip("零")] * place for digit, place in places if digit is not None)
