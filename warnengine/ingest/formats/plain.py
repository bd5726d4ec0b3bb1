"""One spelling for every text, so that each word is looked for once: the door through which Chinese is read.

Full-width digits and letters, Roman numerals (Ⅱ), compatibility forms, quotation marks, blanks inside words and
traditional characters say nothing of their own. What is kept of a message stays as it came; only what is read
goes through here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from opencc import OpenCC

READ = 6000
"""Characters read; the longest real text has about 1 000."""

_SILENT = re.compile(r"[“”\"'‘’„‟〝〞「」『』《》〈〉\u00ad\u200b-\u200f\u2060\ufeff \t\r\f\v]+")
_SMALL_ROMAN = str.maketrans("ⅰⅱⅲⅳ", "ⅠⅡⅢⅣ")
_IDEOGRAPHS = range(0x4E00, 0xA000)


def plain(text: str) -> str:
    """The text in simplified characters and NFKC, without quotation marks and blanks; line breaks stay."""
    folded = unicodedata.normalize("NFKC", text[:READ].translate(_SMALL_ROMAN))[:READ]
    return simplified(_SILENT.sub("", folded))


def simplified(text: str) -> str:
    """The text in simplified characters; all else stays."""
    pattern, table = _traditional()
    return pattern.sub(lambda found: table[found.group()], text)


@cache
def _traditional() -> tuple[re.Pattern[str], dict[str, str]]:
    """Each traditional character with its simplified one: OpenCC's table, one to one, worked out once."""
    characters = [chr(code) for code in _IDEOGRAPHS]
    converted = OpenCC("t2s").convert("\n".join(characters)).split("\n")
    table = {one: other for one, other in zip(characters, converted, strict=True) if one != other}
    return re.compile(f"[{''.join(table)}]"), table
