"""The norm of a unit says everything that the book asks of it, once; the cards say what a household must know."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from io import BytesIO
from pathlib import Path

import docx
import pytest
import typst
import yaml
from typer.testing import CliRunner

from warnengine.cli.rules import group
from warnengine.model.book import RuleBook
from warnengine.model.errors import Unwritable
from warnengine.rulebook.document import BEARERS, Document, Unkept, cards, documents, norm, unkept
from warnengine.rulebook.document.model import Cell, Section, Table
from warnengine.rulebook.document.pdf import Press
from warnengine.rulebook.document.word import written

DAY = date(2026, 7, 1)
PARTS = [
    "一、敏感灾种一览表",
    "二、预警发布及响应规范",
    "三、灾害类别及等级划分标准",
    "四、措施",
    "五、发布对象和渠道",
]


@pytest.fixture(scope="module")
def flags(shipped: Path) -> Unkept:
    return unkept(shipped)


@pytest.fixture(scope="module")
def anju(book: RuleBook, flags: Unkept) -> Document:
    return norm(book, book.units["500151105"], DAY, flags)


@pytest.fixture(scope="module")
def press() -> Press:
    return Press()


def cells_of(document: Document) -> list[str]:
    return [cell.words for table in document.tables for row in table.rows for cell in row]


def in_files(rules: Path, unit: str, kind: str) -> Counter[str]:
    """The ids that the files of the book give a unit, read without the product."""
    found: Counter[str] = Counter()
    for file in [*(rules / "measures").glob("*.yaml"), *(rules / "plans").glob("*.yaml")]:
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        if unit in (data.get("sector"), data.get("township")) or data.get("kind") == kind:
            found.update(one["id"] for one in data.get("measures") or [])
    return found


def test_every_measure_of_every_unit_stands_in_its_norm_once(shipped: Path, book: RuleBook, flags: Unkept) -> None:
    for code in ("education", "water", "500151105", "500151101"):
        unit = book.units[code]
        wanted = in_files(shipped, code, unit.kind.value)
        words = Counter(cells_of(norm(book, unit, DAY, flags)))
        assert {ident: words[ident] for ident in wanted} == dict(wanted)
    for unit in book.units.values():
        if unit.kind in BEARERS:
            told = Counter(cells_of(norm(book, unit, DAY, flags)))
            assert all(told[one.id] == 1 for one in book.measures_of(unit)), unit.name


def test_it_has_the_five_parts_and_the_hash_of_the_book(anju: Document, book: RuleBook) -> None:
    assert [section.title for section in anju.sections] == PARTS
    assert anju.book == book.hash
    assert book.hash[:16] in anju.foot


def test_a_township_s_own_dangers_stand_first(anju: Document) -> None:
    first = anju.tables[0].rows[0]
    assert (first[1].words, first[4].words) == ("过境洪水", "敏感")


def test_what_waits_for_the_bureau_is_marked_where_it_stands(anju: Document, book: RuleBook) -> None:
    by_id = {row[-1].words: row for table in anju.tables for row in table.rows}
    for one in book.measures_of(book.units["500151105"]):
        assert ("【待区局确认】" in by_id[one.id][-2].words) == (one.confirm is not None), one.id
    points = anju.tables[-1]
    assert all("【样例】" in row[-1].words for row in points.rows)


def test_what_a_measure_takes_the_place_of_stands_in_its_words(anju: Document) -> None:
    by_id = {row[-1].words: row for table in anju.tables for row in table.rows}
    told = by_id["p500151105.rainstorm.red.1"][-2].words
    assert "代替“叫醒225米线下等危险区每户,准备转移”“" in told, "of the plan, then of what all townships have"


def test_confirmed_measures_carry_no_mark(book: RuleBook, flags: Unkept) -> None:
    measures = tuple(one.model_copy(update={"confirm": None}) for one in book.sectors["education"])
    sure = book.model_copy(update={"sectors": {**book.sectors, "education": measures}})
    made = norm(sure, sure.units["education"], DAY, flags)
    assert not any(
        "待区局确认" in cell.words for table in _parts(made, "四") for row in table.rows for cell in row
    )


def _parts(document: Document, number: str) -> list[Table]:
    section = next(one for one in document.sections if one.title.startswith(number))
    return [block for block in section.blocks if isinstance(block, Table)]


def test_decisions_that_nothing_is_owed_stand_with_who_decided(book: RuleBook, flags: Unkept) -> None:
    told = cells_of(norm(book, book.units["forestry"], DAY, flags))
    for entry in book.silent["forestry"]:
        assert entry.because in told
        assert entry.decided_by in told


CARD = {
    "what threatens": "过境洪水、洪水、暴雨",
    "when": "预计涪江水位到225米",
    "the signal": "鸣锣、大喇叭、逐户敲门",
    "who knocks": "安居镇样例村 转移责任人",
    "the route": "沿村道步行至高处",
    "the shelter": "安居镇中心小学",
    "the number": "023-45600000【样例】",
}


@pytest.mark.parametrize("what", CARD)
def test_a_household_reads(book: RuleBook, flags: Unkept, what: str) -> None:
    made = cards(book, book.units["500151105"], DAY, flags)
    assert made
    assert CARD[what] in "\n".join(cell.words for row in made.tables[0].rows for cell in row)


def test_each_point_of_a_plan_has_one_card_on_one_page(book: RuleBook, flags: Unkept, press: Press) -> None:
    made = cards(book, book.units["500151105"], DAY, flags)
    assert made
    assert len(made.sections) == len(book.plans["500151105"].points)
    assert len(press.pictures(made)) == len(made.sections)


def test_what_a_plan_does_not_say_is_said_to_be_missing(book: RuleBook, flags: Unkept) -> None:
    plan = book.plans["500151105"]
    point = plan.points[0].model_copy(update={"route": "", "shelter": "", "alarm": (), "responsible": ()})
    bare = plan.model_copy(update={"points": (point,)})
    made = cards(
        book.model_copy(update={"plans": {**book.plans, plan.township: bare}}), book.units["500151105"], DAY, flags
    )
    assert made
    assert sum("还没有填" in words for words in cells_of(made)) == 4


def test_a_unit_without_points_has_no_cards(book: RuleBook, flags: Unkept) -> None:
    assert [one.cards for one in documents(book, book.units["education"], DAY, flags)] == [False]


def test_the_docx_has_all_the_words_and_page_numbers(anju: Document) -> None:
    read = docx.Document(BytesIO(written(anju)))
    assert len(read.tables) == len(anju.tables)
    for table, laid in zip(anju.tables, read.tables, strict=True):
        found = [[cell.text for cell in row.cells] for row in laid.rows]
        assert found == [list(table.head), *([cell.words for cell in row] for row in table.rows)]
    foot = read.sections[0].footer._element.xml
    assert anju.book[:16] in foot
    assert re.findall(r'w:instr="(\w+)"', foot) == ["PAGE", "NUMPAGES"]


def test_the_pdf_embeds_its_chinese_font_and_is_the_same_again(anju: Document, press: Press) -> None:
    made = press.pdf(anju)
    assert made.startswith(b"%PDF")
    assert re.search(rb"/FontFile[23]?\b", made)
    assert press.pdf(anju) == made


def test_without_a_chinese_font_it_says_what_to_install() -> None:
    with pytest.raises(Unwritable, match="fonts-noto-cjk"):
        Press(typst.Fonts(include_system_fonts=False))


REFUSED = {
    "nobody of that name": ("educaton", "education"),
    "a village": ("500151105001", "安居镇"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_unit_that_has_no_norm_is_refused_with_a_way_out(shipped: Path, tmp_path: Path, what: str) -> None:
    unit, hint = REFUSED[what]
    result = CliRunner().invoke(group, ["document", str(shipped), "--out", str(tmp_path), "--unit", unit])
    assert isinstance(result.exception, Unwritable)
    assert hint in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_the_files_are_named_for_their_unit(shipped: Path, tmp_path: Path) -> None:
    words = ["document", str(shipped), "--out", str(tmp_path / "new"), "--unit", "安居镇", "--only", "docx"]
    result = CliRunner().invoke(group, words)
    assert result.exit_code == 0, result.output
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == [
        "500151105-安居镇防灾避险明白卡.docx",
        "500151105-安居镇预警信息发布规范.docx",
    ]


def test_words_that_would_be_markup_are_only_words(press: Press, anju: Document) -> None:
    nasty = "#panic() $x$ *b* <w:p> & \\n [样例]"
    section = Section(nasty, (nasty, Table((nasty,), (1,), ((Cell(nasty),),))))
    made = Document(nasty, nasty, anju.book, DAY, (section,))
    assert len(press.pictures(made)) == 1
    assert docx.Document(BytesIO(written(made))).tables[0].rows[1].cells[0].text == nasty
