"""Import of the address list from CSV: UTF-8 with or without BOM, or GB18030 as spreadsheets save it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from warnengine.directory.row import COLUMNS, Row
from warnengine.model.book import RuleBook
from warnengine.model.directory import Directory, Holding, Person
from warnengine.model.errors import DirectoryError
from warnengine.model.finding import Finding, Severity, did_you_mean

REQUIRED = tuple(name for name, field in Row.model_fields.items() if field.is_required())


@dataclass(frozen=True, slots=True)
class Line:
    """A row that passed on its own, with its place and the codes that its names mean."""

    number: int
    row: Row
    unit: str
    post: str


def read_csv(raw: bytes, book: RuleBook, file: str = "directory.csv") -> Directory:
    """The address list in a CSV file; DirectoryError with every complaint, one a line.

    Columns: unit, post, person, name, mobile, phone, email, wecom, app, loudspeaker, extra, prefers, deputy,
    superior; one line per post that somebody holds.
    `deputy` and `superior` are person keys. `file` is the name in complaints.
    """
    findings: list[Finding] = []
    lines = [line for line in _lines(_decode(raw, file), book, file, findings) if line]
    findings += (Finding(file, *complaint) for complaint in _across(lines))
    if findings:
        raise DirectoryError("\n".join(str(f) for f in sorted(findings, key=lambda finding: finding.line)))
    people = {line.row.person: _person(line.row) for line in reversed(lines)}
    holdings = (Holding(x.unit, x.post, x.row.person, x.row.deputy, x.row.superior) for x in lines)
    return Directory(dict(reversed(people.items())), tuple(holdings))


def _decode(raw: bytes, file: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DirectoryError(f"{file}: neither UTF-8 nor GB18030 text — save it as CSV UTF-8")


def _lines(text: str, book: RuleBook, file: str, findings: list[Finding]) -> Iterator[Line | None]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        findings += _header(reader.fieldnames or (), file)
        if findings:
            return
        for cells in reader:
            if any(cells.values()):
                yield _line(reader.line_num, cells, book, file, findings)
    except csv.Error as error:
        findings.append(
            Finding(file, reader.reader.line_num, Severity.ERROR, f"not CSV: {error}", "look at the quotes")
        )


def _header(names: Iterable[str], file: str) -> Iterator[Finding]:
    given = [name.strip() for name in names]
    for name in given:
        if name not in COLUMNS:
            yield Finding(file, 1, Severity.ERROR, f'unknown column "{name}"', did_you_mean(name, COLUMNS))
        elif given.count(name) > 1:
            yield Finding(file, 1, Severity.ERROR, f'column "{name}" appears twice', "remove one")
    for name in (*REQUIRED, "mobile"):
        if name not in given:
            yield Finding(file, 1, Severity.ERROR, f'no column "{name}"', f"the columns are {','.join(COLUMNS)}")


def _line(number: int, cells: dict[str, str], book: RuleBook, file: str, findings: list[Finding]) -> Line | None:
    def complain(what: str, fix: str) -> None:
        findings.append(Finding(file, number, Severity.ERROR, what, fix))

    if None in cells:
        complain("more cells than columns", "put a cell that holds a comma in quotes")
        return None
    given = {key.strip(): value.strip() for key, value in cells.items() if value and value.strip()}
    try:
        row = Row.model_validate(given)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            complain(*_words(problem))
        return None
    unit = _unit(row.unit, book)
    post = _post(row.post, unit, book)
    if unit is None:
        names = (name for found in book.units.values() for name in (found.code, found.name, found.short))
        complain(f'unknown unit "{row.unit}"', did_you_mean(row.unit, names))
    elif post is None:
        kind = book.units[unit].kind
        fitting = (found.key for found in book.posts.values() if kind in found.kinds)
        complain(f'{book.units[unit].name} has no post "{row.post}"', did_you_mean(row.post, fitting))
    return Line(number, row, unit or row.unit, post or row.post)


def _words(problem: ErrorDetails) -> tuple[str, str]:
    column, given = problem["loc"][0], problem["input"]
    match problem["type"]:
        case "missing":
            return f"{column} is empty", "fill it in"
        case "value_error":
            return f'{column}: "{given}" does not do', str(problem["ctx"]["error"])
        case "string_pattern_mismatch":
            form = "name@example.cn" if column == "email" else "letters, digits, _ - and ."
            return f'{column}: "{given}" has not the right form', f"write {form}"
        case _:
            return f'{column}: "{given}" does not do', problem["msg"]


def _unit(name: str, book: RuleBook) -> str | None:
    named = (unit.code for unit in book.units.values() if name in (unit.code, unit.name, unit.short))
    return next(named, None)


def _post(name: str, unit: str | None, book: RuleBook) -> str | None:
    if unit is None:
        return None
    kind = book.units[unit].kind
    fitting = (post for post in book.posts.values() if kind in post.kinds)
    return next((post.key for post in fitting if name in (post.key, post.name, post.name_in(kind))), None)


def _person(row: Row) -> Person:
    return Person(
        row.person,
        row.name,
        row.mobile,
        row.email,
        row.phone,
        row.wecom,
        row.app,
        row.loudspeaker,
        row.extra,
        row.prefers,
    )


Complaint = tuple[int, Severity, str, str]


def _across(lines: list[Line]) -> Iterator[Complaint]:
    """What only shows when lines are laid side by side."""
    people: dict[str, Line] = {}
    numbers: dict[tuple[str, str], Line] = {}
    posts: dict[tuple[str, str, str], Line] = {}
    known = {line.row.person for line in lines}
    for line in lines:
        first = people.setdefault(line.row.person, line)
        if _person(first.row) != _person(line.row):
            yield _error(line, f"{line.row.person} is told differently in line {first.number}", "make both alike")
        yield from _shared(line, numbers)
        same = posts.setdefault((line.unit, line.post, line.row.person), line)
        if same is not line:
            yield _error(line, f"the same post and person as in line {same.number}", "remove one")
        yield from _others(line, known)


def _shared(line: Line, owners: dict[tuple[str, str], Line]) -> Iterator[Complaint]:
    """An address that people answer from and that two of them have."""
    answering = {"number": line.row.mobile, "member of WeCom": line.row.wecom, "device": line.row.app}
    for kind, address in answering.items():
        if address is None:
            continue
        owner = owners.setdefault((kind, address.lower()), line)
        if owner.row.person != line.row.person:
            what = f"{address} is also the {kind} of {owner.row.person} in line {owner.number}"
            yield _error(line, what, "a reply must belong to one person: give each their own")


def _others(line: Line, known: set[str]) -> Iterator[Complaint]:
    for column in ("deputy", "superior"):
        other = getattr(line.row, column)
        if other == line.row.person:
            yield _error(line, f"{column}: {other} cannot be their own", "name another person")
        elif other and other not in known:
            yield _error(line, f'{column}: unknown person "{other}"', did_you_mean(other, known))


def _error(line: Line, what: str, fix: str) -> Complaint:
    return line.number, Severity.ERROR, what, fix
