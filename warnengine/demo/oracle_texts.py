"""Checks of what the texts say: level, place, measures, approval, length."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from warnengine.demo.oracle_account import Account, Sent
from warnengine.demo.oracle_due import GRACE
from warnengine.demo.oracle_night import COLOURS, NAMES, Change
from warnengine.demo.oracle_rules import Measure
from warnengine.demo.oracle_sending import Wrong

FIRST_LINE = 70
"""Characters of one short message, signature included."""
SHORT_MESSAGE = frozenset({"smpp", "sms_http"})
"""Gateways whose messages are short."""

_COLOUR = re.compile(r"([蓝黄橙红])色")
_ENDING = re.compile("解除|调整|取消|不再|停止执行|失效|降为|降级")
"""A text with one of these may name what no longer stands."""


@dataclass(frozen=True)
class Texts:
    """The checks of one text each."""

    account: Account

    @property
    def checks(self) -> tuple[Callable[[Sent], Wrong | None], ...]:
        """The gravest first."""
        return (self.before_approval, self.wrong_level, self.wrong_town, self.wrong_measure, self.too_long)

    def before_approval(self, sent: Sent) -> Wrong | None:
        """The words of a compulsory order that nobody has approved yet."""
        if sent.clear or sent.kind in {"approval", "lapse"}:
            return None
        units = sorted(self.account.about(sent))
        ordered = [(code, measure) for code in units for measure in self._ordered(sent.copy.text, code)]
        # a text may name a township only as its scope: the same words may be another unit's approved order
        allowed = {m.order for code, m in ordered if self._approved(code, m, sent.copy.moment)}
        for _, measure in ordered:
            if measure.compulsory and measure.order not in allowed:
                return "before_approval", f"“{measure.order}” was ordered before its approval"
        return None

    def wrong_level(self, sent: Sent) -> Wrong | None:
        """The text names colours of which none is in force, or it ends what stands."""
        levels = self._levels(sent)
        force = "、".join(NAMES[level] for level in sorted(levels))
        named = _colours(sent.copy.text)
        if sent.clear:
            ended = 0 in levels or self._eased(sent)
            return None if ended else ("wrong_level", f"the text says 解除, in force is {force}")
        if named and not named & levels:
            return "wrong_level", f"the text says {_list(NAMES[level] for level in named)}, in force is {force}"
        return None

    def wrong_town(self, sent: Sent) -> Wrong | None:
        """The text names a township that it is not about; the words of measures may name any."""
        change = self.account.night.standing(sent.copy.moment)
        if change is None:
            return None
        text = sent.copy.text
        for code in self.account.units(sent.person):
            text = _without(text, self.account.rules.measures.get(code, ()))
        wrong = [town for town in change.after if town in text and town not in self._towns(sent, change)]
        return ("wrong_town", f"the text names {_list(wrong)}") if wrong else None

    def wrong_measure(self, sent: Sent) -> Wrong | None:
        """The text orders what the rules do not have at this level."""
        if _ENDING.search(sent.copy.text) or sent.kind in {"approval", "lapse"}:
            return None
        levels = self._levels(sent)
        levels = levels & _colours(sent.copy.text) or levels
        units = sorted(self.account.about(sent))
        standing = {
            measure
            for code in units
            for level in levels
            for approved in (True, False)
            for measure in self.account.rules.standing(code, level, approved=approved)
        }
        rest = _without(sent.copy.text, standing)
        for code in units:
            for measure in self.account.rules.measures.get(code, ()):
                if measure not in standing and measure.order in rest:
                    return "wrong_measure", f"“{measure.order}” does not stand at this level"
        return None

    def too_long(self, sent: Sent) -> Wrong | None:
        """At most one measure, and the first line does not fit one short message."""
        first = sent.copy.text.partition("\n")[0]
        named = {measure for code in self.account.about(sent) for measure in self._named(sent.copy.text, code)}
        if sent.copy.gateway in SHORT_MESSAGE and len(first) > FIRST_LINE and len(named) <= 1:
            return "too_long", f"the first line has {len(first)} characters"
        return None

    def _levels(self, sent: Sent) -> frozenset[int]:
        """Levels in force for the units of a text; just after the news also those before it."""
        change = self.account.night.standing(sent.copy.moment)
        if change is None:
            return frozenset({0})
        fresh = sent.copy.moment < change.at + GRACE
        states = (change.after, change.before) if fresh else (change.after,)
        level = self.account.rules.level
        return frozenset(level(code, state) for code in self.account.about(sent) for state in states)

    def _eased(self, sent: Sent) -> bool:
        """The news has taken something from one of the person's townships."""
        change = self.account.night.standing(sent.decided)
        return change is not None and any(
            change.after[town] < change.before[town] for town in self._towns(sent, change)
        )

    def _towns(self, sent: Sent, change: Change) -> frozenset[str]:
        """Townships of which a text to a person may speak: his own, or for a sector all that are warned."""
        units = [self.account.rules.units[code] for code in self.account.units(sent.person)]
        codes = {code: town for town, code in self.account.rules.towns.items()}
        own = frozenset(codes[unit.code[:9]] for unit in units if unit.code[:9] in codes)
        if all(unit.code[:9] in codes for unit in units):
            return own
        return own | {town for town, level in change.after.items() if level or change.before[town]}

    def _ordered(self, text: str, code: str) -> list[Measure]:
        """Measures of a unit whose order stands in a text, outside the words of any advice."""
        own = self.account.rules.measures.get(code, ())
        for advice in (measure.advice for measure in own if measure.advice):
            text = text.replace(advice, " ")
        return [measure for measure in own if measure.order in text]

    def _named(self, text: str, code: str) -> list[Measure]:
        """Measures of a unit that a text names, by order or advice."""
        own = self.account.rules.measures.get(code, ())
        return [measure for measure in own if measure.order in text or (measure.advice and measure.advice in text)]

    def _approved(self, code: str, measure: Measure, moment: datetime) -> bool:
        """An approval for the unit that names the measure, or names none, was given by then."""
        return any(
            given <= moment and measure.ident in (approval.get("measures") or [measure.ident])
            for given, approval in self.account.approvals(code)
        )


def _colours(text: str) -> set[int]:
    """Levels of all colours that a text names."""
    return {COLOURS[colour] for colour in _COLOUR.findall(text)}


def _without(text: str, measures: Iterable[Measure]) -> str:
    """A text without the words of measures; longer words first, as some contain others."""
    words = [word for measure in measures for word in (measure.order, measure.advice) if word]
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, " ")
    return text


def _list(words: Iterable[str]) -> str:
    return "、".join(words)
