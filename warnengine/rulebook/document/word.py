"""A document as DOCX, for offices that go on writing in it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from io import BytesIO

import docx
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.table import Table as DocxTable
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from warnengine.rulebook.document.model import Cell, Document, Heading, Section, Table

FONT = "宋体"
WIDTH = 178
"""Millimetres between the margins of an A4 page."""
HEAD = "EBEBEB"


def written(document: Document) -> bytes:
    """The file."""
    made = docx.Document()
    _page(made, document)
    if not document.cards:
        _centred(made, document.title, 18)
        _centred(made, document.subtitle, 10)
        _centred(made, f"规则库 {document.book}", 8)
    for place, section in enumerate(document.sections):
        _section(made, section, document.cards, last=place + 1 == len(document.sections))
    kept = BytesIO()
    made.save(kept)
    return kept.getvalue()


def _page(made: Docx, document: Document) -> None:
    page = made.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(16)
    page.top_margin = page.bottom_margin = Mm(18)
    for name in ("Normal", "Heading 1", "Heading 2"):
        style = made.styles[name]
        style.font.name = FONT
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for script in ("w:ascii", "w:hAnsi", "w:eastAsia"):
            fonts.set(qn(script), FONT)
    made.styles["Normal"].font.size = Pt(19 if document.cards else 9.5)
    made.styles["Normal"].paragraph_format.space_after = Pt(2)
    made.core_properties.title = document.title
    made.core_properties.author = document.subtitle
    made.core_properties.comments = document.book
    made.core_properties.created = datetime.combine(document.day, time(4), UTC)
    _numbered(page.footer.paragraphs[0], document.foot)


def _numbered(foot: Paragraph, words: str) -> None:
    """规则库 … 第 1 页,共 9 页"""
    foot.add_run(f"{words}    第 ")
    _field(foot, "PAGE")
    foot.add_run(" 页,共 ")
    _field(foot, "NUMPAGES")
    foot.add_run(" 页")
    for run in foot.runs:
        run.font.size = Pt(8)


def _field(paragraph: Paragraph, code: str) -> None:
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), code)
    paragraph._p.append(field)


def _section(made: Docx, section: Section, cards: bool, *, last: bool) -> None:
    if cards:
        _centred(made, "防灾避险明白卡", 26)
    made.add_heading(section.title, 1)
    for block in section.blocks:
        if isinstance(block, str):
            made.add_paragraph(block)
        elif isinstance(block, Heading):
            made.add_heading(block.words, 2)
        else:
            _table(made, block)
    if cards and not last:
        made.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)


def _centred(made: Docx, words: str, size: int) -> None:
    line = made.add_paragraph()
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = line.add_run(words)
    run.font.size, run.bold = Pt(size), size > 10


def _table(made: Docx, block: Table) -> None:
    heads = (tuple(Cell(words, HEAD) for words in block.head),) if block.head else ()
    rows = (*heads, *block.rows)
    laid = made.add_table(len(rows), len(block.widths), "Table Grid")
    laid.autofit = False
    widths = [Mm(WIDTH * width / sum(block.widths)) for width in block.widths]
    for line, cells in zip(laid.rows, rows, strict=True):
        for place, (cell, one) in enumerate(zip(line.cells, cells, strict=True)):
            cell.width = widths[place]
            cell.text = one.words
            _shaded(cell, one.shade)
    _flowing(laid, heads=len(heads))


def _shaded(cell: _Cell, shade: str) -> None:
    if shade:
        fill = OxmlElement("w:shd")
        for name, value in (("val", "clear"), ("color", "auto"), ("fill", shade)):
            fill.set(qn(f"w:{name}"), value)
        cell._tc.get_or_add_tcPr().append(fill)


def _flowing(laid: DocxTable, heads: int) -> None:
    """The head is repeated on every page, and no row is torn apart."""
    for place, line in enumerate(laid.rows):
        properties = line._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if place < heads:
            properties.append(OxmlElement("w:tblHeader"))
            for cell in line.cells:
                for run in cell.paragraphs[0].runs:
                    run.bold = True
