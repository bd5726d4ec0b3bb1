"""What `warnengine parse` prints about a warning."""

from __future__ import annotations

from datetime import datetime

from warnengine.model.level import Level
from warnengine.model.warning import Claim, MsgType, Warning

_Key = tuple[str | None, Level | None, str]


def describe(warning: Warning) -> list[dict[str, object]]:
    """One entry, ready for JSON, for each (hazard, level, msg_type) that the warning states; at least one.

    Times are ISO 8601 with their offset. What is lifted has msg_type `Cancel` and no level; what stands beside it
    in a message that ends something is an `Update`. A response has no level either, for Ⅳ–Ⅰ级响应 are not colours.
    """
    standing = MsgType.UPDATE if warning.msg_type is MsgType.CANCEL else warning.msg_type
    groups: dict[_Key, list[Claim]] = {}
    for claim in warning.claims:
        word = standing if claim.level else MsgType.CANCEL
        shown = claim.level if claim.family != "response" else None
        groups.setdefault((claim.hazard, shown, word.value), []).append(claim)
    for claim in warning.ungraded:  # one on no place at all may have a level, and none of these lifts anything
        groups.setdefault((claim.hazard, claim.level, warning.msg_type.value), []).append(claim)
    if not groups:
        groups[None, None, warning.msg_type.value] = []
    return [_entry(warning, key, claims) for key, claims in groups.items()]


def _entry(warning: Warning, key: _Key, claims: list[Claim]) -> dict[str, object]:
    hazard, level, msg_type = key
    return {
        "identifier": warning.identifier,
        "sender": warning.sender,
        "sent": _text(warning.sent),
        "status": warning.status.value,
        "msg_type": msg_type,
        "references": list(warning.references),
        "hazard": hazard,
        "level": level.key if level else None,
        "areas": [{"code": c.area.code, "name": c.area.name} for c in claims if c.area.code or c.area.name],
        "effective": _text(warning.effective),
        "onset": _text(warning.onset),
        "expires": _text(warning.expires),
        "headline": warning.headline,
        "problems": [
            {"rule": problem.rule, "severity": problem.severity.value, "message": problem.message}
            for problem in warning.problems
        ],
    }


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
