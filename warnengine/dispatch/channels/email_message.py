"""One person's mail as bytes.

Python's email package takes 2 ms for a message of ours, so it builds one frame per subject and sender, and a
person's own lines (addressing, text, HTML) are set into that frame.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from functools import lru_cache

from warnengine.dispatch.channel import ChannelError, Outgoing, Reason

_MAILBOX = re.compile(r"[!-~]+@[!-~]+")
_TEXT, _HTML = "text goes here\n", "html goes here\n"


@dataclass(frozen=True, slots=True)
class Mail:
    """A message with its envelope."""

    sender: str
    recipient: str
    envelope_id: str
    """ENVID of RFC 3461: comes back in delivery reports."""
    message_id: str
    """With its angle brackets."""
    content: bytes
    """RFC 5322, 7 bit, lines end with CRLF."""


def compose(message: Outgoing, sender: str) -> Mail:
    """Address `message` to its one reader.

    Raises ChannelError (BAD_ADDRESS) where the address is not one that SMTP can carry (RFC 5321 §4.1.2, 254
    printable ASCII letters at most).
    """
    recipient, mailbox = _checked(message.address), parseaddr(sender)[1]
    message_id = f"<{message.client_id}@{mailbox.rpartition('@')[2]}>"
    personal = [f"To: {recipient}", f"Message-ID: {message_id}", f"Date: {formatdate(localtime=True)}"]
    if message.urgent:
        personal += ["Importance: high", "X-Priority: 1"]
    head, middle, tail = _frame(sender, " ".join(message.text.subject.split()))
    content = b"".join(
        (
            "\r\n".join([*personal, ""]).encode("ascii"),
            head,
            _base64(message.text.body),
            middle,
            _base64(message.text.html),
            tail,
        )
    )
    return Mail(mailbox, recipient, message.client_id, message_id, content)


def _checked(address: str) -> str:
    if len(address) > 254 or not _MAILBOX.fullmatch(address) or set(address) & set("<>(),;:"):
        raise ChannelError(Reason.BAD_ADDRESS, "not a mailbox that SMTP can carry", retry=False)
    return address


@lru_cache(maxsize=64)
def _frame(sender: str, subject: str) -> tuple[bytes, bytes, bytes]:
    """The bytes before the text, between text and HTML, and after the HTML."""
    frame = EmailMessage(policy=SMTP)
    frame["From"] = sender
    frame["Subject"] = subject
    frame["Auto-Submitted"] = "auto-generated"  # RFC 3834: holiday notes and mailing lists stay silent
    frame.set_content(_TEXT, cte="base64")
    frame.add_alternative(_HTML, subtype="html", cte="base64")
    head, _, rest = frame.as_bytes().partition(_base64(_TEXT))
    middle, _, tail = rest.partition(_base64(_HTML))
    return head, middle, tail


def _base64(text: str) -> bytes:
    """Encode, with the line ends that text has inside MIME (RFC 2046 §4.1.1)."""
    canonical = re.sub(r"\r\n|\r|\n", "\r\n", text)
    return base64.encodebytes(canonical.encode()).replace(b"\n", b"\r\n")
