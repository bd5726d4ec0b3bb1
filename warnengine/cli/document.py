"""rules document: 预警信息发布规范 and 明白卡 as files to hand out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from warnengine import rulebook
from warnengine.model.book import RuleBook, Unit
from warnengine.model.clock import BEIJING
from warnengine.model.errors import Unwritable
from warnengine.model.finding import did_you_mean
from warnengine.rulebook.document import BEARERS, Document, documents, unkept


class Kind(StrEnum):
    """Kinds of file."""

    DOCX = "docx"
    PDF = "pdf"


NEEDS = {Kind.DOCX: "docx", Kind.PDF: "typst"}
"""The package that writes a kind of file."""
Out = Annotated[Path, typer.Option("--out", help="写到哪个文件夹,没有就新建。")]
One = Annotated[str, typer.Option("--unit", help="只要这个单位的,写代码或名称。")]
Only = Annotated[Kind | None, typer.Option("--only", help="只写这一种文件。")]


def document(
    out: Out, folder: Annotated[Path, typer.Argument()] = Path("rules"), unit: One = "", only: Only = None
) -> None:
    """Write the 预警信息发布规范 of sectors, committees and townships, and a 明白卡 for each point of a plan."""
    book = rulebook.load(folder)
    units = [_named(book, unit)] if unit else [one for one in book.units.values() if one.kind in BEARERS]
    writers = _writers((only,) if only else tuple(Kind))
    out.mkdir(parents=True, exist_ok=True)
    today, flags = datetime.now(BEIJING).date(), unkept(folder)
    count = 0
    for one in units:
        for made in documents(book, one, today, flags):
            for kind, write in writers.items():
                (out / f"{one.code}-{made.title}.{kind}").write_bytes(write(made))
                count += 1
    print(f"{out}: {len(units)} 个单位,{count} 个文件,规则库 {book.hash[:12]}")


def _named(book: RuleBook, words: str) -> Unit:
    known = {name: one for one in book.units.values() for name in (one.code, one.name, one.short)}
    found = known.get(words)
    if found is None:
        bearers = (one for one in book.units.values() if one.kind in BEARERS)
        alike = [one.code if words.isascii() else one.short for one in bearers]
        raise Unwritable(f"没有单位“{words}”。{did_you_mean(words, alike)}")
    if found.kind not in BEARERS:
        above = book.units.get(found.parent or "")
        whose = f",请用它上面的{above.name}({above.code})" if above else ""
        raise Unwritable(f"{found.name}没有自己的规范{whose}")
    return found


def _writers(kinds: tuple[Kind, ...]) -> dict[Kind, Callable[[Document], bytes]]:
    """What writes each kind of file; Unwritable where the machine lacks something."""
    if missing := [NEEDS[kind] for kind in kinds if find_spec(NEEDS[kind]) is None]:
        raise Unwritable(f"缺程序库 {'、'.join(missing)}: 请运行 pip install 'warnengine[document]'")
    return {kind: _writer(kind) for kind in kinds}


def _writer(kind: Kind) -> Callable[[Document], bytes]:
    if kind is Kind.DOCX:
        from warnengine.rulebook.document.word import written

        return written
    from warnengine.rulebook.document.pdf import Press

    return Press().pdf
