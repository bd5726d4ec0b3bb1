"""A workbook given back with a remark in every cell that somebody must change."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from openpyxl import load_workbook
from openpyxl.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from warnengine.rulebook.excel.reading import Problem

WRONG = PatternFill("solid", fgColor="FFFF7C80")


def remarked(file: Path, problems: Iterable[Problem], out: Path) -> int:
    """Write a copy of the workbook with its problems as comments; how many found their cell.

    What concerns a whole row stands in its first cell, what concerns no sheet of the workbook is left out."""
    book = load_workbook(file)
    said: dict[tuple[str, int, int], list[Problem]] = {}
    for problem in problems:
        if problem.sheet in book.sheetnames:
            heads = {str(cell.value): cell.column for cell in book[problem.sheet][1]}
            place = problem.sheet, max(problem.row, 1), heads.get(problem.column, 1)
            said.setdefault(place, []).append(problem)
    for (sheet, row, column), here in said.items():
        cell = book[sheet].cell(row, column)
        if not isinstance(cell, MergedCell):
            cell.comment = Comment("\n".join(f"{one.what} — {one.fix}" for one in here), "warnengine", 160, 320)
            cell.fill = WRONG
    book.save(out)
    return sum(map(len, said.values()))
