"""What a new address list changes, in people and posts."""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.model.book import RuleBook
from warnengine.model.directory import Directory, Holding, Person

CHANNELS = {
    "sms": "手机",
    "call": "座机",
    "email": "邮箱",
    "wecom": "企业微信",
    "app": "应用设备",
    "loudspeaker": "大喇叭",
    "extra": "其他渠道",
}


def changes(before: Directory, after: Directory, book: RuleBook) -> list[str]:
    """One line for each person and each post that changes, then one for each other sheet; empty: nothing does."""
    return [*_people(before, after), *_posts(before, after, book), *_rest(before, after)]


def _people(before: Directory, after: Directory) -> Iterator[str]:
    for key, person in after.people.items():
        old = before.people.get(key)
        if old is None:
            yield f"新增 {_called(person)}"
        else:
            yield from (f"改动 {_called(person)} {words}" for words in _differences(old, person))
    yield from (f"不再在册 {_called(old)}" for key, old in before.people.items() if key not in after.people)


def _called(person: Person) -> str:
    return f"{person.name}({person.key})"


def _differences(old: Person, new: Person) -> Iterator[str]:
    if old.name != new.name:
        yield f"原名 {old.name}"
    for channel, title in CHANNELS.items():
        was, now = (_ways(person, channel) for person in (old, new))
        if was != now:
            yield f"{title} {was or '无'} → {now or '无'}"
    if old.prefers != new.prefers:
        yield f"优先渠道 {' '.join(old.prefers) or '无'} → {' '.join(new.prefers) or '无'}"


def _ways(person: Person, channel: str) -> str:
    return "、".join(address for kind, address in person.ways if kind == channel)


def _posts(before: Directory, after: Directory, book: RuleBook) -> Iterator[str]:
    old, new = _held(before), _held(after)
    for key in dict.fromkeys((*old, *new)):
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        directory, holding = (after, now) if now else (before, was)
        assert holding is not None
        words = f"{_post(holding, book)} {_called(directory.people[holding.person])}"
        if was is None or now is None:
            yield f"{'到岗' if now else '离岗'} {words}"
        else:
            yield f"改动 {words} {'、'.join(_beside(was, now, before, after))}"


def _held(directory: Directory) -> dict[tuple[str, str, str], Holding]:
    return {(held.unit, held.post, held.person): held for held in directory.holdings}


def _post(held: Holding, book: RuleBook) -> str:
    unit, post = book.units.get(held.unit), book.posts.get(held.post)
    return f"{unit.name if unit else held.unit} {post.name_in(unit.kind) if unit and post else held.post}"


def _beside(was: Holding, now: Holding, before: Directory, after: Directory) -> Iterator[str]:
    for title, old, new in (("B角", was.deputy, now.deputy), ("上级", was.superior, now.superior)):
        if old != new:
            yield f"{title} {_name(old, before)} → {_name(new, after)}"


def _name(key: str | None, directory: Directory) -> str:
    return "无" if key is None else directory.people[key].name if key in directory.people else key


def _rest(before: Directory, after: Directory) -> Iterator[str]:
    for title, old, new in (
        ("请假", before.absences, after.absences),
        ("值班表", before.shifts, after.shifts),
        ("节假日调休", tuple(before.calendar.items()), tuple(after.calendar.items())),
    ):
        gone, fresh = len(set(old) - set(new)), len(set(new) - set(old))
        if gone or fresh:
            yield f"{title}: 新增 {fresh} 条,去掉 {gone} 条"
