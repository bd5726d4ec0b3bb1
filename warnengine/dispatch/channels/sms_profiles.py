"""How each make of SMS gateway wants to be asked by HTTP, and what it answers and reports."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from warnengine.dispatch.channel import ChannelError, Fate, Outgoing, Reason
from warnengine.dispatch.channels.http_profile import (
    Answered,
    Event,
    Profile,
    Reported,
    Request,
    Unreadable,
    Values,
    as_bytes,
    read_answer,
    read_events,
    word,
)

# json: our own contract, for gateways that are adapted by a small program in front of them.


def _json_request(values: Values, message: Outgoing, number: str) -> Request:
    body = {
        "id": message.client_id,
        "dedupe_id": message.dedupe_id,
        "to": f"+{number}",
        "text": message.text.short,
        "expires_in": int(message.expires_in),
        "urgent": message.urgent,
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {values['token']}"}
    return Request("", headers, json.dumps(body, ensure_ascii=False).encode())


def _json_answer(octets: bytes, message: Outgoing) -> tuple[str, ...]:
    ids = read_answer(octets).get("ids")
    if not isinstance(ids, list) or not all(isinstance(part, str) for part in ids):
        raise Unreadable("an answer without ids")
    return tuple(ids)


def _json_callback(query: Mapping[str, str], body: bytes) -> list[Event]:
    return read_events(body, _json_event)


def _json_event(entry: Mapping[str, Any]) -> list[Event]:
    if "text" in entry:
        return [Answered(word(entry, "from"), str(entry.get("to", "")), word(entry, "text"), as_bytes(entry))]
    status = word(entry, "status")
    if status not in set(Fate):
        raise Unreadable("an unknown status: write delivered, failed or pending")
    code = str(entry.get("code", status))
    return [Reported(word(entry, "id"), str(entry.get("to", "")), Fate(status), code, as_bytes(entry))]


# kannel: Kannel 1.4 smsbox, user guide chapters "Using SMS push" and "Delivery reports".

_KANNEL_DELIVERED = 1
_KANNEL_FAILED = 2 | 16
_STAT = re.compile(r"stat:(\S+)")


def _kannel_request(values: Values, message: Outgoing, number: str) -> Request:
    """Ask for every report; our own id travels in the report's address, for Kannel tells none of its own.

    By POST, which Kannel takes as headers and plain text only: an HTTP client may repeat a GET by itself.
    """
    report = {"id": message.client_id, "to": f"+{number}"}
    headers = {
        "Content-Type": "text/plain; charset=UTF-8",
        "X-Kannel-Username": values["username"],
        "X-Kannel-Password": values["password"],
        "X-Kannel-From": values["from"],
        "X-Kannel-To": number,
        "X-Kannel-Coding": "2",
        "X-Kannel-Validity": str(max(1, int(message.expires_in // 60))),
        "X-Kannel-Priority": "3" if message.urgent else "0",
        "X-Kannel-DLR-Mask": "31",
        "X-Kannel-DLR-Url": f"{values['callback']}?{urlencode(report)}&dlr=%d&answer=%A",
    }
    return Request("", headers, message.text.short.encode())


def _kannel_answer(octets: bytes, message: Outgoing) -> tuple[str, ...]:
    if octets[:2] not in {b"0:", b"3:"}:
        raise Unreadable("neither accepted nor queued")
    return (message.client_id,)


def _kannel_callback(query: Mapping[str, str], body: bytes) -> list[Event]:
    """Read a report (the address we gave) or a reply.

    Replies want `post-url = "…?from=%p&to=%P&coding=%c"` and `max-messages = 0` in Kannel's sms-service: by
    get-url it writes Chinese as bare UTF-16 into an address that everybody reads as UTF-8.
    """
    if "dlr" not in query:
        text = body.decode("utf-16-be" if word(query, "coding") == "2" else "utf-8", "replace")
        raw = as_bytes(dict(query)) + b"\n" + body
        return [Answered(word(query, "from"), query.get("to", ""), text, raw)]
    kind = word(query, "dlr")
    if not re.fullmatch("[0-9]{1,4}", kind):
        raise Unreadable("dlr is no number: the report's address must hold %d")
    stat = _STAT.search(query.get("answer", ""))
    fate = Fate.PENDING
    if int(kind) & _KANNEL_DELIVERED:
        fate = Fate.DELIVERED
    elif int(kind) & _KANNEL_FAILED:
        fate = Fate.FAILED
    code = stat[1] if stat else f"dlr {kind}"
    return [Reported(word(query, "id"), query.get("to", ""), fate, code, as_bytes(dict(query)))]


# yunmas: 移动云MAS, HTTP/HTTPS interface, 普通短信 (norsubmit).

_YUNMAS_REASONS = {
    "InvalidUsrOrPwd": Reason.CREDENTIALS,
    "IllegalMac": Reason.CREDENTIALS,
    "IllegalSignId": Reason.REJECTED,
    "NoSignId": Reason.REJECTED,
    "InvalidMessage": Reason.REJECTED,
    "TooManyMobiles": Reason.REJECTED,
}
_SIGNATURE = re.compile(r"^(【演练】)?【(?!演练】)[^】]*】")
"""What the platform puts on by itself; the mark of a drill stays."""


def _yunmas_request(values: Values, message: Outgoing, number: str) -> Request:
    """Leave the signature off, which the platform puts on by `sign`; it knows no validity of a message."""
    form = {
        "ecName": values["ecName"],
        "apId": values["apId"],
        "mobiles": number.removeprefix("86"),
        "content": _SIGNATURE.sub(lambda found: found[1] or "", message.text.short),
        "sign": values["sign"],
        "addSerial": values.get("addSerial", ""),
    }
    order = ("ecName", "apId", "secretKey", "mobiles", "content", "sign", "addSerial")
    words = "".join((form | {"secretKey": values["secretKey"]})[name] for name in order)
    form["mac"] = hashlib.md5(words.encode(), usedforsecurity=False).hexdigest()
    body = base64.b64encode(json.dumps(form, ensure_ascii=False).encode())
    return Request("/sms/norsubmit", {"Content-Type": "application/json"}, body)


def _yunmas_answer(octets: bytes, message: Outgoing) -> tuple[str, ...]:
    answer = read_answer(octets)
    if answer.get("success") is True:
        return (word(answer, "msgGroup"),)
    code = word(answer, "rspcod")
    reason = _YUNMAS_REASONS.get(code, Reason.GATEWAY_ERROR)
    raise ChannelError(reason, f"云MAS answered {code}", retry=reason is not Reason.REJECTED)


def _yunmas_callback(query: Mapping[str, str], body: bytes) -> list[Event]:
    return read_events(_base64_or_plain(body), _yunmas_event)


def _yunmas_event(entry: Mapping[str, Any]) -> list[Event]:
    if "smsContent" in entry:
        to = str(entry.get("addSerial", ""))
        return [Answered(word(entry, "mobile"), to, word(entry, "smsContent"), as_bytes(entry))]
    status = word(entry, "reportStatus")
    fate = {"CM:0000": Fate.DELIVERED, "SM:0000": Fate.PENDING}.get(status, Fate.FAILED)
    return [Reported(word(entry, "msgGroup"), word(entry, "mobile"), fate, status, as_bytes(entry))]


def _base64_or_plain(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        return body


PROFILES: dict[str, Profile] = {
    "json": Profile(
        needs=frozenset({"token"}),
        request=_json_request,
        answer=_json_answer,
        callback=_json_callback,
        answer_ok=(b'{"ok":true}', "application/json"),
        refusals={422: (Reason.BAD_ADDRESS, False)},
    ),
    "kannel": Profile(
        needs=frozenset({"username", "password", "from", "callback"}),
        request=_kannel_request,
        answer=_kannel_answer,
        callback=_kannel_callback,
    ),
    "yunmas": Profile(
        needs=frozenset({"ecName", "apId", "secretKey", "sign"}),
        request=_yunmas_request,
        answer=_yunmas_answer,
        callback=_yunmas_callback,
    ),
}
