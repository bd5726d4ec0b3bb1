"""The codes by which Chinese services write hazard and level beside or instead of words, as GB/T 35561 codes.

Colours run in opposite orders: CMA and NMC number from red (p0002003 is rain, yellow), the weather service's
public pages from blue (0203 is rain, orange). A code that is not known here says nothing; words always count.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from warnengine.ingest.formats.fields import SEVERITY
from warnengine.model.level import Level

_CMA = {
    "0001": "11B01", "0002": "11B03", "0003": "11B09", "0004": "11B05", "0005": "11B17", "0006": "11B04",
    "0007": "11B06", "0008": "11B07", "0009": "11B15", "0010": "11B22", "0011": "11B21", "0012": "11B14",
    "0013": "11B16", "0014": "11B19", "0015": "11B20", "0020": "11A02", "0021": "11B37", "0024": "11A51",
    "0026": "11B31", "0030": "11B25", "0042": "11B58", "0044": "11B25",
}  # fmt: skip
"""0000 gives a colour only."""
_PAGES = {
    "01": "11B01", "02": "11B03", "03": "11B04", "04": "11B05", "05": "11B06", "06": "11B07", "07": "11B09",
    "08": "11B22", "09": "11B14", "10": "11B15", "11": "11B16", "12": "11B17", "13": "11B19", "14": "11B21",
}  # fmt: skip
"""The fourteen signals in the order of CMA Order 16; numbers above are local, and the title says what they are."""
_QWEATHER = {
    "1201": "11A01", "1202": "11A02", "1203": "11A03", "1204": "11A04", "1205": "11A05", "1214": "11A51",
    "1241": "11D01", "1242": "11D02", "1243": "11D03", "1244": "11D04", "1245": "11D05", "1246": "11D06",
    "1248": "11B37", "1249": "11B37", "1250": "11B37", "1251": "11B37",
}  # fmt: skip
_FORMS = re.compile(
    r".*?\bp(?P<cma>\d{4})00(?P<from_red>[1-4])\b.*"
    r"|(?P<national>1[1-4][A-Z]\d\d)(?:[_-]?(?P<word>[A-Za-z]+)|0(?P<from_blue>[1-4]))?"
    r"|(?P<page>\d\d)0(?P<page_blue>[1-4])",
    re.S | re.I,
)
_LONGEST = 200


class Coded(NamedTuple):
    """What a code says."""

    event: str | None = None
    """Of GB/T 35561, 11B03."""
    level: Level | None = None


def read(code: str) -> Coded:
    """Read p0002003 (also in the address of a picture), 11B03, 11B03_RED, 11B2002, 0902."""
    found = _FORMS.fullmatch(code.strip()[-_LONGEST:])
    if not found:
        return Coded()
    if found["cma"]:
        return Coded(_CMA.get(found["cma"]), Level(5 - int(found["from_red"])))
    if found["page"]:
        return Coded(_PAGES.get(found["page"]), Level(int(found["page_blue"])))
    level = Level(int(found["from_blue"])) if found["from_blue"] else SEVERITY.get((found["word"] or "").lower())
    return Coded(found["national"].upper(), level)


def of_qweather(code: str) -> str | None:
    """QWeather's number: 10NN is 11BNN as far as GB/T 35561 goes; those beyond are its own, and so is the word."""
    if len(code) == 4 and code.startswith("10") and code.isdigit():
        return f"11B{code[2:]}"
    return _QWEATHER.get(code)
