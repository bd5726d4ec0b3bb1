"""Who may warn here, of what, and where: one entry of `issuers` in district.yaml."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from warnengine.model.book.entry import Entry, Phrase

AreaCode = Annotated[str, Field(pattern=r"^\d{2}(\d{2}(\d{2}(\d{3})?)?)?$")]
"""Province, city, district or township: 50, 5001, 500151, 500151105. It reaches whatever begins with it."""


class Issuer(Entry):
    """Somebody whose warnings may order something here. An empty list is no limit; a name alone limits nothing."""

    name: Phrase
    hazards: tuple[str, ...] = ()
    """Keys of hazards.yaml."""
    families: tuple[str, ...] = ()
    """Keys of `families`."""
    areas: tuple[AreaCode, ...] = ()
    sources: tuple[Phrase, ...] = ()
    """Names of sources of the settings by which they may come: a token's, kafka, spool."""
    confirm: str | None = Field(default=None, pattern="^bureau$")
    """The bureau has still to confirm it."""
    note: str = Field(default="", max_length=200)

    @model_validator(mode="before")
    @classmethod
    def _a_name_alone(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value

    @property
    def limited(self) -> bool:
        """Whether they may not warn of everything."""
        return bool(self.hazards or self.families or self.areas or self.sources)
