"""What the coming month lacks: shifts that nobody has, absences with nobody to stand in, holidays not listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from warnengine.directory.gaps import FILE
from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Directory, Shift
from warnengine.model.finding import Finding, Severity
from warnengine.model.rota import DAYS, EVERY, WEEKDAYS
from warnengine.model.timetable import MONTH, Opening, openings, year_known


def gaps_ahead(directory: Directory, book: RuleBook, now: datetime) -> list[Finding]:
    """What of the next month is not as the rota and the list would have it; none of it hinders anything."""
    lacking: dict[tuple[str, str, str | None], list[Opening]] = {}
    for opening in openings(directory, now, now + MONTH):
        lacking.setdefault((opening.unit, opening.post, opening.person), []).append(opening)
    told = [_opening(times, directory, book) for times in lacking.values()]
    return [*told, *_unlisted(directory, now)]


def _opening(times: list[Opening], directory: Directory, book: RuleBook) -> Finding:
    first = times[0]
    more = f"等 {len(times)} 段时间" if len(times) > 1 else ""
    when = f"{_when(first.starts)} 至 {_when(first.ends)}{more}"
    post = _post(first, book)
    if first.person is not None:
        name = directory.people[first.person].name
        what = f"{post} {name} {when}不在,没有人代"
        return Finding(FILE, 0, Severity.WARNING, what, f"在请假表写“代班人”,或者填“B角”;不填,仍叫{name}")
    plain = "、".join(directory.people[held.person].name for held in directory.holders(first.unit, first.post))
    asked = f"由平时的人({plain})接" if plain else "这段时间没有人接"
    return Finding(FILE, 0, Severity.WARNING, f"{post} {when}值班表没有人", f"在值班表补上;不补,{asked}")


def _when(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _post(opening: Opening, book: RuleBook) -> str:
    unit, post = book.units.get(opening.unit), book.posts.get(opening.post)
    return f"{unit.name if unit else opening.unit} {post.name_in(unit.kind) if unit and post else opening.post}"


def _unlisted(directory: Directory, now: datetime) -> Iterator[Finding]:
    """Years that are on, or begin within the month, of which the calendar says nothing though the rota asks it."""
    listed = {day.year for day in directory.calendar}
    for year in dict.fromkeys((now.astimezone(BEIJING).year, year_known(now))):
        if year not in listed and any(map(_of_work, directory.shifts)):
            what = f"值班表分工作日和休息日,没有 {year} 年的节假日调休"
            fix = f"按国务院办公厅的通知填“节假日调休”;不填,{year} 年只按星期算"
            yield Finding(FILE, 0, Severity.WARNING, what, fix)


def _of_work(shift: Shift) -> bool:
    return shift.days in DAYS and shift.days != EVERY and shift.days not in WEEKDAYS
