"""A CSV file or a workbook as tables of text; whatever is not plain text in a plain table is told with its place.

CSV is UTF-8 with or without BOM, or GB18030, as spreadsheets save it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from openpyxl import load_workbook
from openpyxl.cell import MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from warnengine.directory.problem import Problem, refused

PACKED = b"PK"
"""What a workbook begins with, and no text does."""
BYTES = 200_000_000
"""Of the unpacked workbook."""
ROWS = 200_000
UNREADABLE = (BadZipFile, InvalidFileException, KeyError, ValueError, TypeError, ParseError, EOFError)
"""What openpyxl says of a file that is no workbook."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row that is not empty."""

    number: int
    cells: Mapping[str, str]
    """By heading; empty ones are left out."""


@dataclass(frozen=True, slots=True)
class Grid:
    """One table: its headings in the first row, text below."""

    file: str
    title: str
    headings: tuple[str, ...]
    lines: tuple[Line, ...]
    problems: tuple[Problem, ...]
    """Of cells that cannot be read; their rows are not among the lines."""


def grids(raw: bytes, file: str) -> list[Grid]:
    """Every table of a file; DirectoryError where it is neither text nor a workbook."""
    return _workbook(raw, file) if raw.startswith(PACKED) else [_text(raw, file)]


def _text(raw: bytes, file: str) -> Grid:
    reader = csv.reader(io.StringIO(_decoded(raw, file), newline=""), strict=True)
    headings: tuple[str, ...] = ()
    lines: list[Line] = []
    problems: list[Problem] = []
    try:
        headings = tuple(name.strip() for name in next(reader, []))
        for cells in reader:
            if any(cell.strip() and not heading for heading, cell in zip_longest(headings, cells, fillvalue="")):
                what = "格子比标题多"
                problems.append(
                    Problem(file, "", reader.line_num, "", what, "有逗号的格子用双引号括起来,或者删去多出的格子")
                )
            elif line := _line(reader.line_num, zip(headings, cells, strict=False)):
                lines.append(line)
    except csv.Error as error:
        what = f"不是 CSV({error})"
        problems.append(Problem(file, "", reader.line_num, "", what, "看看双引号是不是成对,或者存成 .xlsx 再导入"))
    return Grid(file, "", tuple(filter(None, headings)), tuple(lines), tuple(problems))


def _decoded(raw: bytes, file: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    fix = "用 Excel 打开,另存为“CSV UTF-8”或者 .xlsx 再导入"
    raise refused([Problem(file, "", 0, "", "文字编码既不是 UTF-8 也不是 GB18030", fix)])


def _workbook(raw: bytes, file: str) -> list[Grid]:
    try:
        with ZipFile(io.BytesIO(raw)) as packed:
            if sum(part.file_size for part in packed.infolist()) > BYTES:
                raise refused([Problem(file, "", 0, "", "工作簿太大", "删去用不着的工作表和空行")])
        book = load_workbook(io.BytesIO(raw))
    except UNREADABLE as error:
        fix = "在 Excel 里另存为 .xlsx 再导入"
        raise refused([Problem(file, "", 0, "", "不是能打开的 Excel 工作簿", fix)]) from error
    return [_sheet(sheet, file) for sheet in book.worksheets if sheet.max_row > 1 or sheet["A1"].value]


def _sheet(sheet: Worksheet, file: str) -> Grid:
    if sheet.max_row > ROWS:
        fault = Problem(file, sheet.title, 0, "", f"有{sheet.max_row}行", "删去最后一条下面的空行")
        return Grid(file, sheet.title, (), (), (fault,))
    headings = {cell.column: text(cell.value) for cell in sheet[1] if text(cell.value)}
    merged = {
        (row, column): str(area)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    lines: list[Line] = []
    problems: list[Problem] = []
    for cells in sheet.iter_rows(min_row=2):
        faults = {
            cell.column: fault
            for cell in cells
            for fault in [_unfit(cell, merged, headed=cell.column in headings)]
            if fault
        }
        for column, (what, fix) in faults.items():
            if not isinstance(cells[column - 1], MergedCell):  # several cells in one are told once
                heading = headings.get(column, get_column_letter(column))
                problems.append(Problem(file, sheet.title, cells[0].row, heading, what, fix))
        named = ((headings[cell.column], text(cell.value)) for cell in cells if cell.column in headings)
        if not faults and (line := _line(cells[0].row, named)):
            lines.append(line)
    return Grid(file, sheet.title, tuple(headings.values()), tuple(lines), tuple(problems))


def _unfit(cell: Any, merged: Mapping[tuple[int, int], str], *, headed: bool) -> tuple[str, str] | None:
    if area := merged.get((cell.row, cell.column)):
        return f"单元格合并了({area})", "取消合并,每一行都填写"
    if cell.value is not None and not headed:
        return "这一格在表的外面", "删去,或者写到有标题的列里"
    if cell.data_type == "f":
        return "这里是公式", "写成文字或数字"
    if cell.data_type == "e":
        return f"这里是错误值 {cell.value}", "重新填写"
    return None


def _line(number: int, cells: Iterable[tuple[str, str]]) -> Line | None:
    given = {heading: cell.strip() for heading, cell in _filled(cells)}
    return Line(number, given) if given else None


def _filled(cells: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((heading, cell) for heading, cell in cells if heading and cell.strip())


def text(value: object) -> str:
    """A value of a cell as it would be typed."""
    match value:
        case None:
            return ""
        case float() if value.is_integer():
            return str(int(value))
        case datetime() | date():
            return f"{value:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
        case time():
            return f"{value:%H:%M}"
        case timedelta():
            minutes = int(value.total_seconds()) // 60
            return f"{minutes // 60:02}:{minutes % 60:02}"
        case _:
            return str(value).strip()
