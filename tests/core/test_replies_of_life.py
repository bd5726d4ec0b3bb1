"""What people and their phones really write back. A person is chased until a person has answered."""

from __future__ import annotations

import pytest

from warnengine.acknowledge.numerals import number_in_words
from warnengine.acknowledge.replies import Meaning, ReadReply, read_reply

BY_THE_PHONE = (
    "您好，我正在开会，稍后联系您", "您好，我正在开会，稍后联系您。", "我正在开车", "我正在开车。", "收到(自动回复)", "收到（自动回复）",
    "[自动回复]您好，我现在有事不在，一会再和您联系", "【自动回复】1", "自动回复：收到", "1 (Auto-reply)", "Auto reply: OK", "正在通话中，稍后回电",
    "正在路上", "我正在路上。", "我马上就到", "正在上课", "我正在看电影", "正在吃饭", "正在睡觉", "我在开会", "在开会", "开会中",
    "正在参加会议", "会议中,请留言", "驾驶中,稍后回复", "我现在很忙，稍后联系您", "我稍后给您打电话", "一会儿回您电话", "晚点再聊",
    "晚点给你回", "等会儿联系", "抱歉，我现在不方便接听电话", "有事请留言", "正在外地出差", "我在休假", "请勿扰", "正在忙",
    "1 正在开会", "2 正在开会", "2 我正在开车", "3 稍后回复", "收到,正在开会,稍后联系", "好的，正在开会，会后联系您", "正在停车", "正在赶飞机",
    "正在组织部谈话", "TD", "T", "退订", "R",
)  # fmt: skip
NO_ANSWER = (
    "没收到", "没有收到", "还没收到", "未收到", "收不到", "莫得收到", "收到么", "收到没", "是否收到", "收到请回复", "请回复收到",
    "未完成", "尚未完成", "没完成", "没有完成", "完成不了", "还没转移", "没转移", "尚未转移", "3 没转移", "3 还没转移", "没撤完", "还没办完",
    "快撤完了", "要搞完了", "差不多完成了", "3 还差三人", "3 除2人外全部撤离", "除两人外全部撤离", "只剩三人,其余已转移", "莫法转移",
    "不晓得", "晓不得", "要不得", "不得行", "得行不", "啥子", "哪个?", "三", "三十五", "3十五人", "3百人", "👍", "🙏", "???", "……",
    "嗯", "在",
)  # fmt: skip
RECEIVED = (
    "1", "１", "１。", "①", "1️⃣", "1👌", "1👍", "1～", "1!!!", " 1 ", "1\r\n", "1、收到", "1.收到", "1,明白", "收到咯", "收到了", "收到啦",
    "收到👌", "收到。", "收到！！", "收到收到", "收到，谢谢！", "已收到", "收悉", "已收悉", "晓得了", "晓得咯", "要得", "要得!", "要得嘛", "得行",
    "没得问题", "没问题", "好滴", "好嘞", "好的", "好哒~", "ＯＫ", "ok", "OK 收到", "明白", "知道了", "遵照执行", "收到，马上落实",
    "收到，稍后落实", "收到，立即召开会议安排",
)  # fmt: skip
ACTING = (
    "2", "２", "②", "2️⃣", "2。", "2 在转", "正在转移", "正在转移群众", "我们正在转移", "正在全力转移群众", "正在撤", "在撤了", "已经在撤了", "正在组织群众转移",
    "正在落实", "收到，正在落实", "正在处置", "正在赶往现场", "正在开车赶往现场", "正在赶过来的路上", "正在巡查", "正在河边巡查", "正在排查隐患",
    "正在逐户通知", "正在挨家挨户劝离", "正在开会部署", "正在开会研究", "正在疏散学生", "正在抢险", "正在清点人数", "已安排人员值守", "已出发",
)  # fmt: skip
DONE = (
    "3",
    "３",
    "③",
    "3️⃣",
    "3.",
    "搞定",
    "搞完咯",
    "弄完了",
    "转完了",
    "搬完了",
    "3 搞定了",
    "已完成",
    "完成了👌",
    "3 上百人",
    "3 两百五人",
)
COUNTED = {
    "3 三十五人": 35,
    "3三十五人": 35,
    "3 转移三十五人": 35,
    "3，转移三十五": 35,
    "3。三十五": 35,
    "3 十人": 10,
    "3 转移十五人": 15,
    "3 两百人": 200,
    "3 两百五十人": 250,
    "3 一百零五人": 105,
    "已转移三十五人": 35,
    "全部撤离，共二十人": 20,
    "3️⃣ 35": 35,
    "③ ３５人": 35,
    "3 转移35人👍": 35,
    "3 转移零人": 0,
    "3 需要转移的35人已转移": 35,
    "3 剩下的也撤完了,35人": 35,
}
WRONG = ("不是本人", "非本人", "你打错了", "发错了", "我不认识他", "换号了")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, ReadReply(Meaning.UNCLEAR)) for text in (*BY_THE_PHONE, *NO_ANSWER)),
        *((text, ReadReply(Meaning.RECEIVED)) for text in RECEIVED),
        *((text, ReadReply(Meaning.ACTING)) for text in ACTING),
        *((text, ReadReply(Meaning.DONE)) for text in DONE),
        *((text, ReadReply(Meaning.DONE, number)) for text, number in COUNTED.items()),
        *((text, ReadReply(Meaning.WRONG_PERSON)) for text in WRONG),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else str(value.meaning),
)
def test_a_reply_of_life_means(text: str, expected: ReadReply) -> None:
    assert read_reply(text) == expected


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("零", 0),
        ("〇", 0),
        ("十", 10),
        ("十五", 15),
        ("二十", 20),
        ("三十五", 35),
        ("两百", 200),
        ("一百一十五", 115),
        ("一百十五", 115),
        ("三千零五", 3005),
        ("三千零五十", 3050),
        ("九千九百九十九", 9999),
        ("两百五", None),
        ("三千五", None),
        ("三五", None),
        ("百", None),
        ("一万二", None),
        ("零三", None),
        ("", None),
    ],
)
def test_a_number_in_words_is_read_only_where_it_is_written_out(words: str, number: int | None) -> None:
    assert number_in_words(words) == number
