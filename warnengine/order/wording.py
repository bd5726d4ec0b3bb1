"""The slots of a text at the moment of writing: who, in which posts, the link, and whether it comes again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from warnengine.model.book import RuleBook
from warnengine.model.bundle import made_at
from warnengine.model.clock import BEIJING
from warnengine.model.delivery import Candidate, Purpose, Text
from warnengine.order.compose import FIRST_LINE
from warnengine.order.expand import link_code
from warnengine.order.texts import fill

SHORT = frozenset({"sms", "voice", "call"})
"""Channels that have room for nothing but the short text."""
AGAIN = {
    Purpose.FIRST: "",
    Purpose.RETRY: "",
    Purpose.RESEND: "重发:",
    Purpose.REMINDER: "再次提醒:",
    Purpose.NEXT: "",
}


@dataclass(frozen=True, slots=True)
class Wording:
    """Fills texts."""

    book: RuleBook
    key: bytes
    public_url: str

    def link(self, bundle: int) -> str:
        """The official's page for a bundle."""
        return f"{self.public_url.rstrip('/')}/a/{link_code(self.key, bundle)}"

    def slots(self, bundle: int, name: str, posts: Sequence[str], purpose: Purpose) -> dict[str, str]:
        """What fills the slots of a person's text."""
        return {
            "name": name,
            "posts": "、".join(post_names(posts, self.book, made_at(bundle))),
            "link": self.link(bundle),
            "resend": AGAIN[purpose],
        }

    def shown(self, short: str, bundle: int, name: str, posts: Sequence[str]) -> str:
        """The short text as its first attempt carries it."""
        return standing_alone(fill(short, self.slots(bundle, name, posts, Purpose.FIRST)))

    def __call__(self, candidate: Candidate, purpose: Purpose) -> Text:
        """Fill every form of a text for one person that the channel may show."""
        slots = self.slots(candidate.bundle, candidate.name, candidate.posts, purpose)
        short = standing_alone(fill(candidate.text.short, slots))
        if candidate.attempt.channel in SHORT:
            return Text(short=short, subject="", body="", html="", link=slots["link"])
        return Text(
            short=short,
            subject=fill(candidate.text.subject, slots),
            body=fill(candidate.text.body, slots),
            html=fill(candidate.text.html, {slot: escape(value) for slot, value in slots.items()}),
            link=slots["link"],
        )


def standing_alone(short: str) -> str:
    """A text whose first line has become longer than one segment, broken after its last sentence that fits."""
    first, *rest = short.split("\n")
    end = first.rfind("。", 0, FIRST_LINE) + 1
    if len(first) <= FIRST_LINE or not end:
        return short
    return "\n".join((first[:end], first[end:], *rest))


def post_names(posts: Sequence[str], book: RuleBook, at: datetime | None = None) -> list[str]:
    """安居镇书记 for 500151105/secretary; at: units as they were called then, else as they are."""
    names = []
    for place in posts:
        unit, _, post = place.partition("/")
        known, title = book.units.get(unit), book.posts.get(post)
        called = (known.short_on(at.astimezone(BEIJING).date()) if at else known.short) if known else unit
        names.append(called + (title.name_in(known.kind) if title and known else post))
    return names
