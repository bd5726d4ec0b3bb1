"""The sheets of an address list (人员岗位, 请假, 值班表, 节假日调休): which table is which, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Generic, TypeVar

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from warnengine.directory import dates
from warnengine.directory.grid import Grid, Line
from warnengine.directory.problem import Problem, Unfit
from warnengine.directory.row import CHANNELS, Cells, Row
from warnengine.model.finding import did_you_mean
from warnengine.model.rota import DayKind

KINDS = {
    **dict.fromkeys(("节假日", "节日", "假日", "放假", "休", "休息"), DayKind.HOLIDAY),
    **dict.fromkeys(("上班", "调休", "调休上班", "补班", "班"), DayKind.WORKING),
}


def _kind(value: object) -> object:
    if value not in KINDS:
        raise Unfit(f"“{value}”看不懂", "写“节假日”(放假)或者“上班”(调休上班)")
    return KINDS[str(value)]


def _begin(value: object) -> object:
    return dates.moment(str(value))


def _end(value: object) -> object:
    return dates.moment(str(value), last=True)


def _days(value: object) -> object:
    return dates.days(str(value))


def _span(value: object) -> object:
    return dates.span(str(value))


def _clock(value: object) -> object:
    return dates.clock(str(value))


class Leave(Cells):
    """Somebody is away."""

    person: str = Field(min_length=1, title="人员")
    """Key, or a name that only one person has; so everywhere."""
    starts: Annotated[datetime, BeforeValidator(_begin)] = Field(title="开始")
    ends: Annotated[datetime, BeforeValidator(_end)] = Field(title="结束")
    """A date alone is the last day that they are away."""
    stand_in: str | None = Field(None, title="代班人")
    """None: the deputy of each post."""
    reason: str = Field("", max_length=100, title="事由")


class Duty(Cells):
    """Somebody holds a post on some days for some hours."""

    unit: str = Field(min_length=1, title="单位")
    post: str = Field(min_length=1, title="岗位")
    days: Annotated[tuple[str, ...], BeforeValidator(_days)] = Field(title="日期")
    begins: Annotated[timedelta, BeforeValidator(_clock)] = Field(title="上班")
    ends: Annotated[timedelta, BeforeValidator(_clock)] = Field(title="下班")
    """Not after `begins`: on the day after."""
    person: str = Field(min_length=1, title="值班人")


class Special(Cells):
    """Days that are not what the week says."""

    day: Annotated[tuple[date, ...], BeforeValidator(_span)] = Field(title="日期")
    kind: Annotated[DayKind, BeforeValidator(_kind)] = Field(title="类别")
    name: str = Field("", max_length=40, title="名称")
    """国庆节; for whoever reads the table."""


SHEETS: Mapping[str, type[Cells]] = {"人员岗位": Row, "请假": Leave, "值班表": Duty, "节假日调休": Special}
NOTES = "说明"
"""A sheet of words for people."""
FORMS = {
    "person": "写字母、数字、汉字、_ - 和 .,不带空格",
    "deputy": "写人员编号,或者只有一个人叫的姓名,不带空格",
    "superior": "写人员编号,或者只有一个人叫的姓名,不带空格",
    "email": "写成 name@example.cn;几个邮箱用顿号隔开",
    "wecom": "写企业微信里的账号: 字母和数字",
    "prefers": "写 " + "、".join(CHANNELS) + ",用空格隔开",
}
"""What to write where a cell has not the right form."""
CellsT = TypeVar("CellsT", bound=Cells)


@dataclass(frozen=True)
class Read(Generic[CellsT]):
    """A row that passed on its own, with its place."""

    grid: Grid
    number: int
    row: CellsT

    def problem(self, field: str, what: str, fix: str) -> Problem:
        """Something about a cell of it; no field: about the row."""
        columns = _columns(type(self.row))
        heading = next((name for name in self.grid.headings if field and columns[name.lower()] == field), "")
        return Problem(self.grid.file, self.grid.title, self.number, heading, what, fix)


def kind(grid: Grid) -> str | None:
    """Which sheet a table is: by its title, else by its headings; None: none of ours."""
    if grid.title in SHEETS:
        return grid.title
    known = {title: len(_known(grid, model)) for title, model in SHEETS.items()}
    best = max(known, key=lambda title: known[title])
    return best if known[best] * 2 > len(grid.headings) or not grid.title else None


def _known(grid: Grid, model: type[Cells]) -> set[str]:
    columns = _columns(model)
    return {heading for heading in grid.headings if heading.lower() in columns}


def _columns(model: type[Cells]) -> dict[str, str]:
    """Every way in which a heading may be written, in small letters, to its field."""
    fields = model.model_fields
    return {**{str(info.title).lower(): key for key, info in fields.items()}, **{key: key for key in fields}}


def rows(grid: Grid, model: type[CellsT]) -> tuple[list[Read[CellsT]], list[Problem]]:
    """Its rows, and what is wrong with them."""
    problems = [*grid.problems, *_headings(grid, model)]
    if any(problem.row == 1 for problem in problems):
        return [], problems
    found: list[Read[CellsT]] = []
    columns = _columns(model)
    for line in grid.lines:
        try:
            given = {columns[heading.lower()]: cell for heading, cell in line.cells.items()}
            found.append(Read(grid, line.number, model.model_validate(given)))
        except ValidationError as error:
            problems += _told(error, grid, line, columns)
    return found, problems


def mentioned(grid: Grid) -> Iterator[tuple[str, str]]:
    """Key and name of everybody in a table of 人员岗位, whatever else is wrong there."""
    columns = _columns(Row)
    for line in grid.lines:
        cells = {columns.get(heading.lower()): cell for heading, cell in line.cells.items()}
        if "person" in cells:
            yield cells["person"], cells.get("name", "")


def _headings(grid: Grid, model: type[Cells]) -> Iterator[Problem]:
    columns = _columns(model)
    titles = [str(info.title) for info in model.model_fields.values()]
    given = [columns.get(heading.lower()) for heading in grid.headings]
    for heading, field in zip(grid.headings, given, strict=True):
        if field is None:
            fix = did_you_mean(heading, model.model_fields if heading.isascii() else titles)
            yield Problem(grid.file, grid.title, 1, heading, "没有这一列", fix)
        elif given.count(field) > 1:
            yield Problem(grid.file, grid.title, 1, heading, "这一列有两个", "删去一列")
    needed = [key for key, info in model.model_fields.items() if info.is_required()]
    for key in (*needed, *(["mobile"] if model is Row else [])):
        if key not in given:
            title = str(model.model_fields[key].title)
            yield Problem(grid.file, grid.title, 1, title, "缺这一列", f"第一行写上标题: {'、'.join(titles)}")


def _told(error: ValidationError, grid: Grid, line: Line, columns: Mapping[str, str]) -> Iterator[Problem]:
    """What pydantic says, once for each cell, in the words of the table."""
    written = {columns[heading.lower()]: heading for heading in grid.headings}
    said: set[str] = set()
    for problem in error.errors(include_url=False):
        field = str(problem["loc"][0])
        if field not in said:
            said.add(field)
            what, fix = _words(field, problem)
            yield Problem(grid.file, grid.title, line.number, written.get(field, field), what, fix)


def _words(field: str, problem: ErrorDetails) -> tuple[str, str]:
    unfit = problem.get("ctx", {}).get("error")
    match problem["type"]:
        case "missing":
            return "没有填", "填上"
        case "value_error" if isinstance(unfit, Unfit):
            return unfit.what, unfit.fix
        case "too_long":
            return "号码太多", f"最多写 {problem['ctx']['max_length']} 个,留下最常用的"
        case "string_too_long":
            return "字太多", f"最多写 {problem['ctx']['max_length']} 个字"
        case _:
            return f"“{problem['input']}”的写法不对", FORMS.get(field, "写字母、数字、_ . @ -,不带空格")
