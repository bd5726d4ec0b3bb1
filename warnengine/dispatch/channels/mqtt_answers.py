"""What an MQTT 5 broker's reason codes mean (OASIS MQTT 5.0 §3.2.2.2, §3.4.2.1)."""

from __future__ import annotations

from paho.mqtt.reasoncodes import ReasonCode

from warnengine.dispatch.channel import ChannelError, Reason

NO_MATCHING_SUBSCRIBERS = 0x10
_LOGIN = frozenset({0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C})
"""Version, client identifier, name or password, not authorised, banned, bad method: a person must put it right."""
_PUBLISH = {
    NO_MATCHING_SUBSCRIBERS: (Reason.OFFLINE, True),
    0x87: (Reason.CREDENTIALS, True),
    0x90: (Reason.BAD_ADDRESS, False),
    0x97: (Reason.THROTTLED, True),
    0x99: (Reason.REJECTED, False),
    0x95: (Reason.REJECTED, False),
}


def login_refusal(code: ReasonCode) -> ChannelError | None:
    """Why the broker does not let us in; None where it does."""
    if not code.is_failure:
        return None
    detail = f"the broker refused our login: {code} (0x{code.value:02x})"
    return ChannelError(Reason.CREDENTIALS if code.value in _LOGIN else Reason.UNREACHABLE, detail, retry=True)


def refusal(code: ReasonCode) -> ChannelError | None:
    """Why the broker did not take a message; None where it has taken it.

    A message that nobody has ever subscribed to is taken and thrown away: for us it was not taken.
    """
    if not code.is_failure and code.value != NO_MATCHING_SUBSCRIBERS:
        return None
    reason, retry = _PUBLISH.get(code.value, (Reason.GATEWAY_ERROR, True))
    return ChannelError(reason, f"the broker answered {code} (0x{code.value:02x})", retry=retry)
