"""What a message is about: each hazard of each product that its title or its text states something of.

One notice may hold several: 暴雨橙色和雷电黄色双预警, a warning together with the response to it. What names no
hazard is of the one that the message as a whole is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from warnengine.ingest.formats import sentence, wording
from warnengine.ingest.formats.fields import Head, Info
from warnengine.ingest.formats.plain import plain
from warnengine.ingest.formats.reading import Reading
from warnengine.ingest.formats.sentence import Sentence, Text
from warnengine.ingest.formats.statements import Topic
from warnengine.ingest.formats.vocabulary import Vocabulary, vocabulary_of
from warnengine.model.hazard import Hazard
from warnengine.model.level import Level
from warnengine.model.place import District
from warnengine.model.warning import Gravity, Problem

_VERB = re.compile(r"发布|解除|撤销|更新|变更|升级|降级|继续|启动|终止|调整|维持|确认")
_NOT_A_LETTER = re.compile(r"[^a-z]+")


@dataclass(frozen=True, slots=True)
class Words:
    """The plain texts of an info block, taken to pieces."""

    headline: str
    description: str
    """The headline where there is none."""
    title: Text
    text: Text
    colour: Level | None
    """The gravest that it names."""

    @property
    def opening(self) -> str:
        """The first clause of the description."""
        return next(iter(self.text.parts), "")


@dataclass(frozen=True, slots=True)
class Subject:
    """One hazard of one product."""

    hazard: Hazard | None
    family: str
    heading: Sentence
    text: Sentence
    topics: frozenset[Topic]
    """Those of title and text that mean it."""
    main: bool
    """What the message as a whole is about, which its fields speak of."""


def take(info: Info, reading: Reading) -> Words:
    """The texts of an info block in one spelling."""
    words = vocabulary_of(reading.hazards)
    headline = plain(info.headline)
    description = plain(info.description) or headline
    colour = wording.colour_in(headline + description)
    title = sentence.take(headline, words, coloured=bool(colour))
    text = sentence.take(description, words, coloured=bool(colour))
    return Words(headline, description, title, text, colour)


def subjects(
    info: Info, head: Head, words: Words, district: District | None, reading: Reading, problems: list[Problem]
) -> tuple[Subject, ...]:
    """Each subject of an info block; the one that it as a whole is about comes first."""
    main = hazard(info, words, reading, problems)
    family = wording.family_of(words.headline, words.opening, plain(head.sender))
    groups = _groups(words, main, problems)
    return tuple(
        Subject(
            reading.hazards.get(key.hazard or "") or (main if place == 0 else None),
            _family(key, topics, words, family, head, main=place == 0),
            sentence.states(words.title, frozenset(topics)),
            sentence.read(words.text, frozenset(topics), head.sent, district, hydrology=family == "hydrology"),
            frozenset(topics),
            main=place == 0,
        )
        for place, (key, topics) in enumerate(groups.items())
    )


def _groups(words: Words, main: Hazard | None, problems: list[Problem]) -> dict[Topic, list[Topic]]:
    """The topics that mean the same, by what they mean, the main one first."""
    known = main.key if main else None
    title, text = words.title.topics, words.text.topics
    renamed = _renamed(words, main, problems)
    response = (
        (title or text)[0].response if title or text else wording.is_response(words.headline + words.opening)
    )
    groups: dict[Topic, list[Topic]] = {}
    for topic in (*title, *text):
        hazard_key = renamed.get(topic, topic.hazard) or known
        groups.setdefault(Topic(hazard_key, topic.response), []).append(topic)
    first = Topic(known, response)
    if first in groups or not groups:
        return {first: groups.pop(first, []), **groups}
    return groups


def _renamed(words: Words, main: Hazard | None, problems: list[Problem]) -> dict[Topic, str | None]:
    """A title and a text that each state one hazard mean one, whatever they call it: that of the title."""
    told = {topic for topic in words.title.topics if topic.hazard}
    said = {topic for topic in words.text.topics if topic.hazard}
    if not (main and len(told) == len(said) == 1 and told != said):
        return {}
    (one,), (other,) = told, said
    if one.response != other.response or one.hazard != main.key:
        return {}
    clause = next(item.clause for item in words.text.statements if item.topic == other)
    message = f"The title says {main.name}, the text states another hazard: {clause[:60]}"
    problems.append(Problem("text_contradicts_title", Gravity.WARN, message))
    return {other: one.hazard}


def _family(key: Topic, topics: list[Topic], words: Words, family: str, head: Head, *, main: bool) -> str:
    """Of what stands beside the main subject, the words of its own statement tell."""
    if key.response:
        return wording.RESPONSE
    if main:
        return family
    stated = (*words.title.statements, *words.text.statements)
    clause = next(item.clause for item in stated if item.topic in topics)
    return wording.family_of(clause, "", plain(head.sender))


def hazard(info: Info, words: Words, reading: Reading, problems: list[Problem]) -> Hazard | None:
    """By the word of the title, then what the text states, then the event code, then the event's own word, then
    any word of the text's opening.

    Codes are mistaken in real feeds, so words win and the contradiction is noted.
    """
    table, vocabulary = reading.hazards, vocabulary_of(reading.hazards)
    coded = next((h for code in info.codes if (h := table.by_code(code) or table.by_code(code[:5]))), None)
    stated = next((t.hazard for t in (*words.title.topics, *words.text.topics) if t.hazard), None)
    titled = table.get(next(filter(None, (*_first(words.headline, vocabulary), stated)), ""))
    if coded and titled and coded != titled:
        message = f"Code {', '.join(info.codes)} is {coded.name}, the title says {titled.name}."
        problems.append(Problem("code_contradicts_title", Gravity.WARN, message))
    event = info.event[: wording.LONGEST].lower()
    slug = _NOT_A_LETTER.sub("_", event).strip("_")
    opening = next((part for part in words.text.parts if "预警" in part or "警报" in part), words.opening)
    others = (*_first(plain(event), vocabulary), *_first(opening, vocabulary))
    named = (table.get(key) for key in others if key)
    return next((h for h in (table.get(info.listed), titled, coded, table.get(slug), *named) if h), None)


def _first(text: str, vocabulary: Vocabulary) -> Iterator[str | None]:
    """The hazard behind 发布, 解除 …, else the first that there is: it may lie in the name of a place or body."""
    found = _VERB.search(text)
    if found:
        yield vocabulary.first(text[found.end() :].lower())
    yield vocabulary.first(text.lower())
