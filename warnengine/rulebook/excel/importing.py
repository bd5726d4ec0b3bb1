"""A filled-in workbook taken back: compared, edited into the files, and judged by the same lint as every book."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from warnengine.model.book import SIGNAL
from warnengine.model.errors import RuleBookError
from warnengine.model.finding import Finding, Findings, Severity
from warnengine.rulebook.excel.changes import Added, Changed, Changes, compared
from warnengine.rulebook.excel.columns import Raw
from warnengine.rulebook.excel.edit import Edits, Fields, edited
from warnengine.rulebook.excel.export import common, sound, stamp
from warnengine.rulebook.excel.reading import Filled, Problem, opened, rows, strangers
from warnengine.rulebook.excel.tables import Part, Table, danger, tables
from warnengine.rulebook.excel.words import ROLES, YES, Vocabulary
from warnengine.rulebook.load import digest, judged, whole
from warnengine.rulebook.sheet import read

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
}
"""The keys of an entry in the order of the house."""


@dataclass(frozen=True)
class Outcome:
    """What importing a workbook would do, or why it does nothing."""

    problems: tuple[Problem, ...]
    """Anything here: nothing is changed."""
    changes: tuple[str, ...]
    """Added, changed and removed rows, in words."""
    warnings: tuple[str, ...]
    """What the lint has to say that it did not say before; it hinders nothing."""
    files: Mapping[str, str]
    """Path → new text of the files that change."""

    def write(self, folder: Path) -> None:
        """Put the files where they belong, each whole or not at all."""
        for path, text in self.files.items():
            target = folder / path
            new = target.with_name(f".{target.name}.new")
            new.write_bytes(text.encode())
            new.replace(target)


def bring_in(folder: Path, file: Path) -> Outcome:
    """What a filled-in workbook changes in the book of a folder; nothing is written.

    RuleBookError where the workbook is none of ours, or was made from another state of the book."""
    filled = opened(file)
    files = whole(folder)
    _same(filled, files, folder)
    draft, before = sound(folder)
    words = Vocabulary.of(draft)
    made = {table.title: table for table in tables(draft, words)}
    ids = frozenset(owned.value.id for owned in draft.measures)
    problems = list(strangers(filled))
    changes: list[Changes] = []
    for title in filled.version.sheets:
        if title not in made:
            problems.append(Problem(title, 0, "", "规则库里没有这张表的单位", "重新导出一份,把改动抄过去"))
        elif title in filled.sheets:
            found, faults = rows(filled.sheets[title], made[title].part)
            changes += [] if faults else [compared(made[title], found, words, ids)]
            problems += faults
    problems += [problem for one in changes for problem in one.problems]
    told = tuple(line for one in changes for line in one.told())
    if problems:
        return Outcome(tuple(sorted(set(problems))), told, (), {})
    new = changed_files(files, [one for one in changes if one])
    missing = [title for title in filled.version.sheets if title not in filled.sheets]
    left = [f"{title}: 工作簿里没有这张表,它的内容不变" for title in missing]
    places = _Places(folder.as_posix(), new, changes, words)
    return _judged(folder.as_posix(), files, new, before, places, told, left)


def _same(filled: Filled, files: Mapping[str, str], folder: Path) -> None:
    """A workbook fits the book that it was made from, and any later one that differs in other people's files."""
    if filled.version.book == digest({path: text.encode() for path, text in files.items()}):
        return
    now = {path: stamp(text) for path, text in files.items()}
    then = dict(filled.version.words) | dict(filled.version.sheets.values())
    differing = sorted(path for path in then | common(files) if then.get(path) != now.get(path))
    if differing:
        raise RuleBookError(
            f"导出以后 {folder} 里又改过: {'、'.join(differing)} — 这份工作簿不能导入。"
            f"重新导出一份(warnengine rules export {folder} --out 新文件.xlsx),把要改的抄过去再导入"
        )


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
        part.value,
        ORDER[part],
        part is Part.MEASURES,
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
        "id" if part is Part.MEASURES else "code": one.id,
    }
    if part is Part.MEASURES:
        when = {key: str(one.values[f"when.{key}"]) for key in ("hazard", "level", "family")}
        values["when"] = {key: value for key, value in when.items() if (key, value) != ("family", SIGNAL)}
    charges = [c for role in ROLES for c in one.values.get(f"responsible.{role}", ())]
    values["responsible"] = _by_role(charges)
    return {key: values[key] for key in ORDER[part] if values.get(key)}


def _by_role(charges: Iterable[object]) -> list[dict[str, str]]:
    known = [dict(charge) for charge in charges if isinstance(charge, dict)]
    return sorted(known, key=lambda charge: list(ROLES).index(charge["role"]))


