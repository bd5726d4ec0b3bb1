"""What a form says."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import Request

from warnengine.model.errors import Refused

LARGEST = 64_000
LONG = 500


class Form:
    """Fields of a posted form; what is not there is empty."""

    def __init__(self, fields: dict[str, list[str]]) -> None:
        self.fields = fields

    def one(self, name: str, most: int = LONG) -> str:
        """A field in one line, without blanks at its ends."""
        words = " ".join(self.fields.get(name, [""])[0].split())
        if len(words) > most:
            raise Refused(422, f"填写的内容太长(最多{most}字):请缩短后再试。")
        return words

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return self.fields.get(name, [])

    def number(self, name: str) -> int:
        """A field that counts; Refused where it does not."""
        words = self.one(name)
        if not words.isascii() or not words.isdecimal() or len(words) > 18:
            raise Refused(422, "编号不对:请返回上一页,从列表里重新选择。")
        return int(words)

    def why(self, name: str = "why") -> str:
        """A reason; Refused where there is none."""
        words = self.one(name, 200)
        if len(words) < 2:
            raise Refused(422, "请写明原因(至少两个字),要留痕。")
        return words


async def form(request: Request) -> Form:
    """The fields of a request."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise Refused(413, "填写的内容太多:请缩短后再试。")
    try:
        return Form(parse_qs(body.decode(), keep_blank_values=True, max_num_fields=500))
    except ValueError:
        raise Refused(422, "表单无法读取:请刷新页面后再填一次。") from None
