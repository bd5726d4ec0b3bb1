"""The clocks of ladder.yaml: by day, at night, towards the end, and for a start."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.core.district import ANJU, BOOK, RED, TEXTS, Hall, at, claim, warning
from warnengine.model.book import Act, Enough, Finish, Night, Step
from warnengine.model.bundle import Asked, Response
from warnengine.model.level import Level
from warnengine.model.order import Mark, Version
from warnengine.order.asking import written
from warnengine.order.clocks import clocks
from warnengine.order.compose import FIRST_LINE
from warnengine.order.unstarted import leader_text, not_started, note, to_be_told, words

MINUTE = timedelta(minutes=1)
NOW = at("05:55:10")


@pytest.fixture(scope="module")
def red() -> Version:
    return Hall().take(RED, now=NOW)[ANJU]


def minutes(acts: tuple[tuple[Act, timedelta], ...]) -> list[tuple[str, int]]:
    return [(act.value, after // MINUTE) for act, after in acts]


def test_a_step_is_repeated_as_often_and_after_as_long_as_it_says() -> None:
    steps = (
        Step(after="2m", do=Act.AGAIN, times=3, every="4m"),  # type: ignore[arg-type]
        Step(after="5m", do=Act.DEPUTY),  # type: ignore[arg-type]
    )
    rung = BOOK.ladder[Level.RED].model_copy(update={"steps": steps})
    assert minutes(rung.climbs(night=False)) == [("again", 2), ("deputy", 5), ("again", 6), ("again", 10)]


def test_at_night_the_telephone_rings_earlier() -> None:
    rung = BOOK.ladder[Level.RED]
    calls = [dict(minutes(rung.climbs(night=night)))["duty_room"] for night in (False, True)]
    assert calls == [8, 3]
    assert BOOK.ladder[Level.BLUE].climbs(night=True) == BOOK.ladder[Level.BLUE].climbs(night=False)


@pytest.mark.parametrize(
    ("begins", "ends", "clock", "night"),
    [
        ("22:00", "06:00", "21:59", False),
        ("22:00", "06:00", "22:00", True),
        ("22:00", "06:00", "00:00", True),
        ("22:00", "06:00", "05:59", True),
        ("22:00", "06:00", "06:00", False),
        ("00:00", "05:00", "03:00", True),
        ("00:00", "05:00", "23:00", False),
    ],
)
def test_a_night_may_go_over_midnight(begins: str, ends: str, clock: str, night: bool) -> None:
    assert Night(begins=begins, ends=ends).holds(at(clock)) is night  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("enough", "called", "owed"),
    [(Enough(), 4, 4), (Enough(at_least=2), 4, 2), (Enough(at_least=2), 1, 1)],
    ids=["all", "two", "two of whom one is there"],
)
def test_how_many_must_answer(enough: Enough, called: int, owed: int) -> None:
    assert enough.of(called) == owed


def due(version: Version, *clock_times: str) -> Version:
    """The same, with these deadlines for its first measures and none for the others."""
    times = [*map(at, clock_times)]
    kept = [mark for mark in version.measures if mark.mark is not Mark.LAPSED][: len(times)]
    return replace(version, measures=tuple(replace(m, deadline=t) for m, t in zip(kept, times, strict=True)))


@pytest.mark.parametrize(
    ("deadlines", "asked"),
    [
        (["06:25"], ["06:25"]),
        (["06:25", "06:25"], ["06:25"]),
        (["06:25", "06:35"], ["06:35"]),
        (["06:15", "06:25", "06:50", "06:55"], ["06:25", "06:55"]),
        (["05:50", "06:25"], ["06:25"]),
        ([], []),
    ],
    ids=["one", "the same", "close", "two groups", "over before it was made", "none"],
)
def test_deadlines_that_lie_close_together_are_asked_about_once(
    red: Version, deadlines: list[str], asked: list[str]
) -> None:
    finish = Finish(before="10m", after="5m")  # type: ignore[arg-type]
    ordered = replace(red, measures=tuple(m for m in red.measures if m.standing.form == "order"))
    assert clocks(due(ordered, *deadlines), finish) == tuple(map(at, asked))


def asked(purpose: str, level: Level = Level.RED, **fields: Any) -> Asked:
    values = {"bundles": (7,), "silent": (("欧阳建国", (f"{ANJU}/secretary",)),)} | fields
    return Asked(purpose=purpose, change=1, level=level, **values)


def text(red: Version, one: Asked) -> list[str]:
    found = written(one, {1: red}, BOOK, TEXTS)
    assert found is not None
    assert found.notes is None
    return found.short.replace("{resend}", "").splitlines()


def test_the_end_is_asked_for_before_and_after_its_time(red: Version) -> None:
    marks = [mark for mark in red.measures if mark.deadline and mark.standing.form == "order"]
    first = min(mark.deadline for mark in marks if mark.deadline)
    before, after = (text(red, asked("finish", moment=first + by)) for by in (-5 * MINUTE, 5 * MINUTE))
    assert before[0].startswith("【铜梁应急】时限快到:暴雨红色 安居镇:")
    assert after[0].startswith("【铜梁应急】未报办结:暴雨红色 安居镇:")
    assert "在办回2。" in after[0]
    assert "收到回1" not in "".join(after)
    assert all(len(lines[0]) <= FIRST_LINE for lines in (before, after))


def test_only_what_is_due_and_not_done_is_asked_for(red: Version) -> None:
    marks = [mark for mark in red.measures if mark.deadline and mark.standing.form == "order"]
    end = max(mark.deadline for mark in marks if mark.deadline) + MINUTE
    everything = written(asked("finish", moment=end), {1: red}, BOOK, TEXTS)
    assert everything is not None
    assert set(everything.items) == {mark.standing.measure for mark in marks}
    done = frozenset((1, measure) for measure in everything.items[1:])
    (rest,) = text(red, asked("finish", moment=end, done=done))[:1]
    assert "只办完一项" not in rest
    left = written(asked("finish", moment=end, done=done), {1: red}, BOOK, TEXTS)
    assert left is not None
    assert left.items == everything.items[:1]
    none = frozenset((1, measure) for measure in everything.items)
    assert written(asked("finish", moment=end, done=none), {1: red}, BOOK, TEXTS) is None
    assert written(asked("unfinished", moment=NOW), {1: red}, BOOK, TEXTS) is None


def test_the_superior_reads_who_has_not_finished_what(red: Version) -> None:
    lines = text(red, asked("unfinished", moment=at("08:00")))
    assert lines[0].startswith("【铜梁应急】欧阳建国已收到未办结:暴雨红色 安居镇,")
    assert "只办完一项" not in "".join(lines)
    assert lines[-2] == "已收到未办结:安居镇书记欧阳建国"


def test_one_message_speaks_for_all_silent_ones(red: Version) -> None:
    silent = (("欧阳建国", (f"{ANJU}/secretary",)), ("张三", (f"{ANJU}/mayor",)))
    lines = text(red, asked("escalation", silent=silent, bundles=(7, 8)))
    assert lines[0].startswith("【铜梁应急】请代{name}等2人办:暴雨红色 安居镇")
    assert lines[-2] == "未应答:安居镇书记欧阳建国、安居镇镇长(主任)张三"


def test_who_may_stand_in_reads_that_the_first_is_responsible(red: Version) -> None:
    stands_in = text(red, asked("escalation", Level.ORANGE))
    assert stands_in[-2] == "未应答:{posts}{name}。谁先应答谁负责办完"
    assert "谁先应答" not in "".join(text(red, asked("escalation", Level.RED)))


def test_both_read_who_is_responsible(red: Version) -> None:
    lines = text(red, asked("shared", responsible="李四", others=("张三",)))
    assert lines[0] == "【铜梁应急】暴雨红色 安居镇:张三、李四都已应答,先应答的李四负责办完,张三配合。"
    assert len(lines[0]) <= FIRST_LINE


def test_an_order_of_several_items_says_how_to_report_one(red: Version) -> None:
    hall = Hall()
    one = hall.take(warning("a", at("05:00"), claim(ANJU, Level.BLUE)), now=NOW)[ANJU]
    several, alone = (written(asked("reminder"), {1: version}, BOOK, TEXTS) for version in (red, one))
    assert several is not None
    assert alone is not None
    assert ("只办完一项回“3第2项”" in several.short) is (len(several.items) > 1) is True
    assert ("只办完一项" in alone.short) is (len(alone.items) > 1)
    assert several.short.startswith("【铜梁应急】{resend}再次提醒:")


def response(unit: str, since: timedelta, *started: str, level: Level = Level.RED) -> Response:
    return Response(
        "500151", unit, "rainstorm", "signal", 1, level, NOW, since, frozenset(started), alarmed=False, told=False
    )


@pytest.mark.parametrize(
    ("one", "late", "told"),
    [
        (response(ANJU, 14 * MINUTE), False, False),
        (response(ANJU, 15 * MINUTE), True, False),
        (response(ANJU, 25 * MINUTE), True, True),
        (response(ANJU, 25 * MINUTE, "duty"), True, True),
        (response(ANJU, 25 * MINUTE, "duty", "mayor"), False, True),
        (response("housing", 15 * MINUTE, "duty"), True, False),
        (response("housing", 15 * MINUTE, "head"), False, False),
        (response("duty_room", 60 * MINUTE), False, False),
        (response(ANJU, 60 * MINUTE, level=Level.ORANGE), False, False),
        (response("closed_long_ago", 60 * MINUTE), False, False),
    ],
    ids=[
        "time is left",
        "nobody",
        "nobody for longer",
        "only the officer on duty",
        "the mayor",
        "a sector",
        "a sector's head",
        "a unit without this clock",
        "orange",
        "a unit that is gone",
    ],
)
def test_a_leader_must_report_in_time(one: Response, late: bool, told: bool) -> None:
    assert (not_started(one, BOOK), to_be_told(one, BOOK)) == (late, told)


def test_the_duty_room_and_the_district_leader_read_who_has_not_begun(red: Version) -> None:
    assert words(response(ANJU, 15 * MINUTE), BOOK) == (
        "安居镇红色未启动响应:暴雨红色05:55起已超过15分钟,分管负责人、镇长(主任)、书记无人报已开展。请电话催办"
    )
    late = [response(ANJU, 25 * MINUTE), response("housing", 30 * MINUTE)]
    lines = leader_text(late, {1: red}, BOOK, TEXTS).short.replace("{resend}", "").splitlines()
    assert lines[0] == "【铜梁应急】暴雨红色已25分钟,安居镇等2个单位未启动响应,没有领导报已开展。请督促,收到回1。"
    assert len(lines[0]) <= FIRST_LINE
    assert lines[1] == "未启动响应:安居镇、住建委"
    mail = leader_text(late, {1: red}, BOOK, TEXTS)
    for body in (mail.body, mail.html):
        assert "安居镇、住建委未启动响应,没有领导报已开展,请督促。指令如下:" in body
    start = BOOK.ladder[Level.RED].start
    assert start is not None
    assert note([], start.tell, BOOK).endswith("无人在岗,请电话报告")


def test_made_by_day_or_by_night_is_a_matter_of_beijing() -> None:
    assert BOOK.at_night(datetime.fromisoformat("2026-07-27T18:00:00+00:00"))
    assert not BOOK.at_night(datetime.fromisoformat("2026-07-27T04:00:00+00:00"))
