"""The rows of 请假, 值班表 and 节假日调休, with the people and posts that they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from warnengine.directory import dates
from warnengine.directory.people import Names, Places
from warnengine.directory.problem import Problem, Unfit
from warnengine.directory.sheets import Duty, Leave, Read, Special
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Absence, Shift
from warnengine.model.rota import DayKind, working

AHEAD = 2
"""Years: nobody makes a rota for longer, and a year with a slip of the pen would."""


def absences(read: Sequence[Read[Leave]], names: Names, problems: list[Problem]) -> list[Absence]:
    """Who is away when; whatever is wrong goes to `problems`."""
    found: list[tuple[Read[Leave], Absence]] = []
    for one in read:
        if absence := _absence(one, names, problems):
            over = next((other for other, before in found if _overlap(before, absence)), None)
            if over:
                what = f"{one.row.person} 的时间和第{over.number}行重叠"
                problems.append(one.problem("starts", what, "合成一行,或者改时间"))
            found.append((one, absence))
    return [absence for _, absence in found]


def _absence(read: Read[Leave], names: Names, problems: list[Problem]) -> Absence | None:
    row, field = read.row, "person"
    try:
        person = names.key(row.person)
        field = "stand_in"
        stand_in = names.key(row.stand_in) if row.stand_in else None
        if stand_in == person:
            raise Unfit("写的是本人", "写代班的人;没有就空着,由各岗位的 B 角顶")
        field = "ends"
        if row.ends <= row.starts:
            raise Unfit(f"“{_written(row.ends)}”不在开始以后", "写最后一天,或者带时间写")
    except Unfit as unfit:
        problems.append(read.problem(field, unfit.what, unfit.fix))
        return None
    return Absence(person, row.starts, row.ends, stand_in, row.reason)


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _overlap(one: Absence, other: Absence) -> bool:
    return one.person == other.person and one.starts < other.ends and other.starts < one.ends


@dataclass(frozen=True)
class RotaReader:
    """What the rows of a rota are read with."""

    places: Places
    names: Names
    today: date

    def shifts(self, read: Sequence[Read[Duty]], problems: list[Problem]) -> list[Shift]:
        """Every shift; whatever is wrong goes to `problems`."""
        first: dict[Shift, Read[Duty]] = {}
        for one in read:
            for shift in self._shifts(one, problems):
                same = first.setdefault(shift, one)
                if same is not one:
                    what = f"和第{same.number}行是同一个班、同一个人({shift.days})"
                    problems.append(one.problem("days", what, "删去一处"))
        return list(first)

    def _shifts(self, read: Read[Duty], problems: list[Problem]) -> list[Shift]:
        row, field = read.row, "unit"
        try:
            unit = self.places.unit(row.unit)
            field = "post"
            post = self.places.post(row.post, unit)
            field = "person"
            person = self.names.key(row.person)
            field = "begins"
            if row.begins >= dates.DAY:
                raise Unfit("24:00 不能是上班时间", "写 00:00,日期写第二天")
            field = "days"
            self._soon(row.days)
        except Unfit as unfit:
            problems.append(read.problem(field, unfit.what, unfit.fix))
            return []
        begins, lasts = dates.hours(row.begins, row.ends)
        return [Shift(unit.code, post, named, begins, lasts, person) for named in row.days]

    def _soon(self, days: Iterable[str]) -> None:
        late = [named for named in days if named[0].isdigit() and int(named[:4]) > self.today.year + AHEAD]
        if late:
            raise Unfit(f"“{late[0]}”太远了", f"最多排到 {self.today.year + AHEAD} 年,看看年份")


def calendar(read: Sequence[Read[Special]], today: date, problems: list[Problem]) -> dict[date, DayKind]:
    """The days that the week does not tell; whatever is wrong goes to `problems`."""
    found: dict[date, tuple[DayKind, Read[Special]]] = {}
    for one in read:
        for fault in _faults(one, found, today):
            problems.append(one.problem("day", *fault))
            break
        found.update({day: (one.row.kind, one) for day in one.row.day if day not in found})
    return {day: kind for day, (kind, _) in sorted(found.items(), key=lambda item: item[0])}


def _faults(
    read: Read[Special], found: dict[date, tuple[DayKind, Read[Special]]], today: date
) -> Iterator[tuple[str, str]]:
    for day in read.row.day:
        if day in found:
            yield f"{day} 在第{found[day][1].number}行已经有了", "删去一处"
        if day.year > today.year + AHEAD:
            yield f"{day} 太远了", "看看年份"
        if read.row.kind is DayKind.WORKING and working(day, {}):
            yield f"{day} 不是周末,本来就上班", "写调休上班的那个周六或周日,否则删去这一行"


def kept(earlier: Iterable[Absence], known: Callable[[str], bool]) -> Iterator[Absence]:
    """Absences of an earlier list that still mean somebody; a stand-in who is gone stands in no more."""
    for one in earlier:
        if known(one.person):
            gone = one.stand_in is not None and not known(one.stand_in)
            yield replace(one, stand_in=None) if gone else one
