"""请假, 值班表 and 节假日调休: what is understood, and every refusal with its sheet, row and column."""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from warnengine.directory import NOBODY, Taken, gaps_ahead, taken_in
from warnengine.model.book import Former, RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.directory import Absence, Directory, Shift
from warnengine.model.errors import DirectoryError
from warnengine.model.rota import DayKind

NOW = datetime(2026, 9, 20, 12, tzinfo=BEIJING)
ANJU = "500151105"
LIST = """单位,岗位,人员编号,姓名,手机,B角,上级
安居镇,值班员,a1,李明,19900000001,王芳,
安居镇,分管负责人,a2,王芳,19900000002,a1,
安居镇,镇长(主任),a3,张伟,19900000003,,
水利局,值班员,w1,张伟,19900000004,,
"""
LEAVE = "人员,开始,结束,代班人,事由"
ROTA = "单位,岗位,日期,上班,下班,值班人"
DAYS = "日期,类别,名称"
DAY = timedelta(days=1)


def at(day: int, hour: int = 0, month: int = 10) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=BEIJING)


def taken(book: RuleBook, head: str = "", *rows: str, before: Directory = NOBODY) -> Taken:
    files = [("人员.csv", LIST.encode()), ("表.csv", "\n".join((head, *rows, "")).encode())]
    return taken_in(files if head else files[:1], book, NOW, before)


def refusals(book: RuleBook, head: str, *rows: str) -> list[str]:
    return list(map(str, taken(book, head, *rows).problems))


@pytest.mark.parametrize(
    ("row", "means"),
    [
        ("李明,2026-10-01,2026-10-03,,年休假", Absence("a1", at(1), at(4), None, "年休假")),
        ("a1,2026/10/1 14:00,2026年10月2日 8:30,王芳,", Absence("a1", at(1, 14), at(2, 8) + DAY / 48, "a2")),
        ("王芳,2026.10.1,2026-10-1 24:00,w1,", Absence("a2", at(1), at(2), "w1")),
    ],
)
def test_absences(book: RuleBook, row: str, means: Absence) -> None:
    assert taken(book, LEAVE, row).directory.absences == (means,)


BAD_LEAVE = [
    ("nobody", ("李鸣,2026-10-01,2026-10-03,,",), "“人员”: 人员岗位里没有“李鸣” — 是不是“李明”?"),
    ("two of that name", ("张伟,2026-10-01,2026-10-03,,",), "“人员”: 有2个人叫“张伟” — 写人员编号: a3、w1"),
    ("for themselves", ("a1,2026-10-01,2026-10-03,李明,",), "“代班人”: 写的是本人 — 写代班的人;没有就空着"),
    ("no day", ("a1,国庆,2026-10-03,,",), "“开始”: “国庆”不是日期 — 写成 2026-10-01,或者带时间 2026-10-01 14:00"),
    ("no such day", ("a1,2026-10-01,2026-9-31,,",), "“结束”: 没有“2026-9-31”这一天 — 写成 2026-10-01"),
    ("a slip in the year", ("a1,0226-10-01,2026-10-03,,",), "“开始”: “0226-10-01”的年份不对"),
    ("the wrong way round", ("a1,2026-10-05,2026-10-03,,",), "“结束”: “2026-10-04 00:00”不在开始以后"),
    ("no end", ("a1,2026-10-05,,,",), "“结束”: 没有填 — 填上"),
    (
        "twice at a time",
        ("a1,2026-10-01,2026-10-05,,", "李明,2026-10-05,2026-10-06,,"),
        "“开始”: 李明 的时间和第2行重叠 — 合成一行,或者改时间",
    ),
]


@pytest.mark.parametrize(("rows", "says"), [row[1:] for row in BAD_LEAVE], ids=[row[0] for row in BAD_LEAVE])
def test_an_absence_that_cannot_be(book: RuleBook, rows: tuple[str, ...], says: str) -> None:
    (problem,) = refusals(book, LEAVE, *rows)
    assert problem.startswith(f"表.csv 第{len(rows) + 1}行{says}")


def shift(days: str, begins: int, lasts: float, person: str = "a1", minute: int = 0) -> Shift:
    return Shift(ANJU, "duty", days, time(begins, minute), timedelta(hours=lasts), person)


