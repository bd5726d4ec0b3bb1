"""A clerk's workbook: every slip is told with sheet, row, column, what is wrong and what to write; what is right
goes into the files, and nothing else changes."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from tests.rulebook.form import DEADLINE, ID, Form
from warnengine.cli.rules import group
from warnengine.model.errors import RuleBookError
from warnengine.rulebook import excel, whole
from warnengine.rulebook.excel.columns import day, read_duration
from warnengine.rulebook.excel.words import Vocabulary, Words

HOUSING = "measures/housing.yaml"
SILENT = "住建委-不需要"


Fill = Callable[[Mapping[str, Form]], None]


@pytest.fixture(scope="module")
def sent(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook that is handed out."""
    file = tmp_path_factory.mktemp("sent") / "sent.xlsx"
    excel.export(shipped, file, ["housing", "安居镇"])
    return file


@pytest.fixture
def filled(sent: Path, tmp_path: Path) -> Callable[[Fill], Path]:
    """The workbook that comes back."""

    def fill(by: Fill) -> Path:
        book = load_workbook(sent)
        by({sheet.title: Form(sheet) for sheet in book.worksheets})
        back = tmp_path / "back.xlsx"
        book.save(back)
        return back

    return fill


NEW = {"灾种": "大风", "产品": "预警信号", "等级": "红色", "措施": "封闭工地出入口", "时限": "30分钟"}
SLIPS: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "an unknown hazard": ("housing.gale.blue.1", {"灾种": "大凤"}, "“灾种”: 灾种里没有“大凤” — 是不是“大"),
    "another level": ("housing.gale.yellow.1", {"等级": "橙色"}, "“等级”: 等级不能直接改 — 删去这一行,另加一行"),
    "no order": ("housing.gale.yellow.2", {"措施": None}, "“措施”: 空着 — 写上措施"),
    "a date for minutes": (
        "housing.gale.orange.1",
        {"时限": datetime(2026, 1, 30)},  # noqa: DTZ001
        f"“{DEADLINE}”: 这里成了日期或钟点(2026-01-30) — 把单元格格式改成“文本”",
    ),
    "a clock time for minutes": (
        "housing.gale.red.2",
        {"时限": time(0, 30)},
        f"“{DEADLINE}”: 这里成了日期或钟点(00:30:00)",
    ),
    "a bare number": (
        "housing.thunderstorm_gale.blue.1",
        {"时限": 30},
        f"“{DEADLINE}”: “30”没有写分钟还是小时 — 写“30分钟”或“30小时”",
    ),
    "an hour and a half": (
        "housing.thunderstorm_gale.yellow.1",
        {"时限": "1.5小时"},
        f"“{DEADLINE}”: 读不懂时限“1.5小时” — 写数字加分钟或小时",
    ),
    "unknown evidence": (
        "housing.thunderstorm_gale.yellow.2",
        {"反馈": "照片,图片"},
        "“反馈”: 反馈里没有“图片” — 是不是“照片”",
    ),
    "evidence twice": (
        "housing.thunderstorm_gale.orange.1",
        {"反馈": "照片、照片"},
        "“反馈”: “照片”写了两次 — 留一个",
    ),
    "neither yes nor no": (
        "housing.rainstorm.blue.1",
        {"强制": "强制"},
        "“强制”: “强制”不是“是”或“否” — 写“是”,或者空着",
    ),
    "compulsory without advice": (
        "housing.rainstorm.yellow.1",
        {"强制": "是"},
        "“未批准前先发”: 强制的措施没有写 — 写上等批准时先发什么",
    ),
    "advice for nobody": (
        "housing.rainstorm.orange.1",
        {"未批准前先发": "准备"},
        "“未批准前先发”: 不强制的措施用不到,这句话永远不会发出",
    ),
    "an unknown post": (
        "housing.rainstorm.red.2",
        {"岗位": "分管负责"},
        "“岗位”: 岗位里没有“分管负责” — 是不是“分管负责人”",
    ),
    "an unknown measure": (
        "housing.rainstorm.red.1",
        {"代替": "housing.rainstorm.orenge.1"},
        "“代替”: 没有措施“housing.rainstorm.orenge.1” — 写编号或同一灾种措施的原文,是不是“housing.rainstorm.orange.1”?",
    ),
    "a formula": ("housing.heat.yellow.1", {"措施": "=1+1"}, "“措施”: 这里是公式 — 写成文字"),
    "several lines": (
        "housing.heat.orange.1",
        {"措施": "停止作业\n撤离"},
        "“措施”: 一格里写了几行 — 一格一行;几件事分几行",
    ),
    "too long": ("housing.heat.red.1", {"措施": "停" * 121}, "“措施”: 文字有121个字 — 最多写120个字"),
    "people in words": ("housing.gale.red.1", {"上限": "二百"}, "“上限”: “二百”不是整数 — 只写数字,例如 200"),
}


