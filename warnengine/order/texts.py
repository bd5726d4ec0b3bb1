"""Templates to words. A broken template never blocks an order: the plain text goes out and the break is noted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from warnengine.model.bundle import Written

LONGEST = 500
"""Characters that a gateway takes as one SMS (domestic platforms stop at about 500)."""


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
        short = self._render(kind, "sms", hazard, facts, notes) or fallback
        if len(short) > LONGEST:
            notes.append(f"{kind}.sms: {len(short)} characters, cut at {LONGEST}")
            short = short[: LONGEST - 1] + "…"
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
        try:
            return environment.select_template(names).render(facts).strip()
        except TemplateNotFound:
            notes.append(f"{names[1]}: missing")
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError) as error:
            notes.append(f"{names[1]}: {error}")
        return ""


def fill(text: str, slots: Mapping[str, str]) -> str:
    """Fill the closed slots at the write; anything else in braces is left as it is."""
    for slot in ("name", "posts", "link", "resend"):
        text = text.replace("{" + slot + "}", slots.get(slot, ""))
    return text
