"""C1 to C12: the info blocks. Each check says its rule in its first line."""

from __future__ import annotations

import base64
import binascii
import re
from collections import defaultdict
from collections.abc import Iterator

from warnengine.ingest.formats import fields
from warnengine.ingest.formats.conformance.alert import order
from warnengine.ingest.formats.conformance.rule import Message, Rule, shown
from warnengine.ingest.formats.pairs import valued
from warnengine.model.warning import Gravity, MsgType

_ORDER = """
language category event responseType urgency severity certainty audience eventCode effective onset expires
senderName headline description instruction web contact parameter resource area
"""
_PLACE = {name: at for at, name in enumerate(_ORDER.split())}
_REQUIRED = ("category", "event", "urgency", "severity", "certainty")
_WORDS = {
    "category": "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other",
    "urgency": "Immediate Expected Future Past Unknown",
    "severity": "Extreme Severe Moderate Minor Unknown",
    "certainty": "Observed Likely Possible Unlikely Unknown",
    "responseType": "Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None",
}
_KNOWN = {name: frozenset(words.split()) for name, words in _WORDS.items()}
_LANGUAGE = re.compile(r"(?:[a-z]{2,3}|[ix])(?:-[a-z0-9]{1,8})*", re.I)
_OPTIONAL = ("description", "web", "senderName", "instruction", "responseType", "contact")
_TEXTS = ("event", "senderName", "headline", "description", "instruction")
_ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.I)
_MIME = re.compile(r"[\w.+-]+/[\w.+-]+(?:\s*;.*)?", re.S)
_HEADLINE = 140


def _none(message: Message) -> Iterator[str]:
    """C1: an Alert or Update has an info block."""
    if not message.infos and message.head.msg_type in {MsgType.ALERT, MsgType.UPDATE}:
        yield f"msgType is {message.head.msg_type} and there is no info: nothing says what, where and how grave."


def _missing(message: Message) -> Iterator[str]:
    """C2: category, event, urgency, severity and certainty are there."""
    for info in message.infos:
        for name in _REQUIRED:
            if not info.text(name):
                yield f"info has no {name}; it is read as unknown."


def _word(message: Message) -> Iterator[str]:
    """C2: category, urgency, severity, certainty and responseType are words of the standard."""
    for info in message.infos:
        for name, known in _KNOWN.items():
            for value in info.texts(name):
                if value not in known and value.lower() != "very likely":
                    yield f"{name} is {shown(value)!r}, which the standard does not know; it is read as unknown."


def _in_order(message: Message) -> Iterator[str]:
    """C3: the elements of info stand in the order of the standard."""
    for info in message.infos:
        for name, behind in order(info.children, _PLACE):
            yield f"{name} stands behind {behind} in info, which is not the order of the standard."


def _one_event(message: Message) -> Iterator[str]:
    """C4: all infos have one category and one eventCode, those of one language one event."""
    if len(message.infos) < 2:
        return
    if len({info.texts("category") for info in message.infos}) > 1:
        yield "category differs from info to info; each is read for itself."
    if len({tuple(valued(info, "eventCode")) for info in message.infos}) > 1:
        yield "eventCode differs from info to info; each is read for itself."
    events: dict[str, set[str]] = defaultdict(set)
    for info in message.infos:
        events[info.text("language").lower()].add(info.text("event"))
    for language, found in events.items():
        if len(found) > 1:
            yield f"event differs within the language {language or 'en-US'}: {shown(', '.join(sorted(found)))}."


def _language(message: Message) -> Iterator[str]:
    """C5: language is a tag of RFC 3066."""
    for info in message.infos:
        value = info.text("language")
        if value and not _LANGUAGE.fullmatch(value):
            yield f"language is {shown(value)!r}, which is no language tag such as zh-CN."


def _same_text(message: Message) -> Iterator[str]:
    """C5: one text does not stand under two languages."""
    seen: dict[str, str] = {}
    for info in message.infos:
        text, language = info.text("description"), info.text("language") or "en-US"
        if text and seen.setdefault(text, language) != language:
            yield f"The same description stands under {seen[text]} and {language}: one of them is not translated."


