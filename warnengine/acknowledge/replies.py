"""What a person's SMS means. Pure. Anything that is not plain goes to the duty room, never to a guess."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from warnengine.acknowledge.numerals import NUMERALS, number_in_words


class Meaning(StrEnum):
    """What somebody wrote back."""

    RECEIVED = "received"
    """1, 收到, 已收到，马上去."""
    ACTING = "acting"
    """2, 已开展, 正在转移."""
    DONE = "done"
    """3, 3 转移35人, 已完成."""
    WRONG_PERSON = "wrong_person"
    """不是本人, 打错了: the address list is wrong."""
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class ReadReply:
    """A reply as understood."""

    meaning: Meaning
    number: int | None = None
    """People, where one number is given; where the order asks for none, an item."""
    item: int | None = None
    """第2项: only this is done."""


_WRONG = re.compile(r"(?:不是|非)本人|打错|发错|不认识|已调离|换号|不是我")
_ALL_WELL = re.compile(r"无(?:人员?)?(?:受伤|伤亡|被困|失联|险情)")
_HELP = re.compile(r"被困|受伤|伤亡|失踪|失联|遇难|死亡|死了|救命|求[救援助]|请求|支援|险情|[塌垮]|决口|冲[走毁]")
_DOUBT = re.compile(
    r"没(?![有得]?问题)|未|不|无法|莫[得法有]|怎|什么|[啥咋哪谁几吗??]|么[.。!~]*$|是否|[能可]否|收到请|请回复|【"
)
_WORK = (
    "转移|转运|撤|疏散|劝|组织(?!部)|落实|处置|赶[往赴来去到过回]|前往|巡|排查|核查|抢[险修]|加固|清[理点障]"
    "|封[闭控]|关闭|停[工产课运业]|通知|部署|安排|调度|会商|研[判究]|动员|值守|逐户|入户|开展"
)
_AWAY = re.compile(
    r"自动(?:回复|答复|应答)|auto\W{0,2}(?:reply|response)|留言|通话中|接听|回电|联系[您你]|勿扰|在忙|很忙|出差|外地|休假|请假"
    rf"|[在正]开个?会(?!.{{0,2}}(?:{_WORK}))|开会中|会议中|参会|参加[^,。;]{{0,6}}会"
    r"|(?:开车|驾[驶车])(?!.{0,3}(?:赶|前往|去))"
    r"|(?:[稍晚]后|稍[候等]|晚点|回头|[等待过一]会儿?)[^,。;]{0,4}(?:联系|回|再[打拨聊说]|给[您你]|打给|致电|聊)",
    re.IGNORECASE,
)
"""What phones write by themselves, and people who are busy with something else."""
_LATER = re.compile(
    r"(?<!提)前[完撤转办到]|[0-9一二三四五六七八九十两]点(?!位)|预计|尽快|争取|马上|立即|即将|准备|保证|一定"
    r"|快[撤转办搞弄搬完]|(?<!需)要[撤转办搞弄搬]完|差不多"
)
_PARTLY = re.compile(r"正在|陆续|部分|还有|还差|[还只]剩|剩余|继续[撤转]|除.{1,8}外")
_DONE = re.compile(r"完成|完毕|[撤办转搞弄搬]完|转移完|搞定|已转移|已撤离|全部撤离|全部转移")
_ACTING = re.compile(
    rf"正在[^,。;]{{0,6}}(?:{_WORK})|在(?:转移|撤|疏散|落实|处置|抢险)|开展|已安排|已部署|出发|已组织|组织转移|陆续"
)
_RECEIVED = re.compile(
    r"收到|收悉|知道了|晓得|明白|已阅|好的|遵照|照办|^(?:好[滴嘞哒]?|ok|要得|得行|没[有得]?问题)[咯了哈嘛撒!.。~]*$",
    re.IGNORECASE,
)
_STEPS = {"1": Meaning.RECEIVED, "2": Meaning.ACTING, "3": Meaning.DONE}
_COUNTED = r"[人名户个家栋间辆时天层楼号十百千万]|组(?!织)|处(?![置理])|点(?!位)|分(?!管)|村(?!社)"
_LED = re.compile(rf"([123])(?![0-9]|[.:/-][0-9]|{_COUNTED})\s*[.,、:;。!)]*\s*(.*)", re.DOTALL)
_NUMBER = re.compile(r"[0-9]+")
_NOT_PEOPLE = re.compile(r"[0-9](?![0-9]|\s*(?:个?人(?!小?组)|[名位口,.、;。!)~]|$)|\s+\D)")
_IN_WORDS = re.compile(
    rf"[{NUMERALS}]+(?=\s*(?:个?人|[名位口]))|(?:^|(?<=[移离了共众]))[{NUMERALS}]+(?=[.。!)~]*$)"
)
_ITEM = re.compile(rf"第\s*([0-9]{{1,2}}|[{NUMERALS}]{{1,3}})\s*[项条件个]")
LONGEST = 100
"""Characters: whoever writes more has more to say than a step."""
MOST_DIGITS = 5
"""Of a number of people; more is a telephone number."""


def read_reply(text: str) -> ReadReply:
    """Read one reply; full-width letters and stray spaces are as good as plain ones (NFKC).

    A cry for help, a question, a refusal, what a busy phone writes by itself, or our own text sent back is never
    an answer, whatever it begins with.
    """
    words = unicodedata.normalize("NFKC", text).strip()
    if _WRONG.search(words):
        return ReadReply(Meaning.WRONG_PERSON)
    if len(words) > LONGEST or _HELP.search(_ALL_WELL.sub("", words)):
        return ReadReply(Meaning.UNCLEAR)
    if _DOUBT.search(words) or _AWAY.search(words):
        return ReadReply(Meaning.UNCLEAR)
    led = _LED.fullmatch(words)
    if led is None:
        return _with_number(_said(words), words)
    if led[1] == "3" and _unfinished(led[2]):
        return ReadReply(Meaning.UNCLEAR)
    return _with_number(_STEPS[led[1]], led[2])


def _said(words: str) -> Meaning:
    """What words without a step say."""
    if _DONE.search(words) and not _unfinished(words):
        return Meaning.DONE
    for pattern, meaning in ((_ACTING, Meaning.ACTING), (_RECEIVED, Meaning.RECEIVED)):
        if pattern.search(words):
            return meaning
    return Meaning.UNCLEAR


def _unfinished(words: str) -> bool:
    """What is promised or half done is not done."""
    return bool(_LATER.search(words) or _PARTLY.search(words))


def _with_number(meaning: Meaning, rest: str) -> ReadReply:
    """A number counts only after 3, and only people; two numbers are nobody's guess."""
    if meaning is not Meaning.DONE:
        return ReadReply(meaning)
    items = {number_in_words(item) if item[0] in NUMERALS else int(item) for item in _ITEM.findall(rest)}
    if items:
        return _one_item(items, _ITEM.sub("", rest))
    rest = _IN_WORDS.sub(_in_digits, rest)
    numbers = _NUMBER.findall(rest)
    if not numbers:
        return ReadReply(meaning)
    if len(numbers) > 1 or len(numbers[0]) > MOST_DIGITS or _NOT_PEOPLE.search(rest):
        return ReadReply(Meaning.UNCLEAR)
    return ReadReply(meaning, int(numbers[0]))


def _one_item(items: set[int | None], rest: str) -> ReadReply:
    """One item is done; several, or a number beside it, are nobody's guess."""
    (item, *more) = items
    if more or not item or _NUMBER.search(rest):
        return ReadReply(Meaning.UNCLEAR)
    return ReadReply(Meaning.DONE, item=item)


def _in_digits(words: re.Match[str]) -> str:
    number = number_in_words(words[0])
    return words[0] if number is None else str(number)
