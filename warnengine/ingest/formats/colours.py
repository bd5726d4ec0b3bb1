"""Which of the four colours an info block of CAP names in its fields: parameters, event and title.

Issuers without colours grade by `severity`; what that means is the book's table of sources (hazards.yaml).
"""

from __future__ import annotations

import re

from warnengine.ingest.formats import wording
from warnengine.ingest.formats.pairs import Pairs
from warnengine.ingest.formats.tree import Node
from warnengine.model.hazard import Source
from warnengine.model.level import Level

_WORDS = {
    Level.RED: "red|rot|rote|roter|rouge|rojo|roja|rosso|rossa|vermelho|vermelha|rood|красный|красного",
    Level.ORANGE: "orange|amber|orangene|naranja|arancione|laranja|oranje|оранжевый|оранжевого",
    Level.YELLOW: "yellow|gelb|gelbe|gelber|jaune|amarillo|amarilla|giallo|gialla|amarelo|amarela|geel"
    "|желтый|жёлтый|желтого|жёлтого",
    Level.BLUE: "blue|blau|blaue|bleu|azul|blu|синий|голубой",
}
_NAMED = {word: level for level, words in _WORDS.items() for word in words.split("|")}
_ANY = "|".join(sorted(_NAMED, key=len, reverse=True))
_WORD = re.compile(rf"\b({_ANY})\b", re.I)
_ENGLISH = "red|orange|amber|yellow|blue"
_TITLE = re.compile(
    rf"\bcode ({_ENGLISH})\b"
    rf"|\b({_ENGLISH})\b(?! (?:flag|county|river|lake|city|beach|hill|cross|sea|tide))"
    r"(?:[ -][a-z]+){0,3}?[ -](?:warning|alert|watch|advisory|signal|level)\b"
    rf"|\b(?:vigilance|alerte|niveau|aviso|alerta|nivel|nível|allerta|warnstufe|stufe|код|уровень) ({_ANY})\b"
    rf"|\b({_ANY})[ -](?:alerta|warnung|warnstufe|уровень|код)\b",
    re.I,
)
_PARAMETER = re.compile(r"colou?r|awareness_?level|severity_?level|alert_?level|hsas|warning_?level", re.I)
_READ = 300


def graded(info: Node, parameters: Pairs, source: Source) -> Level | None:
    """The level that the fields give: a colour where one is named, else what the source means by its severity."""
    word = info.text("severity").lower()
    return _named(info, parameters, source) or source.level(word) or _NAMED.get(word)


def _named(info: Node, parameters: Pairs, source: Source) -> Level | None:
    """The gravest colour of parameters, event and title; Chinese titles are read as sentences later."""
    values = [value for name, value in parameters if value and _grades(name, source)]
    event = info.text("event")
    titles = (_TITLE.search(title[:_READ]) for title in (info.text("headline"), event))
    words = [next(word for word in found.groups() if word) for found in titles if found]
    words += [found[1] for value in values if (found := _WORD.search(value[:_READ]))]
    levels = [_NAMED[word.lower()] for word in words]
    levels += [level for value in (*values, event) if (level := wording.colour_in(value[:_READ]))]
    return max(levels, default=None)


def _grades(parameter: str, source: Source) -> bool:
    """Whether a parameter of that name gives the level: those of the source where the book names any."""
    if source.colours:
        return parameter.lower() in source.colours
    return bool(_PARAMETER.search(parameter))
