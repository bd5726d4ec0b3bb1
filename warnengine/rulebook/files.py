"""The shape of each file in `rules/`, where it is not a type of the model already."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import Field

from warnengine.model.book import (
    ApprovalRule,
    Authorisation,
    Colour,
    Entry,
    Family,
    Issuer,
    Levels,
    Limits,
    MeasureFile,
    Night,
    Pace,
    Phrase,
    Plan,
    Post,
    Rung,
    Triggers,
    Unit,
)
from warnengine.model.level import Level

HazardKey = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]


class DistrictFile(Entry):
    """district.yaml: the district, who may warn it, and what this book covers."""

    code: str = Field(pattern=r"^\d{6}$")
    name: Phrase
    aliases: tuple[Phrase, ...] = ()
    code_aliases: tuple[str, ...] = ()
    signature: str = Field(min_length=2, max_length=12)
    duty_phone: str = Field(pattern=r"^\d[\d -]{2,19}$")
    sample: tuple[Literal["signature", "duty_phone"], ...] = ()
    """Which of these are no real ones."""
    issuers: dict[str, Issuer] = Field(min_length=1)
    families: dict[HazardKey, Family] = Field(min_length=1)
    in_use: dict[HazardKey, dict[HazardKey, Levels]] = Field(min_length=1)
    """Product family → hazard → the levels that the grid is proven for."""


class HazardEntry(Entry):
    """One hazard of hazards.yaml."""

    key: HazardKey
    name: Phrase
    synonyms: tuple[Phrase, ...] = ()
    codes: tuple[str, ...] = ()
    hours: dict[Colour, Annotated[int, Field(ge=1, le=720)]] = {}
    criteria: dict[Colour, Phrase] = {}
    """What the signal means, for the levels that exist; empty: not known here, any level is taken."""
    confirm: str | None = Field(default=None, pattern="^bureau$")


class SourceEntry(Entry):
    """How issuers of CAP grade that have no colours of ours."""

    name: Phrase
    senders: tuple[Annotated[str, Field(pattern=r"^[^\sA-Z]{1,80}$")], ...] = Field(min_length=1)
    """Patterns of sender in lower case, `*` for anything."""
    severity: dict[Literal["extreme", "severe", "moderate", "minor"], Colour] = Field(min_length=1)
    colours: tuple[Annotated[str, Field(pattern=r"^[^A-Z]{1,80}$")], ...] = ()
    """Parameters whose colour counts before severity."""
    hours: int | None = Field(default=None, ge=1, le=720)
    confirm: str | None = Field(default=None, pattern="^bureau$")


class HazardFile(Entry):
    """hazards.yaml."""

    hazards: tuple[HazardEntry, ...] = Field(min_length=1)
    sources: tuple[SourceEntry, ...] = ()


class UnitFile(Entry):
    """units/*.yaml but posts.yaml."""

    units: tuple[Unit, ...]


class PostFile(Entry):
    """units/posts.yaml."""

    posts: tuple[Post, ...] = Field(min_length=1)


class LadderFile(Entry):
    """ladder.yaml: all four levels, the hours of the night, and how much one person gets below orange."""

    night: Night | None = None
    pace: Pace | None = None
    blue: Rung
    yellow: Rung
    orange: Rung
    red: Rung

    def rungs(self) -> dict[Level, Rung]:
        """By level."""
        return {level: getattr(self, level.key) for level in Level}


class ApprovalFile(Entry):
    """approvals.yaml."""

    approvals: tuple[ApprovalRule, ...]
    standing: tuple[Authorisation, ...] = ()
    limits: Limits = Limits()


class Given(Entry):
    """What is in force in a case: one hazard at one level in some townships."""

    hazard: str
    level: Colour
    family: str = "signal"
    towns: tuple[str, ...] = Field(min_length=1)
    """Names or codes; the district's name means all of them."""


class Concluded(Entry):
    """What a consultation concludes in a case on what is given; it is lowered where it is given."""

    verb: Literal["raise", "lower"]
    hazard: str
    level: Colour | Literal["none"]
    """none of what is lowered to nothing."""
    family: str = "signal"
    towns: tuple[str, ...] = Field(min_length=1)


class Case(Entry):
    """One promise of the rules in the bureau's words."""

    name: Phrase
    given: tuple[Given, ...] = ()
    concluded: tuple[Concluded, ...] = ()
    """By a consultation (会商), of what is given."""
    granted: bool = False
    """Whether every compulsory measure has been approved."""
    orders: dict[str, tuple[str, ...]] = {}
    """Unit → measures that stand as orders, among others."""
    advice: dict[str, tuple[str, ...]] = {}
    """Unit → measures of which only the advice stands."""
    absent: dict[str, tuple[str, ...]] = {}
    """Unit → measures that do not stand."""
    silent: tuple[str, ...] = ()
    """Units that get nothing."""


class CaseFile(Entry):
    """cases/*.yaml."""

    cases: tuple[Case, ...]


SINGLE: dict[str, type[Entry]] = {
    "district.yaml": DistrictFile,
    "hazards.yaml": HazardFile,
    "units/posts.yaml": PostFile,
    "ladder.yaml": LadderFile,
    "approvals.yaml": ApprovalFile,
}
"""Files that every book has."""
OPTIONAL: dict[str, type[Entry]] = {"triggers.yaml": Triggers}
"""Files that a book may have."""
FOLDERS: dict[str, type[Entry]] = {
    "units/*.yaml": UnitFile,
    "measures/*.yaml": MeasureFile,
    "plans/*.yaml": Plan,
    "cases/*.yaml": CaseFile,
}
"""Folders of files of one shape."""


def shape(relative: str) -> type[Entry] | None:
    """The type of the file at that path in the folder; None: no such file belongs there."""
    if found := (SINGLE | OPTIONAL).get(relative):
        return found
    return next((found for pattern, found in FOLDERS.items() if _in(relative, pattern)), None)


def _in(relative: str, pattern: str) -> bool:
    return fnmatchcase(relative, pattern) and relative.count("/") == 1
