"""Texts of a drill: written as for real, then marked at both ends by the templates of kind `drill`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from warnengine.model.bundle import Written
from warnengine.model.mode import DRILL
from warnengine.order.texts import Texts

_BODY = re.compile(r"(<body[^>]*>)(.*)(</body>)", re.DOTALL | re.IGNORECASE)


class DrillTexts(Texts):
    """As `Texts`. Whatever the templates say, both ends of every form bear the mark."""

    def write(self, kind: str, hazard: str, facts: Mapping[str, object], fallback: str) -> Written:
        """Render one bundle as for real, and mark it."""
        real = super().write(kind, hazard, facts, fallback)
        notes = [real.notes] if real.notes else []

        def framed(channel: str, words: str) -> str:
            return self._render("drill", channel, hazard, {"text": words}, notes)

        short = "\n".join(line for line in framed("sms", real.short).splitlines() if line.strip())
        return replace(
            real,
            short=marked(short or real.short),
            subject=marked_first(real.subject),
            body=marked(framed("email", real.body) or real.body),
            html=marked_page(real.html, framed("html", "")) if real.html else "",
            notes="; ".join(notes) or None,
        )


def marked(words: str) -> str:
    """A text with the mark first and last, wherever it had none."""
    words = marked_first(words.strip())
    return words if words.endswith(DRILL) else f"{words}\n{DRILL}"


def marked_first(words: str) -> str:
    """A text that begins with the mark."""
    return words if words.startswith(DRILL) else DRILL + words


def marked_page(html: str, banner: str) -> str:
    """A page with the banner at both ends of its body."""
    banner = banner if DRILL in banner else f"<p><b>{DRILL}</b></p>"
    if _BODY.search(html):
        return _BODY.sub(lambda page: f"{page[1]}{banner}{page[2]}{banner}{page[3]}", html, count=1)
    return f"{banner}{html}{banner}"
