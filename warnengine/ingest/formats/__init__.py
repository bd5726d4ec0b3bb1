"""Reading warnings: bytes in, values out, no I/O and no clock.

`read` recognises what a message is by its content, and reads each alert of it or refuses it with a reason for a
person: XML (the national platform's, CAP 1.0 to 1.2, alone or many in one document), JSON and JSONP (lists of the
national platform, CMA, NMC, weather.com.cn, QWeather, CAP as JSON), and plain Chinese text.
"""

from __future__ import annotations

from warnengine.ingest.formats import document, encoding, jsontext, lists, text, xml
from warnengine.ingest.formats.reading import Reading
from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Warning

__all__ = ["MAX_BYTES", "Reading", "read"]

MAX_BYTES = max(xml.MAX_BYTES, jsontext.MAX_BYTES)
"""The most that any form may have; what is longer need not be read to its end."""


def read(raw: bytes, reading: Reading) -> tuple[Warning, ...]:
    """Every warning in a message, in its order; a feed or list that is empty has none.

    Raise RefusedWarning where nothing can be read. Where some alerts of many can, they are returned, each with a
    problem that tells of the others: one broken alert must not hold back the rest, nor go unnoticed.
    """
    if encoding.is_xml(raw):
        return document.read(raw, reading)
    if len(raw) > MAX_BYTES:
        raise RefusedWarning("too_large", f"一份来文最多{MAX_BYTES}字节,这份更长:请分批发送")
    words = encoding.decode(raw)
    if not words:
        raise RefusedWarning("empty", "来文是空的,没有任何内容:请核对文件是不是没有收全,再重新发送")
    return lists.read(words, reading) if jsontext.begins(words) else text.read(words, reading)
