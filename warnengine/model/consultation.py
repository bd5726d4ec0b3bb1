"""会商结论: what a consultation concludes goes the way of a warning; each conclusion is an issuer of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from warnengine.model.level import Level

CONSULTATION = "consultation"
"""What issuers and identifiers of conclusions begin with, and their format."""


class Verb(StrEnum):
    """What a conclusion does."""

    RAISE = "raise"
    """It is graver than the messages say; also where none stands."""
    LOWER = "lower"
    """It is less grave than the messages say that it names, until an end."""
    EXTEND = "extend"
    """It lasts longer."""
    WITHDRAW = "withdraw"
    """An earlier conclusion counts no longer."""

    @property
    def zh(self) -> str:
        """升级, 降级, 延长, 终止."""
        return {"raise": "升级", "lower": "降级", "extend": "延长", "withdraw": "终止"}[self]


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One conclusion on one danger, with the words in which it is kept."""

    id: int
    verb: Verb
    hazard: str
    family: str
    levels: tuple[tuple[str, Level | None], ...]
    """Township and the level that it is to be treated at; None: as if nothing stood."""
    until: datetime | None
    """None of a withdrawal alone."""
    names: tuple[str, ...]
    """Identifiers of the messages that it lowers, or of the conclusion that it withdraws."""
    presided: str
    took_part: str
    why: str
    of: tuple[int, Verb] | None = None
    """Number and verb of the conclusion that it withdraws."""

    @property
    def towns(self) -> tuple[str, ...]:
        """Where it counts."""
        return tuple(town for town, _ in self.levels)

    @property
    def issuer(self) -> str:
        """Who speaks: each conclusion for itself, and its withdrawal as itself."""
        return f"{CONSULTATION}:{self.of[0] if self.of else self.id}"

    @property
    def identifier(self) -> str:
        """Of its message; it tells the verb."""
        return identifier(self.id, self.verb)

    @property
    def lightens(self) -> bool:
        """Whether people may stand down because of it: then two must say so."""
        return self.verb is Verb.LOWER or (self.of is not None and self.of[1] is not Verb.LOWER)


def identifier(id_: int, verb: Verb) -> str:
    """consultation.raise.7"""
    return f"{CONSULTATION}.{verb}.{id_}"


def those(identifiers: Iterable[str], *verbs: Verb) -> frozenset[str]:
    """Which of these are conclusions that do so; no verb named: conclusions at all."""
    return frozenset(one for one in identifiers if (verb := verb_of(one)) and (not verbs or verb in verbs))


def verb_of(of: str) -> Verb | None:
    """What a message's identifier says that it does; None of any other message."""
    head, _, rest = of.partition(".")
    word = rest.partition(".")[0]
    return Verb(word) if head == CONSULTATION and word in set(Verb) else None


def number_of(of: str) -> int:
    """The number of a conclusion by the identifier of its message."""
    return int(of.rpartition(".")[2])
