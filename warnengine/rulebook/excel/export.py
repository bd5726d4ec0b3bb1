"""The book written as a workbook: a sheet for each table, 说明 before them, drop-down lists, its hash inside."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from warnengine.model.errors import RuleBookError
from warnengine.model.finding import Findings, Severity
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.excel.columns import Column
from warnengine.rulebook.excel.guide import GUIDE
from warnengine.rulebook.excel.plans import HEIGHTS, KINDS, MAPS
from warnengine.rulebook.excel.tables import CELL, Part, Table, chosen, grouped, tables
from warnengine.rulebook.excel.thresholds import DATUMS
from warnengine.rulebook.excel.words import ALL, EVIDENCE, LEVELS, READINGS, WATCHES, YES, Vocabulary, nearest
from warnengine.rulebook.load import digest, drafted, whole

FORMAT = "1"
"""Of the workbook; an older one is exported anew."""
VERSION, LISTS, HELP = "版本", "词表", "说明"
SPARE = 300
"""Rows below the last one that have drop-downs too."""
NAMED = {Part.POINTS, Part.TRIGGERS}
"""Parts whose first column is the name of the row: it stays in sight while one goes to the right."""
COMMON = ("district.yaml", "hazards.yaml", "units/")
"""Files whose words the sheets use."""
HEAD = PatternFill("solid", fgColor="FFD9E1F2")
KEPT = PatternFill("solid", fgColor="FFEDEDED")
Lists = Mapping[str, Sequence[str]]
"""Name → the words of a drop-down."""
COLOURS = {"蓝色": "FFBDD7EE", "黄色": "FFFFF2A8", "橙色": "FFF8CBAD", "红色": "FFFF9C9C"}


def export(folder: Path, file: Path, units: Sequence[str] = ()) -> list[str]:
    """Write the workbook of the book in a folder; the titles of its sheets.

    units: codes or names; none: all. RuleBookError where the book does not pass, or has no such unit."""
    draft, _ = sound(folder)
    words = Vocabulary.of(draft)
    picked = _picked(tables(draft, words), draft, units)
    _written(picked, words, whole(folder)).save(_suffixed(file))
    return [table.title for table in picked]


def export_each(folder: Path, out: Path) -> list[Path]:
    """Write a workbook for each owner of the book in a folder; the files. RuleBookError where it does not pass."""
    draft, _ = sound(folder)
    words, files = Vocabulary.of(draft), whole(folder)
    owned: dict[str, list[Table]] = {}
    for table in tables(draft, words):
        owned.setdefault(table.owner, []).append(table)
    out.mkdir(parents=True, exist_ok=True)
    made = [out / f"{mine[0].title}.xlsx" for mine in owned.values()]
    for file, mine in zip(made, owned.values(), strict=True):
        _written(mine, words, files).save(file)
    return made


def _suffixed(file: Path) -> Path:
    """Excel opens nothing that is called otherwise."""
    if file.suffix.lower() != ".xlsx":
        raise RuleBookError(f"{file}: 工作簿的名字要以 .xlsx 结尾;每个单位一份、写到文件夹里,加 --each")
    if not file.parent.is_dir():
        raise RuleBookError(f"{file.parent}: 没有这个文件夹,先建好,或者写别的地方")
    return file


def _written(picked: Sequence[Table], words: Vocabulary, files: Mapping[str, str]) -> Workbook:
    book = Workbook()
    book.remove(book.active)
    _help(book.create_sheet(HELP))
    for table in picked:
        _table(book.create_sheet(table.title), table, words)
    _sources(book.create_sheet(LISTS), _lists(words))
    _version(book.create_sheet(VERSION), picked, files)
    return book


def sound(folder: Path) -> tuple[Draft, Findings]:
    """The parts of a book without errors, and what the lint says of it all the same."""
    draft, findings = drafted(folder)
    errors = [str(one) for one in findings if one.severity is Severity.ERROR]
    if draft is None or errors:
        raise RuleBookError("\n".join([f"{folder} 的规则有错误,先改好再导出或导入", *errors]))
    return draft, findings


def stamp(text: str) -> str:
    """What names the content of one file."""
    return hashlib.sha256(text.encode()).hexdigest()


def common(files: Mapping[str, str]) -> dict[str, str]:
    """The files whose words the sheets use, each with its stamp."""
    return {path: stamp(text) for path, text in files.items() if path.startswith(COMMON)}


def _picked(all_tables: Sequence[Table], draft: Draft, units: Sequence[str]) -> list[Table]:
    if not units:
        return list(all_tables)
    found: list[Table] = []
    for unit in units:
        mine = chosen(all_tables, draft, unit)
        if not mine:
            names = {table.title.partition("-")[0] for table in all_tables}
            near = nearest(unit, names)
            raise RuleBookError(f"没有单位“{unit}”的表: {near}也可以写代码,例如 housing、500151105")
        found += [table for table in mine if table not in found]
    return found


def _help(sheet: Worksheet) -> None:
    sheet.column_dimensions["A"].width = 110
    for row, line in enumerate(GUIDE, 1):
        cell = _write(sheet, row, 1, line)
        cell.font = Font(bold=row == 1 or line.endswith(":"), size=14 if row == 1 else 11)
        cell.alignment = Alignment(wrap_text=True, vertical="top")


def _table(sheet: Worksheet, table: Table, words: Vocabulary) -> None:
    columns, lists = table.part.columns, _lists(words)
    for place, column in enumerate(columns, 1):
        _head(sheet, place, column.title, column.width)
    _head(sheet, len(columns) + 1, CELL, 40 if table.part is Part.MEASURES else 16)
    rows = grouped(table, words)
    for row, entry in enumerate(rows, 2):
        for place, column in enumerate(columns, 1):
            _fill(_write(sheet, row, place, entry.cells[column.title]), column)
        _write(sheet, row, len(columns) + 1, entry.id).fill = KEPT
    last = len(rows) + 1 + SPARE
    for place, column in enumerate(columns, 1):
        _drop_down(sheet, column, f"{get_column_letter(place)}2:{get_column_letter(place)}{last}", lists)
    _protect(sheet, f"{get_column_letter(len(columns) + 1)}2:{get_column_letter(len(columns) + 1)}{last}")
    sheet.freeze_panes = "B2" if table.part in NAMED else "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns) + 1)}{len(rows) + 1}"


def _head(sheet: Worksheet, place: int, title: str, width: int) -> None:
    cell = _write(sheet, 1, place, title)
    level = COLOURS.get(title[:2], "")
    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=level) if level else HEAD
    sheet.column_dimensions[get_column_letter(place)].width = width
    if title == CELL:
        cell.comment = Comment("已有的编号不要改;新加的行空着,导入时自动编号", "warnengine")


def _write(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """A cell of text, whatever it begins with: a sentence that begins with = is no formula."""
    cell: Cell = sheet.cell(row, column)
    cell.value = text or None
    cell.number_format = "@"
    if text:
        cell.data_type = "s"
        cell.quotePrefix = text.startswith(("=", "+", "-", "@", "\t"))
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


def _fill(cell: Cell, column: Column) -> None:
    if column.title == "等级" and cell.value in COLOURS:
        cell.fill = PatternFill("solid", fgColor=COLOURS[cell.value])


def _drop_down(sheet: Worksheet, column: Column, where: str, lists: Lists) -> None:
    if not column.choices:
        return
    letter = get_column_letter(list(lists).index(column.choices) + 1)
    source = f"'{LISTS}'!${letter}$2:${letter}${len(lists[column.choices]) + 1}"
    rule = DataValidation(type="list", formula1=source, allow_blank=True)
    rule.showErrorMessage = not column.several
    rule.error, rule.errorTitle = f"请从下拉列表里选{column.title}", column.title
    if column.several:
        rule.promptTitle, rule.prompt, rule.showInputMessage = column.title, "可以写几个,用、隔开", True
    sheet.add_data_validation(rule)
    rule.add(where)


def _protect(sheet: Worksheet, where: str) -> None:
    """Excel takes nothing that is typed where the ids are; rows can still be added and deleted."""
    rule = DataValidation(type="textLength", operator="equal", formula1="0", allow_blank=True)
    rule.showErrorMessage = True
    rule.error, rule.errorTitle = "编号不要改;新加的行空着,导入时自动编号", CELL
    sheet.add_data_validation(rule)
    rule.add(where)


def _lists(words: Vocabulary) -> Lists:
    marks = list(EVIDENCE.values())
    pairs = ["、".join(pair) for pair in combinations(marks, 2)]
    return {
        "hazards": list(words.hazards.by_key.values()),
        "families": list(words.families.by_key.values()),
        "levels": list(LEVELS.values()),
        "levels_or_all": [ALL, *LEVELS.values()],
        "evidence": [*marks, *pairs, "、".join(marks)],
        "posts": list(words.posts.by_key.values()),
        "yes": [YES],
        "kinds": list(KINDS),
        "maps": list(MAPS),
        "heights": list(HEIGHTS),
        "towns": list(words.townships.by_key.values()),
        "towns_or_all": [ALL, *words.townships.by_key.values()],
        "stations": list(words.stations.by_key.values()),
        "datums": list(DATUMS),
        "watches": list(WATCHES.values()),
        "readings": list(READINGS.values()),
    }


def _sources(sheet: Worksheet, lists: Lists) -> None:
    """The words of the drop-downs, a column for each list."""
    for place, (name, listed) in enumerate(lists.items(), 1):
        for row, word in enumerate([name, *listed], 1):
            _write(sheet, row, place, word)
    sheet.sheet_state = "veryHidden"


def _version(sheet: Worksheet, picked: Sequence[Table], files: Mapping[str, str]) -> None:
    """Which book this is, and the content of each file that the sheets show or borrow words from."""
    rows = [
        ("format", FORMAT, "", ""),
        ("book", digest({path: text.encode() for path, text in files.items()}), "", ""),
    ]
    rows += [("words", path, value, "") for path, value in sorted(common(files).items())]
    rows += [("sheet", table.path, stamp(files[table.path]), table.title) for table in picked]
    for row, parts in enumerate(rows, 1):
        for column, text in enumerate(parts, 1):
            _write(sheet, row, column, text)
    sheet.sheet_state = "veryHidden"