@pytest.mark.parametrize(
    ("cells", "means"),
    [
        ("工作日,08:30,18:00,李明", [shift("工作日", 8, 9.5, minute=30)]),
        ("每天,18:00,8:30,a1", [shift("每天", 18, 14.5)]),
        ("每天,8:30,8:30,a1", [shift("每天", 8, 24, minute=30)]),
        ("周六、星期天,0:00,24:00,a1", [shift("周六", 0, 24), shift("周日", 0, 24)]),
        ("2026-10-01,18:00,24:00,a1", [shift("2026-10-01", 18, 6)]),
        ("10/1/2026,18:00,24:00,a1", None),
        (
            "2026-09-30 ~ 2026年10月1日,8:00,9:00,a1",
            [shift("2026-09-30", 8, 1), shift("2026-10-01", 8, 1)],
        ),
        ("2026/10/3;2026/10/5,8:00,9:00,a1", [shift("2026-10-03", 8, 1), shift("2026-10-05", 8, 1)]),
    ],
)
def test_shifts(book: RuleBook, cells: str, means: list[Shift] | None) -> None:
    found = taken(book, ROTA, f"安居镇,值班员,{cells}")
    assert bool(found.problems) is (means is None)
    assert list(found.directory.shifts) == (means or [])


AS_DAYS = "写日期 2026-10-01、一段 2026-10-01~2026-10-07,或者 每天、工作日、休息日、节假日、周一、"
BAD_ROTA = [
    ("unit", "安居场,值班员,每天,8:00,9:00,a1", "“单位”: 规则库里没有“安居场”这个单位 — 是不是“安居镇”?"),
    ("post", "安居镇,值班圆,每天,8:00,9:00,a1", "“岗位”: 安居镇没有“值班圆”这个岗位 — 是不是“值班员”?"),
    ("days", "安居镇,值班员,平时,8:00,9:00,a1", f"“日期”: “平时”不是日期 — {AS_DAYS}"),
    ("backwards", "安居镇,值班员,2026-10-07~2026-10-01,8:00,9:00,a1", "“日期”: “2026-10-07~2026-10-01”前后颠倒"),
    ("far", "安居镇,值班员,2062-10-07,8:00,9:00,a1", "“日期”: “2062-10-07”太远了 — 最多排到 2028 年,看看年份"),
    ("hour", "安居镇,值班员,每天,8点,9:00,a1", "“上班”: “8点”不是钟点 — 写成 08:30;到半夜写 24:00"),
    ("no hour", "安居镇,值班员,每天,8:00,25:00,a1", "“下班”: “25:00”不是钟点 — 写成 08:30;到半夜写 24:00"),
    ("no minute", "安居镇,值班员,每天,8:00,9:75,a1", "“下班”: “9:75”不是钟点"),
    (
        "begins at the end",
        "安居镇,值班员,每天,24:00,9:00,a1",
        "“上班”: 24:00 不能是上班时间 — 写 00:00,日期写第二天",
    ),
    (
        "nobody",
        "安居镇,值班员,每天,8:00,9:00,赵六",
        "“值班人”: 人员岗位里没有“赵六” — 写人员岗位里的人员编号或姓名,新来的人先加到人员岗位",
    ),
    ("empty", "安居镇,值班员,每天,8:00,9:00,", "“值班人”: 没有填 — 填上"),
]


@pytest.mark.parametrize(("row", "says"), [row[1:] for row in BAD_ROTA], ids=[row[0] for row in BAD_ROTA])
def test_a_shift_that_cannot_be(book: RuleBook, row: str, says: str) -> None:
    (problem,) = refusals(book, ROTA, row)
    assert problem.startswith(f"表.csv 第2行{says}")


def test_a_shift_that_is_written_twice(book: RuleBook) -> None:
    row = "安居镇,值班员,{},8:00,9:00,李明"
    assert refusals(book, ROTA, row.format("2026-10-01~2026-10-03"), row.format("2026-10-03")) == [
        "表.csv 第3行“日期”: 和第2行是同一个班、同一个人(2026-10-03) — 删去一处"
    ]


def test_the_days_that_the_week_does_not_tell(book: RuleBook) -> None:
    found = taken(book, DAYS, "2026-10-01~2026-10-03,节假日,国庆节", "2026-10-10,上班,", "2027-01-01,休,元旦")
    assert not found.problems
    assert found.directory.calendar == {
        date(2026, 10, 1): DayKind.HOLIDAY,
        date(2026, 10, 2): DayKind.HOLIDAY,
        date(2026, 10, 3): DayKind.HOLIDAY,
        date(2026, 10, 10): DayKind.WORKING,
        date(2027, 1, 1): DayKind.HOLIDAY,
    }


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (("2026-10-01,也许,",), "“类别”: “也许”看不懂 — 写“节假日”(放假)或者“上班”(调休上班)"),
        (("2026-10-09,上班,",), "“日期”: 2026-10-09 不是周末,本来就上班 — 写调休上班的那个周六或周日"),
        (("2026-10-01~2026-10-07,休,", "2026-10-07,休,"), "“日期”: 2026-10-07 在第2行已经有了 — 删去一处"),
        (("2062-10-01,休,",), "“日期”: 2062-10-01 太远了 — 看看年份"),
        (("十月一日,休,",), "“日期”: “十月一日”不是日期 — 写成 2026-10-01"),
    ],
)
def test_a_day_that_cannot_be(book: RuleBook, rows: tuple[str, ...], says: str) -> None:
    (problem,) = refusals(book, DAYS, *rows)
    assert problem.startswith(f"表.csv 第{len(rows) + 1}行{says}")