def _times(message: Message) -> Iterator[str]:
    """C7: effective is not after expires, and onset is before it."""
    for info in message.infos:
        effective, onset, expires = (fields.time(info.text(name))[0] for name in ("effective", "onset", "expires"))
        if effective and expires and effective > expires:
            yield f"effective {effective.isoformat()} is after expires {expires.isoformat()}."
        if onset and expires and onset >= expires:
            yield f"onset {onset.isoformat()} is not before expires {expires.isoformat()}."


def _sparse(message: Message) -> Iterator[str]:
    """C8: description, web, senderName, instruction, responseType and contact are there."""
    for info in message.infos:
        missing = [name for name in _OPTIONAL if not info.text(name)]
        if missing:
            yield f"info says nothing in {', '.join(missing)}."


def _headline(message: Message) -> Iterator[str]:
    """C9: headline has at most 140 characters, and headline, description and instruction differ."""
    for info in message.infos:
        headline, description, instruction = map(info.text, ("headline", "description", "instruction"))
        if len(headline) > _HEADLINE:
            yield f"headline has {len(headline)} characters, {_HEADLINE} are meant to be the most."
        if headline and headline == description:
            yield "description only repeats the headline."
        if description and description == instruction:
            yield "instruction only repeats the description."


def _markup(message: Message) -> Iterator[str]:
    """C10: texts hold no HTML tags and no entities."""
    for info in message.infos:
        for name in _TEXTS:
            value = info.text(name)
            if ("<" in value or "&" in value) and fields.marked_up(value):
                yield f"{name} holds HTML ({shown(value)!r}); it is taken out before the text is read."


def _links(message: Message) -> Iterator[str]:
    """C11: web and uri are absolute, or the uri comes with its content in derefUri."""
    for info in message.infos:
        web = info.text("web")
        if web and not _ABSOLUTE.fullmatch(web):
            yield f"web is {shown(web)!r}, which is no whole address."
        for resource in info.all("resource"):
            uri = resource.text("uri")
            if uri and not _ABSOLUTE.fullmatch(uri) and not resource.text("derefUri"):
                yield f"uri is {shown(uri)!r}, which is no whole address, and there is no derefUri."


def _resources(message: Message) -> Iterator[str]:
    """C11: mimeType is type/subtype, and derefUri is base64."""
    for info in message.infos:
        for resource in info.all("resource"):
            kind, content = resource.text("mimeType"), resource.text("derefUri")
            if kind and not _MIME.fullmatch(kind):
                yield f"mimeType is {shown(kind)!r}, not type/subtype."
            if content and not _base64(content):
                yield "derefUri is not base64; the attachment cannot be opened."


def _base64(text: str) -> bool:
    try:
        base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _over(message: Message) -> Iterator[str]:
    """C12: a Cancel takes effect at once and has no effective."""
    if message.head.msg_type is MsgType.CANCEL and any(info.text("effective") for info in message.infos):
        yield "msgType is Cancel and an info has effective; it counts from the time of sending."


RULES: tuple[Rule[Message], ...] = (
    Rule("C1", "no_info", Gravity.REJECT, _none, national=True),
    Rule("C2", "info_missing", Gravity.WARN, _missing),
    Rule("C2", "info_word", Gravity.WARN, _word),
    Rule("C3", "info_order", Gravity.NOTE, _in_order),
    Rule("C4", "infos_of_two_events", Gravity.WARN, _one_event),
    Rule("C5", "language_form", Gravity.WARN, _language),
    Rule("C5", "language_doubtful", Gravity.WARN, _same_text),
    Rule("C7", "times_crossed", Gravity.WARN, _times, national=True),
    Rule("C8", "info_sparse", Gravity.NOTE, _sparse),
    Rule("C9", "headline_form", Gravity.NOTE, _headline),
    Rule("C10", "markup", Gravity.WARN, _markup, national=True),
    Rule("C11", "link_form", Gravity.WARN, _links),
    Rule("C11", "resource_form", Gravity.WARN, _resources),
    Rule("C12", "cancel_effective", Gravity.NOTE, _over),
)
