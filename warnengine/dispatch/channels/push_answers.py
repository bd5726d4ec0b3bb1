"""What a push service's answer means (RFC 8030 §5, RFC 8292 §4.2)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from warnengine.dispatch.channel import ChannelError, Reason

_FINAL = {
    404: Reason.BAD_ADDRESS,
    410: Reason.BAD_ADDRESS,
    413: Reason.REJECTED,
}
_LATER = {
    401: Reason.CREDENTIALS,
    403: Reason.CREDENTIALS,
    408: Reason.GATEWAY_ERROR,
    429: Reason.THROTTLED,
}


def refusal(status: int, words: str, retry_after: str | None) -> ChannelError:
    """Name an answer that is not 2xx; `words` is what the service wrote, `retry_after` its header."""
    detail = f"{status} {_printable(words)}".rstrip()
    if reason := _FINAL.get(status):
        return ChannelError(reason, detail, retry=False)
    if reason := Reason.GATEWAY_ERROR if status >= 500 else _LATER.get(status):
        return ChannelError(reason, detail, retry=True, after=_seconds(retry_after))
    return ChannelError(Reason.REJECTED, detail, retry=False)


def _seconds(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date (RFC 9110 §10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _printable(words: str) -> str:
    """One line that a database and a log can hold."""
    return "".join(letter if letter.isprintable() else " " for letter in words)[:200]
