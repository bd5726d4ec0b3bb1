"""The canary's own message and its own rule book. Everything between the two is what a real warning meets."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from warnengine.model.book import Measure, Post, RuleBook, Rung, Unit, UnitKind
from warnengine.model.canary import CANARY, HAZARD, POST, TOWN, UNIT
from warnengine.model.hazard import Hazard
from warnengine.model.level import Level
from warnengine.model.place import District, Township
from warnengine.model.warning import Precision, Status, Warning

NAME = "自检"
MEASURE = Measure.model_validate(
    {
        "id": "canary.red",
        "when": {"hazard": HAZARD, "level": "red"},
        "order": "系统自检信息,无需处理",
        "deadline": "1m",
    }
)
FRESH = timedelta(minutes=10)
"""A message that was under way for longer proves nothing: it may have been replayed."""
PATHS = ("http", "spool", "kafka")
_SEAL = re.compile(rb"<!--canary ([0-9a-f]{64})-->\s*\Z")
_MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>canary/{path}/{slot}/{errand}</identifier><sender>canary/{path}</sender><sent>{sent}</sent>
<status>Test</status><msgType>Alert</msgType><scope>Private</scope>
<info><language>zh-CN</language><category>Other</category><event>自检</event><urgency>Unknown</urgency>
<severity>Extreme</severity><certainty>Unknown</certainty><expires>{expires}</expires>
<headline>自检</headline><description>自检</description>
<area><areaDesc>自检</areaDesc><geocode><valueName>areaCode</valueName><value>{district}</value></geocode></area>
</info></alert>
"""


def message(path: str, slot: int, now: datetime, key: bytes, *, send: bool) -> bytes:
    """One canary: a CAP message of status Test, sealed. slot: seconds since 1970. send: it makes an order of its
    own; one that does not is only taken in, so that each gateway gets one text whatever the number of paths."""
    text = _MESSAGE.format(
        path=path,
        slot=slot,
        errand="send" if send else "look",
        sent=now.isoformat(timespec="seconds"),
        expires=(now + timedelta(days=1)).isoformat(timespec="seconds"),
        district=CANARY,
    ).encode()
    return text + b"<!--canary " + _seal(text, key).encode() + b"-->\n"


def path_of(raw: bytes, key: bytes) -> str | None:
    """The path that a canary of ours was sent by; None for every other message, a forged one included."""
    found = _SEAL.search(raw, max(0, len(raw) - 120)) if b"<!--canary " in raw[-120:] else None
    if not found or not hmac.compare_digest(found[1].decode(), _seal(raw[: found.start()], key)):
        return None
    named = re.search(rb"<sender>canary/([a-z]+)</sender>", raw)
    return named[1].decode() if named else None


def stale(raw: bytes, now: datetime) -> bool:
    """Whether a canary of ours was under way for too long to prove anything."""
    sent = re.search(rb"<sent>([^<]+)</sent>", raw)
    return not sent or abs(now - datetime.fromisoformat(sent[1].decode())) > FRESH


def read_by(read: Callable[[bytes], Sequence[Warning]]) -> Callable[[bytes], list[Warning]]:
    """A reader of canaries over the reader of every message: its Test counts here, and here alone."""
    return lambda raw: [_meant(warning) for warning in read(raw)]


def _meant(warning: Warning) -> Warning:
    precision = Precision.NAMED if warning.identifier.endswith("/send") else Precision.STILL
    claims = tuple(replace(claim, precision=precision) for claim in warning.claims)
    return replace(warning, status=Status.ACTUAL, claims=claims)


def canary_book(book: RuleBook, channels: Iterable[str]) -> RuleBook:
    """The book of the canary's district: a unit that is none, a post, an order at red; no ladder, no approval.

    It has nothing of the real book but its hash, the signature that gateways check, and the telephone number.
    """
    return RuleBook(
        hash=book.hash,
        district=District(CANARY, NAME, (), (), (Township(TOWN, NAME),)),
        signature=book.signature,
        duty_phone=book.duty_phone,
        hazards=(Hazard(HAZARD, NAME),),
        issuers={f"canary/{path}": NAME for path in PATHS},
        units={UNIT: Unit(code=UNIT, name=NAME, short=NAME, kind=UnitKind.SECTOR)},
        posts={POST: Post(key=POST, name=NAME, kinds=(UnitKind.SECTOR,))},
        sectors={UNIT: (MEASURE,)},
        kinds={},
        plans={},
        ladder=dict.fromkeys(Level, _rung(channels)),
        approvals={},
        families=book.families,
    )


def _rung(channels: Iterable[str]) -> Rung:
    return Rung.model_validate(
        {
            "first_send": "10s",
            "answer_within": "1m",
            "called": {UnitKind.SECTOR: (POST,)},
            "channels": tuple(channels),
            "steps": (),
            "answer": "all",
        }
    )


def _seal(text: bytes, key: bytes) -> str:
    return hmac.digest(key, b"canary" + text, hashlib.sha256).hex()
