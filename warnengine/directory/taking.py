"""Tables that come in, together, as one address list. A sheet that does not come changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from warnengine.directory.grid import Grid, grids
from warnengine.directory.people import Names, Places, people, seats
from warnengine.directory.problem import Problem, refused
from warnengine.directory.rota import RotaReader, absences, calendar, kept
from warnengine.directory.row import Cells
from warnengine.directory.sheets import NOTES, SHEETS, Read, kind, mentioned, rows
from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Directory

NOBODY = Directory({}, ())
PEOPLE, LEAVE, ROTA, DAYS_OFF = SHEETS
NO_PEOPLE = Problem("通讯录", "", 0, "", "库里还没有人员岗位表", "把人员岗位表一起导入")


@dataclass(frozen=True)
class Taken:
    """What came in."""

    directory: Directory
    """Worth nothing where there are problems."""
    problems: tuple[Problem, ...]
    """Anything here, and nothing is to be changed."""
    notes: tuple[str, ...]
    """What was understood though it is not written as it should be, and what of before falls away."""


@dataclass
class _Taking:
    """Tables on their way into a list."""

    book: RuleBook
    now: datetime
    before: Directory
    read: dict[str, list[Read[Cells]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    called: dict[str, str] = field(default_factory=dict)
    """Key → name of everybody in 人员岗位, in refused rows too: a slip is told once, not at each mention."""

    def take(self, grid: Grid) -> None:
        """The rows of one table."""
        title = kind(grid)
        if title is None:
            fix = f"改成 {'、'.join(SHEETS)} 中的一个,或者删去"
            self.problems.append(Problem(grid.file, grid.title, 0, "", "不认识这张工作表", fix))
            return
        read, problems = rows(grid, SHEETS[title])
        self.read.setdefault(title, []).extend(read)
        self.problems += problems
        if title == PEOPLE:
            self.called |= dict(mentioned(grid))

    def of(self, title: str) -> list[Any]:
        """The rows of a sheet, of the type that SHEETS says."""
        return self.read.get(title, [])

    @property
    def names(self) -> Names:
        """Whom the other sheets may mean."""
        if PEOPLE in self.read:
            return Names.of(self.called.items())
        return Names.of((person.key, person.name) for person in self.before.people.values())

    def listed(self) -> Directory:
        """People and what they hold."""
        if PEOPLE not in self.read:
            return self.before
        rows = self.of(PEOPLE)
        held = seats(rows, Places(self.book), self.names, self.problems)
        return Directory(people(rows), tuple(held))

    def rota(self, listed: Directory) -> Directory:
        """The same with absences, shifts and days off; what does not come stays, where its people do."""
        today = self.now.astimezone(BEIJING).date()
        known = listed.people.__contains__
        away = tuple(kept(self.before.absences, known))
        shifts = tuple(shift for shift in self.before.shifts if known(shift.person))
        days = self.before.calendar
        if LEAVE in self.read:
            away = tuple(absences(self.of(LEAVE), self.names, self.problems))
        if ROTA in self.read:
            reader = RotaReader(Places(self.book), self.names, today)
            shifts = tuple(reader.shifts(self.of(ROTA), self.problems))
        if DAYS_OFF in self.read:
            days = calendar(self.of(DAYS_OFF), today, self.problems)
        return replace(listed, absences=away, shifts=shifts, calendar=days)

    def told(self) -> tuple[Problem, ...]:
        """Every problem once, in the order of tables and rows."""
        tables = list(dict.fromkeys((one.file, one.sheet) for one in self.problems))
        once = dict.fromkeys(self.problems)
        return tuple(sorted(once, key=lambda one: (tables.index((one.file, one.sheet)), one.row)))

    def notes(self, listed: Directory) -> Iterator[str]:
        """Earlier names that were understood, and what of before falls away."""
        yield from Places(self.book).renamed(one for read in self.read.values() for one in read)
        named = [shift.person for shift in self.before.shifts if ROTA not in self.read]
        if LEAVE not in self.read:
            named += [key for one in self.before.absences for key in (one.person, one.stand_in) if key]
        for key in sorted({*named} - {*listed.people}):
            yield f"{_name(key, self.before)}不在新的人员岗位表里: 原来请假表、值班表里写到此人的行作废"


def _name(key: str, directory: Directory) -> str:
    return f"{directory.people[key].name}({key})" if key in directory.people else key


def taken_in(
    files: Iterable[tuple[str, bytes]], book: RuleBook, now: datetime, before: Directory = NOBODY
) -> Taken:
    """The address list as it would be with these files (name, content), CSV or workbooks.

    before: the list that counts now, of which the sheets that do not come stay. DirectoryError where a file cannot
    be opened; everything else that is wrong is in `problems`.
    """
    taking = _Taking(book, now, before)
    for file, raw in files:
        for grid in grids(raw, file):
            if grid.title != NOTES:
                taking.take(grid)
    if not taking.problems and PEOPLE not in taking.read and not before.people:
        return Taken(before, (NO_PEOPLE,), ())
    listed = taking.listed()
    made = taking.rota(listed) if taking.names.keys else listed
    return Taken(made, taking.told(), tuple(taking.notes(listed)))


def read(raw: bytes, book: RuleBook, file: str = "directory.csv") -> Directory:
    """The address list in one file, CSV or workbook; DirectoryError with every complaint, one a line."""
    found = taken_in([(file, raw)], book, datetime.now(BEIJING))
    if found.problems:
        raise refused(found.problems)
    return found.directory
