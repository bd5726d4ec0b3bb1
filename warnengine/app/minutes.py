"""会商 in a timeline: a file of conclusions, each drawn from the situation of its moment as live."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from warnengine.api.consultations import Minutes
from warnengine.api.faults import sentences
from warnengine.model.book import RuleBook
from warnengine.model.consultation import CONSULTATION, Conclusion
from warnengine.model.errors import Refused, Unplayable
from warnengine.model.warning import MsgType, Status, Warning
from warnengine.order import conclusion as rules
from warnengine.order.conclusion import Wanted

PLAYED = ("推演",)
"""Who confirms in a rehearsal."""
_OURS = re.compile(rb'"(?:verb|at)"\s*:')
OVER = "会商降级到期,恢复原来的级别"


class Minute(Minutes):
    """One conclusion of a timeline: the body of POST /v1/consultations, and when it counts."""

    at: AwareDatetime
    verb: str = Field(max_length=20)
    """raise, lower, extend; or withdraw."""
    number: int = Field(0, ge=0)
    """By which a later one withdraws it; absent: its place among the conclusions, from 1."""
    of: int = Field(0, ge=0)
    """What a withdrawal withdraws."""
    hazard: str = ""
    family: str = "signal"
    level: str = ""
    towns: tuple[str, ...] = ()
    until: AwareDatetime | None = None
    messages: tuple[str, ...] = ()


MINUTES = TypeAdapter(list[Minute])


def told(raw: bytes) -> bool:
    """Whether a file holds conclusions: JSON with one of their keys, which no list of warnings has."""
    return raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["} and bool(_OURS.search(raw))


def read(name: str, raw: bytes, before: int = 0) -> list[Minute]:
    """The conclusions of a file, numbered on after `before`; Unplayable where one cannot be read."""
    try:
        found = json.loads(raw.decode("utf-8-sig"))
        listed = MINUTES.validate_python(found if isinstance(found, list) else [found])
    except ValidationError as error:
        where = sentences(map(dict, error.errors()))
        raise Unplayable(f"{name}: 会商结论读不出来: {where}。写法见 docs/consultations.md", name) from error
    except ValueError as error:
        raise Unplayable(f"{name}: 既不是预警,也不是 JSON ({error})", name) from error
    return [
        one if one.number else one.model_copy(update={"number": place})
        for place, one in enumerate(listed, before + 1)
    ]


def moved(one: Minute, by: timedelta) -> Minute:
    """The same so much later."""
    return one.model_copy(update={"at": one.at + by, "until": one.until + by if one.until else None})


def drawn(
    one: Minute, said: Mapping[int, Conclusion], scene: rules.Scene, book: RuleBook, now: datetime
) -> Conclusion:
    """The conclusion by the rules of the live engine; Refused where they do not let it be drawn."""
    words = (one.presided, one.took_part, one.why)
    if one.verb == "withdraw":
        if one.of not in said:
            raise Refused(409, f"没有第{one.of}号会商结论可终止:of 写前面结论的 number。")
        return replace(rules.withdrawal(said[one.of], *words), id=one.number)
    if one.until is None:
        raise Refused(422, "没有写止期 until,例如 2026-07-27T08:00:00+08:00。")
    wanted = Wanted(
        one.verb,
        one.hazard,
        one.towns,
        one.until,
        *words,
        level=one.level,
        family=one.family,
        messages=one.messages,
    )
    return replace(rules.concluded(wanted, scene, book, now), id=one.number)


def notice(at: datetime, headline: str, identifier: str = "") -> Warning:
    """What stands for something that happens without a message, or before its message is known."""
    return Warning(
        identifier=identifier,
        sender=CONSULTATION,
        issuer=CONSULTATION,
        sent=at,
        status=Status.ACTUAL,
        msg_type=MsgType.UPDATE,
        references=(),
        format=CONSULTATION,
        headline=headline,
        description="",
        effective=None,
        onset=None,
        expires=None,
        claims=(),
    )
