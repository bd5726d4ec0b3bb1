"""What an authority is asked to decide, in the words of a template's facts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from warnengine.model.book import RuleBook, UnitKind
from warnengine.model.bundle import Pleading
from warnengine.model.order import Version

PLACES = frozenset({UnitKind.TOWNSHIP, UnitKind.COMMITTEE})


@dataclass(frozen=True, slots=True)
class Plea:
    """The compulsory measures of one unit that wait."""

    unit: str
    acts: tuple[str, ...]
    place: bool
    """A township or 管委会, not a sector."""

    @property
    def count(self) -> int:
        """How many measures."""
        return len(self.acts)


def facts_of(
    pleading: Pleading, versions: Mapping[int, Version], book: RuleBook, within: timedelta
) -> dict[str, object]:
    """Everything a template of kind `approval` may name."""
    pleas = tuple(_pleas(pleading, versions, book))
    places = [plea for plea in pleas if plea.place]
    common = Counter(act for plea in places for act in plea.acts).most_common(1)
    return {
        "sign": book.signature,
        "phone": book.duty_phone,
        "number": pleading.approval,
        "warnings": "、".join(_warnings(versions.values(), book)),
        "count": len(pleading.items),
        "minutes": int(within.total_seconds() // 60),
        "sectors": [plea for plea in pleas if not plea.place],
        "places": places,
        "common": common[0][0] if common else "",
    }


def plain(facts: dict[str, object]) -> str:
    """The text that needs no template."""
    what = "{warnings},{count}项强制措施待批".format(**facts)
    return "【{sign}】{{resend}}请{minutes}分钟内批复第{number}号:{what}。请回电{phone}".format(what=what, **facts)


def _pleas(pleading: Pleading, versions: Mapping[int, Version], book: RuleBook) -> Iterator[Plea]:
    for id_, version in versions.items():
        acts = tuple(words for of, words in pleading.items if of == id_)
        unit = book.units.get(version.change.key.unit)
        if unit and acts:
            yield Plea(unit.short, acts, unit.kind in PLACES)


def _warnings(versions: Iterable[Version], book: RuleBook) -> list[str]:
    """暴雨红色, each once."""
    named = {
        f"{hazard.name}{version.lane_level.zh}": None
        for version in versions
        if (hazard := book.hazard_table.get(version.change.key.hazard))
    }
    return list(named)