@pytest.fixture(scope="module")
def slips(
    shipped: Path, sent: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[str], Mapping[str, int]]:
    """All slips in one workbook: the problems, and the row of each."""
    book = load_workbook(sent)
    form = Form(book["住建委"])
    rows = {}
    for label, (name, cells, _) in SLIPS.items():
        form.put(name, **cells)
        rows[label] = form.row(name)
    back = tmp_path_factory.mktemp("slips") / "back.xlsx"
    book.save(back)
    outcome = excel.bring_in(shipped, back)
    assert not outcome.files
    return list(map(str, outcome.problems)), rows


@pytest.mark.parametrize("label", SLIPS)
def test_a_slip_is_told_with_its_place_and_what_to_write(
    label: str, slips: tuple[list[str], Mapping[str, int]]
) -> None:
    said, rows = slips
    expected = f"住建委 第{rows[label]}行{SLIPS[label][2]}"
    assert [line for line in said if line.startswith(expected)], said
    assert len(said) == len(SLIPS)


def _rename_sheet(forms: Mapping[str, Form]) -> None:
    forms["住建委"].sheet.title = "住建局"


def _twice(forms: Mapping[str, Form]) -> None:
    forms["住建委"].add(**NEW, 编号="housing.gale.red.1")


def _unknown_id(forms: Mapping[str, Form]) -> None:
    forms["住建委"].add(**NEW, 编号="housing.gale.red.12")


def _merged(forms: Mapping[str, Form]) -> None:
    forms["住建委"].sheet.merge_cells("A2:A4")


def _only_the_id(forms: Mapping[str, Form]) -> None:
    form = forms["住建委"]
    for title in form.columns:
        if title != ID:
            form.at(2, title).value = None


def _no_column(forms: Mapping[str, Form]) -> None:
    forms["住建委"].at(1, "反馈").value = None


def _another_column(forms: Mapping[str, Form]) -> None:
    forms["住建委"].sheet.cell(1, 20).value = "备注"


def _outside(forms: Mapping[str, Form]) -> None:
    forms["住建委"].sheet.cell(3, 20).value = "请核"


def _incomplete(forms: Mapping[str, Form]) -> None:
    forms["住建委"].add(**{**NEW, "等级": None})


def _no_reason(forms: Mapping[str, Form]) -> None:
    forms[SILENT].add(灾种="霾", 产品="预警信号", 等级="全部", 谁决定的="区应急局")


def _no_day(forms: Mapping[str, Form]) -> None:
    forms[SILENT].put("无1", 到哪一天为止="年底")


def _no_post(forms: Mapping[str, Form]) -> None:
    forms["安居镇-点位"].put("500151105-01", 党政责任人="分管负责人")


def _no_kind(forms: Mapping[str, Form]) -> None:
    forms["安居镇-点位"].put("500151105-01", 类别="临河居民")


