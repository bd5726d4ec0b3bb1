"""Where an info block says what: townships by name or code, the district, or places elsewhere as they came.

Where a text names townships they are the areas, and codes add to them; 除X外 and 解除 take away. A text that names
none leaves the areas of the codes. Nothing is ever added without a code or a name that says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.grading import Graded
from warnengine.ingest.formats.plain import plain
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.sentence import Text
from warnengine.ingest.formats.statements import Topic
from warnengine.ingest.formats.wider import meant_by, named_in
from warnengine.ingest.formats.wording import restates
from warnengine.model.level import Level
from warnengine.model.place import Area, District
from warnengine.model.warning import Gravity, Precision, Problem

Placed = tuple[Area, Level | None, Precision]


def own_district(info: Info, head: Head, reading: Reading) -> District | None:
    """The district whose townships the text may name: that of its issuer, else the only one of its areas."""
    own = reading.district_of(head.issuer) or reading.district_named_at_start(plain(head.sender))
    if own:
        return own
    found = {area.code and reading.district_of(area.code) for area in info.areas}
    return found.pop() or None if len(found) == 1 else None


def placed(
    info: Info,
    graded: Graded,
    told: tuple[Text, frozenset[Topic]],
    district: District | None,
    reading: Reading,
    problems: list[Problem],
) -> list[Placed]:
    """Every area of the block with its level. told: the description, and which of its topics this is about."""
    inside: list[Area] = []
    outside: list[Area] = []
    for area in info.areas:
        ours = district and area.code and reading.district_of(area.code) == district
        (inside if ours else outside).append(area)
    _note_nameless_codes(outside, problems)
    level = graded.level or max(graded.text.levels, default=None)
    found: list[Placed] = [(area, level, Precision.NAMED) for area in outside]
    if district is None:
        found += _in_wider(info, level, told, reading, problems)
    elif inside or graded.text.towns or graded.text.region.towns:
        found += _in_district(inside, graded, district, problems)
    return found


def _note_nameless_codes(outside: list[Area], problems: list[Problem]) -> None:
    count = sum(area.code is None and area.name != "" for area in outside)
    if count:
        message = f"{count} areas have no administrative code; they keep their names."
        problems.append(Problem("area_without_code", Gravity.NOTE, message))


def _in_wider(
    info: Info,
    level: Level | None,
    told: tuple[Text, frozenset[Topic]],
    reading: Reading,
    problems: list[Problem],
) -> Iterator[Placed]:
    """Districts of ours that the text of a city or province names or means."""
    codes = {area.code for area in info.areas if area.code}
    wider = tuple(code[:4].removesuffix("00") for code in codes if len(code) == 6 and code.endswith("00"))
    for district in reading.districts.values():
        if district.code in codes or not district.code.startswith(wider or ("-",)):
            continue
        places = named_in(*told, district)
        for place in places:
            yield place.area, None if place.lifted else place.level or level, Precision.NAMED
        if places or not (meant := meant_by(told[0], district)):
            continue
        if meant.precision is not Precision.NAMED:
            said = "The whole district is taken" if meant.precision else "Not applied here, for a person to judge"
            problems.append(Problem("area_vague", Gravity.WARN, f"{said}: {meant.clause[:60]}"))
        if meant.precision:
            yield Area(district.name, district.code), level, meant.precision


def _note_doubts(graded: Graded, problems: list[Problem]) -> None:
    """What the text says of places that a person must judge, with its words."""
    text = graded.text
    for clause in text.unresolved:
        message = f"Not applied, for it names no township that is known: {clause[:60]}"
        problems.append(Problem("unknown_town", Gravity.WARN, message))
    for name in dict.fromkeys(text.strangers):
        problems.append(Problem("unknown_town", Gravity.WARN, f"No township that is known has this name: {name}"))
    if text.region.partly:
        message = f"Only a part of these townships, or those of a river: {text.region.partly[:60]}"
        problems.append(Problem("area_partly", Gravity.WARN, message))


def _in_district(inside: list[Area], graded: Graded, district: District, problems: list[Problem]) -> list[Placed]:
    """One level per township where the text distinguishes them, else the areas of the codes."""
    text = graded.text
    _note_doubts(graded, problems)
    levels: dict[str, Level | None] = dict(text.towns)
    partly = bool(text.towns or text.rest or text.unresolved)
    if graded.level:
        codes = _forecast(inside, graded, district, partly=partly, problems=problems)
        if codes is None:
            return [(area, graded.level, text.region.precision) for area in inside if area.code == district.code]
        for code in codes:
            levels.setdefault(code, graded.level)
    elif not partly:
        whole = [area for area in inside if area.code == district.code]
        return [(area, None, Precision.NAMED) for area in whole or inside]
    rest = {town.code for town in district.townships} - levels.keys() if text.rest else set()
    restated = Precision.STILL if text.rest and restates(text.rest.clause) else Precision.NAMED
    for code in sorted(rest):
        levels[code] = text.rest.level if text.rest else None
    names = {area.code: area.name for area in inside} | {town.code: town.name for town in district.townships}
    return [
        (Area(names[code], code), level, restated if code in rest else Precision.NAMED)
        for code, level in levels.items()
    ]


def _forecast(
    inside: list[Area], graded: Graded, district: District, *, partly: bool, problems: list[Problem]
) -> tuple[str, ...] | None:
    """The codes that the main level is for; None: the district as a whole."""
    region = graded.text.region
    coded = tuple(area.code for area in inside if area.code and area.code != district.code)
    whole = len(coded) < len(inside)
    if region.towns is not None:
        if set(coded) - set(region.towns):
            problems.append(
                Problem("geocode_differs", Gravity.WARN, "Codes give townships that the text does not.")
            )
        return tuple(dict.fromkeys((*region.towns, *coded)))
    if coded and not whole:
        return coded
    if whole and region.doubt:
        problems.append(Problem("area_vague", Gravity.WARN, f"The whole district is taken: {region.doubt}."))
    return tuple(town.code for town in district.townships) if partly and whole else None
