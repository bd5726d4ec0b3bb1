"""What whoever publishes a book must see first: in short what changes, and what of it nobody has proven. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from warnengine.model.book import Measure, RuleBook, Trigger, Unit
from warnengine.model.observation import OBSERVED
from warnengine.rulebook.draft import Draft

OWN = ("measures/", "plans/", "cases/", "units/", "triggers.yaml")
"""Files that concern the units they name; every other one concerns all."""
TRUE = {"1", "on", "t", "true", "y", "yes"}
"""All that a rule file may write for it."""
NAMES = ("name", "id", "code", "key", "order", "hazard")


@dataclass(frozen=True, slots=True)
class Summary:
    """Two books beside each other, in figures."""

    added: tuple[str, ...]
    """Measures, by id."""
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    files: tuple[str, ...]
    """Files that differ."""
    thresholds: tuple[str, ...]
    """Thresholds that are new, other or gone, by id."""
    units: tuple[str, ...]
    """Units whose measures, plan, posts or ladder differ."""


def summary(
    before: RuleBook, after: RuleBook, files_before: Mapping[str, str], files_after: Mapping[str, str]
) -> Summary:
    """What changes from one book to another. The deep difference, in orders and people, belongs beside it."""
    old, new = _all(before), _all(after)
    paths = files_before.keys() | files_after.keys()
    files = tuple(sorted(path for path in paths if files_before.get(path) != files_after.get(path)))
    common = any(not path.startswith(OWN) for path in files) or "units/posts.yaml" in files
    common = common or _measured(before) != _measured(after)
    units = after.units.keys() if common else {*_differing(before, after)}
    return Summary(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(one for one in new.keys() & old.keys() if new[one] != old[one])),
        removed=tuple(sorted(old.keys() - new.keys())),
        files=files,
        thresholds=tuple(sorted(_moved(before, after))),
        units=tuple(sorted(units)),
    )


def unproven(draft: Draft) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is invented (`sample: true`) and what waits for the bureau's word (`confirm: bureau`), each as file:
    name."""
    samples: list[str] = []
    waiting: list[str] = []
    for parsed in draft.files:
        for name, entry in _entries(parsed.sheet.data, parsed.sheet.file):
            if str(entry.get("sample")).lower() in TRUE:
                samples.append(name)
            if entry.get("confirm") == "bureau":
                waiting.append(name)
    return tuple(samples), tuple(waiting)


def _entries(value: object, file: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every entry of a file, however deep, with its name."""
    if isinstance(value, Mapping):
        name = next((str(value[key]) for key in NAMES if isinstance(value.get(key), str)), "")
        yield (f"{file}: {name}" if name else file), value
        for part in value.values():
            yield from _entries(part, file)
    elif isinstance(value, list):
        for part in value:
            yield from _entries(part, file)


def _all(book: RuleBook) -> dict[str, Measure]:
    lists = (*book.sectors.values(), *book.kinds.values(), *(plan.measures for plan in book.plans.values()))
    return {measure.id: measure for measures in lists for measure in measures}


def _differing(before: RuleBook, after: RuleBook) -> Iterator[str]:
    """Units of either book for which something of their own is not the same."""
    for code in before.units.keys() | after.units.keys():
        if _own(before, code) != _own(after, code):
            yield code


def _own(book: RuleBook, code: str) -> object:
    unit = book.units.get(code)
    return unit and (
        unit,
        book.measures_of(unit),
        book.plans.get(code),
        book.silent.get(code),
        book.silent.get(unit.kind),
        _thresholds(book, unit),
    )


def _moved(before: RuleBook, after: RuleBook) -> set[str]:
    old, new = _triggers(before), _triggers(after)
    return {id_ for id_ in old.keys() | new.keys() if old.get(id_) != new.get(id_)}


def _triggers(book: RuleBook) -> Mapping[str, Trigger]:
    return {one.id: one for one in book.triggers.triggers} if book.triggers else {}


def _measured(book: RuleBook) -> object:
    """What all thresholds have in common: the stations, the soil."""
    return book.triggers and book.triggers.model_copy(update={"triggers": ()})


def _thresholds(book: RuleBook, unit: Unit) -> tuple[Trigger, ...]:
    """Those by which the unit may be ordered something; a village's code begins with its township's."""
    owed = {measure.when.hazard for measure in book.measures_of(unit) if measure.when.family == OBSERVED}
    town = unit.code[:9] if unit.code.isdigit() else ""
    every = book.triggers.triggers if book.triggers else ()
    return tuple(one for one in every if one.hazard in owed and (not town or not one.towns or town in one.towns))
