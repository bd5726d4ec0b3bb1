"""Texts of several parts, in another's stead, and for an authority."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from tests.core.district import (
    ANJU,
    BOOK,
    EASES,
    NIGHT,
    ORANGE,
    RED,
    SHAOYUN,
    TEXTS,
    TOWNS,
    Hall,
    at,
    claim,
    run,
    waiting,
    warning,
)
from warnengine.model.book import Authority
from warnengine.model.bundle import Asked, Listener, NewBundle, Pleading, Written
from warnengine.model.level import Level
from warnengine.model.order import Version
from warnengine.order.compose import FIRST_LINE, compose
from warnengine.order.escalate import Spokesman
from warnengine.order.texts import fill

NOW = at("05:55:10")
FILLED = {"name": "欧阳建国", "posts": "安居镇书记", "link": "https://yj.tongliang.example.cn/a/" + 11 * "x"}
KEY = b"k" * 32


def lines(versions: Sequence[Version], kind: str | None = None) -> list[str]:
    return fill(compose(versions, BOOK, TEXTS, kind).short, FILLED).splitlines()


@pytest.fixture
def red() -> dict[str, Version]:
    return Hall().take(RED, now=NOW)


def test_two_posts_in_two_townships_are_one_text_each_act_once(red: dict[str, Version]) -> None:
    text = lines([red[SHAOYUN], red[ANJU]])
    heads = [line for line in text if "暴雨红色 " in line]
    assert heads[0].startswith("【铜梁应急】暴雨红色 ")
    assert {head.partition(":")[0].split()[-1] for head in heads} == {"安居镇", "少云镇"}
    for unit in (ANJU, SHAOYUN):
        alone = lines([red[unit]])
        hint = "只办完一项回“3第2项”"  # of two orders nobody knows which item is the second
        assert {*alone[1:-1]} - {hint} <= {*text}
        assert hint in alone
        assert hint not in text
    acts = [line for line in text if "党政主要负责人坐镇指挥" in line]
    assert len(acts) == 2, "once for each township"


def test_what_is_to_be_done_comes_before_what_is_over() -> None:
    hall = Hall()
    strange = claim(ANJU, Level.RED, "tornado")  # of which the book has no word
    hall.take(warning("g1", at("05:00"), strange), warning("r1", at("05:00"), claim(ANJU, Level.BLUE)), now=NOW)
    over = hall.take(warning("g2", at("06:00"), claim(ANJU, None, "tornado")))
    more = hall.take(warning("r2", at("06:01"), claim(ANJU, Level.YELLOW)))
    text = lines([over["duty_room"], more[ANJU]])
    assert text[0].startswith("【铜梁应急】暴雨升为黄色 安居镇:06:25前")
    assert "解除龙卷风红色 值班室:“研判并决定如何处置”到此结束,返回前先查险" in text


def test_two_all_clears_are_both_named() -> None:
    hall = Hall()
    hall.take(RED, now=NOW)
    over = hall.take(warning("c", at("12:30"), claim("500151", None)), now=at("12:32"))
    text = lines([over[ANJU], over[SHAOYUN]])
    assert [line for line in text if "解除暴雨红色" in line and "到此结束" in line] == [text[0], text[1]]
    assert compose([over[ANJU], over[SHAOYUN]], BOOK, TEXTS).notes is None


@pytest.mark.parametrize(
    ("hazard", "event", "named"),
    [(None, "陨石", "陨石"), (None, "11Z99", "未识别灾种(11Z99)"), ("earthquake", "地震", "地震")],
)
def test_the_duty_room_is_told_of_a_hazard_without_measures(hazard: str | None, event: str, named: str) -> None:
    """And where to read the warning itself."""
    strange = warning("x", at("05:00"), claim("500151", Level.ORANGE, hazard, event=event))
    (version,) = Hall().take(strange, now=NOW).values()
    what = "06:10前研判并决定如何处置:规则库没有这一灾种的措施"
    first, last = lines([version])
    assert first == f"【铜梁应急】{named}橙色 值班室:{what}。收到回1,办完回3。"
    assert len(first) <= FIRST_LINE
    assert last == f"核实023-45600000 详见{FILLED['link']}"


def test_a_number_is_asked_for_where_it_is_not_the_first_act() -> None:
    """At orange the advice leads, and the act whose people are counted is marked."""
    text = lines([Hall().take(ORANGE, now=at("02:22:30"))["civil_affairs"]])
    assert text[0].endswith("收到回1,办完回3加人数。")
    assert text[1] == "②03:25前失能老人上移到安全楼层(报人数)"


def test_a_change_of_places_alone_says_so() -> None:
    hall = Hall()
    hall.approve(waiting(hall.take(RED, now=NOW).values()))
    text = lines([hall.take(EASES, now=at("10:07"))["education"]])
    assert text[0] == "【铜梁应急】暴雨红色 教委:不是新指令,范围有变,措施照旧。收到回1。"
    assert "继续:在校学生留校看护,不得放行;全区学校停课" in text
    (scope,) = [line for line in text if line.startswith("范围:")]
    assert scope.startswith("范围:22个镇街红色,")
    assert scope.count("、") == 5, "the six that are eased are named"
    assert scope.endswith("黄色")


def test_few_places_are_named() -> None:
    narrow = warning("n", at("05:00"), claim(ANJU, Level.RED), claim(SHAOYUN, Level.BLUE))
    assert "范围:安居镇红色,少云镇蓝色" in lines([Hall().take(narrow, now=NOW)["water"]])


@dataclass
class Desk:
    """What escalations and requests need of the store, for known versions."""

    known: Mapping[int, Version]
    pleading: Pleading
    nobody: tuple[str, ...] = ()
    """Posts without a holder."""
    texts: list[Written] = field(default_factory=list)
    bundles: list[NewBundle] = field(default_factory=list)
    tasks: list[str] = field(default_factory=list)
    clocks: list[tuple[int, timedelta]] = field(default_factory=list)

    async def versions(self, ids: Iterable[int]) -> Mapping[int, Version]:
        return {id_: self.known[id_] for id_ in ids}

    async def add_text(
        self, change: int, versions: Sequence[int], known: Sequence[int], purpose: str, written: Written
    ) -> int:
        self.texts.append(written)
        return len(self.texts)

    async def next_bundles(self, count: int) -> Sequence[int]:
        return range(16, 16 + 16 * count, 16)

    async def add_bundles(
        self, change: int, purpose: str, bundles: Sequence[NewBundle], counting: Sequence[int]
    ) -> None:
        self.bundles += bundles

    async def listeners(self, authority: Authority) -> Sequence[Listener]:
        post = f"{authority.unit}/{authority.post}"
        return [] if post in self.nobody else [listener(post, tuple(self.known))]

    async def next_rung(self, rung: int, within: timedelta) -> None:
        self.clocks.append((rung, within))

    async def to_duty_room(self, words: str) -> None:
        self.tasks.append(words)


def listener(post: str, versions: tuple[int, ...]) -> Listener:
    return Listener("500151", post, versions, (post,), Level.RED, "approval", at("08:00"), (), ())


def desk(hall: Hall, rung: int = -1, **fields: tuple[str, ...]) -> Desk:
    """The newest request of a district."""
    request = hall.asked[-1]
    known = {item.version: hall.changes[-1][item.version] for item in request.items}
    items = tuple((item.version, item.words) for item in request.items)
    return Desk(known, Pleading(3, 1, request.level, rung, tuple(known), items), **fields)


def plead(asked: Desk) -> Desk:
    run(Spokesman(BOOK, TEXTS, KEY).plead(asked))
    return asked


def asked(purpose: str, *, level: Level = Level.RED, **fields: Any) -> Asked:
    """About one silent person, unless told otherwise."""
    values = {"bundles": (7,), "silent": (("欧阳建国", (f"{ANJU}/secretary",)),)} | fields
    return Asked(purpose=purpose, change=1, level=level, **values)


class TestEscalation:
    def test_every_text_in_anothers_stead_says_who_is_silent_what_and_by_when(self) -> None:
        for message in NIGHT[:5]:
            for version in Hall().take(message, now=NOW).values():
                silent = Desk({1: version}, Pleading(0, 1, Level.RED, 0, (), ()))
                run(Spokesman(BOOK, TEXTS, KEY).speak(silent, asked("escalation"), [listener("x", (1,))]))
                (written,) = silent.texts
                text = fill(written.short, FILLED).splitlines()
                assert written.notes is None
                assert text[0].startswith("【铜梁应急】请代欧阳建国办:暴雨"), text[0]
                assert len(text[0]) <= FIRST_LINE, text[0]
                assert lines([version])[0].partition(":")[2].partition("。")[0] in text[0]
                assert text[-2:] == ["未应答:安居镇书记欧阳建国", f"核实023-45600000 详见{FILLED['link']}"]
                assert "安居镇书记欧阳建国未应答,请您代办:" in fill(written.body, FILLED)
                assert "安居镇书记欧阳建国未应答,请您代办:" in fill(written.html, FILLED)
                assert [bundle.behalf for bundle in silent.bundles] == [7]


class TestApproval:
    def test_the_request_says_what_how_much_and_by_when(self) -> None:
        hall = Hall()
        hall.take(RED, now=NOW)
        (written,) = plead(desk(hall)).texts
        text = fill(written.short, FILLED).splitlines()
        assert written.notes is None
        count = len(hall.asked[-1].items)
        assert text[0] == (
            f"【铜梁应急】请5分钟内批复第3号:暴雨红色,{count}项强制措施待批。请回电023-45600000,说同意或不同意。"
        )
        assert len(text[0]) <= FIRST_LINE
        assert text[1].startswith("巴川街道等28个镇街园区:完成危险区人员转移,先老弱等")
        assert text[2] == "25个村社区网格同办"
        assert "教委:全区学校停课" in text
        assert len("\n".join(text)) <= 500

    def test_the_long_text_names_every_measure_of_every_unit(self) -> None:
        hall = Hall()
        hall.take(RED, now=NOW)
        (written,) = plead(desk(hall)).texts
        for text in (written.body, written.html):
            for item in hall.asked[-1].items:
                unit = hall.changes[-1][item.version].change.key.unit
                (line,) = [part for part in text.replace("<li>", "\n").splitlines() if f"{name(unit)}:" in part]
                assert item.words in line

    def test_a_single_township_is_asked_for_in_full(self) -> None:
        hall = Hall()
        hall.take(warning("a", at("05:00"), claim("500151124", Level.ORANGE)), now=NOW)
        text = plead(desk(hall)).texts[0].short
        assert "\n太平镇:封闭周家湾危岩下方道路\n" in text

    def test_the_first_authority_is_asked_first(self) -> None:
        hall = Hall()
        hall.take(RED, now=NOW)
        asked = plead(desk(hall))
        assert [bundle.listener.person for bundle in asked.bundles] == ["district/leader"]
        assert (asked.clocks, asked.tasks) == ([(0, timedelta(minutes=5))], [])

    def test_after_its_time_the_next_is_asked_and_after_the_last_the_duty_room_too(self) -> None:
        hall = Hall()
        hall.take(RED, now=NOW)
        following, last = plead(desk(hall, rung=0)), plead(desk(hall, rung=2))
        assert [bundle.listener.person for bundle in following.bundles] == ["district/governor"]
        assert [bundle.listener.person for bundle in last.bundles] == ["district/secretary"]
        assert (following.tasks, last.tasks) == ([], ["第3号请示无人批复:请电话请示"])

    def test_an_authority_that_nobody_holds_is_told_to_the_duty_room(self) -> None:
        hall = Hall()
        hall.take(RED, now=NOW)
        asked = plead(desk(hall, nobody=("district/leader",)))
        assert (asked.bundles, asked.tasks) == ([], ["第3号请示:district/leader无人在岗"])
        assert asked.clocks == [(0, timedelta(minutes=5))]


def name(unit: str) -> str:
    return BOOK.units[unit].short


def test_every_township_has_an_all_clear_for_every_level() -> None:
    for level in Level:
        hall = Hall()
        hall.take(warning("a", at("05:00"), claim("500151", level)), now=NOW)
        over = hall.take(warning("b", at("06:00"), claim("500151", None)), now=at("06:02"))
        assert {unit for unit in over if unit in TOWNS} == set(TOWNS)