# workbooks


def workbook(sheets: dict[str, list[list[Any]]]) -> Workbook:
    made = Workbook()
    made.remove(made.worksheets[0])
    for title, rows in sheets.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
    return made


def packed(made: Workbook) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


PEOPLE = [line.split(",") for line in LIST.splitlines()]
WHOLE: dict[str, list[list[Any]]] = {
    "说明": [["这张表写给人看", "=1+1"]],
    "人员岗位": [PEOPLE[0], ["安居镇", "值班员", "a1", "李明", 19900000001, None, None], *PEOPLE[2:]],
    "请假": [LEAVE.split(","), ["李明", date(2026, 10, 1), at(2, 12).replace(tzinfo=None), "王芳", None]],
    "值班表": [ROTA.split(","), ["安居镇", "值班员", date(2026, 10, 1), time(8, 30), timedelta(hours=24), "a1"]],
    "节假日调休": [DAYS.split(","), ["2026-10-01~2026-10-07", "节假日", "国庆节"]],
}


def test_a_workbook_with_cells_as_excel_keeps_them(book: RuleBook) -> None:
    found = taken_in([("通讯录.xlsx", packed(workbook(WHOLE)))], book, NOW)
    assert not found.problems
    assert found.directory.people["a1"].mobile == "+8619900000001"
    assert found.directory.absences == (Absence("a1", at(1), at(2, 12), "a2"),)
    assert found.directory.shifts == (shift("2026-10-01", 8, 15.5, minute=30),)
    assert len(found.directory.calendar) == 7


def test_all_mistakes_of_a_workbook_at_once_by_sheet_and_row(book: RuleBook) -> None:
    made = workbook(WHOLE)
    made["人员岗位"]["E2"] = "1990"
    made["人员岗位"]["D3"] = '=HYPERLINK("http://example.cn")'
    made["人员岗位"]["J2"] = "备注"
    made["请假"]["A2"] = "李鸣"
    made["值班表"].merge_cells("A2:B2")
    made["值班表"]["F2"].comment = Comment("这里没有错", "科长")
    made.create_sheet("草稿").append(["随便"])
    problems = taken_in([("通讯录.xlsx", packed(made))], book, NOW).problems
    assert [str(problem).partition(" — ")[0] for problem in problems] == [
        "通讯录.xlsx 人员岗位 第2行“J”: 这一格在表的外面",
        "通讯录.xlsx 人员岗位 第3行“姓名”: 这里是公式",
        "通讯录.xlsx 值班表 第2行“单位”: 单元格合并了(A2:B2)",
        "通讯录.xlsx 草稿: 不认识这张工作表",
        "通讯录.xlsx 请假 第2行“人员”: 人员岗位里没有“李鸣”",
    ]


@pytest.mark.parametrize("raw", [b"PK", b"PK\x03\x04 no workbook at all"])
def test_what_is_no_workbook(book: RuleBook, raw: bytes) -> None:
    with pytest.raises(
        DirectoryError, match=r"x\.xlsx: 不是能打开的 Excel 工作簿 — 在 Excel 里另存为 \.xlsx 再导入"
    ):
        taken_in([("x.xlsx", raw)], book, NOW)


# one sheet at a time


def test_a_sheet_that_does_not_come_stays(book: RuleBook) -> None:
    before = taken_in([("通讯录.xlsx", packed(workbook(WHOLE)))], book, NOW).directory
    leave = f"{LEAVE}\n王芳,2026-11-01,2026-11-02,,\n".encode()
    after = taken_in([("请假.csv", leave)], book, NOW, before).directory
    assert (after.people, after.holdings, after.shifts, after.calendar) == (
        before.people,
        before.holdings,
        before.shifts,
        before.calendar,
    )
    assert after.absences == (Absence("a2", at(1, month=11), at(3, month=11)),)


def test_who_is_gone_from_the_list_is_gone_from_the_rota_and_it_is_told(book: RuleBook) -> None:
    before = taken_in([("通讯录.xlsx", packed(workbook(WHOLE)))], book, NOW).directory
    without = "\n".join(line for line in LIST.replace("王芳,\n", ",\n").splitlines() if ",a2," not in line)
    found = taken_in([("人员.csv", without.encode())], book, NOW, before)
    assert found.directory.absences == (Absence("a1", at(1), at(2, 12), None),), "the deputy, if there is one"
    assert found.notes == ("王芳(a2)不在新的人员岗位表里: 原来请假表、值班表里写到此人的行作废",)


