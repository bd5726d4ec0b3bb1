"""Filled-in workbooks taken back: compared, edited into the files, and judged by the same lint as every book."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from warnengine.model.errors import RuleBookError
from warnengine.model.finding import Finding, Findings, Severity
from warnengine.rulebook.excel.changes import Changes, compared
from warnengine.rulebook.excel.collected import collected
from warnengine.rulebook.excel.export import common, sound, stamp
from warnengine.rulebook.excel.reading import Filled, Problem, Row, opened, rows, strangers
from warnengine.rulebook.excel.tables import CELL, Part, Table, tables
from warnengine.rulebook.excel.thresholds import TOLD, WATCHED
from warnengine.rulebook.excel.words import YES, Vocabulary
from warnengine.rulebook.excel.writing import changed_files, key
from warnengine.rulebook.load import digest, judged, whole
from warnengine.rulebook.sheet import read


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


def bring_in(folder: Path, *workbooks: Path) -> Outcome:
    """What filled-in workbooks change together in the book of a folder; nothing is written.

    RuleBookError where one is none of ours, or was made from another state of the book."""
    files = whole(folder)
    back = _back(workbooks, files, folder)
    draft, before = sound(folder)
    words = Vocabulary.of(draft)
    made = {table.title: table for table in tables(draft, words)}
    ids = frozenset(owned.value.id for owned in draft.measures)
    problems = [replace(one, file=name) for name, filled in back.items() for one in strangers(filled)]
    changes: list[Changes] = []
    for title in dict.fromkeys(title for filled in back.values() for title in filled.version.sheets):
        if title not in made:
            problems.append(Problem(title, 0, "", "规则库里没有这张表的单位", "重新导出一份,把改动抄过去"))
            continue
        found, faults = _rows(made[title], back)
        problems += faults
        changes += [] if faults or not found else [_compared(made[title], found, words, ids)]
    problems += [problem for one in changes for problem in one.problems]
    told = tuple(line for one in changes for line in one.told())
    if problems:
        return Outcome(tuple(sorted(set(problems), key=_by_file)), told, (), {})
    new = changed_files(files, [one for one in changes if one])
    places = _Places(folder.as_posix(), new, changes, words)
    return _judged(folder.as_posix(), files, new, before, places, told, list(_left(back)))


def _back(workbooks: Sequence[Path], files: Mapping[str, str], folder: Path) -> dict[str, Filled]:
    """The workbooks by what they are called in messages: nothing where there is one, else the name of the file."""
    often = Counter(file.name for file in workbooks)
    found: dict[str, Filled] = {}
    refused: list[str] = []
    for file in workbooks:
        name = "" if len(workbooks) == 1 else file.name if often[file.name] == 1 else str(file)
        try:
            found[name] = opened(file)
            _same(found[name], files, folder, file)
        except RuleBookError as error:
            refused.append(str(error))
    if refused:
        raise RuleBookError("\n".join(refused))
    return found


def _rows(table: Table, back: Mapping[str, Filled]) -> tuple[dict[str, list[Row]], list[Problem]]:
    """The rows of a sheet in each workbook that has it."""
    found: dict[str, list[Row]] = {}
    problems: list[Problem] = []
    for name, filled in back.items():
        if table.title in filled.version.sheets and table.title in filled.sheets:
            mine, faults = rows(filled.sheets[table.title], table.part)
            if table.part is Part.PLAN and not faults and not any(row.id in table.by_id for row in mine):
                faults = [Problem(table.title, 2, CELL, "这张表的那一行不能删", _PUT_BACK)]
            found[name] = [_named(row, name) for row in mine]
            problems += [replace(one, file=name) for one in faults]
    return found, problems


_PUT_BACK = f"照原样补上,编号写“{Part.PLAN.placed}1”"


def _named(row: Row, file: str) -> Row:
    unreadable = {title: replace(one, file=file) for title, one in row.unreadable.items()}
    return replace(row, file=file, unreadable=unreadable)


def _compared(table: Table, back: Mapping[str, Sequence[Row]], words: Vocabulary, ids: frozenset[str]) -> Changes:
    joined, clashes = collected(table, back)
    found = compared(table, joined, words, ids)
    return replace(found, problems=(*found.problems, *clashes))


def _by_file(problem: Problem) -> tuple[str, Problem]:
    return problem.file, problem


def _left(back: Mapping[str, Filled]) -> Iterator[str]:
    for name, filled in back.items():
        for title in filled.version.sheets:
            if title not in filled.sheets:
                yield f"{name} {title}: 工作簿里没有这张表,它的内容不变".lstrip()


def _same(filled: Filled, files: Mapping[str, str], folder: Path, file: Path) -> None:
    """A workbook fits the book that it was made from, and any later one that differs in other people's files."""
    if filled.version.book == digest({path: text.encode() for path, text in files.items()}):
        return
    now = {path: stamp(text) for path, text in files.items()}
    then = dict(filled.version.words) | dict(filled.version.sheets.values())
    differing = sorted(path for path in then | common(files) if then.get(path) != now.get(path))
    if differing:
        raise RuleBookError(
            f"{file}: 导出以后 {folder} 里又改过: {'、'.join(differing)} — 这份工作簿不能导入。"
            "就是它自己导入时改的,不用再导;不是的,"
            f"重新导出一份(warnengine rules export {folder} --out 新文件.xlsx),把要改的抄过去再导入"
        )


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
        self.folder = folder
        self.words = words
        self.rows: dict[tuple[str, int], Problem] = {}
        for path, text in new.items():
            lines = (read(path, text.encode())[0] or _nothing(path)).lines
            for one in changes:
                if one.table.path == path:
                    self._learn(f"{folder}/{path}", lines, one, text)

    def _learn(self, file: str, lines: Mapping[tuple[str | int, ...], int], one: Changes, text: str) -> None:
        titles = {column.key.partition(".")[0]: column.title for column in reversed(one.table.part.columns)}
        titles.pop("id", None)  # the first line of an entry, where stands what is wrong with all of it
        if one.table.part is Part.PLAN:
            for row in one.where.values():
                heads = {place: line for place, line in lines.items() if place and place[0] in titles}
                self.rows |= {
                    (file, line): _spot(one, row, titles[str(place[0])]) for place, line in heads.items()
                }
            return
        rows = _rows_in_file(one, text)
        key = one.table.part.value
        for place, line in lines.items():
            if len(place) >= 2 and place[0] == key and isinstance(place[1], int) and place[1] < len(rows):
                title = titles.get(str(place[2]), "") if len(place) > 2 else ""
                spot = _spot(one, rows[place[1]], title)
                if (file, line) not in self.rows or title:
                    self.rows[file, line] = spot

    def say(self, finding: Finding) -> Problem:
        """A finding in the words of the workbook, with its row where it concerns one, else its line."""
        what, fix = self._plain(finding.what), self._plain(finding.fix)
        spot = self.rows.get((finding.file, finding.line))
        file = finding.file.removeprefix(f"{self.folder}/")
        if spot is None and file.startswith("cases/"):
            return Problem(f"用例 {file}", finding.line, "", what, EXPECTED)
        if spot is None:
            return Problem(file, finding.line, "", what, fix)
        return Problem(spot.sheet, spot.row, spot.column, what, fix, spot.file)

    def _plain(self, text: str) -> str:
        """Without the keys of the files: what a clerk reads is what the columns and drop-downs say."""
        lists = (self.words.posts, self.words.families, self.words.hazards, self.words.levels, WATCHED, TOLD)
        known = KEYS | {key: word for one in lists for key, word in one.by_key.items()}
        text = re.sub(
            r"(?<![\w.])[a-z_]+(?![\w.])", lambda found: known.get(found[0], found[0]), text, flags=re.ASCII
        )
        return re.sub(
            r"(?<![\w.])(\d+)([smh])(?![\w.])", lambda found: found[1] + LENGTHS[found[2]], text, flags=re.ASCII
        )


