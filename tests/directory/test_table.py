"""An address list comes in whole or not at all, and every complaint names its row and column."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.directory import read
from warnengine.model.book import RuleBook
from warnengine.model.directory import Holding, Person
from warnengine.model.errors import DirectoryError

HEAD = "unit,post,person,name,mobile,email,deputy,superior"
TITLES = "单位,岗位,人员编号,姓名,手机,邮箱,B角,上级"
ALL = "单位、岗位、人员编号、姓名、手机、座机、邮箱、企业微信、应用设备、大喇叭、其他渠道、优先渠道、B角、上级、最近验证"
GOOD = "500151105,mayor,a1,李明,19900000001,a1@example.cn,a2,"
OTHER = "500151105,vice,a2,王芳,199 0000 0002,,,a1"


def table(*lines: str, head: str = HEAD) -> bytes:
    return "\n".join((head, *lines, "")).encode()


def complaints(raw: bytes, book: RuleBook) -> list[str]:
    with pytest.raises(DirectoryError) as refusal:
        read(raw, book)
    return str(refusal.value).splitlines()


def test_people_and_what_they_hold(book: RuleBook) -> None:
    directory = read(table(GOOD, OTHER, "duty_room,duty,a2,王芳,+86 19900000002,,a1,"), book)
    assert dict(directory.people) == {
        "a1": Person("a1", "李明", "+8619900000001", "a1@example.cn"),
        "a2": Person("a2", "王芳", "+8619900000002", None),
    }
    assert directory.holdings == (
        Holding("500151105", "mayor", "a1", "a2", None),
        Holding("500151105", "vice", "a2", None, "a1"),
        Holding("duty_room", "duty", "a2", "a1", None),
    )
    assert directory.holders("duty_room", "duty")[0].person == "a2"


def test_somebody_may_be_reached_by_another_channel_first(book: RuleBook) -> None:
    line = "500151105,mayor,a1,李明,19900000001,{},,"
    head = HEAD.replace("email", "prefers")
    for words in ("wecom sms", "企业微信 短信", "企业微信、短信"):
        assert read(table(line.format(words), head=head), book).people["a1"].prefers == ("wecom", "sms")
    assert complaints(table(line.format("wechat"), head=head), book) == [
        "directory.csv 第2行“prefers”: “wechat”的写法不对 — 写 短信、邮件、推送、电话、企业微信、应用、其他,用空格隔开"
    ]


@pytest.mark.parametrize(
    ("unit", "post", "means"),
    [
        ("500151105", "mayor", ("500151105", "mayor")),
        ("安居镇", "镇长(主任)", ("500151105", "mayor")),
        ("高新区管委会", "主任", ("hitech_zone", "mayor")),
        ("住建委", "主要负责人", ("housing", "head")),
        ("区政府", "分管区领导", ("district", "leader")),
        ("值班室", "带班领导", ("duty_room", "leader")),
    ],
)
def test_units_and_posts_by_code_or_by_name(book: RuleBook, unit: str, post: str, means: tuple[str, str]) -> None:
    (holding,) = read(table(f"{unit},{post},a1,李明,19900000001,,,"), book).holdings
    assert (holding.unit, holding.post) == means


@pytest.mark.parametrize(
    ("label", "encode"),
    [
        ("UTF-8", lambda text: text.encode()),
        ("UTF-8 with BOM", lambda text: text.encode("utf-8-sig")),
        ("GB18030", lambda text: text.encode("gb18030")),
        ("Windows lines", lambda text: text.replace("\n", "\r\n").encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_encodings_that_spreadsheets_write(book: RuleBook, label: str, encode: object) -> None:
    assert callable(encode)
    assert read(encode(table(GOOD, OTHER).decode()), book).people["a1"].name == "李明"


TOWN = "500151105,mayor,a1,李明"
AS_MOBILE = "写能收短信的 11 位手机号码,例如 19900000001;几个号码用顿号隔开"
AS_PHONE = "写区号和号码,例如 023-45600000;几个号码用顿号隔开"
WHO = "写人员编号,或者只有一个人叫的姓名,不带空格"
ROWS = [
    ("unit", "500151155,mayor,a1,李明,,,,", "“unit”: 规则库里没有“500151155”这个单位 — 是不是“500151115”?"),
    ("post", "500151105,值班圆,a1,李明,,,,", "“post”: 安居镇没有“值班圆”这个岗位 — 是不是“值班员”?"),
    (
        "post of others",
        "housing,mayor,a1,李明,,,,",
        "“post”: 区住房城乡建委没有“mayor”这个岗位 — 可以写: 主要负责人、值班员、分管负责人、备班",
    ),
    ("no name", "500151105,mayor,a1,,,,,", "“name”: 没有填 — 填上"),
    ("no person", "500151105,mayor,,李明,,,,", "“person”: 没有填 — 填上"),
    ("long name", f"500151105,mayor,a1,{'长' * 41},,,,", "“name”: 字太多 — 最多写 40 个字"),
    ("short number", f"{TOWN},1990000,,,", f"“mobile”: 没有“1990000”这样的手机号码 — {AS_MOBILE}"),
    ("landline", f"{TOWN},023-45600000,,,", f"“mobile”: 没有“023-45600000”这样的手机号码 — {AS_MOBILE}"),
    ("no number", f"{TOWN},明天,,,", f"“mobile”: “明天”不是号码 — {AS_MOBILE}"),
    ("second number", f"{TOWN},19900000001、1990,,,", f"“mobile”: 没有“1990”这样的手机号码 — {AS_MOBILE}"),
    (
        "too many numbers",
        f"{TOWN},{'、'.join(f'1990000000{n}' for n in range(5))},,,",
        "“mobile”: 号码太多 — 最多写 4 个,留下最常用的",
    ),
    ("email", f"{TOWN},,li.cn,,", "“email”: “li.cn”的写法不对 — 写成 name@example.cn;几个邮箱用顿号隔开"),
    ("key", "500151105,mayor,a 1,李明,,,,", "“person”: “a 1”的写法不对 — 写字母、数字、汉字、_ - 和 .,不带空格"),
    (
        "deputy",
        f"{TOWN},,,b7,",
        "“deputy”: 人员岗位里没有“b7” — 写人员岗位里的人员编号或姓名,新来的人先加到人员岗位",
    ),
    ("a deputy in two words", f"{TOWN},,,李 明,", f"“deputy”: “李 明”的写法不对 — {WHO}"),
    ("own deputy", f"{TOWN},,,a1,", "“deputy”: 写的是本人 — 写另一个人,没有就空着"),
    ("own superior", f"{TOWN},,,,李明", "“superior”: 写的是本人 — 写另一个人,没有就空着"),
    ("comma", f"{TOWN},,,,,,x", ": 格子比标题多 — 有逗号的格子用双引号括起来,或者删去多出的格子"),
    (
        "quote",
        '500151105,mayor,a1,"李"明,,,,',
        ": 不是 CSV(',' expected after '\"') — 看看双引号是不是成对,或者存成 .xlsx 再导入",
    ),
    *(
        (
            f"formula {sign}",
            f'500151105,mayor,a1,"{sign}cmd|x",,,,',
            f"“name”: “{sign}cmd|x”以 {sign} 开头 — 去掉开头的符号: 电子表格会把它当公式运行",
        )
        for sign in "=+-@＝＋－＠"
    ),
]


@pytest.mark.parametrize(("row", "says"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_complaint_has_its_row_its_column_and_its_fix(book: RuleBook, row: str, says: str) -> None:
    assert complaints(table(row), book) == [f"directory.csv 第2行{says}"]


@pytest.mark.parametrize(
    ("label", "rows", "says"),
    [
        (
            "one number for two",
            (GOOD, "500151105,vice,a2,王芳,19900000001,,,"),
            "directory.csv 第3行“mobile”: +8619900000001 也是第2行 李明(a1)的"
            " — 回复要能认出是谁: 各写各的;是同一个人就写同一个人员编号",
        ),
        (
            "a second number that is another's first",
            (GOOD, "500151105,vice,a2,王芳,19900000002、19900000001,,,"),
            "directory.csv 第3行“mobile”: +8619900000001 也是第2行 李明(a1)的"
            " — 回复要能认出是谁: 各写各的;是同一个人就写同一个人员编号",
        ),
        (
            "two numbers for one",
            (OTHER.replace(",a1", ","), "housing,duty,a2,王芳,19900000009,,,"),
            "directory.csv 第3行“mobile”: a2 在第2行写的不一样 — 同一个人每一行都写得一样",
        ),
        (
            "the same line again",
            (OTHER.replace(",a1", ","),) * 2,
            "directory.csv 第3行: 和第2行是同一个岗位、同一个人 — 删去一行",
        ),
        (
            "a name that two have",
            (GOOD.replace("a2", "王芳"), OTHER, "housing,duty,a3,王芳,19900000009,,,"),
            "directory.csv 第2行“deputy”: 有2个人叫“王芳” — 写人员编号: a2、a3",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "csv" not in value else "",
)
def test_lines_that_contradict_each_other(book: RuleBook, label: str, rows: tuple[str, ...], says: str) -> None:
    assert says in complaints(table(*rows), book)


def test_all_complaints_come_at_once_in_order_of_rows(book: RuleBook) -> None:
    raw = table("nowhere,duty,a1,李明,12,,,", GOOD.replace("a1", "a3"), "", "housing,duty,a2,,,x,,")
    assert [line.split(":")[0] for line in complaints(raw, book)] == [
        "directory.csv 第2行“mobile”",
        "directory.csv 第5行“name”",
        "directory.csv 第5行“email”",
    ], "and nobody is missed because their own row is wrong"


def test_the_header_is_checked_first(book: RuleBook) -> None:
    assert complaints(table(GOOD, head=TITLES.replace("人员编号", "人员编码")), book) == [
        "directory.csv 第1行“人员编码”: 没有这一列 — 是不是“人员编号”?",
        f"directory.csv 第1行“人员编号”: 缺这一列 — 第一行写上标题: {ALL}",
    ]
    assert f"directory.csv 第1行“单位”: 缺这一列 — 第一行写上标题: {ALL}" in complaints(b"", book)
    assert complaints(table(GOOD + ",x", head=f"{HEAD},手机"), book) == [
        "directory.csv 第1行“mobile”: 这一列有两个 — 删去一列",
        "directory.csv 第1行“手机”: 这一列有两个 — 删去一列",
    ]


def test_headings_in_chinese_and_columns_that_a_spreadsheet_leaves_behind(book: RuleBook) -> None:
    plain = read(table(GOOD, OTHER), book)
    assert read(table(f"{GOOD},,", f"{OTHER},,", head=f"{TITLES},,"), book) == plain
    assert read(table(GOOD.replace("a2", "王芳"), OTHER.replace("a1", "李明"), head=TITLES), book) == plain


@pytest.mark.parametrize("between", ["、", ";", "\uff1b", " / ", "\uff0c"])
def test_several_numbers_of_one_person_in_their_order(book: RuleBook, between: str) -> None:
    numbers = between.join(("19900000009", "199 0000 0001", "19900000009"))
    directory = read(table(f"500151105,mayor,a1,李明,{numbers},a@example.cn、b@example.cn,,"), book)
    assert directory.people["a1"].ways == (
        ("sms", "+8619900000009"),
        ("email", "a@example.cn"),
        ("sms", "+8619900000001"),
        ("email", "b@example.cn"),
    )


def test_neither_encoding(book: RuleBook) -> None:
    with pytest.raises(DirectoryError, match="list.csv: 文字编码既不是 UTF-8 也不是 GB18030 — 用 Excel 打开"):
        read(HEAD.encode() + b"\n\xff\xff", book, "list.csv")


@given(
    st.binary(max_size=120) | st.text(max_size=120).map(lambda text: f"{HEAD}\n{text}".encode("utf-8", "replace"))
)
def test_any_bytes_are_a_list_or_a_refusal(book: RuleBook, raw: bytes) -> None:
    with suppress(DirectoryError):
        read(raw, book)


def test_the_sample_that_ships(book: RuleBook) -> None:
    directory = read((Path(__file__).parents[2] / "warnengine/demo/directory.csv").read_bytes(), book)
    assert 380 <= len(directory.people) <= 430
    assert all((person.mobile or "").startswith("+86199000") for person in directory.people.values())
    assert all(not person.email or person.email.endswith("@example.cn") for person in directory.people.values())
    posts = [holding.person for holding in directory.holdings]
    assert max(posts.count(person) for person in directory.people) == 9, "a geologist of nine townships"


WAYS = "unit,post,person,name,mobile,wecom,app,loudspeaker,extra"


def test_every_way_to_somebody(book: RuleBook) -> None:
    people = read(
        table(
            "安居镇,duty,a1,李明,19900000001,LiMing,phone-1,,liming",
            "安居镇,大喇叭,horn_anju,安居镇大喇叭,,,,anju-1,",
            head=WAYS,
        ),
        book,
    ).people
    assert people["a1"].ways == (
        ("sms", "+8619900000001"),
        ("wecom", "LiMing"),
        ("app", "phone-1"),
        ("extra", "liming"),
    )
    assert people["horn_anju"].ways == (("loudspeaker", "anju-1"),)


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ("a b,,,", "“wecom”: “a b”的写法不对"),
        (",a/b,,", "“app”: “a/b”的写法不对"),
        (",,#,", "“loudspeaker”: “#”的写法不对"),
    ],
)
def test_addresses_that_cannot_be(book: RuleBook, cells: str, says: str) -> None:
    (complaint,) = complaints(table(f"安居镇,duty,a1,李明,19900000001,{cells}", head=WAYS), book)
    assert says in complaint


def test_two_people_cannot_answer_from_one_account(book: RuleBook) -> None:
    rows = ("安居镇,duty,a1,李明,19900000001,LiMing,,,", "安居镇,vice,a2,王芳,19900000002,liming,,,")
    (complaint,) = complaints(table(*rows, head=WAYS), book)
    assert complaint.startswith("directory.csv 第3行“wecom”: liming 也是第2行 李明(a1)的")
