"""Templates to words. A broken template never blocks an order: the plain text goes out and the break is noted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from warnengine.model.bundle import Written

LONGEST = 440
"""Characters of an SMS before its slots are filled: domestic platforms stop at about 500."""
MORE = "……其余见链接"
"""Stands for the lines that were left out."""
BROKEN = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What a template that somebody has edited may raise."""
_SLOT = re.compile(r"\{(name|posts|link|resend)\}")


class Texts:
    """The templates of a folder, `<kind>.<channel>.j2`; an override `<kind>.<channel>.<hazard>.j2` goes first,
    `any.<channel>.j2` serves every kind that has none of its own."""

    def __init__(self, folder: Path) -> None:
        self._plain = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader(folder),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._html = self._plain.overlay(autoescape=True)
        self._plain.globals.clear()
        self._html.globals.clear()

    def write(self, kind: str, hazard: str, facts: Mapping[str, object], fallback: str) -> Written:
        """Render one bundle. fallback is what the SMS says when its template is broken."""
        notes: list[str] = []
        short = _lines(self._render(kind, "sms", hazard, facts, notes)) or fallback
        if len(short) > LONGEST:
            notes.append(f"{kind}.sms: {len(short)} characters, cut at {LONGEST}")
            short = _cut(short)
        body = self._render(kind, "email", hazard, facts, notes) or short
        return Written(
            short=short,
            subject=short.splitlines()[0],
            body=body,
            html=self._render(kind, "html", hazard, facts, notes),
            notes="; ".join(notes) or None,
        )

    def _render(self, kind: str, channel: str, hazard: str, facts: Mapping[str, object], notes: list[str]) -> str:
        environment = self._html if channel == "html" else self._plain
        names = [f"{kind}.{channel}.{hazard}.j2", f"{kind}.{channel}.j2", f"any.{channel}.j2"]
        used: str | None = names[1]
        try:
            template = environment.select_template(names)
            used = template.name
            if text := template.render(facts).strip():
                return text
            notes.append(f"{used}: says nothing")
        except TemplateNotFound as missing:
            notes.append(f"{used}: {missing.name} is missing")
        except TemplateSyntaxError as error:
            notes.append(f"{error.name}:{error.lineno}: {error.message}")
        except BROKEN as error:
            notes.append(f"{used}: {error}")
        return ""


def _lines(text: str) -> str:
    """Without empty lines: templates are easier to read with them."""
    return "\n".join(line for line in text.splitlines() if line.strip())


def _cut(short: str) -> str:
    """Leave out lines before the last, which has the number to call; a single line ends in …"""
    lines = short.splitlines()
    while len(lines) > 2 and sum(map(len, lines)) + len(lines) + len(MORE) > LONGEST:
        del lines[-2]
    if len(lines) > 1:
        lines.insert(-1, MORE)
    whole = "\n".join(lines)
    return whole if len(whole) <= LONGEST else whole[: LONGEST - 1] + "…"


def fill(text: str, slots: Mapping[str, str]) -> str:
    """Fill the closed slots at the write; anything else in braces is left as it is, also within a name."""
    return _SLOT.sub(lambda slot: slots.get(slot[1], ""), text)
