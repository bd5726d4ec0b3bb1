"""The rules' own tests, in the bureau's words: given this, these units owe that, those do not.

A case of `cases/*.yaml` says what is in force (`given`: hazard, level, towns by name; the district's name means
all of them), what a consultation concludes on it (`concluded`), whether compulsory measures are approved
(`granted`), and what must come of it by unit: `orders`, `advice` (only the advice stands), `absent`, and `silent`,
the units that get nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from warnengine.model.book import RuleBook
from warnengine.model.clock import BEIJING
from warnengine.model.consultation import Verb, identifier
from warnengine.model.finding import Finding, Findings
from warnengine.model.level import Level
from warnengine.model.order import Desired, Form, OrderKey
from warnengine.model.place import Area, District
from warnengine.model.situation import InForce
from warnengine.model.warning import Claim, MsgType, Status, Warning
from warnengine.rulebook.files import Case, Concluded, Given
from warnengine.rulebook.load import drafted, load
from warnengine.rulebook.parse import Located

Granted = frozenset[tuple[OrderKey, str]]
Decide = Callable[[Iterable[InForce], RuleBook, Granted], Mapping[OrderKey, Desired]]
"""desired() of the engine: the cases try the very function that decides."""
Standing = Mapping[str, Mapping[str, Form]]
"""Unit code → measure → form."""


Situate = Callable[[Iterable[Warning], District, datetime], Iterable[InForce]]
"""The engine's fold, for the same reason: every case begins with messages."""
AT = datetime(2026, 7, 27, 3, 10, tzinfo=BEIJING)
"""When a case happens."""


def run_cases(folder: Path, desired: Decide, situate: Situate) -> Findings:
    """Every promise of the cases that the rules break; RuleBookError where the book itself does not pass."""
    book = load(folder)
    draft, _ = drafted(folder)
    assert draft is not None
    return tuple(broken for case in draft.cases for broken in _run(case, book, desired, situate))


def _run(case: Located[Case], book: RuleBook, desired: Decide, situate: Situate) -> Iterator[Finding]:
    in_force = situate(_messages(case.value, book), book.district, AT)
    granted = _all_granted(book) if case.value.granted else frozenset()
    standing = _standing(desired(in_force, book, granted))
    codes = {name: unit.code for unit in book.units.values() for name in (unit.code, unit.name, unit.short)}
    for part, wanted in (("orders", Form.ORDER), ("advice", Form.ADVICE), ("absent", None)):
        for unit, measures in getattr(case.value, part).items():
            for index, measure in enumerate(measures):
                form = standing.get(codes[unit], {}).get(measure)
                if form is not wanted:
                    what = f"{unit}: {measure} 实际{_words(form)},用例说应当{_words(wanted)}"
                    yield case.error(f"{case.value.name}: {what}", "请改规则,或者改用例", part, unit, index)
    for index, unit in enumerate(case.value.silent):
        if told := sorted(standing.get(codes[unit], {})):
            what = f"{case.value.name}: {unit} 应当什么都收不到,实际收到 {'、'.join(told)}"
            yield case.error(what, "请改规则,或者改用例", "silent", index)


def _words(form: Form | None) -> str:
    return {None: "没有", Form.ORDER: "是指令", Form.ADVICE: "只是 advice"}[form]


def _messages(case: Case, book: RuleBook) -> Iterator[Warning]:
    """Each danger that is given as a message of an issuer of its own; conclusions as the engine says them."""
    names = tuple(f"case.{place}" for place in range(len(case.given)))
    for name, given in zip(names, case.given, strict=True):
        yield _message(name, given, given.level, book)
    for place, one in enumerate(case.concluded):
        name = identifier(place, Verb(one.verb))
        level = None if one.level == "none" else one.level
        yield _message(name, one, level, book, names if one.verb == "lower" else ())


def _message(
    name: str, said: Given | Concluded, level: Level | None, book: RuleBook, lowers: tuple[str, ...] = ()
) -> Warning:
    towns = (
        town for town in book.district.townships if {town.code, town.name, book.district.name} & set(said.towns)
    )
    ends = AT + timedelta(hours=1)
    claims = (
        Claim(Area(t.name, t.code), said.hazard, said.hazard, said.family, level, AT, ends, lowers=lowers)
        for t in towns
    )
    return Warning(
        identifier=name,
        sender=name,
        issuer=name,
        sent=AT,
        status=Status.ACTUAL,
        msg_type=MsgType.ALERT,
        references=(),
        format="case",
        headline="",
        description="",
        effective=None,
        onset=None,
        expires=None,
        claims=tuple(claims),
    )


def _all_granted(book: RuleBook) -> Granted:
    return frozenset(
        (OrderKey(unit.code, measure.when.hazard, measure.when.family), measure.id)
        for unit in book.units.values()
        for measure in book.measures_of(unit)
    )


def _standing(orders: Mapping[OrderKey, Desired]) -> Standing:
    standing: dict[str, dict[str, Form]] = defaultdict(dict)
    for key, order in orders.items():
        standing[key.unit] |= {one.measure: one.form for one in order.measures}
    return standing