def test_without_people_there_is_nothing_to_begin_with(book: RuleBook) -> None:
    found = taken_in([("请假.csv", f"{LEAVE}\na1,2026-10-01,2026-10-01,,\n".encode())], book, NOW)
    assert list(map(str, found.problems)) == ["通讯录: 库里还没有人员岗位表 — 把人员岗位表一起导入"]


def test_a_name_of_before_is_understood_and_told(book: RuleBook) -> None:
    units = dict(book.units)
    former = Former(name="旧安居乡", until=date(2024, 3, 1))
    units[ANJU] = units[ANJU].model_copy(update={"formerly": (former,)})
    renamed = book.model_copy(update={"units": units})
    raw = LIST.replace("安居镇", "旧安居乡", 1).encode()
    found = taken_in([("人员.csv", raw)], renamed, NOW)
    assert found.directory.holdings[0].unit == ANJU
    assert found.notes == (
        "人员.csv 第2行“单位”: “旧安居乡”从 2024-03-01 起叫“安居镇” — 按新名称读入了,请把表改过来",
    )


# what the coming month lacks


def ahead(book: RuleBook, head: str, *rows: str, now: datetime = NOW) -> list[str]:
    found = taken(book, head, *rows)
    assert not found.problems
    return [str(gap) for gap in gaps_ahead(found.directory, book, now)]


@pytest.mark.parametrize(
    ("label", "head", "rows", "says"),
    [
        ("somebody has a deputy", LEAVE, ("a1,2026-10-01,2026-10-03,,",), []),
        (
            "nobody has",
            LEAVE,
            ("a3,2026-10-01,2026-10-03,,",),
            [
                "通讯录: 安居镇 镇长(主任) 张伟 2026-10-01 00:00 至 2026-10-04 00:00不在,没有人代"
                " — 在请假表写“代班人”,或者填“B角”;不填,仍叫张伟"
            ],
        ),
        ("far away", LEAVE, ("a3,2026-12-01,2026-12-03,,",), []),
        ("a whole rota", ROTA, ("安居镇,值班员,每天,8:00,8:00,a1",), []),
        (
            "nights that nobody has",
            ROTA,
            ("安居镇,值班员,每天,8:00,20:00,a2",),
            [
                "通讯录: 安居镇 值班员 2026-09-20 20:00 至 2026-09-21 08:00等 31 段时间值班表没有人"
                " — 在值班表补上;不补,由平时的人(李明)接"
            ],
        ),
        (
            "a rota of working days without a calendar",
            ROTA,
            ("安居镇,值班员,工作日,8:00,8:00,a1", "安居镇,值班员,休息日,8:00,8:00,a2"),
            [
                "通讯录: 值班表分工作日和休息日,没有 2026 年的节假日调休"
                " — 按国务院办公厅的通知填“节假日调休”;不填,2026 年只按星期算"
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "," not in value else "",
)
def test_what_the_coming_month_lacks(
    book: RuleBook, label: str, head: str, rows: tuple[str, ...], says: list[str]
) -> None:
    assert ahead(book, head, *rows) == says


DECEMBER = datetime(2026, 12, 10, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("label", "row", "says"),
    [
        (
            "by dates, told with the day on which it ends",
            "安居镇,值班员,2026-12-01~2026-12-31,8:00,8:00,a1",
            [
                "通讯录: 安居镇 值班员 2027-01-01 08:00 至 2027-01-10 00:00值班表没有人"
                " — 在值班表补上;不补,由平时的人(李明)接"
            ],
        ),
        ("every day, it goes on", "安居镇,值班员,每天,8:00,8:00,a1", []),
        ("by weekdays alone, it goes on", "安居镇,值班员,周一 周二 周三 周四 周五 周六 周日,8:00,8:00,a1", []),
    ],
    ids=lambda value: value if isinstance(value, str) and "," not in value else "",
)
def test_what_the_turn_of_the_year_brings_is_told_in_december(
    book: RuleBook, label: str, row: str, says: list[str]
) -> None:
    assert ahead(book, ROTA, row, now=DECEMBER) == says


def test_holidays_that_nobody_has_listed_are_told_before_their_year_begins(book: RuleBook) -> None:
    rows = ("安居镇,值班员,工作日,8:00,8:00,a1", "安居镇,值班员,休息日,8:00,8:00,a2")
    found = ahead(book, ROTA, *rows, now=DECEMBER)
    assert [line.partition(" — ")[0] for line in found] == [
        f"通讯录: 值班表分工作日和休息日,没有 {year} 年的节假日调休" for year in (2026, 2027)
    ]
    assert "2027 年只按星期算" in found[-1]
