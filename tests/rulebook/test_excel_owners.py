"""One workbook for every owner, handed out in a folder and taken back together; plans and thresholds among them."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from typer.testing import CliRunner

from tests.rulebook.form import Form
from warnengine.cli.rules import group
from warnengine.model.errors import RuleBookError
from warnengine.rulebook import excel, load, whole
from warnengine.rulebook.excel.changes import compared
from warnengine.rulebook.excel.collected import collected
from warnengine.rulebook.excel.export import sound
from warnengine.rulebook.excel.reading import Row
from warnengine.rulebook.excel.tables import Table, tables
from warnengine.rulebook.excel.words import Vocabulary
from warnengine.rulebook.excel.writing import changed_files

RULES = Path(__file__).parents[2] / "rules"
ANJU, ANJU_FILE = "安居镇", "plans/500151105-安居镇.yaml"
RAIN, STAGE = "flash_flood.rain", "fujiang.anju"
Cells = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Sheet → row, "" for a new one → title → what is typed."""


@pytest.fixture(scope="module")
def sent(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that is handed out."""
    folder = tmp_path_factory.mktemp("sent")
    excel.export_each(shipped, folder)
    return folder


@pytest.fixture
def back(sent: Path, tmp_path: Path) -> Callable[..., Path]:
    """A workbook that comes back."""

    def fill(owner: str, cells: Cells, name: str = "") -> Path:
        book = load_workbook(sent / f"{owner}.xlsx")
        for sheet, rows in cells.items():
            form = Form(book[sheet])
            for row, typed in rows.items():
                form.put(row, **typed) if row else form.add(**typed)
        file = tmp_path / f"{name or owner}.xlsx"
        book.save(file)
        return file

    return fill


def lines(before: str, after: str) -> list[str]:
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return [line for line in found if not line.startswith(("---", "+++", "@@"))]


def test_every_owner_has_a_workbook_and_all_of_them_together_are_the_book(shipped: Path, sent: Path) -> None:
    files = sorted(sent.glob("*.xlsx"))
    assert {"住建委", "各镇街", "安居镇", "阈值"} <= {file.stem for file in files}
    assert len(files) == 1 + len([path for path in whole(shipped) if path.startswith(("measures/", "plans/"))])
    titles = [sheet for file in files for sheet in load_workbook(file, read_only=True).sheetnames]
    assert len(set(titles)) == len(titles) - 3 * (len(files) - 1), "three sheets are in each of them"
    outcome = excel.bring_in(shipped, *files)
    assert (outcome.problems, outcome.changes, outcome.files) == ((), (), {})


# thresholds

THRESHOLDS: Mapping[str, tuple[Cells, list[str]]] = {
    "a stage": (
        {"阈值": {STAGE: {"橙色(准备转移)": "217.8"}}},
        ["-    orange: 217.5", "+    orange: 217.8"],
    ),
    "a window": (
        {"阈值": {RAIN: {"橙色(准备转移)": "30分钟:30\n1小时 40毫米\n3h: 70、6小时: 90\n24小时: 130"}}},
        ["-    orange: {30m: 30, 1h: 45, 3h: 70, 6h: 90, 24h: 130}",
         "+    orange: {30m: 30, 1h: 40, 3h: 70, 6h: 90, 24h: 130}"],
    ),
    "out of the shadow": ({"阈值": {"fujiang.rise": {"影子运行": None}}}, ["-    shadow: true"]),
    "one township less": (
        {"阈值": {STAGE: {"镇街": "安居镇、高楼镇"}}},
        ["-    towns: ['500151105', '500151114', '500151116']", "+    towns: ['500151105', '500151116']"],
    ),
    "two of its stations must agree": (
        {"阈值": {"fujiang.xiaoheba": {"测站": "涪江小河坝站、anju", "要几个站": "2"}}},
        ["-    stations: [xiaoheba]", "+    stations: [xiaoheba, anju]", "+    agree: 2"],
    ),
    "a new one": (
        {"阈值": {"": {"名称": "琼江水位", "灾种": "中小河流洪水", "看什么": "水位", "镇街": "安居镇", "测站": "anju",
                      "基准面": "吴淞", "橙色(准备转移)": "216", "红色(立即转移)": "217.2", "影子运行": "是"}}},
        ["+", "+  - id: small_river_flood.stage.1", "+    name: 琼江水位", "+    hazard: small_river_flood",
         "+    watch: stage", "+    towns: ['500151105']", "+    stations: [anju]", "+    datum: 吴淞",
         "+    orange: 216", "+    red: 217.2", "+    shadow: true"],
    ),
    "the bureau's own gauge": (
        {"测站": {"站2": {"站号": "CQ-AJ-01", "待确认": None}}, "阈值": {
            STAGE: {"测站": "CQ-AJ-01"}, "fujiang.anju_forecast": {"测站": "CQ-AJ-01"}}},
        ["-  - id: anju", "+  - id: CQ-AJ-01", "-    confirm: bureau", "-    stations: [anju]", "-    stations: [anju]",
         "+    stations: [CQ-AJ-01]", "+    stations: [CQ-AJ-01]"],
    ),
}  # fmt: skip


@cache
def book() -> tuple[dict[str, str], Vocabulary, dict[str, Table]]:
    draft, _ = sound(RULES)
    words = Vocabulary.of(draft)
    return whole(RULES), words, {table.title: table for table in tables(draft, words)}


def typed(table: Table, cells: Mapping[str, Mapping[str, str | None]]) -> list[Row]:
    """The rows of a sheet with what somebody has typed."""
    rows = [
        Row(at + 2, one.id, {**one.cells, **cells.get(one.id, {})}, {}) for at, one in enumerate(table.entries)
    ]
    return [*rows, Row(99, "", cells[""], {})] if "" in cells else rows


@pytest.mark.parametrize("label", THRESHOLDS)
def test_a_threshold_is_changed_in_its_sheet_and_nothing_beside_it(label: str) -> None:
    cells, expected = THRESHOLDS[label]
    files, words, every = book()
    changes = [compared(every[sheet], typed(every[sheet], rows), words) for sheet, rows in cells.items()]
    assert [one.problems for one in changes] == [()] * len(changes)
    after = changed_files(files, changes)
    assert list(after) == ["triggers.yaml"]
    assert sorted(lines(files["triggers.yaml"], after["triggers.yaml"])) == sorted(expected)


def test_a_book_with_changed_thresholds_passes(copy: Path, back: Callable[..., Path]) -> None:
    cells, _ = THRESHOLDS["the bureau's own gauge"]
    new, _ = THRESHOLDS["a new one"]
    row = {**new["阈值"][""], "测站": "CQ-AJ-01"}
    outcome = excel.bring_in(copy, back("阈值", {**cells, "阈值": {**cells["阈值"], "": row}}))
    assert outcome.problems == ()
    outcome.write(copy)
    found = load(copy).triggers
    assert found
    assert found.trigger("small_river_flood.stage.1")
    assert found.station("CQ-AJ-01")


SLIPS: Mapping[str, tuple[str, Cells, str]] = {
    "a unit behind a figure": (
        "阈值",
        {"阈值": {STAGE: {"橙色(准备转移)": "217.8米"}}},
        "阈值 第5行“橙色(准备转移)”: 读不懂阈值“217.8米” — 雨量和涨率一行一个时段",
    ),
    "a window twice": (
        "阈值",
        {"阈值": {RAIN: {"红色(立即转移)": "1小时: 45\n60m: 50\n1小时: 46"}}},
        "阈值 第2行“红色(立即转移)”: “1小时”写了两次",
    ),
    "an unknown township": (
        "阈值",
        {"阈值": {STAGE: {"镇街": "安居"}}},
        "“镇街”: 镇街里没有“安居” — 是不是“安居镇”",
    ),
    "a datum that is none": (
        "阈值",
        {"阈值": {STAGE: {"基准面": "吴凇"}}},
        "“基准面”: 基准面里没有“吴凇” — 是不是“吴淞”?",
    ),
    "another thing to watch": (
        "阈值",
        {"阈值": {STAGE: {"看什么": "温度"}}},
        "“看什么”: 看什么里没有“温度” — 是不是“气温”?",
    ),
    "a number of a station in words": (
        "阈值",
        {"测站": {"": {"站号": "安居", "名称": "新站", "报什么": "雨量"}}},
        "“站号”: 站号“安居”写法不对 — 2到40个字母、数字、横线",
    ),
    "a degree sign": (
        ANJU,
        {"安居镇-点位": {"500151105-01": {"经度": "106度"}}},
        "“经度”: “106度”不是数 — 只写数字,不写单位",
    ),
    "a map that is no datum": (
        ANJU,
        {"安居镇-点位": {"500151105-01": {"坐标系": "高德"}}},
        "“坐标系”: 坐标系里没有“高德” — 可以写: GCJ02、WGS84",
    ),
    "a second row of a plan": (
        ANJU,
        {"安居镇-方案": {"": {"风险": "滑坡"}}},
        "安居镇-方案 第3行: 这张表只有一行 — 写进原来那一行",
    ),
    "a hazard nobody knows": (
        ANJU,
        {"安居镇-方案": {"方案1": {"敏感灾种": "江洪"}}},
        "安居镇-方案 第2行“敏感灾种”: 灾种里没有“江洪”",
    ),
    "a risk that never ends": (
        ANJU,
        {"安居镇-方案": {"方案1": {"风险": "滑坡\n" + "洪" * 121}}},
        "“风险”: “洪洪洪洪洪洪洪洪洪洪洪洪…”有121个字 — 一行一条风险",
    ),
}


LINTED: Mapping[str, tuple[str, Cells, str]] = {
    "one figure where there are windows": (
        "阈值",
        {"阈值": {RAIN: {"橙色(准备转移)": "45"}}},
        "阈值 第2行“橙色(准备转移)”: 雨量 的阈值要按时段写",
    ),
    "red below orange": (
        "阈值",
        {"阈值": {STAGE: {"红色(立即转移)": "217"}}},
        "阈值 第5行“红色(立即转移)”: 红色 的阈值 217 不比 橙色 的 217.5 高",
    ),
    "stages of two datums": (
        "阈值",
        {"阈值": {"fujiang.anju_forecast": {"基准面": "黄海"}}},
        "阈值 第6行“基准面”: 涪江安居站的水位是吴淞高程,阈值是黄海高程,不能比较",
    ),
    "half a place": (
        "阈值",
        {"测站": {"站3": {"经度": "106.05"}}},
        "测站 第4行: 巴川街道雨量站(样例)的坐标只写了一半 — 请写全 经度 和 纬度",
    ),
    "a place without its datum": (
        ANJU,
        {"安居镇-点位": {"500151105-02": {"经度": 106.05, "纬度": 29.97}}},
        "安居镇-点位 第3行",
    ),
    "a post that the unit has not": (
        ANJU,
        {"安居镇-另叫": {"": {"单位": "安居镇", "岗位": "区长", "灾种": "暴雨", "等级": "全部"}}},
        "安居镇-另叫 第2行",
    ),
}


def _all_at_once(
    shipped: Path, back: Callable[..., Path], cases: Mapping[str, tuple[str, Cells, str]]
) -> list[str]:
    """What is said of two workbooks with all slips in them."""
    joined: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for owner, cells, _ in cases.values():
        for sheet, rows in cells.items():
            for row, said in rows.items():
                joined.setdefault(owner, {}).setdefault(sheet, {}).setdefault(row, {}).update(said)
    outcome = excel.bring_in(shipped, *(back(owner, cells) for owner, cells in joined.items()))
    assert not outcome.files
    return list(map(str, outcome.problems))


@pytest.mark.parametrize("cases", [SLIPS, LINTED], ids=["in a cell", "by the lint"])
def test_every_slip_is_told_with_its_place_in_the_words_of_the_workbook(
    cases: Mapping[str, tuple[str, Cells, str]], shipped: Path, back: Callable[..., Path]
) -> None:
    said = _all_at_once(shipped, back, cases)
    unsaid = [label for label, (*_, says) in cases.items() if not any(says in line for line in said)]
    assert unsaid == [], said
    assert not [
        line
        for line in said
        if "0小时" in line or "tells" in line or not line.startswith(("阈值.xlsx", "安居镇.xlsx"))
    ]


# plans


def test_a_township_fills_in_its_risks_its_posts_and_where_its_points_are(
    copy: Path, back: Callable[..., Path]
) -> None:
    before = whole(copy)
    cells = {
        "安居镇-方案": {"方案1": {"敏感灾种": "过境洪水、暴雨", "风险": "涪江过境洪水\n新步道低: 219米", "待确认": None}},
        "安居镇-另叫": {"": {"单位": "安居镇", "岗位": "分管负责人", "灾种": "暴雨、山洪灾害", "等级": "全部"}},
        "安居镇-点位": {
            "500151105-01": {"经度": 106.0123, "纬度": "29.95", "坐标系": "GCJ02", "高程(米)": 224.5, "高程基准": "吴淞"}
        },
    }  # fmt: skip
    outcome = excel.bring_in(copy, back(ANJU, cells))
    assert outcome.problems == ()
    outcome.write(copy)
    after = whole(copy)
    assert [path for path in before if before[path] != after[path]] == [ANJU_FILE]
    assert lines(before[ANJU_FILE], after[ANJU_FILE]) == [
        "-sensitive: [transit_flood, flood, rainstorm, small_river_flood]",
        "+sensitive: [transit_flood, rainstorm]",
        *("-  - 涪江过境洪水,2018年撤离225米线下住户", "-  - 琼江在黑龙咀汇入涪江,受顶托(待确认)"),
        *("-  - 安居古城临河,有景区和渡口", "-confirm: bureau", "+  - 涪江过境洪水", "+  - '新步道低: 219米'"),
        *(
            "+    lon: 106.0123",
            "+    lat: 29.95",
            "+    datum: GCJ02",
            "+    elevation: 224.5",
            "+    height: 吴淞",
        ),
        *("+", "+posts:", "+  - unit: '500151105'", "+    post: vice", "+    hazards: [rainstorm, flash_flood]"),
        "+    levels: all",
    ]
    plan = load(copy).plans["500151105"]
    assert plan.risks == ("涪江过境洪水", "新步道低: 219米")
    assert plan.points[0].lon == 106.0123


# several at once


def test_two_who_change_other_cells_of_one_row_do_not_clash(copy: Path, back: Callable[..., Path]) -> None:
    new = {"灾种": "大风", "产品": "预警信号", "等级": "红色", "措施": "封闭工地出入口", "时限": "30分钟"}
    row = "housing.gale.blue.1"
    one = back("住建委", {"住建委": {row: {"时限": "1小时"}, "": new}}, "甲")
    two = back("住建委", {"住建委": {row: {"反馈": "照片"}, "": {**new, "措施": "断电"}}}, "乙")
    three = back("住建委", {"住建委": {row: {"时限": "1小时"}, "": new}}, "丙")
    four = back("阈值", {"阈值": {STAGE: {"橙色(准备转移)": 217.8}}})
    outcome = excel.bring_in(copy, one, two, three, four)
    assert outcome.problems == ()
    assert sorted(outcome.files) == ["measures/housing.yaml", "triggers.yaml"]
    outcome.write(copy)
    measures = {one.id: one for one in load(copy).sectors["housing"]}
    assert (measures[row].deadline.seconds, [e.value for e in measures[row].evidence]) == (3600, ["photo"])
    assert {measures[f"housing.gale.red.{n}"].order for n in (3, 4)} == {"封闭工地出入口", "断电"}
    assert "housing.gale.red.5" not in measures, "the same new row twice is one"


TITLES = ("措施", "反馈", "岗位", "上限", "待确认")


@given(st.data())
def test_what_two_people_fill_in_apart_is_what_one_would_have_filled_in(data: st.DataObject) -> None:
    _, _, every = book()
    table = every["住建委"]
    places = st.tuples(st.integers(0, len(table.entries) - 1), st.sampled_from(TITLES))
    edits = data.draw(st.dictionaries(places, st.sampled_from(["甲", "乙", ""]), max_size=12))
    whose = {place: data.draw(st.sampled_from(["甲.xlsx", "乙.xlsx", "both"])) for place in edits}
    gone = data.draw(st.sets(st.integers(0, len(table.entries) - 1), max_size=2)) - {row for row, _ in edits}

    def rows(name: str) -> list[Row]:
        mine = {place: word for place, word in edits.items() if name == "all" or whose[place] in (name, "both")}
        made = [
            {**one.cells, **{title: word for (row, title), word in mine.items() if row == at}}
            for at, one in enumerate(table.entries)
        ]
        kept = [at for at in range(len(made)) if at not in gone or name == "乙.xlsx"]
        return [Row(at + 2, table.entries[at].id, made[at], {}, name) for at in kept]

    joined, problems = collected(table, {name: rows(name) for name in ("甲.xlsx", "乙.xlsx")})
    assert problems == []
    assert {row.id: dict(row.cells) for row in joined} == {row.id: dict(row.cells) for row in rows("all")}


def _deleted(file: Path) -> Path:
    book = load_workbook(file)
    Form(book["住建委"]).drop("housing.gale.yellow.2")
    book.save(file)
    return file


def test_who_says_something_else_is_told_beside_whom(shipped: Path, back: Callable[..., Path]) -> None:
    one = back("住建委", {"住建委": {"housing.gale.blue.1": {"时限": "1小时"}}}, "甲")
    words = {"housing.gale.blue.1": {"时限": "3小时"}, "housing.gale.yellow.2": {"时限": "2小时"}}
    two = back("住建委", {"住建委": words}, "乙")
    said = list(map(str, excel.bring_in(shipped, _deleted(one), two).problems))
    clash = "乙.xlsx 住建委 第11行“时限(分钟或小时)”: 这里写“3小时”,甲.xlsx 第11行写“1小时” — 商量好写哪一个"
    gone = "乙.xlsx 住建委 第13行“编号”: 这里改了这一行,甲.xlsx 里删去了它 — 商量好删不删"
    assert [line[: len(clash)] for line in said if "第11行" in line] == [clash]
    assert [line[: len(gone)] for line in said if "第13行" in line] == [gone]
    assert len(said) == 2


def test_a_row_that_one_deletes_and_the_other_leaves_is_deleted(copy: Path, back: Callable[..., Path]) -> None:
    two = back("住建委", {"住建委": {"housing.gale.blue.1": {"时限": "1小时"}}}, "乙")
    outcome = excel.bring_in(copy, _deleted(back("住建委", {}, "甲")), two)
    assert [line[:2] for line in outcome.changes] == ["改动", "删除"]
    (case,) = map(str, outcome.problems)
    assert case.startswith("用例 cases/gale.yaml 第15行: 没有措施“housing.gale.yellow.2” — 这个用例写着它")


def test_every_workbook_that_does_not_fit_is_named_at_once(
    copy: Path, back: Callable[..., Path], tmp_path: Path
) -> None:
    wrong = tmp_path / "别的.xlsx"
    wrong.write_bytes(b"nothing")
    file = back("阈值", {})
    path = copy / "triggers.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("spike: 200", "spike: 150"), encoding="utf-8")
    with pytest.raises(RuleBookError) as said:
        excel.bring_in(copy, file, wrong)
    first, second = str(said.value).splitlines()
    assert first.startswith(f"{file}: 导出以后 {copy} 里又改过: triggers.yaml")
    assert second.startswith(f"{wrong}: 不是能打开的 Excel 工作簿")


# the commands


def test_the_commands_hand_out_a_folder_and_take_one_back(
    copy: Path, back: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "发出"
    sent = CliRunner().invoke(group, ["export", str(copy), "--each", "--out", str(out)])
    assert sent.exit_code == 0
    assert f"{out}: {len(list(out.iterdir()))} 个工作簿,每个单位一份" in sent.stdout
    collected = tmp_path / "收回"
    collected.mkdir()
    back("阈值", {"阈值": {STAGE: {"橙色(准备转移)": 217.8}}}).rename(collected / "阈值.xlsx")
    back("住建委", {"住建委": {"housing.gale.blue.1": {"时限": "尽快"}}}).rename(collected / "住建委.xlsx")
    (collected / "~$住建委.xlsx").write_bytes(b"Excel's own")
    remarks = tmp_path / "批注"
    refused = CliRunner().invoke(group, ["import", str(collected), str(copy), "--remarks", str(remarks)])
    assert refused.exit_code == 1
    assert "2 个工作簿: 1 处要改" in refused.stdout
    assert [file.name for file in remarks.iterdir()] == ["住建委-批注.xlsx"]
    (collected / "住建委.xlsx").unlink()
    done = CliRunner().invoke(group, ["import", str(collected), str(copy)])
    assert (done.exit_code, "已改 triggers.yaml" in done.stdout) == (0, True), done.output


MISUSED: Mapping[str, tuple[list[str], str]] = {
    "no such unit": (["export", "RULES", "--unit", "住建局"], "没有单位“住建局”的表: 是不是“住建委”"),
    "an old format": (["export", "RULES", "--out", "x.xls"], "工作簿的名字要以 .xlsx 结尾"),
    "a folder that is not there": (["export", "RULES", "--out", "gone/x.xlsx"], "gone: 没有这个文件夹"),
    "nothing to import": (["import", "RULES"], "没有写要导入哪个工作簿"),
    "an empty folder": (["import", "EMPTY", "RULES"], "不是规则目录(没有 district.yaml),里面也没有 .xlsx 工作簿"),
    "two books": (["import", "RULES", "x.xlsx", "RULES"], "写了2个规则目录"),
    "a workbook that is not there": (["import", "gone.xlsx", "RULES"], "没有这个文件或文件夹: gone.xlsx"),
    "a book that is not there": (["export", "gone"], "gone: 没有这个规则目录"),
}


@pytest.mark.parametrize("label", MISUSED)
def test_a_command_that_cannot_be_done_says_what_to_write(label: str, shipped: Path, tmp_path: Path) -> None:
    words, says = MISUSED[label]
    named = {"RULES": str(shipped), "EMPTY": str(tmp_path), "gone/x.xlsx": str(tmp_path / "gone/x.xlsx")}
    done = CliRunner().invoke(group, [named.get(word, word) for word in words])
    assert isinstance(done.exception, RuleBookError)
    assert says in str(done.exception)
