"""Nobody is unreached without a named reason, and every reason has its Chinese words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnengine.model.delivery import What
from warnengine.model.reason import WORDS, Reason, in_chinese, reason_of, why_not

STATES = ["queued", "sending", *What]


def test_every_reason_has_words_of_its_own() -> None:
    assert set(WORDS) == set(Reason)
    assert len(set(WORDS.values())) == len(WORDS)
    assert all(not words.isascii() for words in WORDS.values())


@given(st.sampled_from(STATES), st.text())
def test_every_state_but_delivered_has_a_reason_in_chinese(state: str, detail: str) -> None:
    assert (reason_of(state, detail) is None) == (state == What.DELIVERED)
    assert bool(why_not(state, detail)) == (state != What.DELIVERED)


@pytest.mark.parametrize(
    ("state", "detail", "says"),
    [
        ("failed", "bad_address: the gateway answered 0x0B", "空号或账号无效(the gateway answered 0x0B)"),
        ("refused", "credentials: wrong password", "网关不认我们的账号或密码(wrong password)"),
        ("refused", "offline: the device anju-1 is offline", "设备不在线(the device anju-1 is offline)"),
        ("undelivered", "MK:0001", "没有送达(MK:0001)"),
        ("accepted", "receipts", "网关已接收,没有送达回执"),
        ("accepted", "no receipts", "已发出,这一渠道没有送达回执"),
        ("silent", "", "网关已接收,没有送达回执"),
        ("unknown", "engine stopped in mid-send", "网关没有应答,不知是否发出(engine stopped in mid-send)"),
        ("failed", "号码或邮箱已停用", "号码或邮箱已停用"),
        ("expired", "有效期内没有发出", "有效期内没有发出"),
        ("queued", "", "等待发出"),
        ("delivered", "", ""),
    ],
)
def test_what_the_duty_room_reads(state: str, detail: str, says: str) -> None:
    assert why_not(state, detail) == says


def test_a_sentence_of_a_person_stays_as_it_is() -> None:
    assert in_chinese("岗位空缺: 没有人") == "岗位空缺: 没有人"
    assert in_chinese("expired: too late") == "有效期内没有发出(too late)"
