"""The measures of a unit as decision tables of DMN 1.3, and what Apache KIE's analysis says of them, on a JVM.

    python -m tests.rulebook.dmn fetch

puts its jars beside kie/Analyse.java with Maven. Without them, or without Java, the tests that want them are skipped.

A measure file is no decision table: several measures stand at one level, a lower one continues until something
replaces it, and a plan goes before what all townships have in common. So one unit and danger gives tables of four
kinds, in which the classes of DMN mean what they mean to us:

| kind     | hit policy | a row                                                      | what KIE may find             |
|----------|------------|------------------------------------------------------------|-------------------------------|
| grid     | UNIQUE     | a level at which something is owed, or a decision that     | gap;                          |
|          |            | nothing is                                                 | overlap: both at once         |
| standing | UNIQUE     | words and the levels at which they stand → an order        | overlap: one order twice      |
| line     | UNIQUE     | the levels at which one of a line of replacement stands    | overlap: a level was skipped; |
|          |            | → its words                                                | contraction: nothing is new   |
| place    | PRIORITY   | a measure, and what it replaces at its own level           | masked row                    |

What else KIE says of them is no fault of a rule book: that a line begins above blue (gap), that several orders stand at
one level (first normal form), that a plan goes before what is common (masked, where it is not so everywhere).
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from tests.kafka.apache_kafka import copy_jars
from warnengine.match.desired import standing
from warnengine.model.book import Measure, Unit
from warnengine.model.level import Level
from warnengine.model.order import OrderKey
from warnengine.rulebook.draft import Draft
from warnengine.rulebook.lint.escalation import BOUND

KIE = Path(__file__).parent / "kie"
JARS = KIE / "jars"
SECONDS = 300

FAULTS = {
    "grid": {"gap", "overlap"},
    "standing": {"overlap"},
    "line": {"overlap", "contraction"},
    "place": {"masked"},
}
"""What KIE may say of each kind of table that is a fault of the book as well."""

Danger = tuple[str, str]
"""(product family, hazard)"""


@dataclass(frozen=True)
class Row:
    """One rule: at these levels, and for these words where there are any, this."""

    levels: tuple[Level, ...]
    output: str
    words: str = ""


@dataclass(frozen=True)
class Table:
    """One decision table over the levels at which a danger is issued."""

    name: str
    policy: str
    levels: tuple[Level, ...]
    rows: tuple[Row, ...]
    ranked: tuple[str, ...] = ()
    """Outputs in the order of their priority."""

    @property
    def kind(self) -> str:
        """grid, standing, line or place."""
        return self.name.split()[3]


@dataclass(frozen=True)
class Said:
    """One complaint of KIE about one table."""

    table: Table
    kind: str
    """DECISION_TABLE_GAP and the like, without DECISION_TABLE_."""
    text: str

    @property
    def fault(self) -> str:
        """gap, overlap, contraction or masked; error where KIE gives up, as it does on a table without a row.

        Empty where it is none of a rule book.
        """
        if self.kind == "ANALYSIS_ERROR":
            return "error"
        found = self.kind.partition("_")[0].lower()
        return found if found in FAULTS[self.table.kind] else ""


def missing() -> str | None:
    """Why there can be no comparison; None where there can."""
    if not shutil.which("java"):
        return "no Java: the lint is not compared with Apache KIE"
    if not list(JARS.glob("kie-dmn-validation-*.jar")):
        return "no jars of Apache KIE: python -m tests.rulebook.dmn fetch"
    return None


def fetch() -> None:
    """Bring the jars with Maven; raise CalledProcessError where that is not possible."""
    if missing() is not None:
        copy_jars(KIE)


def analyse(tables: Iterable[Table], folder: Path) -> list[Said]:
    """What KIE says of these tables, all in one JVM."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {f"{number}.dmn": table for number, table in enumerate(tables)}
    for name, table in files.items():
        (folder / name).write_text(xml(table), encoding="utf-8")
    quick = (
        "-Xmx512m",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Dfile.encoding=UTF-8",
        "-Dstdout.encoding=UTF-8",
    )
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=off"
    done = subprocess.run(
        ["java", *quick, quiet, "-cp", f"{JARS}/*", str(KIE / "Analyse.java"), *files],
        cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    return [Said(files[name], kind.removeprefix("DECISION_TABLE_"), text) for name, kind, text in lines]


def tables(draft: Draft) -> Iterator[Table]:
    """Every table of every unit and danger of a book."""
    owned: dict[str, list[Measure]] = defaultdict(list)
    for measure in draft.measures:
        owned[measure.owner].append(measure.value)
    for unit in (one for one in draft.units if one.value.kind in BOUND):
        measures = (*owned[unit.value.kind.value], *owned[unit.value.code])
        for family, hazards in draft.district.value.in_use.items():
            for hazard, levels in hazards.items():
                issued = levels or draft.levels(hazard)
                yield from _of_danger(unit.value, (family, hazard), issued, measures, draft)


def _of_danger(
    unit: Unit, danger: Danger, issued: tuple[Level, ...], measures: Iterable[Measure], draft: Draft
) -> Iterator[Table]:
    owed = [one for one in measures if (one.when.family, one.when.hazard) == danger and one.when.level in issued]
    name = f"{unit.code} {' '.join(danger)}"
    at = _standing(unit, danger, issued, owed)
    yield Table(f"{name} grid", "UNIQUE", issued, (*_own(owed), *_silent(unit, danger, issued, draft)))
    if rows := tuple(Row(at[one.id], one.id, one.order) for one in owed if at[one.id]):
        yield Table(f"{name} standing", "UNIQUE", issued, rows)
    for root, line in _lines(owed).items():
        if rows := tuple(Row(at[one.id], one.order) for one in line if at[one.id]):
            yield Table(f"{name} line {root}", "UNIQUE", issued, rows)
    for new, old in _specific(owed):
        pair = (Row((new.when.level,), new.id), Row((old.when.level,), old.id))
        yield Table(f"{name} place {old.id}", "PRIORITY", issued, pair, (new.id, old.id))


def _standing(
    unit: Unit, danger: Danger, issued: tuple[Level, ...], owed: Iterable[Measure]
) -> dict[str, tuple[Level, ...]]:
    """At which levels each measure stands once all is approved, by the function that decides."""
    key = OrderKey(unit.code, danger[1], danger[0])
    granted = frozenset((key, one.id) for one in owed)
    at: dict[str, tuple[Level, ...]] = defaultdict(tuple)
    for level in sorted(issued):
        for one in standing(owed, key, level, granted):
            at[one.id] += (level,)
    return at


def _own(owed: Iterable[Measure]) -> Iterator[Row]:
    yield from (Row((level,), "order") for level in sorted({one.when.level for one in owed}))


def _silent(unit: Unit, danger: Danger, issued: tuple[Level, ...], draft: Draft) -> Iterator[Row]:
    for owner, entry in draft.silent:
        said = entry.value
        if owner in (unit.code, unit.kind.value) and said.family == danger[0] and danger[1] in said.hazards:
            yield Row(tuple(level for level in said.levels or issued if level in issued), "none")


def _lines(owed: Iterable[Measure]) -> dict[str, list[Measure]]:
    """Measures that replace nothing, each with all that replaces it, directly or not."""
    by_id = {one.id: one for one in owed}

    def roots(one: Measure, seen: frozenset[str]) -> set[str]:
        old = [by_id[id_] for id_ in one.replaces if id_ in by_id and id_ not in seen]
        return set().union(*(roots(each, seen | {one.id}) for each in old)) or {one.id}

    lines: dict[str, list[Measure]] = defaultdict(list)
    for one in by_id.values():
        for root in roots(one, frozenset()):
            lines[root].append(one)
    return lines


def _specific(owed: Iterable[Measure]) -> Iterator[tuple[Measure, Measure]]:
    by_id = {one.id: one for one in owed}
    for new in by_id.values():
        for id_ in new.replaces:
            if id_ in by_id and by_id[id_].when.level == new.when.level and id_ != new.id:
                yield new, by_id[id_]


def xml(table: Table) -> str:
    """A table as a DMN 1.3 model with one decision."""
    columns = {"level": [level.key for level in table.levels]}
    if words := list(dict.fromkeys(row.words for row in table.rows if row.words)):
        columns["words"] = words
    types = "".join(
        f"<itemDefinition id='t{name}' name='t{name}'><typeRef>string</typeRef><allowedValues id='a{name}'>"
        f"<text>{_list(values)}</text></allowedValues></itemDefinition>"
        for name, values in columns.items()
    )
    given = "".join(
        f"<inputData id='in{name}' name='{name}'><variable id='v{name}' name='{name}' typeRef='t{name}'/></inputData>"
        for name in columns
    )
    wants = "".join(
        f"<informationRequirement id='ir{name}'><requiredInput href='#in{name}'/></informationRequirement>"
        for name in columns
    )
    inputs = "".join(
        f"<input id='ic{name}'><inputExpression id='ie{name}' typeRef='t{name}'><text>{name}</text></inputExpression></input>"
        for name in columns
    )
    ranked = f"<outputValues id='ov'><text>{_list(table.ranked)}</text></outputValues>" if table.ranked else ""
    rules = "".join(_rule(number, row) for number, row in enumerate(table.rows))
    return (
        "<?xml version='1.0' encoding='UTF-8'?>"
        "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='d' name='d' namespace='urn:warnengine'>"
        f"{types}{given}<decision id='de' name='order'><variable id='vo' name='order' typeRef='string'/>{wants}"
        f"<decisionTable id='dt' hitPolicy='{table.policy}'>{inputs}<output id='oc' typeRef='string'>{ranked}</output>"
        f"{rules}</decisionTable></decision></definitions>"
    )


def _rule(number: int, row: Row) -> str:
    cells = [_list(level.key for level in row.levels), *([_list([row.words])] if row.words else [])]
    entries = "".join(
        f"<inputEntry id='i{number}_{column}'><text>{cell}</text></inputEntry>"
        for column, cell in enumerate(cells)
    )
    made = f"<outputEntry id='o{number}'><text>{_list([row.output])}</text></outputEntry>"
    return f"<rule id='r{number}'>{entries}{made}</rule>"


def _list(words: Iterable[str]) -> str:
    return escape(",".join(f'"{word}"' for word in words))


if __name__ == "__main__":
    if sys.argv[1:] != ["fetch"]:
        sys.exit(__doc__)
    fetch()
