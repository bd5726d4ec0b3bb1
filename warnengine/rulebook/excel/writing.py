"""What the changes of workbooks mean to the files: the keys of an entry, and where a new one stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from warnengine.model.book import SIGNAL
from warnengine.rulebook.excel.changes import Added, Changed, Changes
from warnengine.rulebook.excel.columns import Raw
from warnengine.rulebook.excel.edit import Edits, Fields, edited
from warnengine.rulebook.excel.tables import Part, Table, danger
from warnengine.rulebook.excel.words import ROLES

ORDER = {
    Part.MEASURES: (
        *("id", "when", "order", "deadline", "evidence", "compulsory", "advice"),
        *("replaces", "posts", "ceiling", "confirm"),
    ),
    Part.SILENT: ("hazards", "levels", "family", "because", "decided_by", "until"),
    Part.POINTS: (
        *("code", "name", "kind", "hazards", "village", "lon", "lat", "datum", "elevation", "height"),
        *("households", "people", "special", "responsible", "trigger", "route", "shelter", "capacity"),
        *("alarm", "updated", "sample", "confirm"),
    ),
    Part.PLAN: ("township", "name", "sensitive", "risks", "posts", "confirm", "points", "measures"),
    Part.CALLED: ("unit", "post", "hazards", "levels"),
    Part.TRIGGERS: (
        *("id", "name", "hazard", "watch", "towns", "stations", "agree", "datum"),
        *("blue", "yellow", "orange", "red", "soil", "falls_by", "rearm", "near", "shadow", "source", "confirm"),
    ),
    Part.STATIONS: (
        *("id", "name", "tells", "towns", "every", "river", "lon", "lat", "datum", "valid_from", "offsets"),
        *("sample", "confirm"),
    ),
}
"""The keys of an entry in the order of the house."""


def changed_files(files: Mapping[str, str], changes: Iterable[Changes]) -> dict[str, str]:
    """The changed files."""
    new: dict[str, str] = {}
    for one in changes:
        path = one.table.path
        text = new.get(path, files[path])
        mark = "\ufeff" if text.startswith("\ufeff") else ""
        new[path] = mark + edited(text.removeprefix("\ufeff"), _edits(one))
    return {path: text for path, text in new.items() if text != files[path]}


def _edits(one: Changes) -> Edits:
    part = one.table.part
    return Edits(
        "" if part is Part.PLAN else part.value,
        ORDER[part],
        part in {Part.MEASURES, Part.TRIGGERS},
        {changed.entry.index: _fields(changed) for changed in one.changed},
        frozenset(entry.index for entry in one.removed),
        [(_behind(new, one.table), _new(new, part)) for new in one.added],
    )


def _behind(new: Added, table: Table) -> int | None:
    """Where a new measure belongs: behind the last one of its danger that is no graver, or at the end."""
    if table.part is not Part.MEASURES:
        return None
    key = (str(new.values["when.hazard"]), str(new.values["when.family"]))
    alike = [entry for entry in table.entries if danger(entry.value) == key]
    levels = ("blue", "yellow", "orange", "red")
    up_to = levels[: levels.index(str(new.values["when.level"])) + 1]
    lower = [entry.index for entry in alike if entry.value.when.level.key in up_to]
    before = min((entry.index for entry in alike), default=0) - 1
    return max(lower) if lower else (before if alike and before >= 0 else None)


def _fields(one: Changed) -> Fields:
    """The keys of the file that a changed row changes."""
    plain: dict[str, Raw] = {key: value for key, value in one.values.items() if "." not in key}
    roles = {key.partition(".")[2]: value for key, value in one.values.items() if key.startswith("responsible.")}
    if roles:
        charged = one.entry.value.responsible
        kept = [{"role": c.role.value, "unit": c.unit, "post": c.post} for c in charged if c.role not in roles]
        plain["responsible"] = _by_role([*kept, *(c for new in roles.values() for c in new)])
    return plain


def _new(one: Added, part: Part) -> Fields:
    """The keys of a new entry."""
    values: dict[str, Raw | dict[str, str]] = {
        **{key: value for key, value in one.values.items() if "." not in key},
    }
    if not part.placed:
        values[key(part)] = one.id
    if part is Part.MEASURES:
        when = {key: str(one.values[f"when.{key}"]) for key in ("hazard", "level", "family")}
        values["when"] = {key: value for key, value in when.items() if (key, value) != ("family", SIGNAL)}
    charges = [c for role in ROLES for c in one.values.get(f"responsible.{role}", ())]
    values["responsible"] = _by_role(charges)
    return {key: values[key] for key in ORDER[part] if values.get(key)}


def key(part: Part) -> str:
    """What names an entry in its file."""
    return "code" if part is Part.POINTS else "id"


def _by_role(charges: Iterable[object]) -> list[dict[str, str]]:
    known = [dict(charge) for charge in charges if isinstance(charge, dict)]
    return sorted(known, key=lambda charge: list(ROLES).index(charge["role"]))
