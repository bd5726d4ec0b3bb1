"""CAP 1.0, 1.1 and 1.2, as issuers all over the world write it.

Infos differ by area and by language. Chinese infos are read first; an info in another language that speaks of the
same places is its translation: it can raise a level, and it adds the places that the Chinese ones leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from warnengine.ingest.formats import abroad, assembly, colours, conformance, fields
from warnengine.ingest.formats.claims import Stated, stated
from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.pairs import Pairs, valued
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.tree import Node
from warnengine.model.place import Area
from warnengine.model.warning import Claim, Gravity, MsgType, Problem, Status, Warning

_CHINESE_IDENTIFIER = re.compile(r"\d{14}_\d{14}|(?:urn:oid:)?2\.49\.0\.[01]\.156\.")
_CHINESE_CODES = re.compile(r"cpeas|adcode|2260|区划|行政", re.I)
_HAN = re.compile("[\u4e00-\u9fff]")
_VTEC = re.compile(r"/[OTEX]\.([A-Z]{3})\.")
_CODE = re.compile(r"[1-8]\d{5}(?:\d{3}){0,2}")
_LIST = re.compile(r"[,，;；\s]+")
_NAMES = re.compile(r"[,，;；、]\s*")
_CHINESE = frozenset({"zh", "chi", "cmn", "zho"})
_SIMPLIFIED = frozenset({"zh", "zh-cn", "zh-hans", "zh-hans-cn", "chi", "cmn"})


@dataclass(frozen=True, slots=True)
class _Block:
    """One info with what tells whether another is its translation."""

    info: Info
    language: str
    """Primary subtag in lower case."""
    places: frozenset[str]
    """Geocodes, polygons and circles as written."""


def read(alert: Node, reading: Reading) -> Warning:
    """One alert; raise RefusedWarning where it lacks what identifies it or uses a word the standard lacks."""
    problems: list[Problem] = []
    head = _head(alert, problems, reading)
    infos = alert.all("info")
    chinese = _is_chinese(head, infos)
    blocks = _by_language([_block(info, chinese, head, reading, problems) for info in infos])
    said = list(_said(blocks, head, reading, problems))
    problems += conformance.check(conformance.Message(alert, head))
    return assembly.warning(head, "cap", [block.info for block in blocks], said, problems)


def _head(alert: Node, problems: list[Problem], reading: Reading) -> Head:
    identifier = fields.required(alert, "identifier")
    sender = fields.required(alert, "sender")
    return Head(
        identifier=identifier,
        sender=sender,
        issuer=fields.issuer(reading, sender, identifier),
        sent=fields.sent(fields.required(alert, "sent"), problems),
        status=fields.word(fields.required(alert, "status"), Status, "status"),
        msg_type=fields.word(fields.required(alert, "msgType"), MsgType, "msgType"),
        references=fields.references(alert.text("references"), sender),
    )


def _is_chinese(head: Head, infos: Sequence[Node]) -> bool:
    """Whether six digits in this message are a code of GB/T 2260 and not one of another country."""
    languages = {info.text("language").lower() for info in infos}
    return bool(_CHINESE_IDENTIFIER.match(head.identifier)) or not languages.isdisjoint({"zh", "zh-cn", "zh-hans"})


def _block(info: Node, chinese: bool, head: Head, reading: Reading, problems: list[Problem]) -> _Block:
    source = reading.hazards.source(head.sender)
    language = (info.text("language") or "en").lower()
    event = fields.plain(info.text("event"))
    ours = chinese and (language in _SIMPLIFIED or bool(_HAN.search(event)))
    codes, parameters = tuple(valued(info, "eventCode")), tuple(valued(info, "parameter"))
    areas = info.all("area")
    return _Block(
        Info(
            event=event,
            codes=tuple(value for _, value in (*codes, *parameters)),
            headline=fields.plain(info.text("headline")),
            description=fields.plain(info.text("description")),
            graded=colours.graded(info, parameters, source),
            all_clear=_over(info, (*codes, *parameters)),
            effective=fields.moment(info.text("effective"), "effective", problems, Gravity.REJECT),
            onset=fields.moment(info.text("onset"), "onset", problems, Gravity.REJECT),
            expires=fields.moment(info.text("expires"), "expires", problems, Gravity.REJECT),
            areas=tuple(area for one in areas for area in _areas(one, chinese, reading)) or (fields.NOWHERE,),
            listed="" if ours else abroad.listed(event, (*codes, *parameters), reading.hazards),
            hours=source.hours,
        ),
        language.split("-")[0],
        frozenset(place for area in areas for place in _places(area)),
    )


def _over(info: Node, codes: Pairs) -> bool:
    """Whether the block stands something down: AllClear alone, or parameters that say that the danger is over."""
    responses = {value.lower() for value in info.texts("responseType")}
    if responses == {"allclear"}:
        return True
    actions = [action for name, value in codes if (action := _action(name.lower(), value))]
    return bool(actions) and set(actions) == {"over"}


def _action(name: str, value: str) -> str:
    """What a code says has become of a danger: `over`, another word, or nothing. ECCC marks the end of an alert
    per location, the US by the action in its VTEC, tsunami centres by a category; all in an Update or Alert."""
    if name.endswith("alert_location_status"):
        return "over" if value.lower() == "ended" else value
    if name == "tsunamisystemcategory":
        return "over" if value.lower() == "cancellation" else value
    found = _VTEC.match(value) if name in {"vtec", "nwsvtec"} else None
    return ("over" if found[1] in {"CAN", "EXP"} else found[1]) if found else ""


def _areas(area: Node, chinese: bool, reading: Reading) -> tuple[Area, ...]:
    """One name may stand for several codes, or several names in one element for as many."""
    codes = [
        code
        for name, value in valued(area, "geocode")
        if chinese or _CHINESE_CODES.search(name)
        for code in _LIST.split(value)
        if _CODE.fullmatch(code)
    ]
    described = fields.plain(area.text("areaDesc"))
    names = [name for name in _NAMES.split(described) if name] if codes else []
    return fields.areas(names if codes and len(names) == len(codes) else [described or "?"], codes, reading)


def _places(area: Node) -> Iterator[str]:
    yield from (f"{name}={value}" for name, value in valued(area, "geocode"))
    yield from area.texts("polygon")
    yield from area.texts("circle")


def _by_language(blocks: list[_Block]) -> list[_Block]:
    """Chinese first, else the language of the first info; each language in its own order."""
    languages = list(dict.fromkeys(block.language for block in blocks))
    languages.sort(key=lambda language: language not in _CHINESE)
    return [block for language in languages for block in blocks if block.language == language]


def _said(blocks: list[_Block], head: Head, reading: Reading, problems: list[Problem]) -> Iterator[Stated]:
    """What the infos of the first language state, raised and completed by the others."""
    first = [block for block in blocks if block.language == blocks[0].language]
    said = [stated(_spoken(block.info), head, reading, problems) for block in first]
    for language in dict.fromkeys(block.language for block in blocks[len(first) :]):
        free = dict(enumerate(first))
        for place, block in enumerate(block for block in blocks if block.language == language):
            other = stated(_spoken(block.info), head, reading, [])
            twin = _twin(place, block, free)
            if twin is None:
                said.append(other)
                continue
            del free[twin]
            said[twin] = _completed(said[twin], other, problems)
    return iter(said)


def _spoken(info: Info) -> Info:
    """The block as the reader of Chinese sentences gets it: without texts that have no Chinese in them."""
    if _HAN.search(info.headline) or _HAN.search(info.description):
        return info
    return replace(info, headline="", description="")


def _twin(place: int, block: _Block, free: dict[int, _Block]) -> int | None:
    """Which info this one translates: the first that shares a place, else the one in the same position."""
    shared = next((index for index, other in free.items() if block.places & other.places), None)
    if shared is not None:
        return shared
    silent = place in free and not (block.places and free[place].places)
    return place if silent else None


def _completed(said: Stated, translation: Stated, problems: list[Problem]) -> Stated:
    """The higher level of both, and the coded places that only the translation has."""
    highest = max((claim.level for claim in translation.claims if claim.level), default=None)
    levels = [claim.level for claim in said.claims if claim.level]
    claims = said.claims
    if highest and levels and highest > max(levels):
        message = "Infos in different languages give one area different levels; the highest is used."
        problems.append(Problem("infos_differ", Gravity.WARN, message))
        claims = tuple(replace(claim, level=highest) if claim.level == max(levels) else claim for claim in claims)
    known = {claim.area.code for claim in claims}
    return replace(said, claims=claims + _beyond(translation.claims, known))


def _beyond(claims: tuple[Claim, ...], known: set[str | None]) -> tuple[Claim, ...]:
    return tuple(claim for claim in claims if claim.area.code and claim.area.code not in known)
