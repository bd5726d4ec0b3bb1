"""A sheet of a workbook as a clerk sees it."""

from __future__ import annotations

from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

ID, DEADLINE = "编号", "时限(分钟或小时)"


class Form:
    """Cells by the id of a row and the title of a column."""

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.columns = {cell.value: cell.column for cell in sheet[1] if cell.value}

    def row(self, name: str) -> int:
        rows = range(2, self.sheet.max_row + 1)
        return next(row for row in rows if self.sheet.cell(row, self.columns[ID]).value == name)

    def put(self, name: str, **cells: Any) -> None:
        for title, value in cells.items():
            self.at(self.row(name), title).value = value

    def at(self, row: int, title: str) -> Any:
        return self.sheet.cell(row, self.columns[DEADLINE if title == "时限" else title])

    def add(self, **cells: Any) -> int:
        row = self.sheet.max_row + 1
        for title, value in cells.items():
            self.at(row, title).value = value
        return row

    def drop(self, name: str) -> None:
        self.sheet.delete_rows(self.row(name))
