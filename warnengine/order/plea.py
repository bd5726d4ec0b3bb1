"""What an authority is asked to decide, in the words of a template's facts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from warnengine.model.book import RuleBook, UnitKind
from warnengine.model.bundle import Call, Pleading
from warnengine.model.clock import BEIJING
from warnengine.model.order import Version
from warnengine.order.compose import danger

PLACES = frozenset({UnitKind.TOWNSHIP, UnitKind.COMMITTEE})
BELOW = frozenset({UnitKind.VILLAGE, UnitKind.GRID})
"""What is inside a township: hundreds, which do what their township does."""


@dataclass(frozen=True, slots=True)
class Plea:
    """The compulsory measures of one unit that wait."""

    unit: str
    acts: tuple[str, ...]
    kind: UnitKind

    @property
    def count(self) -> int:
        """How many measures."""
        return len(self.acts)


def facts_of(
    pleading: Pleading, versions: Mapping[int, Version], book: RuleBook, within: timedelta
) -> dict[str, object]:
    """Everything a template of kind `approval` may name."""
    pleas = tuple(_pleas(pleading, versions, book))
    places = [plea for plea in pleas if plea.kind in PLACES]
    below = [plea for plea in pleas if plea.kind in BELOW]
    sectors = [plea for plea in pleas if plea.kind not in PLACES | BELOW]
    return {
        "sign": book.signature,
        "phone": book.duty_phone,
        "number": pleading.approval,
        "warnings": "、".join(_warnings(versions.values(), book)),
        "count": len(pleading.items),
        "minutes": int(within.total_seconds() // 60),
        "after": pleading.after,
        "sectors": sectors,
        "alike": _alike(sectors),
        "places": places,
        "common": _common(places),
        "below": below,
        "common_below": _common(below),
    }


def plain(facts: dict[str, object]) -> str:
    """The text that needs no template."""
    what = "{warnings},{count}项".format(**facts) + ("措施已先发后补" if facts["after"] else "强制措施待批")
    return "【{sign}】{{resend}}请{minutes}分钟内批复第{number}号:{what}。请回电{phone}".format(what=what, **facts)


def _pleas(pleading: Pleading, versions: Mapping[int, Version], book: RuleBook) -> Iterator[Plea]:
    for id_, version in versions.items():
        acts = tuple(words for of, words in pleading.items if of == id_)
        unit = book.units.get(version.change.key.unit)
        if unit and acts:
            yield Plea(unit.short, acts, unit.kind)


def _alike(pleas: Iterable[Plea]) -> dict[tuple[str, ...], list[str]]:
    """Who would do the same, by what: three companies that stop their sites are one line."""
    units: dict[tuple[str, ...], list[str]] = {}
    for plea in pleas:
        units.setdefault(plea.acts, []).append(plea.unit)
    return units


def _common(pleas: Iterable[Plea]) -> str:
    """What most of them would do."""
    acts = Counter(act for plea in pleas for act in plea.acts).most_common(1)
    return acts[0][0] if acts else ""


def _warnings(versions: Iterable[Version], book: RuleBook) -> list[str]:
    """暴雨红色, each once."""
    named = {danger(v.change.key.hazard, v.change.key.family, v.lane_level, book): None for v in versions}
    return list(named)


def countersign_facts(call: Call, book: RuleBook) -> dict[str, object]:
    """Everything a template of kind `countersign` may name."""
    return {
        "sign": book.signature,
        "phone": book.duty_phone,
        "number": call.approval,
        "clock": call.at.astimezone(BEIJING).strftime("%d日%H:%M"),
        "decision": "同意" if call.decision == "yes" else "不同意",
        "words": call.words,
        "recorded_by": call.recorded_by,
    }


def countersign_plain(facts: dict[str, object]) -> str:
    """The request to countersign that needs no template."""
    return (
        "【{sign}】{{resend}}补签:您{clock}来电{decision}第{number}号请示,{recorded_by}记录。"
        "属实回1,不属实请立即回电{phone}"
    ).format(**facts)
