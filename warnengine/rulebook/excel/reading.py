"""A workbook as rows of text; whatever is not plain text in a plain table is told with its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.cell import Cell
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from warnengine.model.errors import RuleBookError
from warnengine.model.finding import did_you_mean
from warnengine.rulebook.excel.export import FORMAT, HELP, LISTS, VERSION
from warnengine.rulebook.excel.tables import CELL, Part, clean
from warnengine.rulebook.excel.words import NO, YES

BYTES = 200_000_000
"""Of the unpacked workbook; the shipped book takes a fiftieth of it."""
ROWS = 20_000
UNREADABLE = (BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, ParseError, EOFError)
"""What openpyxl says of a file that is no workbook."""


@dataclass(frozen=True, order=True)
class Problem:
    """Something in a workbook that a person must change before it can be taken in."""

    sheet: str
    row: int
    """0: about the whole sheet."""
    column: str
    what: str
    fix: str
    file: str = ""
    """The workbook, where several came back together."""

    def __str__(self) -> str:
        file = f"{self.file} " if self.file else ""
        row = f"第{self.row}行" if self.row else ""
        column = f"“{self.column}”" if self.column else ""
        return f"{file}{self.sheet} {row}{column}: {self.what} — {self.fix}"


@dataclass(frozen=True)
class Row:
    """One row of a sheet as text, with the words of what cannot be read."""

    number: int
    id: str
    cells: Mapping[str, str]
    unreadable: Mapping[str, Problem]
    file: str = ""
    """The workbook, where several came back together."""

    def problem(self, sheet: str, column: str, what: str, fix: str) -> Problem:
        """Something wrong in it; without a column with all of it."""
        return Problem(sheet, self.number, column, what, fix, self.file)


@dataclass(frozen=True)
class Version:
    """What the workbook says of the book it was made from."""

    book: str
    words: Mapping[str, str]
    """Path → stamp of the files whose words it uses."""
    sheets: Mapping[str, tuple[str, str]]
    """Title → (path, stamp)."""


@dataclass(frozen=True)
class Filled:
    """A workbook that came back."""

    version: Version
    titles: tuple[str, ...]
    sheets: Mapping[str, Worksheet]


def opened(file: Path) -> Filled:
    """Open a workbook; RuleBookError where it is none of ours."""
    try:
        with ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > BYTES:
                raise RuleBookError(f"{file}: 工作簿太大 — 用“warnengine rules export”导出的表填写")
        book = load_workbook(file)
    except UNREADABLE as error:
        raise RuleBookError(f"{file}: 不是能打开的 Excel 工作簿 — 在 Excel 里另存为 .xlsx 再导入") from error
    if VERSION not in book.sheetnames:
        raise RuleBookError(f"{file}: 不是规则库导出的工作簿 — 先“warnengine rules export”,在导出的表上改")
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    return Filled(_version(file, sheets[VERSION]), tuple(sheets), sheets)


def _version(file: Path, sheet: Worksheet) -> Version:
    rows = [
        [str(value or "") for value in (*row, "", "", "", "")[:4]] for row in sheet.iter_rows(values_only=True)
    ]
    said = {row[0]: row[1] for row in rows if row[0] in {"format", "book"}}
    if said.get("format") != FORMAT or "book" not in said:
        raise RuleBookError(f"{file}: 这份工作簿的格式不对或太旧 — 重新导出一份,把改动抄过去")
    return Version(
        said["book"],
        {row[1]: row[2] for row in rows if row[0] == "words"},
        {row[3]: (row[1], row[2]) for row in rows if row[0] == "sheet"},
    )


def strangers(filled: Filled) -> Iterator[Problem]:
    """Sheets that the export did not make."""
    known = {*filled.version.sheets, HELP, LISTS, VERSION}
    gone = [title for title in filled.version.sheets if title not in filled.sheets]
    for title in filled.titles:
        if title not in known and filled.sheets[title].max_row > 1:
            yield Problem(
                title, 0, "", "导出时没有这张工作表", f"改回原来的名字({did_you_mean(title, gone)})或者删去"
            )


def rows(sheet: Worksheet, part: Part) -> tuple[list[Row], list[Problem]]:
    """The rows of a table, blank ones left out."""
    if sheet.max_row > ROWS:
        return [], [Problem(sheet.title, 0, "", f"有{sheet.max_row}行", "删去最后一条下面的空行")]
    heads, problems = _heads(sheet, part)
    if problems:
        return [], problems
    merged = {
        (row, column): area
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    found = (_row(cells, heads, merged, part) for cells in sheet.iter_rows(min_row=2))
    return [row for row in found if row.id or any(row.cells.values()) or row.unreadable], []


def _heads(sheet: Worksheet, part: Part) -> tuple[dict[int, str], list[Problem]]:
    known = [*(column.title for column in part.columns), CELL]
    heads = {cell.column: clean(str(cell.value or "")) for cell in sheet[1]}
    heads = {place: title for place, title in heads.items() if title}
    titles = list(heads.values())
    missing = [title for title in known if title not in titles]
    wrong = [
        Problem(sheet.title, 1, title, "多了这一列", "删去这一列,或者改回原来的标题")
        for title in titles
        if title not in known or titles.count(title) > 1
    ]
    return heads, [
        *(Problem(sheet.title, 1, title, "缺这一列", "第一行的标题照导出时的写") for title in missing),
        *wrong,
    ]


def _row(
    cells: Iterable[Cell], heads: Mapping[int, str], merged: Mapping[tuple[int, int], Any], part: Part
) -> Row:
    texts: dict[str, str] = {}
    problems: dict[str, Problem] = {}
    number = 0
    dated = {column.title for column in part.columns if column.dated}
    for cell in cells:
        number = cell.row
        title = heads.get(cell.column, "")
        area = merged.get((cell.row, cell.column))
        row = area.min_row if area else cell.row  # several rows in one cell are told once
        fault = _unfit(cell, merged, title in dated, headed=bool(title))
        if fault:
            problems[title or cell.column_letter] = Problem(
                cell.parent.title, row, title or cell.column_letter, *fault
            )
        elif title:
            texts[title] = text(cell.value)
    return Row(number, texts.pop(CELL, ""), texts, problems)


def _unfit(cell: Any, merged: Mapping[tuple[int, int], Any], dated: bool, headed: bool) -> tuple[str, str] | None:
    if area := merged.get((cell.row, cell.column)):
        return f"单元格合并了({area})", "取消合并,每一行都填写"
    if cell.value is not None and not headed:
        return "这一格在表的外面", "删去,或者写到有标题的列里"
    if cell.data_type == "f":
        return "这里是公式", "写成文字;要以 = 开头的文字,先打一个单引号 '"
    if cell.data_type == "e":
        return f"这里是错误值 {cell.value}", "重新填写"
    if isinstance(cell.value, date | datetime | time | timedelta) and not dated:
        return f"这里成了日期或钟点({text(cell.value)})", "把单元格格式改成“文本”,再写一遍,例如“30分钟”"
    return None


def text(value: object) -> str:
    """A value of a cell as it would be typed."""
    match value:
        case None:
            return ""
        case bool():
            return YES if value else NO
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return f"{value:%Y-%m-%d}"
        case _:
            return clean(str(value))
