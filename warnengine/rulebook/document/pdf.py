"""A document as PDF, by Typst; the Chinese font of the machine goes into the file."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Literal

import typst

from warnengine.model.errors import Unwritable
from warnengine.rulebook.document.model import Document, plain

PAGE = Path(__file__).with_name("page.typ")
FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "WenQuanYi Zen Hei", "SimSun")
"""What is looked for, the best first."""


NO_FONT = "没有找到中文字体,写不出 PDF: 请运行 apt-get install fonts-noto-cjk,或者加 --only docx 只写 DOCX"
SHARP = 80
"""Dots to an inch of the pictures."""


class Press:
    """Fonts are looked for once, documents are printed one after the other."""

    def __init__(self, fonts: typst.Fonts | None = None) -> None:
        self._fonts = fonts or typst.Fonts()
        known = set(self._fonts.families())
        self.font = next((name for name in FONTS if name in known), "")
        if not self.font:
            raise Unwritable(NO_FONT)
        self._compiler = typst.Compiler(PAGE, root=PAGE.parent, font_paths=self._fonts)

    def pdf(self, document: Document) -> bytes:
        """The file. Two prints of one book on one day are the same, byte for byte."""
        noon = int(datetime.combine(document.day, time(4), UTC).timestamp())
        (made,) = self._made(document, "pdf", noon)
        return made

    def pictures(self, document: Document) -> list[bytes]:
        """A picture (PNG) of each page."""
        return self._made(document, "png")

    def _made(self, document: Document, kind: Literal["pdf", "png"], noon: int | None = None) -> list[bytes]:
        inputs = {"document": json.dumps(plain(document), ensure_ascii=False), "font": self.font}
        made = self._compiler.compile(format=kind, ppi=SHARP, sys_inputs=inputs, timestamp=noon)
        return made if isinstance(made, list) else [made or b""]
