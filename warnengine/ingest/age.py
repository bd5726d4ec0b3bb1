"""How old a message may be that comes for the first time: an old one may be a genuine one, sent again. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from warnengine.model.clock import BEIJING
from warnengine.model.errors import RefusedWarning
from warnengine.model.warning import Warning


def refuse_stale(warning: Warning, window: timedelta | None, now: datetime, held: frozenset[str]) -> None:
    """Raise RefusedWarning where a message that comes for the first time was sent too long ago.

    One that is known, or that changes or ends what is known, is no replay; one whose own end has passed orders
    nothing anyway and is asked about by the situation. held: identifiers that are known."""
    if window is None or warning.sent >= now - window:
        return
    if {warning.identifier, *warning.references} & held or _over(warning, now):
        return
    hours = round(window.total_seconds() / 3600)
    sent = warning.sent.astimezone(BEIJING)
    raise RefusedWarning(
        "stale",
        f"{warning.identifier} was sent at {warning.sent.isoformat()}, more than {hours} hours ago, and came "
        "for the first time: ask the issuer whether it still holds; two people may release it",
        f"“{warning.headline[:60] or warning.identifier[:60]}”是{sent:%m月%d日%H:%M}发布的,已超过{hours}小时,"
        "现在才第一次收到,可能是旧报文重放,未下达指令。请向发布单位核实现在是否有效,有效的两人放行。",
    )


def _over(warning: Warning, now: datetime) -> bool:
    return all(claim.ends is not None and claim.ends <= now for claim in warning.claims)
