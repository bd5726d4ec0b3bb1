"""From a sheet to the types of the model; what pydantic refuses is said with its line and a fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from warnengine.model.book import Entry
from warnengine.model.finding import Finding, Severity, did_you_mean
from warnengine.rulebook.refusals import refused
from warnengine.rulebook.sheet import Path, Sheet

T_co = TypeVar("T_co", covariant=True)
M = TypeVar("M", bound=Entry)
NAMES = ("id", "code", "key", "name", "short")


@dataclass(frozen=True, slots=True)
class Located(Generic[T_co]):
    """A value with its place."""

    value: T_co
    sheet: Sheet
    path: Path = ()

    def error(self, what: str, fix: str, *where: str | int) -> Finding:
        """An error here, or at a place within."""
        return self.sheet.finding((*self.path, *where), what, fix)

    def warning(self, what: str, fix: str, *where: str | int) -> Finding:
        """A warning here, or at a place within."""
        return self.sheet.finding((*self.path, *where), what, fix, Severity.WARNING)

    def note(self, what: str, fix: str, *where: str | int) -> Finding:
        """A note here, or at a place within."""
        return self.sheet.finding((*self.path, *where), what, fix, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as a type of the model, less the entries of its lists that did not pass."""

    sheet: Sheet
    value: Entry
    kept: Mapping[str, tuple[int, ...]]
    """List → where its entries stand in the file."""

    def entries(self, key: str) -> Iterator[Located[Any]]:
        """The entries of one list of the file."""
        for index, entry in zip(self.kept.get(key, ()), getattr(self.value, key), strict=True):
            yield Located(entry, self.sheet, (key, index))


def parse(sheet: Sheet, model: type[M]) -> tuple[Parsed | None, list[Finding]]:
    """Read a file as `model`. Bad entries of a list are left out, so that the rest can be checked as well."""
    try:
        return _parsed(sheet, model, frozenset()), []
    except ValidationError as error:
        problems = error.errors(include_url=False)
    findings = list(_explain(sheet, model, problems))
    if not all(len(p["loc"]) >= 2 and isinstance(p["loc"][1], int) for p in problems):
        return None, findings
    try:
        return _parsed(sheet, model, frozenset(p["loc"][:2] for p in problems)), findings
    except ValidationError:
        return None, findings


def broken(sheet: Sheet, parsed: Parsed | None) -> set[str]:
    """The names that refused entries go by, so that a reference to one is not called unknown as well."""
    names: set[str] = set()
    for key, value in sheet.data.items():
        kept = parsed.kept.get(key, ()) if parsed else ()
        lost = [entry for i, entry in enumerate(value) if i not in kept] if isinstance(value, list) else []
        names |= {str(entry[name]) for entry in lost if isinstance(entry, dict) for name in NAMES if name in entry}
    return names


def _parsed(sheet: Sheet, model: type[M], bad: frozenset[tuple[int | str, ...]]) -> Parsed:
    lists = {key: value for key, value in sheet.data.items() if isinstance(value, list)}
    kept = {key: tuple(i for i in range(len(value)) if (key, i) not in bad) for key, value in lists.items()}
    data = sheet.data | {key: [lists[key][i] for i in where] for key, where in kept.items()}
    return Parsed(sheet, model.model_validate(data), kept)


def _explain(sheet: Sheet, model: type[BaseModel], problems: list[ErrorDetails]) -> Iterator[Finding]:
    """One finding for each problem, but none for a key that is missing because it is misspelt."""
    meant: set[tuple[Path, str]] = set()
    for problem in sorted(problems, key=lambda problem: problem["type"] == "missing"):
        place = problem["loc"]
        key = next((str(part) for part in reversed(place) if isinstance(part, str) and part != "[key]"), "")
        what, fix = refused(problem, key, _keys(model, place[:-1]))
        if problem["type"] != "missing" or (place[:-1], did_you_mean(key, [key])) not in meant:
            yield sheet.finding(place, what, fix)
        meant.add((place[:-1], fix))


def _keys(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand at a place: follow the path through the fields' types."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models(model.model_fields[part].annotation), model)
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