SHEETS: Mapping[str, tuple[Fill, str]] = {
    "a renamed sheet": (_rename_sheet, "住建局 : 导出时没有这张工作表 — 改回原来的名字(是不是“住建委”?)"),
    "a copied row": (_twice, "“编号”: 编号和第"),
    "an invented id": (_unknown_id, "“编号”: 这张表里没有编号“housing.gale.red.12” — 新加的行把编号清空"),
    "merged cells": (_merged, "住建委 第2行“灾种”: 单元格合并了(A2:A4) — 取消合并,每一行都填写"),
    "a row cleared, not deleted": (_only_the_id, "住建委 第2行: 这一行只剩下编号 — 要删去就删整行"),
    "a title gone": (_no_column, "住建委 第1行“反馈”: 缺这一列"),
    "a column more": (_another_column, "住建委 第1行“备注”: 多了这一列"),
    "a remark beside the table": (_outside, "住建委 第3行“T”: 这一格在表的外面"),
    "a new row without a level": (_incomplete, "“等级”: 空着 — 从下拉列表里选等级"),
    "silence without a reason": (_no_reason, "“为什么不需要”: 空着"),
    "a day that is none": (_no_day, "住建委-不需要 第2行“到哪一天为止”: “年底”不是日期 — 写成 2026-09-30 这样"),
    "a post without a unit": (_no_post, "“党政责任人”: “分管负责人”少了单位或岗位"),
    "a kind of point that is none": (_no_kind, "“类别”: 类别里没有“临河居民” — 是不是“临河住户”"),
}


@pytest.mark.parametrize("label", SHEETS)
def test_a_table_out_of_form_is_told_and_changes_nothing(
    label: str, shipped: Path, filled: Callable[[Fill], Path]
) -> None:
    by, says = SHEETS[label]
    outcome = excel.bring_in(shipped, filled(by))
    assert [line for line in map(str, outcome.problems) if says in line], outcome.problems
    assert not outcome.files


READINGS = {
    "a blank": (read_duration, "90 分钟", "90m"),
    "full width": (read_duration, "30分钟", "30m"),
    "an hour": (read_duration, "2时", "2h"),
    "as in the files": (read_duration, "45m", "45m"),
    "a day as Excel types it": (day, "2027/5/1", "2027-05-01"),
    "a day in words": (day, "2027年5月1日", "2027-05-01"),
}


@pytest.mark.parametrize("label", READINGS)
def test_what_people_type_is_understood(label: str) -> None:
    reads, cell, means = READINGS[label]
    nobody = Words("", {})
    assert reads(cell, Vocabulary(nobody, nobody, nobody, nobody, nobody, nobody)) == means


def _a_clerks_afternoon(forms: Mapping[str, Form]) -> None:
    form = forms["住建委"]
    form.put("housing.gale.blue.1", 时限="90 分钟", 反馈="照片、报告")
    form.put("housing.gale.red.2", 措施="=切断工地电源: 先断室外")
    form.at(form.row("housing.gale.red.2"), "措施").data_type = "s"
    form.put("housing.rainstorm.red.2", 待确认=None, 岗位="分管负责人")
    form.drop("housing.road_icing.orange.2")
    form.add(**NEW, 反馈="照片", 代替="停止露天作业,撤离工棚人员", 待确认="是")
    forms[SILENT].put("无1", 到哪一天为止=date(2027, 5, 1))
    forms["安居镇-点位"].put("500151105-01", 人数=239, 监测责任人=None)


def test_what_is_filled_in_changes_those_entries_and_nothing_else(
    copy: Path, filled: Callable[[Fill], Path]
) -> None:
    before = whole(copy)
    outcome = excel.bring_in(copy, filled(_a_clerks_afternoon))
    assert outcome.problems == ()
    assert whole(copy) == before
    outcome.write(copy)
    after = whole(copy)
    assert {path for path in before if after[path] != before[path]} == {HOUSING, "plans/500151105-安居镇.yaml"}
    assert sorted(_difference(before[HOUSING], after[HOUSING])) == sorted(
        [
            *("-    confirm: bureau", "+    posts: [vice]"),
            *(
                "-    deadline: 2h",
                "-    evidence: [report]",
                "+    deadline: 90m",
                "+    evidence: [photo, report]",
            ),
            *("-  - id: housing.road_icing.orange.2", "-    when: {hazard: road_icing, level: orange}"),
            *("-    order: 停止工地渣土和材料车出场", "-    deadline: 1h", "-    evidence: [report]"),
            *("-    confirm: bureau", "-"),
            *("-    order: 切断工地室外电源", "+    order: '=切断工地电源: 先断室外'"),
            *("+", "+  - id: housing.gale.red.3", "+    when: {hazard: gale, level: red}"),
            *("+    order: 封闭工地出入口", "+    deadline: 30m", "+    evidence: [photo]"),
            *("+    replaces: [housing.gale.orange.1]", "+    confirm: bureau"),
            "+    until: 2027-05-01",
        ]
    )
    plan = "plans/500151105-安居镇.yaml"
    assert _difference(before[plan], after[plan]) == [
        "-    people: 241",
        "+    people: 239",
        "-      - {role: monitor, unit: '50015110500101', post: grid_member}",
    ]
    assert any(line.startswith("新增 住建委 ") and "housing.gale.red.3" in line for line in outcome.changes)
    assert any(line.startswith("删除 住建委 housing.road_icing.orange.2 ") for line in outcome.changes)
    assert any("“2小时”改成“90 分钟”" in line for line in outcome.changes)


