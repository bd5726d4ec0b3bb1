"""红色未启动响应: units whose leaders have not reported 已开展 in time. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from warnengine.model.book import RuleBook, Start, Whom
from warnengine.model.bundle import Listener, Response, Written
from warnengine.model.clock import BEIJING
from warnengine.model.order import Version
from warnengine.order.compose import compose, danger
from warnengine.order.draft import whole
from warnengine.order.texts import Texts


def not_started(response: Response, book: RuleBook) -> bool:
    """Whether a unit has let its time pass: a report of whoever is no leader does not start a response."""
    start, leaders = _clock(response, book)
    return bool(start and not leaders & response.started and response.since >= start.within)


def to_be_told(response: Response, book: RuleBook) -> bool:
    """Whether it is time for whom the rule names to know."""
    start, _ = _clock(response, book)
    return bool(start and start.tell and response.since >= start.tell.after)


def words(response: Response, book: RuleBook) -> str:
    """What the duty room reads."""
    unit = book.units[response.unit]
    start, _ = _clock(response, book)
    posts = (
        [book.posts[key].name_in(unit.kind) for key in start.leaders[unit.kind] if key in book.posts]
        if start
        else []
    )
    minutes = int(start.within.total_seconds() // 60) if start else 0
    what = danger(response.hazard, response.family, response.level, book)
    since = response.since_at.astimezone(BEIJING).strftime("%H:%M")
    return (
        f"{unit.name}{response.level.zh}未启动响应:{what}"
        f"{since}起已超过{minutes}分钟,{'、'.join(posts)}无人报已开展。请电话催办"
    )


def leader_text(
    late: Sequence[Response], versions: Mapping[int, Version], book: RuleBook, texts: Texts
) -> Written:
    """What a leader of the district reads of all of them."""
    first = min(late, key=lambda one: one.since_at)
    units = [book.units[one.unit].short for one in sorted(late, key=lambda one: one.since_at)]
    facts = {
        "intro": f"{'、'.join(units)}未启动响应,没有领导报已开展,请督促。指令如下",
        "silent": units,
        "who": book.units[first.unit].short + (f"等{len(late)}个单位" if len(late) > 1 else ""),
        "minutes": int(first.since.total_seconds() // 60),
    }
    return compose([whole(version) for version in versions.values()], book, texts, kind="unstarted", more=facts)


def note(people: Sequence[Listener], whom: Whom | None, book: RuleBook) -> str:
    """What is added to the tasks once the leader knows."""
    if whom is None:
        return ""
    unit, post = book.units.get(whom.unit), book.posts.get(whom.post)
    name = f"{unit.short if unit else whom.unit}{post.name_in(unit.kind) if unit and post else whom.post}"
    return f"。已报{name}" if people else f"。{name}无人在岗,请电话报告"


def _clock(response: Response, book: RuleBook) -> tuple[Start | None, frozenset[str]]:
    unit, start = book.units.get(response.unit), book.ladder[response.level].start
    leaders = frozenset(start.leaders.get(unit.kind, ())) if unit and start else frozenset[str]()
    return (start if leaders else None), leaders
