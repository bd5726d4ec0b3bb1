"""What an SMTP gateway's refusal means (RFC 5321 §4.2, RFC 3463, RFC 4954)."""

from __future__ import annotations

import re
from enum import StrEnum

from warnengine.dispatch.channel import ChannelError, Reason


class Step(StrEnum):
    """Where in the dialogue the gateway refused."""

    OPEN = "connect"
    SENDER = "MAIL"
    RECIPIENT = "RCPT"
    TEXT = "DATA"


_THROTTLED = {421, 450, 451, 452}
_CREDENTIALS = {530, 534, 535, 538}
_BAD_ADDRESS = {501, 550, 551, 553, 556}
_POLICY = re.compile(r"5\.7\.\d")
"""Enhanced status of a refusal by policy, such as relaying denied: says nothing against the mailbox."""


def refusal(code: int, text: str, step: Step) -> ChannelError:
    """Name a reply that is not success; `text` may be anything that the gateway wrote."""
    reason, retry = _meaning(code, text, step)
    return ChannelError(reason, f"{step}: {code} {_printable(text)}", retry=retry)


def _meaning(code: int, text: str, step: Step) -> tuple[Reason, bool]:
    if code in _THROTTLED:
        return Reason.THROTTLED, True
    if code in _CREDENTIALS:
        return Reason.CREDENTIALS, True
    if not 500 <= code < 600:
        return Reason.GATEWAY_ERROR, True
    if step is Step.OPEN:  # it refuses us now, not a message
        return Reason.GATEWAY_ERROR, True
    if step is Step.RECIPIENT and code in _BAD_ADDRESS and not _POLICY.match(text):
        return Reason.BAD_ADDRESS, False
    return Reason.REJECTED, False


def _printable(text: str) -> str:
    """One line that a database and a log can hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:200]