EXPECTED = "这个用例写着它: 请管规则文件的同志先改用例再导入,或者不这样改"
"""What to do about a case of `rules test` that a change leaves behind."""
LENGTHS = {"s": "秒", "m": "分钟", "h": "小时"}
KEYS = {
    **{"order": "措施", "deadline": "时限", "evidence": "反馈", "compulsory": "强制", "advice": "未批准前先发"},
    **{"replaces": "代替", "posts": "岗位", "ceiling": "上限", "confirm": "待确认", "because": "为什么不需要"},
    **{"decided_by": "谁决定的", "until": "到哪一天为止", "none": "“-不需要”那张表", "true": YES},
    **{"count": "人数", "photo": "照片", "report": "报告"},
    **{"datum": "基准面", "stations": "测站", "towns": "镇街", "agree": "要几个站", "soil": "随土壤干湿调整"},
    **{"shadow": "影子运行", "falls_by": "低多少算回落", "rearm": "低多久算回落"},
    **{"tells": "报什么", "offsets": "换算值(不在工作簿里,请区局技术人员写)", "near": "差多少算接近"},
    **{"lon": "经度", "lat": "纬度", "elevation": "高程", "height": "高程基准", "all": "全部"},
    **{"sector": "行业", "township": "镇街", "committee": "管委会", "village": "村社区", "grid": "网格"},
}
"""What the columns call the keys of the files."""


def _spot(one: Changes, row: Row, title: str) -> Problem:
    """A place in a workbook, of which nothing is said yet."""
    return row.problem(one.table.title, title, "", "")


def _rows_in_file(one: Changes, text: str) -> list[Row]:
    """The row of each entry, in the order of the file as it is now."""
    part = one.table.part
    sheet = read(one.table.path, text.encode())[0] or _nothing(one.table.path)
    entries = sheet.data.get(part.value) or []
    if part.placed:
        kept = [one.where[entry.id] for entry in one.table.entries if entry.id in one.where]
        return [*kept, *(new.row for new in one.added)]
    named = {**one.where, **{new.id: new.row for new in one.added}}
    assert isinstance(entries, list)
    return [named[entry[key(part)]] for entry in entries]


def _nothing(path: str) -> NoReturn:
    raise RuleBookError(f"{path}: 改过以后读不出来 — 请报告开发人员,规则库没有变")