def _difference(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def test_a_fault_that_only_the_lint_sees_is_told_at_its_row_in_the_words_of_the_workbook(
    shipped: Path, filled: Callable[[Fill], Path]
) -> None:
    rows: list[int] = []

    def fill(forms: Mapping[str, Form]) -> None:
        form = forms["住建委"]
        form.put("housing.gale.red.2", 时限="99小时")
        form.put("housing.gale.red.1", 岗位="书记")
        rows.extend((form.row("housing.gale.red.1"), form.row("housing.gale.red.2"), form.add(**NEW, 岗位="区长")))

    outcome = excel.bring_in(shipped, filled(fill))
    assert not outcome.files
    assert list(map(str, outcome.problems)) == [
        f"住建委 第{rows[0]}行“岗位”: 行业 类单位没有岗位“书记” — 可以写: 值班员、主要负责人、备班、分管负责人",
        f"住建委 第{rows[1]}行“{DEADLINE}”: 时限比大风 红色 级的有效时间 24 小时还长 — 最多写 24小时",
        f"住建委 第{rows[2]}行“岗位”: 行业 类单位没有岗位“区长” — 可以写: 值班员、主要负责人、备班、分管负责人",
    ]


def test_a_danger_left_without_a_measure_refuses_the_import(copy: Path, filled: Callable[[Fill], Path]) -> None:
    outcome = excel.bring_in(copy, filled(lambda forms: forms["住建委"].drop("housing.snowstorm.red.1")))
    assert not outcome.files
    assert any("区住房城乡建委没有 暴雪 红色 的措施" in str(problem) for problem in outcome.problems)


def test_every_refusal_comes_back_as_a_remark_in_its_cell(
    shipped: Path, filled: Callable[[Fill], Path], tmp_path: Path
) -> None:
    def wrong(forms: Mapping[str, Form]) -> None:
        forms["住建委"].put("housing.gale.red.2", 时限="30")
        forms["住建委"].sheet.merge_cells("A5:A6")

    file, out = filled(wrong), tmp_path / "remarks.xlsx"
    problems = excel.bring_in(shipped, file).problems
    assert excel.remarked(file, problems, out) == len(problems) == 2
    form = Form(load_workbook(out)["住建委"])
    remark = form.at(form.row("housing.gale.red.2"), "时限").comment
    assert remark.text == "“30”没有写分钟还是小时 — 写“30分钟”或“30小时”"
    assert "合并了" in form.sheet["A5"].comment.text


def test_text_that_looks_like_a_formula_is_text_in_the_workbook_and_comes_back(copy: Path, tmp_path: Path) -> None:
    path = copy / HOUSING
    text = path.read_text(encoding="utf-8")
    orders = ("=cmd|' /C calc'!A0", "+停止作业", "-停止作业和撤离", "@SUM(A1)停止")
    for right, wrong in zip(
        (
            "通知工地检查基坑、围挡和排水",
            "停止深基坑和高边坡作业",
            "切断工地危险电源",
            "停止露天和高处作业,撤离临时工棚人员",
        ),
        orders,
        strict=True,
    ):
        text = text.replace(f"order: {right}", "order: '" + wrong.replace("'", "''") + "'", 1)
    path.write_text(text, encoding="utf-8")
    file = tmp_path / "out.xlsx"
    excel.export(copy, file, ["housing"])
    with ZipFile(file) as packed:
        sheets = [packed.read(name) for name in packed.namelist() if name.startswith("xl/worksheets/sheet")]
    assert not [sheet for sheet in sheets if b"<f>" in sheet or b"<f " in sheet]
    form = Form(load_workbook(file)["住建委"])
    cells = [form.at(row, "措施") for row in range(2, form.sheet.max_row + 1)]
    assert {cell.value for cell in cells if cell.quotePrefix} == set(orders)
    assert {cell.data_type for cell in cells} == {"s"}
    assert excel.bring_in(copy, file).changes == ()


@pytest.mark.parametrize(
    ("sheet", "title", "words"),
    [
        ("住建委", "等级", ["红色", "橙色", "黄色", "蓝色"]),
        (SILENT, "等级", ["全部", "红色", "橙色", "黄色", "蓝色"]),
        ("住建委", "强制", ["是"]),
        (
            "住建委",
            "反馈",
            ["人数", "照片", "报告", "人数、照片", "人数、报告", "照片、报告", "人数、照片、报告"],
        ),
    ],
)
def test_a_cell_has_its_drop_down(sent: Path, sheet: str, title: str, words: list[str]) -> None:
    book = load_workbook(sent)
    form = Form(book[sheet])
    cell = form.at(2, title).coordinate
    rule = next(one for one in form.sheet.data_validations.dataValidation if cell in one.sqref)
    name, _, area = rule.formula1.partition("!")
    assert [row[0].value for row in book[name.strip("'")][area.replace("$", "")]] == words


def test_a_book_that_has_changed_since_is_refused_with_the_way_out(copy: Path, sent: Path) -> None:
    path = copy / HOUSING
    path.write_text(path.read_text(encoding="utf-8").replace("deadline: 2h", "deadline: 1h", 1), encoding="utf-8")
    with pytest.raises(RuleBookError, match=r"导出以后 .* 里又改过: measures/housing.yaml .*重新导出一份"):
        excel.bring_in(copy, sent)


def test_a_change_in_somebody_elses_file_does_not_hinder(copy: Path, sent: Path) -> None:
    path = copy / "measures/urban.yaml"
    path.write_text("# 改过\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert excel.bring_in(copy, sent).problems == ()


@pytest.mark.parametrize(
    ("content", "says"), [(b"not a workbook", "不是能打开的 Excel 工作簿"), (b"", "不是能打开的 Excel 工作簿")]
)
def test_a_file_that_is_no_workbook(shipped: Path, tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(content)
    with pytest.raises(RuleBookError, match=says):
        excel.bring_in(shipped, file)


def test_a_unit_that_is_not_there(shipped: Path, tmp_path: Path) -> None:
    with pytest.raises(RuleBookError, match="没有单位“住建局”的表: 是不是“住建委”"):
        excel.export(shipped, tmp_path / "x.xlsx", ["住建局"])


def test_the_command_says_what_would_change_and_changes_it_only_without_dry(
    copy: Path, filled: Callable[[Fill], Path]
) -> None:
    file = filled(lambda forms: forms["住建委"].put("housing.gale.blue.1", 时限="1小时"))
    before = whole(copy)
    dry = CliRunner().invoke(group, ["import", str(file), str(copy), "--dry"])
    assert (dry.exit_code, whole(copy)) == (0, before)
    assert "housing.gale.blue.1: 时限(分钟或小时)“2小时”改成“1小时”" in dry.stdout
    done = CliRunner().invoke(group, ["import", str(file), str(copy)])
    assert done.exit_code == 0
    assert [path for path, text in whole(copy).items() if text != before[path]] == [HOUSING]
    wrong = filled(lambda forms: forms["住建委"].put("housing.gale.blue.1", 措施=None))
    refused = CliRunner().invoke(group, ["import", str(wrong), str(copy)])
    assert isinstance(refused.exception, RuleBookError)
