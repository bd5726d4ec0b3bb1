"""What a new installation finds in force: it stands, nobody is told, and the duty room knows. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from warnengine.model.book import RuleBook
from warnengine.model.order import Version
from warnengine.order.compose import danger


def told_of_found(versions: Sequence[Version], book: RuleBook) -> str:
    """One question to the duty room about everything that stands since the first start."""
    units: dict[str, int] = defaultdict(int)
    for version in versions:
        key = version.change.key
        units[danger(key.hazard, key.family, version.lane_level, book)] += 1
    said = "、".join(f"{what}({count}个单位)" for what, count in units.items())
    names = "、".join(sorted({name for version in versions for name in version.change.because}))
    return (
        f"首次启动:{said}在系统启用以前已经发布,已按生效接收,没有通知任何人,也没有提请批准(来文 {names})。"
        "请核对各单位是否已按原来的办法接到指令;没有接到的,请用临时指令或电话通知。以后的升级、解除照常发送。"
    )
