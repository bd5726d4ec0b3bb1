"""What a CMPP gateway's numbers mean for us: Status of CMPP_CONNECT_RESP, Result of CMPP_SUBMIT_RESP, receipts."""

from __future__ import annotations

from warnengine.dispatch.channel import ChannelError, Fate, Reason, Receipt
from warnengine.dispatch.channels.cmpp_pdu import Deliver, read_report
from warnengine.dispatch.channels.numbers import e164
from warnengine.dispatch.channels.sms_answers import FOR_GOOD, STATES, Answer

LOGINS: dict[int, tuple[Reason, str]] = {
    1: (Reason.CREDENTIALS, "消息结构错: it cannot read our login"),
    2: (Reason.CREDENTIALS, "非法源地址: it does not know this address of ours"),
    3: (Reason.CREDENTIALS, "认证错: company or password is wrong, or our clock"),
    4: (Reason.CREDENTIALS, "版本太高: it does not speak this version; set the other one"),
}
"""All others (too many connections, a gateway that is starting) are GATEWAY_ERROR."""

RESULTS: dict[int, tuple[Reason, str]] = {
    1: (Reason.REJECTED, "消息结构错"),
    2: (Reason.REJECTED, "命令字错"),
    3: (Reason.GATEWAY_ERROR, "消息序号重复"),
    4: (Reason.REJECTED, "消息长度错"),
    5: (Reason.REJECTED, "资费代码错"),
    6: (Reason.REJECTED, "超过最大信息长"),
    7: (Reason.REJECTED, "业务代码错"),
    8: (Reason.THROTTLED, "流量控制错"),
    9: (Reason.GATEWAY_ERROR, "本网关不负责服务此计费号码, or in 2.0 其他错误"),
    10: (Reason.REJECTED, "Src_Id错误"),
    11: (Reason.REJECTED, "Msg_src错误"),
    12: (Reason.REJECTED, "Fee_terminal_Id错误"),
    13: (Reason.BAD_ADDRESS, "Dest_terminal_Id错误"),
}
"""The words of CMPP 3.0, which 2.0 knows up to 8. All others (gateways' own) are GATEWAY_ERROR and may go again:
an order is tried once too often rather than given up for a number that nobody has explained."""

_OTHER = (Reason.GATEWAY_ERROR, "其他错误")


def login_refusal(status: int) -> ChannelError:
    """Read a Status other than zero."""
    reason, words = LOGINS.get(status, _OTHER)
    return ChannelError(reason, f"the CMPP gateway answered our login with {status} {words}", retry=True)


def submit_answer(msg_id: bytes, result: int) -> Answer:
    """Read a CMPP_SUBMIT_RESP: the gateway's id, or its refusal."""
    if not result:
        return spelled(msg_id)
    reason, words = RESULTS.get(result, _OTHER)
    detail = f"the CMPP gateway answered {result} {words}"
    return ChannelError(reason, detail, retry=reason not in FOR_GOOD)


def spelled(msg_id: bytes) -> str:
    """Write a Msg_Id: 16 hexadecimal digits; empty where the gateway gave none."""
    return msg_id.hex() if any(msg_id) else ""


def read_receipt(message: Deliver, gateway: str, country: str) -> Receipt:
    """Read a receipt; raise Malformed where its content is too short for one."""
    report = read_report(message.content)
    return Receipt(
        gateway=gateway,
        provider_id=spelled(report.msg_id),
        address=e164(report.destination or message.source, country),
        fate=STATES.get(report.stat.upper(), Fate.FAILED),
        code=report.stat,
        raw=message.body,
    )
