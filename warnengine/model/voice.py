"""Who speaks, and which messages are one: several providers bring a warning under names of their own.

A national identifier (12379: 14 digits of the issuer, the moment of entry, sometimes a serial) names a message for
everybody. A provider's own name does not; then the same voice, danger, level and minute are the same warning. Two
national identifiers are never one message because of their minute: an update of the same minute stays itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from warnengine.model.clock import BEIJING
from warnengine.model.consultation import CONSULTATION
from warnengine.model.level import Level
from warnengine.model.place import District
from warnengine.model.warning import Warning

_NATIONAL = re.compile(r"\d{6}(\d{8}_(\d{14}))(?:_\d)?")

_OWN = ("canary/", f"{CONSULTATION}.")
"""How names begin that this engine gives."""


@lru_cache(maxsize=4096)
def number(identifier: str) -> str | None:
    """What of a national identifier tells the message: neither the district's code, of which there may be an old
    one (500224 is 500151), nor the serial, which most feeds leave out. What this engine names is told by its whole
    name. None of any other."""
    if identifier.startswith(_OWN):
        return identifier
    found = _NATIONAL.fullmatch(identifier)
    return found[1] if found else None


@lru_cache(maxsize=4096)
def moments(identifier: str, sent: datetime) -> frozenset[str]:
    """The minutes by which a message is known under other names.

    A list shows the minute of issue or that of entry, which is part of the national identifier and up to half an
    hour later. A name that is not national is known by its minute only where its time is one, else by its second.
    """
    minute = sent.replace(second=0, microsecond=0)
    exact = sent.astimezone(BEIJING).isoformat()
    found = _NATIONAL.fullmatch(identifier)
    if found is None:
        return frozenset({_minute(sent) if sent == minute else exact})
    return frozenset({_minute(sent), exact, *_entered(found[2], sent)})


def _entered(digits: str, sent: datetime) -> tuple[str, ...]:
    try:
        entered = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
    except ValueError:
        return ()
    return (_minute(entered),) if abs(entered - sent) <= timedelta(hours=1) else ()


def _minute(moment: datetime) -> str:
    return moment.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M")


def voice(issuer: str, issuers: Mapping[str, str], district: District) -> str:
    """The 14-digit code of whoever the rule book calls by the same name, else the issuer itself.

    A feed without codes says 铜梁区气象台, the national platform says its code: what the one lifts, the other has
    issued.
    """
    name = issuers.get(issuer)
    codes = (district.canonical(one) for one, said in issuers.items() if said == name and one.isdigit())
    return min(codes, default=issuer)


def sayings(warning: Warning, voice: str) -> tuple[str, ...]:
    """By what a warning is recognised under another name: its number, and each danger with its gravest level and
    minute. Made from what it claims alone, so every provider's reading gives the same."""
    tops: dict[tuple[str, str], Level | None] = {}
    for claim in warning.claims:
        danger = claim.hazard or f"?{claim.event}", claim.family
        tops[danger] = max(tops.get(danger), claim.level, key=lambda level: level or 0)
    told = number(warning.identifier)
    return (
        *([f"{voice} #{told}"] if told else []),
        *(
            f"{voice} {hazard} {family} {level.key if level else 'over'} {moment}"
            for (hazard, family), level in sorted(tops.items(), key=str)
            for moment in sorted(moments(warning.identifier, warning.sent))
        ),
    )
