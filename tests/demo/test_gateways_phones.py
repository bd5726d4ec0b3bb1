"""People answer as people do, and always in the same way."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.demo import phones
from warnengine.demo.gateways.short_message import e164
from warnengine.demo.phones import Temper

ONE_THING = "【铜梁应急】暴雨红色 安居镇:06:25前撤离涪江225米线下住户,先老弱。收到回1,撤完回3加人数。"
STEPS = "【铜梁应急】暴雨红色 住建委:06:25前全部在建工地停工撤人。收到回1,已开展回2,完成回3。"
REMINDER = f"【铜梁应急】再次提醒:{ONE_THING.removeprefix('【铜梁应急】')}"
ALL_CLEAR = "【铜梁应急】暴雨红色已解除。安居镇:转移人员可返回。核实023-45678900"
LINKED = f"{ONE_THING}详见http://127.0.0.1:8080/a/Kx7mPq2RtWz"
CROWD = [f"+861990000{n:04}" for n in range(1000)]


def of(temper: Temper) -> list[str]:
    return [number for number in CROWD if phones.temper(number) is temper]


def said(number: str, text: str) -> list[str]:
    return [reaction.text for reaction in phones.react(number, text)]


def test_every_kind_of_person_lives_in_tongliang() -> None:
    shares = Counter(phones.temper(number) for number in CROWD)
    assert set(shares) == set(Temper)
    assert shares[Temper.PROMPT] + shares[Temper.LINK] > 600


def test_the_people_of_the_directory_need_every_rung_of_the_ladder() -> None:
    with (Path(phones.__file__).parent / "directory.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    silent = {
        row["person"]: phones.temper(e164(row["mobile"])) in (Temper.NEVER, Temper.DEAD, Temper.STRANGER)
        for row in rows
    }
    called = [row for row in rows if row["post"] in ("duty", "vice", "mayor", "secretary") and row["superior"]]
    chains = {tuple(silent[row[key]] for key in ("person", "deputy", "superior")) for row in called}
    assert {(False, False, False), (True, False, False), (True, True, False), (True, True, True)} <= chains


@pytest.mark.parametrize(
    ("temper", "text", "answers"),
    [
        pytest.param(Temper.PROMPT, ONE_THING, True, id="prompt answers"),
        pytest.param(Temper.NEVER, REMINDER, False, id="never, not even when reminded"),
        pytest.param(Temper.DEAD, ONE_THING, False, id="a dead number does not write"),
        pytest.param(Temper.PROMPT, ALL_CLEAR, False, id="what asks for nothing gets no answer"),
    ],
)
def test_who_answers(temper: Temper, text: str, answers: bool) -> None:
    assert all(bool(phones.react(number, text)) == answers for number in of(temper))


def test_the_late_answer_a_reminder_at_once_and_an_order_after_an_hour() -> None:
    for number in of(Temper.LATE):
        assert phones.react(number, ONE_THING)[0].after == timedelta(hours=1)
        assert phones.react(number, REMINDER)[0].after <= timedelta(minutes=3)


def test_a_stranger_says_so() -> None:
    assert all("不是本人" in said(number, ONE_THING)[0] for number in of(Temper.STRANGER))


def test_nonsense_is_no_answer_until_reminded() -> None:
    for number in of(Temper.NONSENSE):
        assert said(number, ONE_THING)[0] in phones.NONSENSE
        assert said(number, REMINDER)[0] in phones.YES


def test_people_moved_are_counted_where_the_text_asks_for_it() -> None:
    done = [text for number in of(Temper.PROMPT) for text in said(number, ONE_THING) if text.startswith("3")]
    assert done
    assert all("转移" in text for text in done)


def test_steps_are_reported_without_a_number_where_none_is_asked() -> None:
    words = {text for number in of(Temper.PROMPT) for text in said(number, STEPS)} - set(phones.YES)
    assert words == {"2", "3"}


def test_who_opens_links_presses_the_button_and_writes_where_there_is_none() -> None:
    for number in of(Temper.LINK):
        assert phones.react(number, LINKED)[0].kind == "page"
        assert phones.react(number, ONE_THING)[0].kind == "reply"
    assert phones.links(LINKED) == ["http://127.0.0.1:8080/a/Kx7mPq2RtWz"]


@given(number=st.sampled_from(CROWD), text=st.text() | st.sampled_from([ONE_THING, STEPS, REMINDER, LINKED]))
def test_acts_come_in_order_after_the_text_and_are_the_same_each_time(number: str, text: str) -> None:
    waits = [reaction.after for reaction in phones.react(number, text)]
    assert waits == sorted(waits)
    assert all(wait > timedelta(0) for wait in waits)
    assert phones.react(number, text) == phones.react(number, text)
