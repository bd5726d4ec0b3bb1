"""Telephone numbers as gateways write them."""

from __future__ import annotations

import re

from warnengine.dispatch.channel import ChannelError, Outgoing, Reason

_E164 = re.compile(r"\+\d{5,15}")


def destination(message: Outgoing) -> str:
    """Write a message's number as gateways want it, without the plus.

    Raise ChannelError for what is certain before a byte has left: its time is over, or it is no E.164 number.
    """
    if message.expires_in <= 0:
        raise ChannelError(Reason.EXPIRED, "its time was over before it could leave", retry=False)
    if not _E164.fullmatch(message.address):
        detail = f"{message.address!r} is not a number in international form"
        raise ChannelError(Reason.BAD_ADDRESS, detail, retry=False)
    return message.address[1:]


def e164(written: str, country: str) -> str:
    """Write a gateway's number as E.164: 13800138000, 8613800138000 and 008613800138000 are +8613800138000.

    `country` is put before national numbers. What is no number (a name, nothing) stays as it is.
    """
    digits = written.strip().removeprefix("+")
    if not (digits.isascii() and digits.isdecimal()):
        return written
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    if written.startswith("+") or (digits.startswith(country) and len(digits) >= len(country) + 8):
        return f"+{digits}"
    return f"+{country}{digits.lstrip('0')}"
