"""What `explain` tells a clerk, in Chinese."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from warnengine.app.explain import Explanation, Order
from warnengine.app.rehearsal import Message
from warnengine.model.arrival import Verdict
from warnengine.model.book import RuleBook
from warnengine.model.channel import channel_zh
from warnengine.model.clock import BEIJING
from warnengine.model.instead import Instead
from warnengine.model.order import Change, Form, Kind, Mark, MeasureMark
from warnengine.store.rehearsal import Told

MARKS = {Mark.ADDED: "新", Mark.CONTINUING: "继续", Mark.LAPSED: "解除"}
FIRST = 12
"""Names that a line lists; --json has all."""


def shown(found: Explanation, listed: bool) -> str:
    """The whole answer. listed: whether there is an address list."""
    return "\n".join((*_head(found, listed), *_orders(found), *_silent(found), *_asked(found)))


def _head(found: Explanation, listed: bool) -> Iterator[str]:
    message, taken = found.played.message, found.played.taken
    yield f"来文:{message.warning.headline or message.warning.identifier}"
    yield f"按 {clock(message)} 到达推演,规则库 {found.book.hash[:12]}。只推演,不发送。"
    if taken.verdict is Verdict.QUARANTINED:
        yield f"这条来文不会被采用:{taken.explanation}"
    elif not listed:
        yield "没有通讯录,只列指令、不列人员:用 --directory 指定通讯录文件,或先导入。"


def _orders(found: Explanation) -> Iterator[str]:
    people = {who.person for order in found.orders for who in order.recipients}
    yield f"\n一、下达指令 {len(found.orders)} 个,涉及 {len(people)} 人"
    for order in found.orders:
        what = f"{kind_words(order.version.change)}  {danger(order, found.book)}"
        yield f"■ {unit_name(order.unit, found.book)}  {what}"
        yield from (f"   · {line}" for line in map(_measure, order.version.measures))
        yield from _recipients(order, found.book)
        absent = [one for one in found.absent if one.unit == order.unit]
        yield from (f"   {line}" for line in _absent(absent, found))


def _measure(mark: MeasureMark) -> str:
    due = f"{mark.deadline.astimezone(BEIJING):%H:%M}前 " if mark.deadline and mark.mark is Mark.ADDED else ""
    advice = "(建议,待批准)" if mark.standing.form is Form.ADVICE else ""
    return f"[{MARKS[mark.mark]}] {due}{mark.words}{advice}  {mark.standing.measure}"


def _recipients(order: Order, book: RuleBook) -> Iterator[str]:
    by_way: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for who in order.recipients:
        by_way[who.channels].append(f"{who.name}({_posts(order, who, book)})")
    for channels, names in by_way.items():
        ways = "、".join(channel_zh(channel) for channel in channels) or "没有可用渠道"
        more = f" 等{len(names)}人" if len(names) > FIRST else ""
        yield f"   收令[{ways}]:{'、'.join(names[:FIRST])}{more}"


def _absent(absent: Iterable[Instead], found: Explanation) -> Iterator[str]:
    """Who of the list does not get it, why, and who does."""
    for one in absent:
        unit, post = found.book.units[one.unit], found.book.posts.get(one.post)
        who = " ".join(filter(None, (post.name_in(unit.kind) if post else one.post, _names(one.person, found))))
        until = f"(到{one.until.astimezone(BEIJING):%m-%d %H:%M})" if one.until else ""
        others = [_names(key, found) for key in one.sits if key != one.person]
        yield f"{who}{until}:{one.because}{':' if others else ''}{'、'.join(others)}"


def _names(key: str | None, found: Explanation) -> str:
    return found.names.get(key, key) if key else ""


def _posts(order: Order, who: Told, book: RuleBook) -> str:
    kind = book.units[order.unit].kind
    names = [book.posts[post].name_in(kind) if post in book.posts else post for post in order.posts(who)]
    return "、".join(names) or "此前收到过"


def _silent(found: Explanation) -> Iterator[str]:
    yield f"\n二、不下达的单位 {len(found.silent)} 个"
    by_reason: dict[str, list[str]] = defaultdict(list)
    for one in found.silent:
        by_reason[one.reason].append(unit_name(one.unit, found.book))
    for reason, units in sorted(by_reason.items(), key=lambda item: -len(item[1])):
        yield f"  {'、'.join(units)} —— {reason}"


def _asked(found: Explanation) -> Iterator[str]:
    if found.questions:
        yield "\n三、值班室会收到的待办"
        yield from (f"  · {words}" for words in found.questions)


def clock(message: Message) -> str:
    """When it comes, by Beijing time."""
    return f"{message.at.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def unit_name(code: str, book: RuleBook) -> str:
    """The short name of a unit."""
    unit = book.units.get(code)
    return unit.short if unit else code


def danger(order: Order, book: RuleBook) -> str:
    """暴雨红色."""
    key, level = order.version.change.key, order.version.lane_level
    hazard = book.hazard_table.get(key.hazard)
    family = "" if key.family == "signal" else f"({book.family_name(key.family)})"
    return f"{hazard.name if hazard else key.hazard.removeprefix('?')}{level.zh}{family}"


def kind_words(change: Change) -> str:
    """What a change is to its people."""
    if change.kind is Kind.UPDATE and change.level and change.before:
        return "升级" if change.level > change.before else "降级" if change.level < change.before else "调整"
    return {Kind.ISSUE: "新下达", Kind.UPDATE: "调整", Kind.REOPEN: "再次催办", Kind.LAPSE: "解除"}[change.kind]
