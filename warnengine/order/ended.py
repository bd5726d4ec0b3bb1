"""Orders that stand beyond their end: 到期待确认. Nothing stands down by itself; a person is told."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from warnengine.model.book import RuleBook
from warnengine.model.bundle import Ended
from warnengine.model.byhand import FAMILY
from warnengine.model.clock import BEIJING
from warnengine.model.consultation import Verb, number_of, those
from warnengine.model.observation import OBSERVED
from warnengine.model.order import Desired, OrderKey, Stands
from warnengine.order.compose import danger


def lasting(
    standing: Mapping[OrderKey, Stands],
    wanted: Mapping[OrderKey, Desired],
    changed: Container[OrderKey],
    now: datetime,
) -> dict[OrderKey, datetime]:
    """Orders that stand as they are, and last until another moment than they did: 继续发布 tells nobody anything
    new, yet nobody is to be asked at the old end. changed: what gets a version, which has an end of its own."""
    same = {key: one.ends for key, one in wanted.items() if key in standing and key not in changed}
    return {key: ends for key, ends in same.items() if ends and ends > now and ends != standing[key].ends}


class EndedStore(Protocol):
    """What telling needs of the store."""

    async def ended(self) -> Sequence[Ended]:
        """Dangers beyond their end."""

    async def show(self, ended: Ended, words: str) -> None:
        """A task for the duty room, once for each end."""


async def show_ended(store: EndedStore, book: RuleBook) -> bool:
    """Tell the duty room of what has passed its end; return whether there was anything."""
    found = await store.ended()
    for ended in found:
        await store.show(ended, words(ended, book))
    return bool(found)


def words(ended: Ended, book: RuleBook) -> str:
    """What the duty room reads."""
    if ended.family.startswith(FAMILY):
        over = ended.over.astimezone(BEIJING).strftime("%d日%H:%M")
        return f"到期待确认:第{ended.family.removeprefix(FAMILY)}号临时指令已于{over}到期,仍然有效。请解除或更正"
    over = ended.over.astimezone(BEIJING).strftime("%d日%H:%M")
    what = danger(ended.hazard, ended.family, ended.level, book)
    if ended.family == OBSERVED:
        return (
            f"到期待确认:{what}指令已于{over}到期,"
            "仍然有效。"
            "请核实雨情水情;已低于阈值的,确认安全后由值班室解除(POST /v1/observations/triggers/阈值/end)"
        )
    if numbers := sorted(number_of(one) for one in those(ended.because, Verb.RAISE, Verb.EXTEND)):
        said = "、".join(f"第{number}号" for number in numbers)
        return (
            f"到期待确认:会商研判的{what}已于{over}到期,指令仍然有效。"
            f"请再会商:需要的延长,不需要的在“会商”页终止{said}结论;有预警信号的,另请气象台解除"
        )
    return (
        f"到期待确认:{what}已于{over}到期,没有收到解除或继续发布,"
        "指令仍然有效。请向气象台核实,请其发布解除或继续发布"
    )
