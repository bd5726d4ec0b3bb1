"""What a gateway's numbers mean for us (SMPP 3.4 §5.1.3 command_status, §5.2.28 message_state, appendix B)."""

from __future__ import annotations

import re

from smpplib import consts

from warnengine.dispatch.channel import ChannelError, Fate, Reason, Receipt
from warnengine.dispatch.channels.smpp_pdu import MESSAGE_STATE, RECEIPTED_MESSAGE_ID, DeliverSm, describe
from warnengine.dispatch.channels.sms_answers import FOR_GOOD, STATES

REASONS: dict[int, Reason] = {
    # Asks for less.
    consts.SMPP_ESME_RTHROTTLED: Reason.THROTTLED,
    consts.SMPP_ESME_RMSGQFUL: Reason.THROTTLED,
    # The number is at fault.
    consts.SMPP_ESME_RINVDSTADR: Reason.BAD_ADDRESS,
    consts.SMPP_ESME_RINVDSTTON: Reason.BAD_ADDRESS,
    consts.SMPP_ESME_RINVDSTNPI: Reason.BAD_ADDRESS,
    # The login is at fault.
    consts.SMPP_ESME_RBINDFAIL: Reason.CREDENTIALS,
    consts.SMPP_ESME_RINVPASWD: Reason.CREDENTIALS,
    consts.SMPP_ESME_RINVSYSID: Reason.CREDENTIALS,
    consts.SMPP_ESME_RINVSYSTYP: Reason.CREDENTIALS,
    # The text, the sender or the way we write is at fault: the same again would be refused again.
    consts.SMPP_ESME_RINVMSGLEN: Reason.REJECTED,
    consts.SMPP_ESME_RINVCMDLEN: Reason.REJECTED,
    consts.SMPP_ESME_RINVCMDID: Reason.REJECTED,
    consts.SMPP_ESME_RINVPRTFLG: Reason.REJECTED,
    consts.SMPP_ESME_RINVREGDLVFLG: Reason.REJECTED,
    consts.SMPP_ESME_RINVSRCADR: Reason.REJECTED,
    consts.SMPP_ESME_RINVSERTYP: Reason.REJECTED,
    consts.SMPP_ESME_RINVESMCLASS: Reason.REJECTED,
    consts.SMPP_ESME_RINVSRCTON: Reason.REJECTED,
    consts.SMPP_ESME_RINVSRCNPI: Reason.REJECTED,
    consts.SMPP_ESME_RINVREPFLAG: Reason.REJECTED,
    consts.SMPP_ESME_RINVSCHED: Reason.REJECTED,
    consts.SMPP_ESME_RINVEXPIRY: Reason.REJECTED,
    consts.SMPP_ESME_RINVDFTMSGID: Reason.REJECTED,
    consts.SMPP_ESME_RX_P_APPN: Reason.REJECTED,
    consts.SMPP_ESME_RX_R_APPN: Reason.REJECTED,
    consts.SMPP_ESME_RINVOPTPARSTREAM: Reason.REJECTED,
    consts.SMPP_ESME_ROPTPARNOTALLWD: Reason.REJECTED,
    consts.SMPP_ESME_RINVPARLEN: Reason.REJECTED,
    consts.SMPP_ESME_RMISSINGOPTPARAM: Reason.REJECTED,
    consts.SMPP_ESME_RINVOPTPARAMVAL: Reason.REJECTED,
}
"""All others (RSYSERR, RSUBMITFAIL, RX_T_APPN, RUNKNOWNERR, vendors' own) are GATEWAY_ERROR and may go again: an
order is rather tried once too often than given up for a number that nobody has explained."""


def refusal(status: int) -> ChannelError:
    """Read a command_status other than zero."""
    reason = REASONS.get(status, Reason.GATEWAY_ERROR)
    return ChannelError(reason, f"the SMPP gateway answered {describe(status)}", retry=reason not in FOR_GOOD)


STATE_NUMBERS = {
    0: "SCHEDULED",
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}

_MESSAGE_TYPE = 0x3C
_RECEIPT = 0x04
_INTERMEDIATE = 0x20

_ID = re.compile(r"\bid:\s*([^\s]+)", re.IGNORECASE)
_STAT = re.compile(r"\bstat:\s*([^\s]+)", re.IGNORECASE)
_ERR = re.compile(r"\berr:\s*([^\s]+)", re.IGNORECASE)


def is_receipt(pdu: DeliverSm) -> bool:
    """Say whether a deliver_sm is the gateway's word rather than a person's (esm_class, §5.2.12)."""
    return pdu.esm_class & _MESSAGE_TYPE in {_RECEIPT, _INTERMEDIATE}


def read_receipt(pdu: DeliverSm, gateway: str, address: str) -> Receipt:
    """Read a receipt; its TLVs outweigh its text, for the text is free form (appendix B)."""
    text = pdu.user_data.decode("utf-16-be" if pdu.data_coding == 8 else "latin-1", "replace")
    state = STATE_NUMBERS.get(number, "") if (number := pdu.number(MESSAGE_STATE)) is not None else ""
    stat = _first(_STAT, text).upper()
    err = _first(_ERR, text).lstrip("0")
    provider_id = pdu.tlvs.get(RECEIPTED_MESSAGE_ID, b"").partition(b"\0")[0].decode("latin-1")
    return Receipt(
        gateway=gateway,
        provider_id=provider_id or _first(_ID, text),
        address=address,
        fate=STATES.get(state or stat, Fate.FAILED),
        code=" ".join(filter(None, (stat or state, err))),
        raw=pdu.body,
    )


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
