"""CAP 1.0, 1.1 and 1.2, as issuers all over the world write it.

Infos differ by area and by language. Chinese infos are read first; an info in another language that speaks of the
same places is its translation: it can raise a level, and it adds the places that the Chinese ones leave out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from warnengine.ingest.formats import assembly, fields, wording, xml
from warnengine.ingest.formats.claims import Stated, stated
from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.xml import Element
from warnengine.model.level import Level
from warnengine.model.place import Area
from warnengine.model.warning import Claim, Gravity, MsgType, Problem, Status, Warning

NAMESPACES = (
    "http://www.incident.com/cap/1.0",
    "urn:oasis:names:tc:emergency:cap:1.1",
    "urn:oasis:names:tc:emergency:cap:1.2",
)
_ENGLISH = {
    "red": Level.RED,
    "orange": Level.ORANGE,
    "amber": Level.ORANGE,
    "yellow": Level.YELLOW,
    "blue": Level.BLUE,
}
_ENGLISH_WORD = re.compile(r"\b(red|orange|amber|yellow|blue)\b", re.I)
_ENGLISH_TITLE = re.compile(
    r"\bcode (red|orange|amber|yellow|blue)\b"
    r"|\b(red|orange|amber|yellow|blue)\b(?! (?:flag|county|river|lake|city|beach|hill|cross))"
    r"(?:[ -][a-z]+){0,3}?[ -](?:warning|alert|watch|advisory|signal|level)\b",
    re.I,
)
_COLOUR_PARAMETER = re.compile(r"colou?r|awareness_?level|severity_?level|alert_?level|hsas|warning_?level", re.I)
_CHINESE_IDENTIFIER = re.compile(r"\d{14}_\d{14}|(?:urn:oid:)?2\.49\.0\.[01]\.156\.")
_CHINESE_CODES = re.compile(r"cpeas|adcode|2260|区划|行政", re.I)
_CODE = re.compile(r"[1-8]\d{5}(?:\d{3}){0,2}")
_TITLE = 300
_LIST = re.compile(r"[,，;；\s]+")
_NAMES = re.compile(r"[,，;；、]\s*")


@dataclass(frozen=True, slots=True)
class _Block:
    """One info with what tells whether another is its translation."""

    info: Info
    language: str
    """Primary subtag in lower case."""
    places: frozenset[str]
    """Geocodes, polygons and circles as written."""


def read(alert: Element, reading: Reading) -> Warning:
    """One alert; raise RefusedWarning where it lacks what identifies it or uses a word the standard lacks."""
    problems: list[Problem] = []
    if xml.namespace(alert) not in NAMESPACES:
        problems.append(Problem("namespace", Gravity.WARN, "The message has no CAP namespace."))
    head = _head(alert, reading, problems)
    chinese = _is_chinese(head, alert)
    blocks = _by_language([_block(info, chinese, reading, problems) for info in xml.children(alert, "info")])
    said = list(_said(blocks, head, reading, problems))
    return assembly.warning(head, "cap", [block.info for block in blocks], said, problems)


def _head(alert: Element, reading: Reading, problems: list[Problem]) -> Head:
    identifier = fields.required(alert, "identifier")
    sender = fields.required(alert, "sender")
    return Head(
        identifier=identifier,
        sender=sender,
        issuer=fields.issuer(reading, sender, identifier),
        sent=fields.sent(fields.required(alert, "sent"), problems),
        status=fields.word(fields.required(alert, "status"), Status, "status"),
        msg_type=fields.word(fields.required(alert, "msgType"), MsgType, "msgType"),
        references=fields.references(xml.text(alert, "references"), identifier, problems),
    )


def _is_chinese(head: Head, alert: Element) -> bool:
    """Whether six digits in this message are a code of GB/T 2260 and not one of another country."""
    languages = {xml.text(info, "language").lower() for info in xml.children(alert, "info")}
    return bool(_CHINESE_IDENTIFIER.match(head.identifier)) or not languages.isdisjoint({"zh", "zh-cn", "zh-hans"})


def _block(info: Element, chinese: bool, reading: Reading, problems: list[Problem]) -> _Block:
    event = xml.text(info, "event")
    codes = tuple(value for name in ("eventCode", "parameter") for _, value in _valued(info, name))
    responses = {value.lower() for value in xml.texts(info, "responseType")}
    places = [place for area in xml.children(info, "area") for place in _places(area)]
    return _Block(
        Info(
            event=event,
            codes=codes,
            headline=xml.text(info, "headline"),
            description=xml.text(info, "description"),
            graded=_colour(info, event) or fields.SEVERITY.get(xml.text(info, "severity").lower()),
            all_clear=responses == {"allclear"},
            effective=fields.moment(xml.text(info, "effective"), "effective", problems),
            onset=fields.moment(xml.text(info, "onset"), "onset", problems),
            expires=fields.moment(xml.text(info, "expires"), "expires", problems),
            areas=tuple(_areas(info, chinese, reading)),
        ),
        (xml.text(info, "language") or "en").lower().split("-")[0],
        frozenset(places),
    )


def _valued(element: Element, name: str) -> Iterator[tuple[str, str]]:
    """Name and value of eventCode, parameter or geocode; CAP 1.0 writes `name=value` instead."""
    for child in xml.children(element, name):
        if len(child):
            yield xml.text(child, "valueName"), xml.text(child, "value")
        else:
            key, _, value = (child.text or "").partition("=")
            yield key.strip(), value.strip()


def _colour(info: Element, event: str) -> Level | None:
    """A colour in English, or in a parameter of any language; Chinese titles are read as sentences later."""
    titles = (_ENGLISH_TITLE.search(title[:_TITLE]) for title in (xml.text(info, "headline"), event))
    named = [next(word for word in found.groups() if word) for found in titles if found]
    short = [value for name, value in _valued(info, "parameter") if _COLOUR_PARAMETER.search(name)]
    named += [found[1] for value in short if (found := _ENGLISH_WORD.search(value))]
    levels = [_ENGLISH[word.lower()] for word in named]
    levels += [level for value in (*short, event) if (level := wording.colour_in(value))]
    return max(levels, default=None)


def _areas(info: Element, chinese: bool, reading: Reading) -> Iterator[Area]:
    for area in xml.children(info, "area"):
        named = xml.text(area, "areaDesc")
        codes = [
            code
            for name, value in _valued(area, "geocode")
            if chinese or _CHINESE_CODES.search(name)
            for code in _LIST.split(value)
            if _CODE.fullmatch(code)
        ]
        names = [name for name in _NAMES.split(named) if name]
        yield from fields.areas(names if len(names) == len(codes) else [named or "?"], codes, reading)


def _places(area: Element) -> Iterator[str]:
    yield from (f"{name}={value}" for name, value in _valued(area, "geocode"))
    yield from xml.texts(area, "polygon")
    yield from xml.texts(area, "circle")


def _by_language(blocks: list[_Block]) -> list[_Block]:
    """Chinese first, else the language of the first info; each language in its own order."""
    languages = list(dict.fromkeys(block.language for block in blocks))
    languages.sort(key=lambda language: language not in {"zh", "chi", "cmn"})
    return [block for language in languages for block in blocks if block.language == language]


def _said(blocks: list[_Block], head: Head, reading: Reading, problems: list[Problem]) -> Iterator[Stated]:
    """What the infos of the first language state, raised and completed by the others."""
    first = [block for block in blocks if block.language == blocks[0].language]
    said = [stated(block.info, head, reading, problems) for block in first]
    for language in dict.fromkeys(block.language for block in blocks[len(first) :]):
        free = dict(enumerate(first))
        for place, block in enumerate(block for block in blocks if block.language == language):
            other = stated(block.info, head, reading, [])
            twin = _twin(place, block, free)
            if twin is None:
                said.append(other)
                continue
            del free[twin]
            said[twin] = _completed(said[twin], other, problems)
    return iter(said)


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
