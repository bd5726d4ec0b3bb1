"""An address list comes in whole or not at all, and every complaint names its line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.directory import read_csv
from warnengine.model.book import RuleBook
from warnengine.model.directory import Holding, Person
from warnengine.model.errors import DirectoryError

HEAD = "unit,post,person,name,mobile,email,deputy,superior"
ALL = HEAD.replace("mobile", "mobile,phone").replace("email", "email,wecom,app,loudspeaker,extra,prefers")
GOOD = "500151105,mayor,a1,李明,19900000001,a1@example.cn,a2,"
OTHER = "500151105,vice,a2,王芳,199 0000 0002,,,a1"


def table(*lines: str, head: str = HEAD) -> bytes:
    return "\n".join((head, *lines, "")).encode()


def complaints(raw: bytes, book: RuleBook) -> list[str]:
    with pytest.raises(DirectoryError) as refusal:
        read_csv(raw, book)
    return str(refusal.value).splitlines()


def test_people_and_what_they_hold(book: RuleBook) -> None:
    directory = read_csv(table(GOOD, OTHER, "duty_room,duty,a2,王芳,+86 19900000002,,a1,"), book)
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
    assert read_csv(table(line.format("wecom sms"), head=head), book).people["a1"].prefers == ("wecom", "sms")
    (complaint,) = complaints(table(line.format("wechat"), head=head), book)
    assert complaint.startswith('directory.csv:2: prefers: "wechat" does not do')


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
    (holding,) = read_csv(table(f"{unit},{post},a1,李明,19900000001,,,"), book).holdings
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
    assert read_csv(encode(table(GOOD, OTHER).decode()), book).people["a1"].name == "李明"


TOWN = "500151105,mayor,a1,李明"
NO_MOBILE = "no mobile phone has this number: write one that takes SMS"
ROWS = [
    ("unit", "500151155,mayor,a1,李明,,,,", 'unknown unit "500151155" — 是不是“500151115”?'),
    ("post", "500151105,major,a1,李明,,,,", '安居镇 has no post "major" — 是不是“mayor”?'),
    (
        "post of others",
        "housing,mayor,a1,李明,,,,",
        '区住房城乡建委 has no post "mayor" — 可以写: duty、head、standby、vice',
    ),
    ("no name", "500151105,mayor,a1,,,,,", "name is empty — fill it in"),
    ("no person", "500151105,mayor,,李明,,,,", "person is empty — fill it in"),
    ("short number", f"{TOWN},1990000,,,", f'mobile: "1990000" does not do — {NO_MOBILE}'),
    ("landline", f"{TOWN},023-45600000,,,", f'mobile: "023-45600000" does not do — {NO_MOBILE}'),
    (
        "no number",
        f"{TOWN},tomorrow,,,",
        'mobile: "tomorrow" does not do — write a mobile number such as 19900000001',
    ),
    ("email", f"{TOWN},,li.cn,,", 'email: "li.cn" has not the right form — write name@example.cn'),
    (
        "key",
        "500151105,mayor,a 1,李明,,,,",
        'person: "a 1" has not the right form — write letters, digits, _ - and .',
    ),
    ("deputy", f"{TOWN},,,b7,", 'deputy: unknown person "b7" — 可以写: a1'),
    ("own deputy", f"{TOWN},,,a1,", "deputy: a1 cannot be their own — name another person"),
    ("own superior", f"{TOWN},,,,a1", "superior: a1 cannot be their own — name another person"),
    ("comma", f"{TOWN},,,,,,", "more cells than columns — put a cell that holds a comma in quotes"),
    ("quote", '500151105,mayor,a1,"李"明,,,,', "not CSV: ',' expected after '\"' — look at the quotes"),
    *(
        (
            f"formula {sign}",
            f'500151105,mayor,a1,"{sign}cmd|x",,,,',
            f'name: "{sign}cmd|x" does not do — a cell must not begin with {sign}: a spreadsheet would run it',
        )
        for sign in "=+-@＝＋－＠"
    ),
]


@pytest.mark.parametrize(("row", "says"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_complaint_has_its_line_and_fix(book: RuleBook, row: str, says: str) -> None:
    assert complaints(table(row), book) == [f"directory.csv:2: {says}"]


@pytest.mark.parametrize(
    ("label", "rows", "says"),
    [
        (
            "one number for two",
            (GOOD, "500151105,vice,a2,王芳,19900000001,,,"),
            "directory.csv:3: +8619900000001 is also the number of a1 in line 2"
            " — a reply must belong to one person: give each their own",
        ),
        (
            "two numbers for one",
            (OTHER.replace(",a1", ","), "housing,duty,a2,王芳,19900000009,,,"),
            "directory.csv:3: a2 is told differently in line 2 — make both alike",
        ),
        (
            "the same line again",
            (OTHER.replace(",a1", ","),) * 2,
            "directory.csv:3: the same post and person as in line 2 — remove one",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "csv" not in value else "",
)
def test_lines_that_contradict_each_other(book: RuleBook, label: str, rows: tuple[str, ...], says: str) -> None:
    assert says in complaints(table(*rows), book)


def test_all_complaints_come_at_once_in_order_of_lines(book: RuleBook) -> None:
    raw = table("nowhere,duty,a1,李明,12,,,", GOOD.replace("a1", "a3"), "", "housing,duty,a2,,,x,,")
    assert [line.split(" ")[0] for line in complaints(raw, book)] == [
        "directory.csv:2:",
        "directory.csv:3:",
        "directory.csv:5:",
        "directory.csv:5:",
    ]


def test_the_header_is_checked_first(book: RuleBook) -> None:
    assert complaints(table(GOOD, head=HEAD.replace("mobile", "moblie")), book) == [
        'directory.csv:1: unknown column "moblie" — 是不是“mobile”?',
        f'directory.csv:1: no column "mobile" — the columns are {ALL}',
    ]
    assert complaints(b"", book)[0] == f'directory.csv:1: no column "unit" — the columns are {ALL}'


def test_neither_encoding(book: RuleBook) -> None:
    with pytest.raises(DirectoryError, match="neither UTF-8 nor GB18030"):
        read_csv(HEAD.encode() + b"\n\xff\xff", book, "list.csv")


@given(
    st.binary(max_size=120) | st.text(max_size=120).map(lambda text: f"{HEAD}\n{text}".encode("utf-8", "replace"))
)
def test_any_bytes_are_a_list_or_a_refusal(book: RuleBook, raw: bytes) -> None:
    with suppress(DirectoryError):
        read_csv(raw, book)


def test_the_sample_that_ships(book: RuleBook) -> None:
    directory = read_csv((Path(__file__).parents[2] / "warnengine/demo/directory.csv").read_bytes(), book)
    assert 380 <= len(directory.people) <= 430
    assert all((person.mobile or "").startswith("+86199000") for person in directory.people.values())
    assert all(not person.email or person.email.endswith("@example.cn") for person in directory.people.values())
    posts = [holding.person for holding in directory.holdings]
    assert max(posts.count(person) for person in directory.people) == 9, "a geologist of nine townships"


WAYS = "unit,post,person,name,mobile,wecom,app,loudspeaker,extra"


def test_every_way_to_somebody(book: RuleBook) -> None:
    people = read_csv(
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
        ("a b,,,", 'wecom: "a b" has not the right form'),
        (",a/b,,", 'app: "a/b" has not the right form'),
        (",,#,", 'loudspeaker: "#" has not the right form'),
    ],
)
def test_addresses_that_cannot_be(book: RuleBook, cells: str, says: str) -> None:
    (complaint,) = complaints(table(f"安居镇,duty,a1,李明,19900000001,{cells}", head=WAYS), book)
    assert says in complaint


def test_two_people_cannot_answer_from_one_account(book: RuleBook) -> None:
    rows = ("安居镇,duty,a1,李明,19900000001,LiMing,,,", "安居镇,vice,a2,王芳,19900000002,liming,,,")
    (complaint,) = complaints(table(*rows, head=WAYS), book)
    assert "liming is also the member of WeCom of a1 in line 2" in complaint
