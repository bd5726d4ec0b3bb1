"""Bytes of text that is not XML: UTF-8, UTF-16 with its mark, or the GB 18030 of older Chinese systems."""

from __future__ import annotations

import re

from warnengine.model.errors import RefusedWarning

_MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!")
_SAYS = re.compile(r"预警|警报|信号|响应|雨量|水位")
_BLANK = "\ufeff \t\r\n\u3000\u200b"


def is_xml(raw: bytes) -> bool:
    """Whether bytes are XML, or mean to be."""
    return raw[:64].lstrip(b" \t\r\n\xef\xbb\xbf\xff\xfe\0")[:1] == b"<"


def decode(raw: bytes) -> str:
    """The text without blanks around it; raise RefusedWarning with `compressed` or `unreadable`.

    Broken UTF-8 is nearly always some GB 18030, only not Chinese that means anything. So GB 18030 is believed
    where the words of warnings come out, and a text cut short in transit is refused.
    """
    if raw.startswith(_PACKED):
        raise RefusedWarning("compressed", "这是压缩文件,里面的内容没有读:请解压后重新提交")
    encoding = next((name for mark, name in _MARKS.items() if raw.startswith(mark)), "utf-8")
    try:
        return _whole(raw.decode(encoding))
    except UnicodeDecodeError as error:
        try:
            text = raw.decode("gb18030")
        except UnicodeDecodeError:
            text = ""
        if encoding == "utf-8" and _SAYS.search(text):
            return _whole(text)
        raise RefusedWarning(
            "unreadable", f"编码认不出来(第{error.start}字节起不是 UTF-8),可能传送不全:请存为 UTF-8 后重新发送"
        ) from error


def _whole(text: str) -> str:
    if "\0" in text:
        raise RefusedWarning("unreadable", "内容里有空字符,不是文本:请核对是不是发错了文件")
    return text.strip(_BLANK)
