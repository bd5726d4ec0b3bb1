"""Why somebody has not been reached: one name for each cause, one Chinese wording for each name. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from warnengine.model.delivery import What


class Reason(StrEnum):
    """Why something was not sent, not delivered or not heard; the label of the metric, the board's word."""

    THROTTLED = "throttled"
    """The gateway asks for less; the same text may go later."""
    UNREACHABLE = "unreachable"
    """No connection to the gateway; not a byte of the message left."""
    GATEWAY_ERROR = "gateway_error"
    """The gateway failed inside and says so (5xx, ESME_RSYSERR, SMTP 4xx); it has not taken the message."""
    BAD_ADDRESS = "bad_address"
    """空号, unknown mailbox or member, retired push endpoint: this address will never work."""
    REJECTED = "rejected"
    """The gateway refuses this text or this sender for good."""
    CREDENTIALS = "credentials"
    """The gateway no longer accepts our login."""
    OFFLINE = "offline"
    """The device (a loudspeaker, a phone with the app) is switched off or has no network; it may come back."""
    EXPIRED = "expired"
    """Its time was over before it could leave or be delivered."""
    SILENT = "silent"
    """Accepted by the gateway, never confirmed by the handset."""
    UNANSWERED = "unanswered"
    """Bytes left and no answer came: it may have been taken."""
    UNDELIVERED = "undelivered"
    """The receipt says no: switched off, suspended, hung up, not played."""
    HELD = "held"
    """In doubt too often: a person decides whether it goes once more."""
    WITHDRAWN = "withdrawn"
    """Replaced, lapsed or answered before it left."""
    RETIRED = "retired"
    """The address is not theirs any more: an imported list left it out, or a stranger answered."""
    NO_WAY = "no_way"
    """The address list has nothing that a channel of this level reaches."""
    WAITING = "waiting"
    """Not sent yet: its turn has not come, or it waits until an earlier text is settled."""
    NOT_TOLD = "not_told"
    """Accepted by a channel that reports nothing; only an answer proves more."""


WORDS: Mapping[Reason, str] = {
    Reason.THROTTLED: "网关限速,稍后再发",
    Reason.UNREACHABLE: "连不上网关,没有发出",
    Reason.GATEWAY_ERROR: "网关内部故障,没有接收",
    Reason.BAD_ADDRESS: "空号或账号无效",
    Reason.REJECTED: "网关拒收这条内容",
    Reason.CREDENTIALS: "网关不认我们的账号或密码",
    Reason.OFFLINE: "设备不在线",
    Reason.EXPIRED: "有效期内没有发出",
    Reason.SILENT: "网关已接收,没有送达回执",
    Reason.UNANSWERED: "网关没有应答,不知是否发出",
    Reason.UNDELIVERED: "没有送达",
    Reason.HELD: "多次不知是否发出,待人工决定",
    Reason.WITHDRAWN: "发出之前已被替代、解除或应答",
    Reason.RETIRED: "号码或邮箱已停用",
    Reason.NO_WAY: "通讯录里没有可用的号码或邮箱",
    Reason.WAITING: "等待发出",
    Reason.NOT_TOLD: "已发出,这一渠道没有送达回执",
}
"""What the duty room reads. The one place of these words."""

_STATES: Mapping[str, Reason] = {
    "queued": Reason.WAITING,
    "sending": Reason.WAITING,
    What.WITHDRAWN: Reason.WITHDRAWN,
    What.EXPIRED: Reason.EXPIRED,
    What.REFUSED: Reason.GATEWAY_ERROR,
    What.FAILED: Reason.REJECTED,
    What.UNKNOWN: Reason.UNANSWERED,
    What.HELD: Reason.HELD,
    What.ACCEPTED: Reason.SILENT,
    What.SILENT: Reason.SILENT,
    What.UNDELIVERED: Reason.UNDELIVERED,
}


def reason_of(state: str, detail: str) -> Reason | None:
    """The name of why a delivery in this state has not reached its person; None where it has."""
    if state == What.DELIVERED:
        return None
    if state == What.ACCEPTED and detail == "no receipts":
        return Reason.NOT_TOLD
    if state == What.FAILED and detail == WORDS[Reason.RETIRED]:
        return Reason.RETIRED
    return _named(detail)[0] or _STATES[state]


def why_not(state: str, detail: str) -> str:
    """The same in Chinese, with what the gateway said; empty where the delivery has reached its person."""
    reason = reason_of(state, detail)
    if reason is None:
        return ""
    said = _named(detail)[1]
    quoted = state in (What.REFUSED, What.FAILED, What.UNKNOWN, What.HELD, What.UNDELIVERED) and said
    return WORDS[reason] + (f"({said})" if quoted and said != WORDS[reason] else "")


def in_chinese(words: str) -> str:
    """A sentence for the duty room that begins with the name of a reason, in Chinese; any other stays as it is."""
    reason, said = _named(words)
    return f"{WORDS[reason]}({said})" if reason else words


def _named(detail: str) -> tuple[Reason | None, str]:
    name, colon, said = detail.partition(": ")
    if colon and name in set(Reason):
        return Reason(name), said
    return None, detail
