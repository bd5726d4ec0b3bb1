"""What an address list still lacks before a night can be trusted to it."""

from __future__ import annotations

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from warnengine.model.book import Act, RuleBook, Rung, Unit
from warnengine.model.directory import Directory, Holding
from warnengine.model.finding import Finding, Severity
from warnengine.model.level import Level

FILE = "通讯录"
TITLES = {"deputy": "B角", "superior": "上级"}


def gaps(directory: Directory, book: RuleBook) -> list[Finding]:
    """Called posts that nobody holds, people whom nothing reaches, and posts where nobody is next."""
    return [*_empty(directory, book), *_unreachable(directory), *_alone(directory, book), *_circles(directory)]


def called(unit: Unit, level: Level, book: RuleBook) -> tuple[str, ...]:
    """The posts of a unit that an order of this level may go to, those that approve one included."""
    rule = book.approvals.get(level)
    deciding = [authority.post for authority in rule.authorities if authority.unit == unit.code] if rule else []
    named = [post for measure in book.measures_of(unit) if measure.when.level <= level for post in measure.posts]
    planned = book.responsible(unit.code, level, book.plans)
    return tuple(dict.fromkeys((*book.ladder[level].called.get(unit.kind, ()), *named, *planned, *deciding)))


def _empty(directory: Directory, book: RuleBook) -> Iterator[Finding]:
    held = {(holding.unit, holding.post) for holding in directory.holdings}
    for unit in book.units.values():
        for post in dict.fromkeys(post for level in Level for post in called(unit, level, book)):
            if (unit.code, post) not in held:
                name = book.posts[post].name_in(unit.kind)
                yield _finding(
                    Severity.ERROR, f"{unit.name} {name}没有人", f"加一行: 单位 {unit.short},岗位 {name}"
                )


def _unreachable(directory: Directory) -> Iterator[Finding]:
    for person in directory.people.values():
        if person.mobile is None and [channel for channel, _ in person.ways] != ["loudspeaker"]:
            reached = any(channel != "extra" for channel, _ in person.ways)
            grave = Severity.WARNING if reached else Severity.ERROR
            yield _finding(grave, f"{person.name}({person.key})没有手机号码", "填上“手机”")


def _alone(directory: Directory, book: RuleBook) -> Iterator[Finding]:
    needs = {"deputy": [Level.RED], "superior": [x for x in Level if _climbs(book, x)]}
    for holding in directory.holdings:
        unit = book.units.get(holding.unit)
        for column, levels in needs.items():
            waits = unit and any(holding.post in called(unit, level, book) for level in levels)
            if unit and waits and getattr(holding, column) is None and not _at_the_top(holding, column, book):
                post = book.posts[holding.post].name_in(unit.kind)
                what = f"{unit.name} {post} {directory.people[holding.person].name}没有{TITLES[column]}"
                yield _finding(Severity.WARNING, what, f"填上“{TITLES[column]}”")


def _climbs(book: RuleBook, level: Level) -> bool:
    return _asks_superior(book.ladder[level])


def _at_the_top(holding: Holding, column: str, book: RuleBook) -> bool:
    """Nobody is above those who decide for the district."""
    return column == "superior" and book.units[holding.unit].parent is None


def _circles(directory: Directory) -> Iterator[Finding]:
    stands_in = {key: set[str]() for key in directory.people}
    for holding in directory.holdings:
        if holding.deputy:
            stands_in[holding.person].add(holding.deputy)
    while circle := _circle(stands_in):
        names = " → ".join(directory.people[key].name for key in circle)
        yield _finding(Severity.WARNING, f"B角绕成了一圈: {names}", "最后一个人另写一位 B角")
        stands_in[circle[0]].discard(circle[1])


def _circle(stands_in: dict[str, set[str]]) -> list[str]:
    """People of whom each names the next as deputy and the last the first; empty: there is no such circle."""
    try:
        TopologicalSorter(stands_in).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def _finding(severity: Severity, what: str, fix: str) -> Finding:
    return Finding(FILE, 0, severity, what, fix)


def _asks_superior(rung: Rung) -> bool:
    steps = (*rung.steps, *rung.night_steps)
    late = rung.finish is not None and rung.finish.superior is not None
    return late or any(step.do is Act.SUPERIOR for step in steps)
