"""What a person's SMS means; anything that is not plain goes to the duty room."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.core.district import BOOK, NIGHT, TEXTS, Hall, at
from warnengine.acknowledge.receipts import spellings
from warnengine.acknowledge.replies import Meaning, ReadReply, read_reply
from warnengine.demo import phones
from warnengine.order.compose import compose

RECEIVED = (
    "1", "１", "1 ", " 1\n", "①", "1。", "1!", "1、收到", "1收到", "收到", "收到！", "收到1", "好", "OK", "ok!",
    "已收到，马上去", "收到，马上安排", "收到 3点前完成", "好的,3点前完成", "收到,06:25前完成", "收到,尽快办完",
    "明白,立即转移", "好的", "知道了", "遵照执行", "1 没问题", "收到，没有问题",
    "1 收到,目前无险情", "1 分管领导已到岗",
)  # fmt: skip
ACTING = (
    "2", "２", "2。", "2 正在转移", "2正在", "正在撤离", "已安排", "已组织转移35人", "已开展", "2 组织转移中",
    "正在转移,已转移20人", "正在转移,已转移20人,还剩15人", "正在转移,预计7点完成",
)  # fmt: skip
DONE = (
    "3", "３", "3。", "3~", "③", "3 撤完", "办完了", "撤完", "已完成", "已提前完成", "全部撤离", "3 处置完毕",
)  # fmt: skip
COUNTED = {
    "3 转移35人": 35,
    "3转移35": 35,
    "3 35人": 35,
    "3 35": 35,
    "3、35人": 35,
    "3，35人": 35,
    "３　３５人": 35,
    "③ 35": 35,
    "3 转移了35个人": 35,
    "3 35名群众": 35,
    "已转移35人": 35,
    "三十五人已转移": 35,
    "全部撤离,共35人": 35,
    "3 已撤到安置点35人": 35,
    "3 转移35人,无伤亡": 35,
    "3 转移0人": 0,
    "3 12000人": 12000,
}
WRONG = ("不是本人", "你打错了", "打错了,我不认识他", "我已调离", "换号了", "1 不是本人", "发错了吧?")
UNCLEAR = {
    "没收到": "he has not",
    "未收到": "he has not",
    "收到吗?": "a question",
    "1?": "a question",
    "收到,去哪里集合": "a question",
    "咋个搞": "a question, as people here ask it",
    "不能完成": "a refusal",
    "1 不去": "a refusal",
    "3 未完成": "not done",
    "还没撤完": "not done",
    "3 还有人没走": "not done",
    "3 马上完成": "a promise",
    "预计7点完成": "a promise",
    "3 正在转移35人": "half done",
    "3 转移35人,还剩2人": "half done, and two numbers",
    "3 撤离12户": "households are not people",
    "3 撤离12户35人": "two numbers",
    "3 13800138000": "a telephone number",
    "35": "which step?",
    "13": "which step?",
    "3.5": "a decimal",
    "3:30": "a time",
    "3点": "a time",
    "1234": "nothing we asked for",
    "3人受伤": "three people, not step 3",
    "3人": "three people, not step 3",
    "2户": "two households, not step 2",
    "1 有人被困": "a cry for help",
    "收到,请求支援": "a cry for help",
    "3 35人,2人失联": "a cry for help",
    "收到,堤坝垮了": "a cry for help",
    "在开会": "something else",
    "谢谢": "something else",
    "👍": "something else",
    "二": "something else",
    "TD": "something else",
    "。。。": "nothing",
    "": "nothing",
    "  \n": "nothing",
    "1" + "啊" * 499: "500 characters",
    "收到" * 250: "500 characters",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, ReadReply(Meaning.RECEIVED)) for text in RECEIVED),
        *((text, ReadReply(Meaning.ACTING)) for text in ACTING),
        *((text, ReadReply(Meaning.DONE)) for text in DONE),
        *((text, ReadReply(Meaning.DONE, number)) for text, number in COUNTED.items()),
        *((text, ReadReply(Meaning.WRONG_PERSON)) for text in WRONG),
        *((text, ReadReply(Meaning.UNCLEAR)) for text in UNCLEAR),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else str(value.meaning),
)
def test_a_reply_means(text: str, expected: ReadReply) -> None:
    assert read_reply(text) == expected


@given(st.text(max_size=600))
def test_nothing_that_comes_back_breaks_the_reader(text: str) -> None:
    found = read_reply(text)
    assert found.number is None or (found.meaning is Meaning.DONE and 0 <= found.number < 100_000)


@given(st.sampled_from("123"), st.text("0123456789人转移 ,.，。户３", max_size=12), st.text("9", max_size=5000))
def test_no_number_breaks_the_reader(step: str, words: str, nines: str) -> None:
    read_reply(step + words + nines)


def test_our_own_text_sent_back_is_no_answer() -> None:
    for message in NIGHT[:5]:
        for version in Hall().take(message, now=at("05:55:10")).values():
            short = compose([version], BOOK, TEXTS).short
            assert read_reply(short) == read_reply(short.splitlines()[0]) == ReadReply(Meaning.UNCLEAR)


def test_the_nights_people_are_understood() -> None:
    assert {read_reply(text).meaning for text in phones.YES} == {Meaning.RECEIVED}
    assert {read_reply(text).meaning for text in phones.NONSENSE} == {Meaning.UNCLEAR}
    assert {read_reply(text).meaning for text in phones.NOT_ME} == {Meaning.WRONG_PERSON}


@pytest.mark.parametrize(
    ("on_accept", "in_receipt"),
    [
        ("1A2B3C", "1A2B3C"),
        ("1a2b3c", "1A2B3C"),
        ("1715004", "1a2b3c"),
        ("1a2b3c", "1715004"),
        ("001a2b3c", "1715004"),
        ("1A2B3C", "1715004"),
        ("42", "0000000042"),
        ("0a1b2c3d-7e", "0a1b2c3d-7e"),
        ("ffffffffffffffff", "18446744073709551615"),
    ],
)
def test_an_id_is_found_by_another_spelling(on_accept: str, in_receipt: str) -> None:
    assert on_accept in spellings(in_receipt)


def test_an_id_is_not_found_by_a_strangers_spelling() -> None:
    assert "1a2b3c" not in spellings("1715005")
    assert not {"", "0"} & set(spellings("7"))


@example("9" * 5000)
@example("f" * 5000)
@given(st.text(max_size=30) | st.text("0123456789²٣", max_size=99))
def test_no_id_breaks_the_spelling(provider_id: str) -> None:
    assert provider_id in spellings(provider_id)
