"""Apprise answers yes or no; why it was no stands only in its log."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Sequence
from typing import Self

from warnengine.dispatch.channel import ChannelError, Reason, Unanswered

_LOGGER = logging.getLogger("apprise")
_LOGGER.setLevel(logging.DEBUG)
_LOGGER.propagate = False  # its lines hold addresses, texts and tokens
_STATUS = re.compile(r"\berror=(\d{3})\b")
_NOT_CONNECTED = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolutionError|Connection refused|No route to host|SSLError"
    r"|CERTIFICATE_VERIFY_FAILED|Name or service not known",
)
_LATER = {408: Reason.GATEWAY_ERROR, 429: Reason.THROTTLED, 401: Reason.CREDENTIALS, 403: Reason.CREDENTIALS}


class Overheard(logging.Handler):
    """What Apprise logs in this thread while the block lasts."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of our own thread."""
        if record.thread == self._thread:
            self.lines.append(record.getMessage())

    def __enter__(self) -> Self:
        """Begin to listen."""
        _LOGGER.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        _LOGGER.removeHandler(self)


def outcome_of(lines: Sequence[str]) -> ChannelError | Unanswered:
    """What a no means. Its words repeat nothing of the lines but a status."""
    said = "\n".join(lines)
    if status := _STATUS.search(said):
        return _refused(int(status[1]))
    if found := _NOT_CONNECTED.search(said):
        return ChannelError(Reason.UNREACHABLE, f"no connection to the service: {found[0]}", retry=True)
    return Unanswered("Apprise could not send it, and does not say whether anything had left")


def _refused(status: int) -> ChannelError:
    detail = f"the service answered HTTP {status}"
    if status in _LATER or status >= 500:
        return ChannelError(_LATER.get(status, Reason.GATEWAY_ERROR), detail, retry=True)
    return ChannelError(Reason.REJECTED, detail, retry=False)
