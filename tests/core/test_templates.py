"""A template that somebody has broken never blocks an order; slots are closed and filled once."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.district import ANJU, BOOK, CANCEL, RED, ROOT, Hall, at
from warnengine.model.bundle import Written
from warnengine.model.delivery import Attempt, Candidate, Purpose
from warnengine.model.level import Level
from warnengine.model.order import Version
from warnengine.order.compose import compose
from warnengine.order.expand import CODE_LENGTH, LETTERS, code_hash, link_code
from warnengine.order.texts import LONGEST, Texts, fill
from warnengine.order.wording import Wording, post_names

KEY = b"k" * 32
PLAIN = "【铜梁应急】{resend}暴雨红色 安居镇:06:25前通知涪江225米线下住户收拾好等转移令,先老弱;"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(copytree(ROOT / "templates", tmp_path / "templates"))


@pytest.fixture
def version() -> Version:
    return Hall().take(RED, now=at("05:55:10"))[ANJU]


BREAKS = {
    "syntax": "{% if %}",
    "unknown fact": "{{ weather }}",
    "unknown attribute": "{{ first.colour }}",
    "nobody's list": "{{ sections[7].head }}",
    "arithmetic": "{{ 1 / 0 }}",
    "huge range": "{% for i in range(99999999) %}{% endfor %}",
    "python's inside": "{{ first.__class__.__mro__ }}",
    "include of what is not there": '{% include "gone.j2" %}',
    "include of itself": '{% include "any.sms.j2" %}',
    "nothing at all": "  \n ",
    "not text": b"\xff\xfe\xff",
}


@pytest.mark.parametrize("content", BREAKS.values(), ids=BREAKS)
def test_a_broken_template_lets_the_plain_text_out_and_says_so(
    folder: Path, version: Version, content: str | bytes
) -> None:
    octets = content if isinstance(content, bytes) else content.encode()
    (folder / "any.sms.j2").write_bytes(octets)
    written = compose([version], BOOK, Texts(folder))
    assert written.short.startswith(PLAIN)
    assert written.short.endswith("收到回1,办完回3。核实023-45600000")
    assert written.notes is not None
    assert ".sms.j2" in written.notes
    assert "安居镇" in written.body, "the others are as they were"


def test_without_any_template_the_order_still_goes_out(tmp_path: Path, version: Version) -> None:
    written = compose([version], BOOK, Texts(tmp_path / "nowhere"))
    assert written.short.startswith(PLAIN)
    assert written.body == written.short
    assert written.html == ""
    assert written.notes is not None
    assert written.notes.count("missing") == 3


def test_the_plain_text_of_every_kind_says_what_is_over(tmp_path: Path) -> None:
    hall, texts = Hall(), Texts(tmp_path)
    hall.take(RED, now=at("05:55:10"))
    over = hall.take(CANCEL, now=at("12:32"))[ANJU]
    assert compose([over], BOOK, texts).short == (
        "【铜梁应急】{resend}解除暴雨红色 安居镇:“鸣锣叫醒225米线下等危险区每户”等6项到此结束,返回前先查险。"
        "收到回1。核实023-45600000"
    )


def test_a_kind_or_a_hazard_may_have_a_template_of_its_own(folder: Path, version: Version) -> None:
    (folder / "order.sms.j2").write_text("every order", encoding="utf-8")
    assert compose([version], BOOK, Texts(folder)).short == "every order"
    (folder / "order.sms.rainstorm.j2").write_text("rain", encoding="utf-8")
    assert compose([version], BOOK, Texts(folder)).short == "rain"


def test_too_long_a_text_loses_its_middle_not_the_number_to_call(folder: Path, version: Version) -> None:
    wordy = (
        "{{ first.head }}\n{% for i in 'x' * 30 %}\n" + "字" * 30 + "\n{% endfor %}\n核实{{ phone }} 详见{link}"
    )
    (folder / "any.sms.j2").write_text(wordy, encoding="utf-8")
    written = compose([version], BOOK, Texts(folder))
    lines = written.short.splitlines()
    assert len(written.short) <= LONGEST
    assert (lines[0], lines[-2:]) == ("暴雨红色", ["……其余见链接", "核实023-45600000 详见{link}"])
    assert written.notes is not None
    assert "cut" in written.notes


def test_one_endless_line_is_cut(folder: Path, version: Version) -> None:
    (folder / "any.sms.j2").write_text("字" * 2000, encoding="utf-8")
    written = compose([version], BOOK, Texts(folder))
    assert len(written.short) == LONGEST
    assert written.short.endswith("…")


def test_html_keeps_what_a_rule_writes_as_text(version: Version) -> None:
    evil = BOOK.model_copy(update={"signature": "<script>"})
    written = compose([version], evil, Texts(ROOT / "templates"))
    assert "<script>" not in written.html
    assert "&lt;script&gt;" in written.html


def test_slots_are_filled_once() -> None:
    slots = {"name": "{link}", "posts": "{posts}", "link": "https://x", "resend": ""}
    assert fill("{resend}{name} {posts} {link} {other}", slots) == "{link} {posts} https://x {other}"


@given(st.text(max_size=40))
def test_a_text_without_slots_is_left_alone(text: str) -> None:
    assert fill(text.replace("{", ""), {"name": "x"}) == text.replace("{", "")


def candidate(name: str = "李四", channel: str = "email") -> Candidate:
    return Candidate(
        attempt=Attempt(160, 1, Purpose.FIRST, channel, "+8619900000001", Level.RED, at("08:00")),
        bundle=160,
        stale=False,
        answered=False,
        taken=False,
        retired=False,
        text=Written(
            short="【铜梁应急】{resend}{name} {posts} {link}",
            subject="【铜梁应急】{resend}",
            body="{posts} {name} {link}",
            html='<p>{name}</p><a href="{link}">',
            notes=None,
        ),
        name=name,
        posts=("500151105/secretary", "hitech_zone/mayor"),
    )


WORDING = Wording(BOOK, KEY, "https://yj.example.cn/")


@pytest.mark.parametrize(
    ("purpose", "mark"),
    [(Purpose.FIRST, ""), (Purpose.RETRY, ""), (Purpose.RESEND, "重发:"), (Purpose.REMINDER, "再次提醒:")],
)
def test_what_may_arrive_twice_is_marked(purpose: Purpose, mark: str) -> None:
    text = WORDING(candidate(), purpose)
    link = f"https://yj.example.cn/a/{link_code(KEY, 160)}"
    assert text.link == link
    assert text.short == f"【铜梁应急】{mark}李四 安居镇书记、高新区主任 {link}"
    assert text.subject == f"【铜梁应急】{mark}"
    assert text.body == f"安居镇书记、高新区主任 李四 {link}"


def test_a_channel_that_shows_only_the_short_text_is_given_only_that() -> None:
    long, short = WORDING(candidate(), Purpose.FIRST), WORDING(candidate(channel="sms"), Purpose.FIRST)
    assert (short.short, short.link) == (long.short, long.link)
    assert (short.subject, short.body, short.html) == ("", "", "")


def test_a_name_is_no_markup() -> None:
    assert WORDING(candidate(name="<b>&"), Purpose.FIRST).html.startswith("<p>&lt;b&gt;&amp;</p>")
    assert "<b>&" in WORDING(candidate(name="<b>&"), Purpose.FIRST).short


def test_what_the_board_shows_is_what_the_first_attempt_carries() -> None:
    one = candidate()
    assert WORDING.shown(one.text.short, one.bundle, one.name, one.posts) == WORDING(one, Purpose.FIRST).short


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        ("500151105/mayor", "安居镇镇长(主任)"),
        ("hitech_zone/mayor", "高新区主任"),
        ("district/secretary", "区政府区委书记"),
        ("gone/duty", "goneduty"),
        ("water/gone", "水利局gone"),
    ],
)
def test_posts_in_words(post: str, expected: str) -> None:
    assert post_names([post], BOOK) == [expected]


def test_link_codes_are_the_same_after_a_restart_and_never_meet() -> None:
    codes = {link_code(KEY, bundle) for bundle in range(0, 1_600_000, 16)}
    assert len(codes) == 100_000
    assert {len(code) for code in codes} == {CODE_LENGTH} == {11}
    assert set("".join(codes)) == set(LETTERS)
    assert not set("0O1Il") & set(LETTERS)
    assert link_code(KEY, 160) == link_code(bytes(KEY), 160) == "QAhR8q3P8D6"
    assert link_code(KEY, 160) != link_code(b"j" * 32, 160)


def test_the_store_keeps_no_code() -> None:
    assert code_hash(link_code(KEY, 160)) != link_code(KEY, 160).encode()
    assert len(code_hash("x")) == 32