def _judged(
    name: str,
    files: Mapping[str, str],
    new: Mapping[str, str],
    before: Findings,
    places: _Places,
    told: tuple[str, ...],
    left: Sequence[str],
) -> Outcome:
    """The lint of the book as it would be; what it said before is nothing new."""
    if not new:
        return Outcome((), told, tuple(left), {})
    said = Counter((one.file, one.what, one.fix) for one in before)
    fresh: list[Finding] = []
    for one in judged({**files, **new}, name)[2]:
        said[key := (one.file, one.what, one.fix)] -= 1
        if said[key] < 0 and one.severity is not Severity.NOTE:
            fresh.append(one)
    errors = tuple(places.say(one) for one in fresh if one.severity is Severity.ERROR)
    warnings = tuple(str(places.say(one)) for one in fresh if one.severity is Severity.WARNING)
    return Outcome(errors, told, (*left, *warnings), {} if errors else new)


class _Places:
    """From a line of a changed file back to the row that it was made from."""

    def __init__(self, folder: str, new: Mapping[str, str], changes: Sequence[Changes], words: Vocabulary) -> None:
        self.words = words
        self.rows: dict[tuple[str, int], Problem] = {}
        for path, text in new.items():
            lines = (read(path, text.encode())[0] or _nothing(path)).lines
            for one in changes:
                if one.table.path == path:
                    self._learn(f"{folder}/{path}", lines, one, text)

    def _learn(self, file: str, lines: Mapping[tuple[str | int, ...], int], one: Changes, text: str) -> None:
        rows = _rows_in_file(one, text)
        titles = {column.key.partition(".")[0]: column.title for column in reversed(one.table.part.columns)}
        key = one.table.part.value
        for place, line in lines.items():
            if len(place) >= 2 and place[0] == key and isinstance(place[1], int) and place[1] < len(rows):
                title = titles.get(str(place[2]), "") if len(place) > 2 else ""
                spot = Problem(one.table.title, rows[place[1]], title, "", "")
                if (file, line) not in self.rows or title:
                    self.rows[file, line] = spot

    def say(self, finding: Finding) -> Problem:
        """A finding in the words of the workbook, with its row where it concerns one, else its line."""
        what, fix = self._plain(finding.what), self._plain(finding.fix)
        spot = self.rows.get((finding.file, finding.line))
        if spot is None:
            return Problem(finding.file, finding.line, "", what, fix)
        return Problem(spot.sheet, spot.row, spot.column, what, fix)

    def _plain(self, text: str) -> str:
        """Without the keys of the files: what a clerk reads is what the columns and drop-downs say."""
        lists = (self.words.posts, self.words.families, self.words.hazards, self.words.levels)
        known = KEYS | {key: word for one in lists for key, word in one.by_key.items()}
        text = re.sub(
            r"(?<![\w.])[a-z_]+(?![\w.])", lambda found: known.get(found[0], found[0]), text, flags=re.ASCII
        )
        return re.sub(
            r"(?<![\w.])(\d+)([smh])(?![\w.])", lambda found: found[1] + LENGTHS[found[2]], text, flags=re.ASCII
        )


LENGTHS = {"s": "秒", "m": "分钟", "h": "小时"}
KEYS = {
    **{"order": "措施", "deadline": "时限", "evidence": "反馈", "compulsory": "强制", "advice": "未批准前先发"},
    **{"replaces": "代替", "posts": "岗位", "ceiling": "上限", "confirm": "待确认", "because": "为什么不需要"},
    **{"decided_by": "谁决定的", "until": "到哪一天为止", "none": "“-不需要”那张表", "true": YES},
    **{"count": "人数", "photo": "照片", "report": "报告"},
    **{"sector": "行业", "township": "镇街", "committee": "管委会", "village": "村社区", "grid": "网格"},
}
"""What the columns call the keys of the files."""


def _rows_in_file(one: Changes, text: str) -> list[int]:
    """The row of each entry, in the order of the file as it is now."""
    part = one.table.part
    key = "id" if part is Part.MEASURES else "code"
    sheet = read(one.table.path, text.encode())[0] or _nothing(one.table.path)
    entries = sheet.data.get(part.value) or []
    if part is Part.SILENT:
        kept = [one.where[entry.id] for entry in one.table.entries if entry.id in one.where]
        return [*kept, *(new.row for new in one.added)]
    named = {**one.where, **{new.id: new.row for new in one.added}}
    assert isinstance(entries, list)
    return [named[entry[key]] for entry in entries]


def _nothing(path: str) -> NoReturn:
    raise RuleBookError(f"{path}: 改过以后读不出来 — 请报告开发人员,规则库没有变")
