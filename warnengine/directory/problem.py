"""What a clerk must change in a file before it can be taken in: where, what is wrong, what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from warnengine.model.errors import DirectoryError


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, in the words of the table in which it stands."""

    file: str
    sheet: str
    """The title of the sheet; empty in a CSV file, which is one."""
    row: int
    """As the spreadsheet counts them; 0: about the whole sheet or file."""
    column: str
    """The heading as it is written there; empty: about the row."""
    what: str
    fix: str

    def __str__(self) -> str:
        sheet = f" {self.sheet}" if self.sheet else ""
        row = f" 第{self.row}行" if self.row else ""
        column = f"“{self.column}”" if self.column else ""
        return f"{self.file}{sheet}{row}{column}: {self.what} — {self.fix}"


class Unfit(ValueError):
    """Why a cell does not do."""

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(f"{what} — {fix}")
        self.what = what
        self.fix = fix


def refused(problems: Iterable[Problem]) -> DirectoryError:
    """All of them, one a line."""
    return DirectoryError("\n".join(map(str, problems)))
