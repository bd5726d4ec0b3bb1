"""The rows of 人员岗位 laid side by side: people, what they hold, and what contradicts itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from warnengine.directory.problem import Problem, Unfit
from warnengine.directory.row import Cells, Row
from warnengine.directory.sheets import Read
from warnengine.model.book import RuleBook, Unit
from warnengine.model.directory import Holding, Person
from warnengine.model.finding import did_you_mean

HALF = 0.5
"""Alike enough to be meant: one of the two characters of a name."""


@dataclass(frozen=True)
class Names:
    """Whom a cell means: a key, or a name that only one person has."""

    keys: Mapping[str, str]
    """Key → name."""
    by_name: Mapping[str, Sequence[str]]

    @classmethod
    def of(cls, people: Iterable[tuple[str, str]]) -> Names:
        """Of (key, name)."""
        keys = dict(people)
        by_name: defaultdict[str, list[str]] = defaultdict(list)
        for key, name in keys.items():
            by_name[name].append(key)
        return cls(keys, by_name)

    def key(self, written: str) -> str:
        """Their key; Unfit where nobody, or more than one, is meant."""
        if written in self.keys:
            return written
        alike = self.by_name.get(written, [])
        if not alike:
            known = self.keys if written.isascii() else self.by_name
            near = get_close_matches(written, known, n=1, cutoff=HALF)
            fix = f"是不是“{near[0]}”?" if near else "写人员岗位里的人员编号或姓名,新来的人先加到人员岗位"
            raise Unfit(f"人员岗位里没有“{written}”", fix)
        if len(alike) > 1:
            raise Unfit(f"有{len(alike)}个人叫“{written}”", f"写人员编号: {'、'.join(alike)}")
        return alike[0]


@dataclass(frozen=True)
class Places:
    """What a cell means by a unit and a post."""

    book: RuleBook

    def unit(self, written: str) -> Unit:
        """By code, name, short name or alias, or by an earlier name."""
        units = self.book.units.values()
        for unit in units:
            if written in (unit.code, unit.name, unit.short, *unit.aliases):
                return unit
        for unit in units:
            if any(written in (former.name, former.short) for former in unit.formerly):
                return unit
        names = (name for unit in units for name in (unit.code, unit.name, unit.short))
        raise Unfit(f"规则库里没有“{written}”这个单位", did_you_mean(written, names))

    def post(self, written: str, unit: Unit) -> str:
        """The key of a post of that unit, by key or name."""
        fitting = [post for post in self.book.posts.values() if unit.kind in post.kinds]
        for post in fitting:
            if written in (post.key, post.name, post.name_in(unit.kind)):
                return post.key
        names = [post.name_in(unit.kind) for post in fitting]
        raise Unfit(f"{unit.name}没有“{written}”这个岗位", did_you_mean(written, names))

    def renamed(self, read: Iterable[Read[Cells]]) -> Iterator[str]:
        """What is told of units that are called by an earlier name."""
        seen: set[str] = set()
        units = self.book.units.values()
        former = {
            name: (unit, one) for unit in units for one in unit.formerly for name in (one.name, one.short) if name
        }
        today = {name for unit in units for name in (unit.code, unit.name, unit.short)}
        for row in read:
            written = getattr(row.row, "unit", "")
            if written in former and written not in today and written not in seen:
                seen.add(written)
                unit, one = former[written]
                what = f"“{written}”从 {one.until} 起叫“{unit.name}”"
                yield str(row.problem("unit", what, "按新名称读入了,请把表改过来"))


@dataclass(frozen=True, slots=True)
class Seat:
    """A row with the codes that its names mean."""

    read: Read[Row]
    holding: Holding


def people(read: Sequence[Read[Row]]) -> dict[str, Person]:
    """Everybody, in the order of the file; the first row of somebody tells their ways."""
    first: dict[str, Person] = {}
    for one in read:
        first.setdefault(one.row.person, person(one.row))
    return first


def person(row: Row) -> Person:
    """Somebody with their ways; the first of each kind goes first."""
    kinds = (("sms", row.mobile), ("call", row.phone), ("email", row.email))
    return Person(
        row.person,
        row.name,
        next(iter(row.mobile), None),
        next(iter(row.email), None),
        next(iter(row.phone), None),
        row.wecom,
        row.app,
        row.loudspeaker,
        row.extra,
        row.prefers,
        tuple((channel, address) for channel, addresses in kinds for address in addresses[1:]),
    )


def seats(read: Sequence[Read[Row]], places: Places, names: Names, problems: list[Problem]) -> list[Holding]:
    """Who holds what, in the order of the file; whatever is wrong goes to `problems`."""
    found = [seat for one in read if (seat := _seat(one, places, names, problems))]
    problems += _across(read)
    problems += _twice(found)
    return [seat.holding for seat in found]


def _seat(read: Read[Row], places: Places, names: Names, problems: list[Problem]) -> Seat | None:
    row, field = read.row, "unit"
    others: dict[str, str | None] = {}
    try:
        unit = places.unit(row.unit)
        field = "post"
        post = places.post(row.post, unit)
        for field in ("deputy", "superior"):
            written = getattr(row, field)
            others[field] = names.key(written) if written else None
            if others[field] == row.person:
                raise Unfit("写的是本人", "写另一个人,没有就空着")
    except Unfit as unfit:
        problems.append(read.problem(field, unfit.what, unfit.fix))
        return None
    return Seat(read, Holding(unit.code, post, row.person, others["deputy"], others["superior"]))


def _twice(found: Iterable[Seat]) -> Iterator[Problem]:
    first: dict[tuple[str, str, str], Seat] = {}
    for seat in found:
        key = (seat.holding.unit, seat.holding.post, seat.holding.person)
        same = first.setdefault(key, seat)
        if same is not seat:
            yield seat.read.problem("", f"和{_place(same.read)}是同一个岗位、同一个人", "删去一行")


def _across(read: Iterable[Read[Row]]) -> Iterator[Problem]:
    """What only shows when rows are laid side by side."""
    told: dict[str, Read[Row]] = {}
    owners: dict[tuple[str, str], Read[Row]] = {}
    for one in read:
        first = told.setdefault(one.row.person, one)
        for field in _differing(first.row, one.row):
            what = f"{one.row.person} 在{_place(first)}写的不一样"
            yield one.problem(field, what, "同一个人每一行都写得一样")
        yield from _shared(one, owners)


SAME = ("name", "mobile", "phone", "email", "wecom", "app", "loudspeaker", "extra", "prefers")
"""What is one and the same in all rows of a person."""


def _differing(one: Row, other: Row) -> Iterator[str]:
    return (field for field in SAME if getattr(one, field) != getattr(other, field))


def _shared(read: Read[Row], owners: dict[tuple[str, str], Read[Row]]) -> Iterator[Problem]:
    """An address that people answer from and that two of them have."""
    row = read.row
    answering = [("mobile", number) for number in row.mobile]
    answering += [(field, value) for field in ("wecom", "app") if (value := getattr(row, field))]
    for field, address in answering:
        owner = owners.setdefault((field, address.lower()), read)
        if owner.row.person != row.person:
            what = f"{address} 也是{_place(owner)} {owner.row.name}({owner.row.person})的"
            yield read.problem(field, what, "回复要能认出是谁: 各写各的;是同一个人就写同一个人员编号")


def _place(read: Read[Row]) -> str:
    return f"第{read.number}行"
